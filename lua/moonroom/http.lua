-- Ordinary requests: the handlers of moonroom.get and its like, files, and refusals.

local core = require "moonroom.core"
local fields = require "moonroom.fields"
local place = require "moonroom.place"
local rules = require "moonroom.rules"

local format, lower = string.format, string.lower

-- The functions of the public module.
local methods = { get = "GET", post = "POST", put = "PUT", delete = "DELETE" }

local Http = {}
Http.__index = Http

local function new(app)
  return setmetatable({
    app = app,
    routes = core.routes(),
    -- In the order of the patterns in routes: { method, pattern, call, name, place }.
    handlers = {},
  }, Http)
end

-- --- who answers -------------------------------------------------------------

function Http:add(method, pattern, handler, level)
  self.app.rooms:need_hub(lower(method), level + 1)
  if type(pattern) ~= "string" then
    error("a pattern is a string, not a " .. type(pattern), level + 1)
  end
  if not rules.is_callable(handler) then
    error(format("%s %s is answered by a function, not by a %s", method, pattern, type(handler)),
      level + 1)
  end
  local ok, why = pcall(self.routes.add, self.routes, pattern)
  if not ok then error(why, level + 1) end
  table.insert(self.handlers, {
    method = method,
    pattern = pattern,
    call = handler,
    name = method .. " " .. pattern,
    place = place.of_call(level + 2),
  })
end

-- HEAD is answered as GET is; the core leaves the body out.
local function answers(handler, method)
  return handler.method == method or method == "HEAD" and handler.method == "GET"
end

-- The handler for a request and its params, or nil and the methods that have one at that path.
function Http:find(method, path)
  local allowed = {}
  local index, params = self.routes:match(path)
  while index do
    local handler = self.handlers[index]
    if answers(handler, method) then return handler, params end
    allowed[handler.method] = true
    index, params = self.routes:match(path, index + 1)
  end
  return nil, allowed
end

-- --- what a handler may answer -----------------------------------------------

-- How the connection goes on, and where the body ends, is the core's to say.
local own_fields = {
  ["connection"] = true, ["content-length"] = true, ["transfer-encoding"] = true,
}

local function check_status(status, who)
  if math.type(status) == "integer" and status >= 200 and status <= 599 then return status end
  error(format("%s returned the status %s, which is no integer from 200 to 599", who,
    tostring(status)), 0)
end

-- The body as a string, and its type.
local function body_of(value, who)
  if value == nil then return "" end
  if type(value) == "string" then return value, "text/plain; charset=utf-8" end
  if type(value) ~= "table" then
    error(format("%s returned a %s, not a string, a table or nothing", who, type(value)), 0)
  end
  local text, why = core.json.encode(value)
  if not text then error(format("%s returned what is no JSON: %s", who, why), 0) end
  return text, "application/json"
end

-- Status, body and headers of [status,] body [, headers].
local function part(who, count, first, ...)
  local has_status = type(first) == "number"
  local most = has_status and 3 or 2
  if count > most then
    error(format("%s returned %d values; it may return [status,] body [, headers]", who, count), 0)
  end
  if has_status then return check_status(first, who), ... end
  return first == nil and 204 or 200, first, ...
end

local function respond(request, who, ...)
  local status, value, headers = part(who, select("#", ...), ...)
  local body, kind = body_of(value, who)
  local lines = fields.of(headers, own_fields, who)
  if kind and not fields.find(headers, "content-type") then
    lines = core.field("Content-Type", kind) .. lines
  end
  core.respond(request, status, lines, body)
end

local function call(request, handler)
  core.set_where(request, handler.name)
  local where = handler.place and handler.place .. ": " or ""
  respond(request, format("%sthe handler of %s", where, handler.name), handler.call(request))
end

-- --- where there is no handler -----------------------------------------------

local function refuse(request, status, rule, reason, lines, body)
  core.refuse(request, status, lines or "", body or "", rule, reason)
end

local order = { "GET", "HEAD", "POST", "PUT", "DELETE" }

local function allow_of(allowed)
  local list = {}
  for _, method in ipairs(order) do
    if allowed[method] or method == "HEAD" and allowed.GET then list[#list + 1] = method end
  end
  return table.concat(list, ", ")
end

local function refuse_method(request, allowed)
  local allow = allow_of(allowed)
  refuse(request, 405, "method", "what is answered here: " .. allow,
    format("Allow: %s\r\n", allow))
end

local function refuse_path(request, allowed)
  if next(allowed) then return refuse_method(request, allowed) end
  refuse(request, 404, "path", "nothing is here")
end

-- GET and HEAD. allowed: the methods that have a handler there.
local function answer_reading(app, request, allowed)
  if core.send_file(request) then return end
  if app.rooms:resolve(request, false) then
    return refuse(request, 426, "upgrade", "a room is here, for a WebSocket", nil,
      "A room is here: connect to it with a WebSocket.\n")
  end
  refuse_path(request, allowed)
end

-- Other methods: 405 needs something there that another one is for.
local function answer_other(app, request, allowed)
  if core.has_file(request) or not next(allowed) and app.rooms:resolve(request, false) then
    allowed.GET = true
  end
  refuse_path(request, allowed)
end

-- Answers an ordinary request: by a handler, a file, 426 where a room is, 405, or else 404.
local function answer(app, request)
  local method = request.method
  if app.dev and app.dev:answer(request) then return end
  local handler, more = app.http:find(method, request.path)
  if handler then
    core.set_params(request, more)
    return call(request, handler)
  end
  local is_reading = method == "GET" or method == "HEAD"
  return (is_reading and answer_reading or answer_other)(app, request, more)
end

return { new = new, answer = answer, methods = methods }
