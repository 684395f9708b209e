-- Ordinary requests to an app under test, each on a connection of its own, and their responses.

local check = require "moonroom.test.check"
local core = require "moonroom.core"
local handshake = require "moonroom.test.handshake"
local raise = require "moonroom.test.raise"

-- --- the request -------------------------------------------------------------

local option_names = { "headers", "cookies", "body", "origin", "address", "secure", "faults" }

local function check_request(method, path, options)
  check.type_of(method, "a method", "string")
  if not method:find("^%u+$") then
    raise("a method is a word of capital letters, unlike %q", method)
  end
  check.path(path)
  check.type_of(options, "options", "table")
  check.names(options, option_names, "option of a request")
  for _, name in ipairs { "headers", "cookies" } do
    check.type_of(options[name] or {}, name, "table")
  end
  for _, name in ipairs { "origin", "address" } do
    check.type_of(options[name] or "", name, "string")
  end
  if options.secure ~= nil then check.type_of(options.secure, "secure", "boolean") end
  check.type_of(options.body or "", "a body", "string", "table")
end

local function body_of(body)
  if type(body) ~= "table" then return body end
  local text, why = core.json.encode(body)
  if not text then raise("the body is no JSON: %s", why) end
  return text, "application/json"
end

-- The bytes of a request; its connection isn't kept.
local function encode(method, path, options)
  check_request(method, path, options)
  local body, kind = body_of(options.body)
  return handshake.request_head(method, path, {
    { "Host", "localhost" }, { "Connection", "close" }, { "Origin", options.origin },
    { "Cookie", handshake.cookie_of(options.cookies) }, { "Content-Type", kind },
    { "Content-Length", body and #body },
  }, options.headers) .. (body or "")
end

-- The options of a request with a body.
local function with_body(body, options)
  check.type_of(options or {}, "options", "table")
  local all = { body = body }
  for name, value in pairs(options or {}) do
    if name == "body" then raise("the body is the second argument of app:post, no option") end
    all[name] = value
  end
  return all
end

-- --- the response ------------------------------------------------------------

local Response = { __name = "moonroom.test.Response" }
local methods = {}

-- What json is where the body is none is nil, as for any field that isn't there.
function Response.__index(response, key)
  if key ~= "json" then return methods[key] end
  return response.body and (core.json.decode(response.body))
end

function Response:__tostring()
  return ("response to %s (%s)"):format(self.name, not self.done and "not there yet"
    or self.status or "none came")
end

local function read_cookies(response, head)
  for line in head:gmatch("\r\n[Ss][Ee][Tt]%-[Cc][Oo][Oo][Kk][Ii][Ee]:%s*([^\r]*)") do
    local name, value = line:match("^([^=;]+)=([^;]*)")
    if name then response.cookies[name] = value end
  end
end

local function finish(response)
  response.done = true
  response.wire:finish()
end

-- The app raises it as soon as the step is over.
local function complain(response, what)
  response.app.violation = response.app.violation or ("%s: %s"):format(response, what)
  response.wire:reset()
end

local function is_without_body(response)
  return response.name:find("^HEAD ") or response.status == 204 or response.status == 304
end

local function hear_body(response, rest)
  local length = tonumber(response.headers["content-length"])
  if is_without_body(response) then length = 0 end
  if length and #rest < length then return end
  if length and #rest > length then return complain(response, "bytes behind the body") end
  response.body = rest
  if length then finish(response) end -- else its end ends it
end

local function hear_bytes(response, bytes)
  response.bytes = response.bytes .. bytes
  local status, headers, rest = handshake.response(response.bytes)
  if not status then
    if headers then complain(response, headers) end
    return
  end
  if not response.status then
    response.status, response.headers = status, headers
    read_cookies(response, response.bytes:sub(1, -#rest - 1))
  end
  if status == 101 then
    return complain(response, "it became a WebSocket: app:connect is for that")
  end
  hear_body(response, rest)
end

-- A server may end a connection that it hasn't begun to answer on; what it begins it finishes.
local function hear_end(response)
  local length = response.status and tonumber(response.headers["content-length"])
  if not response.status and response.bytes ~= "" then
    complain(response, "the connection ended within the response's head")
  elseif length and not is_without_body(response) then
    complain(response, ("the connection ended before the body's %d bytes"):format(length))
  end
  finish(response)
end

local function hear(response)
  local bytes = response.wire:take()
  if bytes ~= "" and not response.done then hear_bytes(response, bytes) end
  if response.wire:ended() and not response.done then hear_end(response) end
end

function methods:drop()
  self.app:check()
  if self.done then return end
  self.done = true
  self.wire:reset()
  self.app:settle()
end

-- The response to what goes out on a wire. name: "GET /path".
local function new(app, name, wire)
  local response = setmetatable({
    app = app, name = name, wire = wire, bytes = "", cookies = {}, done = false,
  }, Response)
  function wire.heard() hear(response) end
  return response
end

return { encode = encode, with_body = with_body, new = new, methods = methods }
