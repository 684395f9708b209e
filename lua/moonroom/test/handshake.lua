-- A client's side of the opening handshake (RFC 6455 4.1), and of HTTP's heads.

local compression = require "moonroom.test.compression"
local raise = require "moonroom.test.raise"

local key, accept = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" -- RFC 6455 1.3

-- --- the request -------------------------------------------------------------

local function cookie_of(cookies)
  if not cookies then return nil end
  local list = {}
  for name, value in pairs(cookies) do list[#list + 1] = name .. "=" .. tostring(value) end
  table.sort(list)
  return table.concat(list, "; ")
end

-- The spec's own come last; one that is false takes a field away.
local function with_own(fields, headers)
  local own, names = {}, {}
  for name, value in pairs(headers) do
    own[name:lower()] = value
    names[#names + 1] = name
  end
  table.sort(names)
  local list = {}
  for _, field in ipairs(fields) do
    if field[2] and own[field[1]:lower()] == nil then list[#list + 1] = field end
  end
  for _, name in ipairs(names) do
    if headers[name] then list[#list + 1] = { name, tostring(headers[name]) } end
  end
  return list
end

-- The bytes of a head. fields: { { name, value }, ... }; headers: the spec's own.
local function request_head(method, path, fields, headers)
  local lines = { ("%s %s HTTP/1.1"):format(method, path) }
  for _, field in ipairs(with_own(fields, headers or {})) do
    local line = field[1] .. ": " .. field[2]
    if line:find("[\r\n]") then raise("a header field has a line end in it: %q", line) end
    lines[#lines + 1] = line
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

-- The bytes that ask for a WebSocket at a path.
local function request(path, options)
  return request_head("GET", path, {
    { "Host", "localhost" }, { "Upgrade", "websocket" }, { "Connection", "Upgrade" },
    { "Sec-WebSocket-Key", key }, { "Sec-WebSocket-Version", "13" }, { "Origin", options.origin },
    { "Cookie", cookie_of(options.cookies) },
    { "Sec-WebSocket-Protocol", options.protocols and table.concat(options.protocols, ", ") },
    { "Sec-WebSocket-Extensions", compression.offer(options.compression) },
  }, options.headers)
end

-- --- the response ------------------------------------------------------------

local function read_headers(head)
  local headers = {}
  for line in head:gmatch("\r\n([^\r\n]+)") do
    local name, value = line:match("^([%w!#$%%&'*+%-.^_`|~]+):[ \t]*(.-)[ \t]*$")
    if not name then return nil, ("the header line %q"):format(line) end
    name = name:lower()
    headers[name] = headers[name] and headers[name] .. ", " .. value or value
  end
  return headers
end

-- Status, headers and what is behind them; nil where the head isn't all there; nil and what the
-- server may not send.
local function response(bytes)
  local head, rest = bytes:match("^(.-\r\n)\r\n(.*)$")
  if not head then return nil end
  local status = head:match("^HTTP/1%.1 (%d%d%d) ")
  if not status then return nil, ("the status line %q"):format(head:match("^[^\r]*")) end
  local headers, why = read_headers(head)
  if not headers then return nil, why end
  return math.tointeger(tonumber(status)), headers, rest
end

local function is_offered(protocol, protocols)
  for _, offered in ipairs(protocols or {}) do
    if offered == protocol then return true end
  end
  return false
end

-- What is wrong with the headers of a 101, or nil (RFC 6455 4.1). options: protocols, compression,
-- and accept where the key wasn't the one of request.
local function check_accepted(headers, options)
  if (headers.upgrade or ""):lower() ~= "websocket" then
    return "a 101 without Upgrade: websocket"
  end
  if (headers.connection or ""):lower() ~= "upgrade" then
    return "a 101 without Connection: Upgrade"
  end
  if headers["sec-websocket-accept"] ~= (options.accept or accept) then
    return "a 101 whose Sec-WebSocket-Accept doesn't answer the key"
  end
  local _, why = compression.accept(headers["sec-websocket-extensions"], options.compression)
  if why then return why end
  local protocol = headers["sec-websocket-protocol"]
  if protocol and not is_offered(protocol, options.protocols) then
    return ("a 101 with the subprotocol %q, which wasn't offered"):format(protocol)
  end
end

return {
  request = request, request_head = request_head, cookie_of = cookie_of, response = response,
  check_accepted = check_accepted,
}
