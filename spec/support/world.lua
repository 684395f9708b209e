-- A world in memory for specs: an app on the real core, peers that speak raw bytes, a clock that
-- the spec moves. The public kit for users' handlers is another, built on the same testkit.

local app_module = require "moonroom.app"
local kit = require("moonroom.core").testkit.app

local World, Peer = {}, {}
World.__index, Peer.__index = World, Peer

local default_key = "dGhlIHNhbXBsZSBub25jZQ==" -- RFC 6455 1.3
local mask = { 0x37, 0xfa, 0x21, 0x3d } -- RFC 6455 5.7

local OPCODES = { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 }
local NAMES = {}
for name, opcode in pairs(OPCODES) do NAMES[opcode] = name end

-- --- bytes -----------------------------------------------------------------

local function masked(payload)
  local bytes = {}
  for at = 1, #payload do bytes[at] = string.char(payload:byte(at) ~ mask[(at - 1) % 4 + 1]) end
  return string.char(table.unpack(mask)) .. table.concat(bytes)
end

-- A client's frame. options: fin (true), rsv (0), key ("fixed" | "zero" | false: unmasked),
-- length (declared, else the payload's).
local function frame(opcode, payload, options)
  options = options or {}
  payload = payload or ""
  local length = options.length or #payload
  local first = (options.fin == false and 0 or 0x80) | (options.rsv or 0) << 4
    | (OPCODES[opcode] or opcode)
  local bit = options.key == false and 0 or 0x80
  local header
  if length < 126 then
    header = string.pack(">BB", first, bit | length)
  elseif length < 65536 then
    header = string.pack(">BBI2", first, bit | 126, length)
  else
    header = string.pack(">BBI8", first, bit | 127, length)
  end
  if options.key == false then return header .. payload end
  if options.key == "zero" or #payload > 4096 then return header .. "\0\0\0\0" .. payload end
  return header .. masked(payload)
end

local function parse_frame(bytes, at)
  if #bytes - at + 1 < 2 then return nil end
  local first, second = bytes:byte(at, at + 1)
  local length, from = second & 0x7f, at + 2
  if length == 126 then
    length, from = string.unpack(">I2", bytes, from)
  elseif length == 127 then
    length, from = string.unpack(">I8", bytes, from)
  end
  if #bytes - from + 1 < length then return nil end
  return {
    kind = NAMES[first & 0x0f] or first & 0x0f,
    fin = first & 0x80 ~= 0,
    rsv = first >> 4 & 7,
    is_masked = second & 0x80 ~= 0,
    payload = bytes:sub(from, from + length - 1),
  }, from + length
end

local function parse_head(bytes)
  local head, rest = bytes:match("^(.-\r\n)\r\n(.*)$")
  if not head then return nil end
  local response = { status = tonumber(head:match("^HTTP/1%.1 (%d%d%d) ")), headers = {} }
  for name, value in head:gmatch("\r?\n?([%w-]+): ([^\r]*)\r\n") do
    name = name:lower()
    local before = response.headers[name]
    response.headers[name] = before and before .. ", " .. value or value
  end
  return response, rest
end

-- --- peers -----------------------------------------------------------------

-- Sends bytes and lets the world come to rest.
function Peer:send(bytes)
  self.raw:send(bytes)
  self.world:rest()
  return self
end

function Peer:frame(opcode, payload, options) return self:send(frame(opcode, payload, options)) end

function Peer:text(text) return self:frame("text", text) end

function Peer:close(code, reason)
  return self:frame("close", code and string.pack(">I2", code) .. (reason or "") or "")
end

function Peer:read()
  self.world:rest()
  self.bytes = self.bytes .. self.raw:take()
end

-- The frames that have come since the last call.
function Peer:frames()
  self:read()
  local list, at = {}, 1
  while true do
    local one, after = parse_frame(self.bytes, at)
    if not one then break end
    list[#list + 1], at = one, after
  end
  self.bytes = self.bytes:sub(at)
  return list
end

-- The payloads of the data frames that have come.
function Peer:take()
  local list = {}
  for _, one in ipairs(self:frames()) do
    if one.kind == "text" or one.kind == "binary" then list[#list + 1] = one.payload end
  end
  return list
end

-- The code and reason of the first Close frame among those that have come, and how many came.
function Peer:close_frame()
  local code, reason, count = nil, nil, 0
  for _, one in ipairs(self:frames()) do
    if one.kind == "close" then
      count = count + 1
      if not code then
        code = #one.payload >= 2 and string.unpack(">I2", one.payload) or 1005
        reason = one.payload:sub(3)
      end
    end
  end
  return code, reason, count
end

-- Reads an HTTP response: status, headers, body.
function Peer:response()
  self:read()
  local response, rest = parse_head(self.bytes)
  if not response then return nil end
  local length = tonumber(response.headers["content-length"] or 0)
  if self.is_head then length = 0 end
  response.body = rest:sub(1, length)
  self.bytes = rest:sub(length + 1)
  return response
end

function Peer:state() return self.raw:state() end

function Peer:finish()
  self.raw:finish()
  self.world:rest()
end

function Peer:reset()
  self.raw:reset()
  self.world:rest()
end

function Peer:faults(faults) self.raw:faults(faults) end

function Peer:writable()
  self.raw:writable()
  self.world:rest()
end

-- --- the world -------------------------------------------------------------

-- A request head. options: method, version, drop = {names}, headers = {name = value}, more = lines.
local function request_head(path, options)
  options = options or {}
  local fields = {
    { "Host", "localhost:12345" }, { "Upgrade", "websocket" }, { "Connection", "Upgrade" },
    { "Sec-WebSocket-Key", default_key }, { "Sec-WebSocket-Version", "13" },
  }
  local changed, lines = {}, {}
  for name, value in pairs(options.headers or {}) do changed[name:lower()] = { name, value } end
  lines[1] = ("%s %s %s"):format(options.method or "GET", path, options.version or "HTTP/1.1")
  for _, field in ipairs(fields) do
    local other = changed[field[1]:lower()]
    changed[field[1]:lower()] = nil
    local value = other and other[2] or field[2]
    if value ~= "" then lines[#lines + 1] = field[1] .. ": " .. value end
  end
  for _, field in pairs(changed) do lines[#lines + 1] = field[1] .. ": " .. field[2] end
  for _, line in ipairs(options.more or {}) do lines[#lines + 1] = line end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

function World:rest() kit.advance(self.hub, 0) end

function World:advance(seconds) kit.advance(self.hub, seconds) end

-- options: the kit's (layer, secure, ...); wrap(raw): what the peer speaks through (tls.lua).
function World:peer(options)
  local raw = kit.connect(self.hub, options)
  return setmetatable({
    world = self,
    raw = options and options.wrap and options.wrap(raw) or raw,
    bytes = "",
  }, Peer)
end

-- Sends a handshake and reads the response into peer.status and peer.headers.
function World:connect(path, options)
  local peer = self:peer(options)
  peer:send(request_head(path, options))
  local response = peer:response()
  if response then
    peer.status, peer.headers, peer.body = response.status, response.headers, response.body
  end
  return peer
end

-- Sends an ordinary request.
function World:get(path, options)
  options = options or {}
  local peer = options.peer or self:peer(options)
  peer.is_head = options.method == "HEAD"
  peer:send(("%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n"):format(options.method or "GET", path,
    options.fields or ""))
  local response = peer:response()
  return response, peer
end

function World:log() return kit.log(self.hub) end

function World:memory() return kit.memory(self.hub) end

-- A new world. options: the hub's (max_message = ...); setup(moonroom, world) is its script.
local function new(options, setup)
  local world = setmetatable({ hub = kit.hub(options), kit = kit }, World)
  world.app = app_module.new(world.hub)
  world.moonroom = world.app.public
  if setup then setup(world.moonroom, world) end
  return world
end

-- A world with one echoing room at /echo.
local function echo(options)
  return new(options, function(moonroom, world)
    local Echo = moonroom.Room:extend("Echo")
    function Echo.on_text(_, client, text) client:send(text) end
    function Echo.on_binary(_, client, data) client:send_binary(data) end
    world.events = {}
    function Echo.on_leave(_, _, code, reason, clean)
      table.insert(world.events, { code = code, reason = reason, clean = clean })
    end
    world.Echo = Echo
    world.room = Echo { path = "/echo" }
    moonroom.mount("/echo", world.room)
  end)
end

return { new = new, echo = echo, frame = frame, request_head = request_head }
