--- A WebSocket client over a wire, frame by frame: it sends what it is told to, right or wrong.
local client_frame = require "client_frame"
local wire = require "wire"

local websocket = {}
websocket.__index = websocket

local OPCODES = { text = 0x1, binary = 0x2, close = 0x8, ping = 0x9, pong = 0xA }

--- The bytes of an opening handshake (RFC 6455 4.1); `fields` are more lines.
function websocket.handshake(path, fields)
  local lines = {
    ("GET %s HTTP/1.1"):format(path),
    "Host: localhost",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
  }
  table.move(fields or {}, 1, #(fields or {}), #lines + 1, lines)
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

--- Upgrades over a wire that is connected, and is the client's from here on. Returns as connect.
function websocket.over(connected, path, fields)
  local self = setmetatable({ wire = connected }, websocket)
  self.wire:send(websocket.handshake(path, fields))
  self.head = self.wire:receive_to("\r\n\r\n")
  if self.head and self.head:find("^HTTP/1%.1 101 ") then return self end
  self.wire:close()
  return nil, self.head
end

--- Connects and upgrades. Returns the client (its wire is .wire, the answer's head .head), or nil
--- and the answer's head where that isn't 101.
function websocket.connect(port, path, fields)
  return websocket.over(assert(wire.connect(port)), path, fields)
end

--- Sends a whole message of text, or of another opcode by name ("binary", "ping"); options are
--- client_frame's.
function websocket:send(payload, opcode, options)
  self.wire:send(client_frame(OPCODES[opcode or "text"], payload, options))
  return self
end

--- Sends a Close frame; without a code an empty one.
function websocket:send_close(code, reason)
  return self:send(code and string.pack(">I2", code) .. (reason or "") or "", "close")
end

local function read_length(self, short)
  if short == 126 then return string.unpack(">I2", self.wire:receive(2)) end
  if short == 127 then return string.unpack(">I8", self.wire:receive(8)) end
  return short
end

--- The next frame's payload and opcode; nil and how the connection ended where none comes.
function websocket:receive()
  local head, ended = self.wire:receive(2)
  if not head then return nil, ended end
  assert(head:byte(2) < 128, "a server's frame is masked")
  local payload = assert(self.wire:receive(read_length(self, head:byte(2))))
  for name, opcode in pairs(OPCODES) do
    if head:byte(1) == 0x80 | opcode then return payload, name end
  end
  error(("a frame begins with %02x"):format(head:byte(1)), 2)
end

--- The next frame, which is a Close: its code (nil: none) and reason.
function websocket:receive_close()
  local payload, opcode = self:receive()
  assert(opcode == "close", ("%s came instead of a Close: %s"):format(opcode, payload))
  if payload == "" then return nil, "" end
  return string.unpack(">I2", payload), payload:sub(3)
end

--- Ends the TCP connection, without a closing handshake.
function websocket:close()
  self.wire:close()
end

return websocket
