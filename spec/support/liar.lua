--- A WebSocket server of the spec's own process that keeps to no rule but those it is given, for
--- clients that have to notice:
---
---   local here = liar.start {
---     head = function(accept) ... end,           the answer's bytes; without it a right 101
---     frame = function(peer, opcode, payload, peers) ... end,   each frame that comes, unmasked;
---                                                peers: all that are connected, in their order
---   }
---   peer:send(bytes) :close()      here.port       here.heads: how many have asked
---   liar.stop_all()
local core = require "moonroom.core"
local uv = require "luv"

local liar = {}

local Peer = {}
Peer.__index = Peer

local running = {}

local RIGHT = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
  .. "Sec-WebSocket-Accept: %s\r\n\r\n"

--- A right answer, to change.
function liar.answer(accept)
  return RIGHT:format(accept)
end

function Peer:send(bytes)
  if not self.tcp:is_closing() then self.tcp:write(bytes) end
end

function Peer:close()
  if not self.tcp:is_closing() then self.tcp:close() end
end

-- The next whole frame's opcode and payload, which is short; nil: it isn't all there.
local function take_frame(self)
  local input = self.input
  if #input < 6 then return end
  local length = input:byte(2) & 0x7f
  if length > 125 then error "the liar takes short frames only" end
  if #input < 6 + length then return end
  local payload = {}
  for i = 1, length do
    payload[i] = string.char(input:byte(6 + i) ~ input:byte(3 + (i - 1) % 4))
  end
  self.input = input:sub(7 + length)
  return input:byte(1) & 0x0f, table.concat(payload)
end

local function take_head(self, here)
  local head, rest = self.input:match("^(.-\r\n\r\n)(.*)$")
  if not head then return end
  self.input = rest
  self.is_open = true
  here.heads = here.heads + 1
  local accept = core.testkit.http.accept(head:match("Sec%-WebSocket%-Key: (%S+)"))
  local answer = here.behaviour.head or liar.answer
  local bytes = answer(accept)
  if bytes then self:send(bytes) else self:close() end
end

local function take(self, here)
  if not self.is_open then take_head(self, here) end
  while self.is_open do
    local opcode, payload = take_frame(self)
    if not opcode then return end
    here.behaviour.frame(self, opcode, payload, here.peers)
  end
end

local function accept(here)
  local self = setmetatable({ tcp = uv.new_tcp(), input = "" }, Peer)
  here.listener:accept(self.tcp)
  here.peers[#here.peers + 1] = self
  self.tcp:read_start(function(_, bytes)
    if not bytes then
      self:close()
      return
    end
    self.input = self.input .. bytes
    take(self, here)
  end)
end

function liar.start(behaviour)
  local here = { behaviour = behaviour, peers = {}, heads = 0, listener = uv.new_tcp() }
  assert(here.listener:bind("127.0.0.1", 0))
  assert(here.listener:listen(128, function() accept(here) end))
  here.port = here.listener:getsockname().port
  running[here] = true
  return here
end

function liar.stop_all()
  for here in pairs(running) do
    for _, peer in ipairs(here.peers) do peer:close() end
    here.listener:close()
  end
  running = {}
  uv.run("nowait")
end

return liar
