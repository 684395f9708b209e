-- Pings of the kit's own on a WebSocket, which neither peer nor spec sees. It follows the bytes in
-- both directions: a ping can only go between two frames, and its pong is taken out of what comes.

local frames = require "moonroom.test.frames"

local byte, sub, unpack = string.byte, string.sub, string.unpack

local PAYLOAD = "\xffmoonroom.test %d" -- invalid UTF-8: no spec sends it by chance
local CLOSE, PONG = 8, 10
local first_control = 8

-- --- one direction -----------------------------------------------------------

-- The header of the frame that begins at a place: opcode, where its payload begins, the payload's
-- length. nil where it isn't all there.
local function read_header(bytes, at)
  local first, second = byte(bytes, at, at + 1)
  if not second then return nil end
  local length, from = second & 0x7f, at + 2
  local size = length == 126 and 2 or length == 127 and 8 or 0
  local mask = second & 0x80 ~= 0 and 4 or 0
  if #bytes < from + size + mask - 1 then return nil end
  if size > 0 then length = unpack(">I" .. size, bytes, from) end
  return first & 0x0f, from + size + mask, length < 0 and math.huge or length
end

local Flow = {}
Flow.__index = Flow

-- take(opcode, payload) says of a whole control frame whether it is kept from going on.
local function new_flow(take)
  return setmetatable({ take = take, held = "", left = 0, is_head = true }, Flow)
end

-- Lets a head pass: the frames begin behind it.
local function pass_head(flow)
  local last = select(2, flow.held:find("\r\n\r\n", 1, true))
  if not last then return "" end
  local head = sub(flow.held, 1, last)
  flow.held, flow.is_head, flow.head = sub(flow.held, last + 1), false, head
  return head
end

-- How much may pass from a place on, or nil where that can't be known yet; and whether it is kept.
local function next_piece(flow, at)
  if flow.left > 0 then
    local size = math.min(flow.left, #flow.held - at + 1)
    flow.left = flow.left - size
    return size > 0 and size or nil
  end
  local opcode, from, length = read_header(flow.held, at)
  if not opcode then return nil end
  if opcode < first_control then
    flow.left = length
    return from - at
  end
  if #flow.held < from + length - 1 then return nil end
  return from + length - at, flow.take(opcode, sub(flow.held, from, from + length - 1))
end

-- Returns what passes of the bytes, and of those that were held back before.
function Flow:push(bytes)
  self.held = self.held .. bytes
  local passed = {}
  if self.is_head then passed[1] = pass_head(self) end
  if self.is_head then return "" end
  local at = 1
  local size, is_taken = next_piece(self, at)
  while size do
    if not is_taken then passed[#passed + 1] = sub(self.held, at, at + size - 1) end
    at = at + size
    size, is_taken = next_piece(self, at)
  end
  self.held = sub(self.held, at)
  return table.concat(passed)
end

function Flow:is_between_frames() return not self.is_head and self.left == 0 and self.held == "" end

-- --- both --------------------------------------------------------------------

local Probe = {}
Probe.__index = Probe

local function new()
  local probe = setmetatable({ asked = 0, answered = 0, is_closing = false }, Probe)
  probe.outgoing = new_flow(function(opcode)
    probe.is_closing = probe.is_closing or opcode == CLOSE
  end)
  probe.incoming = new_flow(function(opcode, payload)
    probe.is_closing = probe.is_closing or opcode == CLOSE
    if opcode ~= PONG or payload ~= PAYLOAD:format(probe.answered + 1) then return false end
    probe.answered = probe.answered + 1
    return true
  end)
  return probe
end

-- What the peer sends.
function Probe:send(bytes) self.outgoing:push(bytes) end

-- Returns what the peer is to hear of what has come.
function Probe:receive(bytes)
  local incoming = self.incoming
  if self.is_plain then return bytes end
  local passed = incoming:push(bytes)
  if not incoming.head or incoming.head:find("^HTTP/1%.1 101 ") then return passed end
  self.is_plain = true
  local rest = incoming.held
  incoming.held = ""
  return passed .. rest
end

function Probe:is_waiting() return self.asked > self.answered end

-- A ping's frame, or nil where none can go now.
function Probe:ping()
  if self.is_plain or self.is_closing or not self.incoming.head then return nil end
  if self:is_waiting() or not self.outgoing:is_between_frames() then return nil end
  self.asked = self.asked + 1
  return frames.encode("ping", PAYLOAD:format(self.asked))
end

return { new = new }
