-- A client's side of the WebSocket protocol (RFC 6455), strict about what a server may send.

local byte, char, sub = string.byte, string.char, string.sub

local OPCODES = { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 }
local KINDS = {}
for kind, opcode in pairs(OPCODES) do KINDS[opcode] = kind end

local first_control, most_in_control = 8, 125
local key = "\x37\xfa\x21\x3d" -- the sample of RFC 6455 5.7
local zero_key, most_masked = "\0\0\0\0", 1024

-- --- what a client sends -----------------------------------------------------

local function mask(payload)
  local bytes = { byte(payload, 1, -1) }
  for at = 1, #bytes do bytes[at] = bytes[at] ~ byte(key, (at - 1) % 4 + 1) end
  return char(table.unpack(bytes))
end

local function header(kind, length, is_compressed)
  local first = 0x80 | (is_compressed and 0x40 or 0) | OPCODES[kind]
  if length < 126 then return char(first, 0x80 | length) end
  if length < 65536 then return string.pack(">BBI2", first, 0x80 | 126, length) end
  return string.pack(">BBI8", first, 0x80 | 127, length)
end

-- A masked frame with a whole message, which may be compressed already. A large one has the key of
-- zeros, which changes nothing.
local function encode(kind, payload, is_compressed)
  local head = header(kind, #payload, is_compressed)
  if #payload > most_masked then return head .. zero_key .. payload end
  return head .. key .. mask(payload)
end

-- A Close's payload; code may be nil.
local function encode_close(code, reason)
  return encode("close", code and string.pack(">I2", code) .. (reason or "") or "")
end

-- --- what a server sends -----------------------------------------------------

-- RFC 6455 7.4, and IANA's registry beyond it: those that may be in a Close frame.
local function is_sendable(code)
  return code >= 1000 and code <= 1014 and code ~= 1004 and code ~= 1005 and code ~= 1006
    or code >= 3000 and code <= 4999
end

-- RSV1 marks the first frame of a compressed message (RFC 7692 6).
local function has_wrong_bit(reader, opcode, first)
  local begins_message = opcode == OPCODES.text or opcode == OPCODES.binary
  local allowed = reader.inflate and begins_message and 0x40 or 0
  return first & 0x70 & ~allowed ~= 0
end

local function check_header(reader, opcode, first, second, is_shortest)
  if second & 0x80 ~= 0 then return "a masked frame" end
  if has_wrong_bit(reader, opcode, first) then return "a frame with a reserved bit" end
  if not KINDS[opcode] then return ("a frame with the reserved opcode %d"):format(opcode) end
  if not is_shortest then return "a length that isn't in its shortest form" end
  if opcode < first_control then return nil end
  if first & 0x80 == 0 then return "a control frame in fragments" end
  if second & 0x7f > most_in_control then return "a control frame of more than 125 bytes" end
end

local function check_close(payload)
  if #payload == 1 then return "a Close frame of one byte" end
  local code = #payload > 1 and string.unpack(">I2", payload)
  if code and not is_sendable(code) then return ("a Close frame with the code %d"):format(code) end
  if not utf8.len(sub(payload, 3)) then return "a Close frame whose reason isn't UTF-8" end
end

local function check_message(kind, payload)
  if kind == "close" then return check_close(payload) end
  if kind == "text" and not utf8.len(payload) then return "a text that isn't UTF-8" end
end

local Reader = {}
Reader.__index = Reader

-- reader.inflate(bytes) -> message | nil, why   is set once compression is agreed on.
local function new_reader()
  return setmetatable({ bytes = "", at = 1, parts = nil, kind = nil, is_closed = false }, Reader)
end

function Reader:push(bytes)
  self.bytes = sub(self.bytes, self.at) .. bytes
  self.at = 1
end

-- The next frame: opcode, whether it is final, payload, whether it begins a compressed message. nil
-- where it isn't all there; nil and what is wrong with it.
local function next_frame(reader)
  local bytes, at = reader.bytes, reader.at
  local first, second = byte(bytes, at, at + 1)
  if not second then return nil end
  local length, from, is_shortest = second & 0x7f, at + 2, true
  local size = length == 126 and 2 or length == 127 and 8 or 0
  if #bytes < from + size - 1 then return nil end
  if size > 0 then
    length, from = string.unpack(">I" .. size, bytes, from)
    is_shortest = length > (size == 2 and 125 or 65535) -- negative: the top bit is set
  end
  local opcode = first & 0x0f
  local why = check_header(reader, opcode, first, second, is_shortest)
  if why then return nil, why end
  if #bytes < from + length - 1 then return nil end
  reader.at = from + length
  return opcode, first & 0x80 ~= 0, sub(bytes, from, from + length - 1), first & 0x40 ~= 0
end

-- A data frame's share in its message: the whole one's kind and payload with its last frame.
local function add_fragment(reader, opcode, is_final, payload, is_compressed)
  local is_first = opcode ~= OPCODES.continuation
  if is_first and reader.parts then return nil, "a new message inside one in fragments" end
  if not is_first and not reader.parts then return nil, "a continuation of nothing" end
  if is_first then reader.is_compressed = is_compressed end
  if is_first and is_final then return KINDS[opcode], payload end
  if is_first then reader.kind, reader.parts = KINDS[opcode], {} end
  table.insert(reader.parts, payload)
  if not is_final then return false end
  payload, reader.parts = table.concat(reader.parts), nil
  return reader.kind, payload
end

-- The next whole message or control frame: its kind ("text", "binary", "close", "ping", "pong"),
-- payload, and true where it was compressed. nil where nothing more is there; nil and what the
-- server may not send.
function Reader:next()
  if self.is_closed then
    return nil, self.at <= #self.bytes and "something behind its Close" or nil
  end
  local opcode, is_final, payload, is_compressed = next_frame(self)
  if not opcode then return nil, is_final end
  local kind, why = KINDS[opcode], nil
  if opcode < first_control then
    kind, payload = add_fragment(self, opcode, is_final, payload, is_compressed)
    if kind == false then return self:next() end
    if not kind then return nil, payload end
    is_compressed = self.is_compressed
    if is_compressed then payload, why = self.inflate(payload) end
  end
  why = why or check_message(kind, payload)
  if why then return nil, why end
  self.is_closed = kind == "close"
  return kind, payload, is_compressed or nil
end

-- The code (1005 where there is none) and reason in a Close's payload.
local function decode_close(payload)
  if #payload < 2 then return 1005, "" end
  return (string.unpack(">I2", payload)), sub(payload, 3)
end

return {
  encode = encode, encode_close = encode_close, decode_close = decode_close,
  new_reader = new_reader,
}
