-- A client, as a browser would be one: what it is sent is checked, pings and Closes are answered.

local check = require "moonroom.test.check"
local compression = require "moonroom.test.compression"
local core = require "moonroom.core"
local frames = require "moonroom.test.frames"
local handshake = require "moonroom.test.handshake"
local raise = require "moonroom.test.raise"

local methods = {}
local Peer = { __name = "moonroom.test.Peer" }

function Peer.__index(peer, key)
  local app = rawget(peer, "app")
  if key == "client" and not app.is_stopped and not app.world.inside then
    raise("peer.client works in memory only")
  end
  return methods[key]
end

function Peer:__tostring() return ("peer %d at %s"):format(self.number, self.path) end

-- --- what comes --------------------------------------------------------------

local function keep(peer, kind, payload, is_compressed)
  peer.messages[#peer.messages + 1] = {
    kind = kind, payload = payload, compressed = is_compressed,
  }
end

-- The app raises it as soon as the step is over.
local function complain(peer, what)
  peer.app.violation = peer.app.violation or ("%s was sent %s"):format(peer, what)
  peer.wire:reset()
end

local function close(peer, code, reason)
  if peer.state == "refused" then return end
  peer.state, peer.close_code, peer.close_reason = "closed", code, reason
end

local function hear_close(peer, payload)
  local code, reason = frames.decode_close(payload)
  close(peer, code, reason)
  if peer.is_answering and not peer.is_closing then
    peer.wire:send(frames.encode_close(#payload > 0 and code or nil))
  end
end

local function hear_frames(peer)
  local kind, payload, is_compressed = peer.reader:next()
  while kind do
    keep(peer, kind, payload, is_compressed)
    if kind == "ping" and peer.is_answering and not peer.is_closing then
      peer.wire:send(frames.encode("pong", payload))
    elseif kind == "close" then
      hear_close(peer, payload)
    end
    kind, payload, is_compressed = peer.reader:next()
  end
  if payload then complain(peer, payload) end
end

local function agree(peer)
  local terms = compression.accept(peer.headers["sec-websocket-extensions"],
    peer.options.compression)
  peer.compression = terms ~= nil
  if not terms then return end
  local codecs = compression.new_codecs(terms)
  peer.reader.inflate, peer.deflate = codecs.inflate, codecs.deflate
end

local function accept(peer, rest)
  local why = handshake.check_accepted(peer.headers, peer.options)
  if why then return complain(peer, why) end
  peer.state, peer.protocol = "open", peer.headers["sec-websocket-protocol"]
  agree(peer)
  rawset(peer, "client", peer.wire:client())
  peer.reader:push(rest)
  hear_frames(peer)
end

local function hear_answer(peer, bytes)
  peer.answer = peer.answer .. bytes
  local status, headers, rest = handshake.response(peer.answer)
  if not status then
    if headers then complain(peer, headers) end
    return
  end
  peer.status, peer.headers = status, headers
  if status == 101 then return accept(peer, rest) end
  peer.state = "refused"
  peer.body = rest:sub(1, tonumber(headers["content-length"]))
end

local function hear_end(peer, how)
  if peer.state == "connecting" or peer.state == "open" then close(peer, 1006, "") end
  if how == "end" and peer.is_answering then peer.wire:finish() end
end

local function hear(peer)
  local bytes = peer.wire:take()
  if peer.state == "connecting" or peer.state == "refused" then
    if bytes ~= "" then hear_answer(peer, bytes) end
  elseif bytes ~= "" then
    peer.reader:push(bytes)
    hear_frames(peer)
  end
  local how = peer.wire:ended()
  if how then hear_end(peer, how) end
end

-- --- what it sends -----------------------------------------------------------

local function check_alive(peer)
  peer.app:check()
  if peer.has_dropped or peer.state == "closed" or peer.state == "refused" then
    raise("%s is %s: it can't send", peer, peer.state)
  end
end

local function send(peer, kind, payload)
  check_alive(peer)
  if peer.state == "connecting" then raise("%s is still connecting: it can't send", peer) end
  if peer.is_closing then raise("%s has sent its Close: it can't send", peer) end
  local is_compressed = peer.deflate ~= nil and kind ~= "ping"
  if is_compressed then payload = peer.deflate(payload) end
  peer.wire:send(frames.encode(kind, payload, is_compressed))
  peer.app:settle()
end

function methods:send(message)
  check.type_of(message, "a message", "string", "number", "table")
  if type(message) == "table" then
    local text, why = core.json.encode(message)
    if not text then raise("the message is no JSON: %s", why) end
    message = text
  end
  send(self, "text", tostring(message))
end

function methods:send_binary(data)
  send(self, "binary", check.type_of(data, "binary data", "string"))
end

function methods:ping(data)
  data = check.type_of(data or "", "a ping's data", "string")
  if #data > 125 then raise("a ping has at most 125 bytes, not %d", #data) end
  send(self, "ping", data)
end

function methods:raw(bytes)
  check.type_of(bytes, "what is sent raw", "string")
  check_alive(self)
  self.wire:send(bytes)
  self.app:settle()
end

function methods:close(code, reason)
  if code ~= nil then check.count(code, 0, "a close code") end
  if code == nil and reason ~= nil or code and code > 65535 then
    raise("a close code is a number of two bytes, and a reason comes behind one")
  end
  reason = check.type_of(reason or "", "a reason", "string")
  if #reason > 123 then raise("a reason has at most 123 bytes, not %d", #reason) end
  check_alive(self)
  if self.state == "connecting" then raise("%s is still connecting: drop it", self) end
  if self.is_closing then raise("%s has sent its Close", self) end
  self.is_closing = true
  self.wire:send(frames.encode_close(code, reason))
  self.app:settle()
end

function methods:drop()
  self.app:check()
  if self.has_dropped then return end
  self.has_dropped = true
  if self.state == "connecting" or self.state == "open" then close(self, 1006, "") end
  self.wire:reset()
  self.app:settle()
end

-- --- how it behaves ----------------------------------------------------------

function methods:pause()
  self.app:check()
  self.is_paused = true
  self.wire:pause()
end

function methods:resume()
  self.app:check()
  self.is_paused = false
  self.wire:resume()
  self.app:settle()
end

function methods:stop_answering()
  self.app:check()
  self.is_answering = false
  self.wire:stop_answering()
end

local fault_names = { "write", "read", "full" }

local function check_faults(faults)
  check.type_of(faults, "faults", "table")
  check.names(faults, fault_names, "fault")
  for _, name in ipairs { "write", "read" } do
    if faults[name] ~= nil then check.count(faults[name], 1, "the fault " .. name) end
  end
  return faults
end

function methods:faults(faults)
  check_faults(faults)
  self.app:check()
  self.wire:faults(faults)
  self.app:settle()
end

-- --- what it has received ----------------------------------------------------

local kinds = { text = true, binary = true, ping = true, pong = true, close = true }

local function is_wanted(message, kind)
  if kind then return message.kind == kind end
  return message.kind == "text" or message.kind == "binary"
end

local function check_kind(kind)
  if kind ~= nil and not kinds[kind] then
    raise([[a kind is "text", "binary", "ping", "pong" or "close", not %s]], tostring(kind))
  end
end

-- The messages of a kind that have come, and the others.
local function part(peer, kind)
  check_kind(kind)
  local wanted, others = {}, {}
  for _, message in ipairs(peer.messages) do
    table.insert(is_wanted(message, kind) and wanted or others, message)
  end
  return wanted, others
end

local function decode(peer, payload)
  local value, why = core.json.decode(payload)
  if why then raise("%s was sent what is no JSON: %s: %q", peer, why, payload) end
  return value
end

-- The payloads of a kind since the last take.
local function received(peer, kind)
  local list = {}
  for index, message in ipairs((part(peer, kind))) do list[index] = message.payload end
  return list
end

function methods:take(kind)
  local list = received(self, kind)
  self.messages = select(2, part(self, kind))
  return list
end

function methods:take_json()
  local list = received(self, "text")
  for index, payload in ipairs(list) do list[index] = decode(self, payload) end
  self.messages = select(2, part(self, "text"))
  return list
end

function methods:last(kind)
  local list = received(self, kind)
  return list[#list]
end

function methods:last_json()
  local payload = self:last("text")
  return payload and decode(self, payload)
end

-- --- its beginning -----------------------------------------------------------

-- A peer on a wire; app, number and path are for telling it, options those of connect.
local function new(app, number, path, options, wire)
  local peer = setmetatable({
    app = app, number = number, path = path, options = options, wire = wire, state = "connecting",
    reader = frames.new_reader(), messages = {}, answer = "", is_answering = true,
    is_closing = false, is_paused = options.paused or false, has_dropped = false,
  }, Peer)
  function wire.heard() hear(peer) end
  return peer
end

local function is_peer(value) return getmetatable(value) == Peer end

return {
  new = new, is_peer = is_peer, received = received, check_faults = check_faults,
  methods = methods,
}
