--- A client's frames as bytes: right ones, and wrong ones where a case wants them (RFC 6455 5.2).
local frames = {}

local OPCODES = { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 }
local DEFAULT_KEY = "\x37\xfa\x21\x3d" -- the sample of RFC 6455 5.7

-- --- masking -----------------------------------------------------------------

local WORDS = 32 -- at once: a case may have 16 MiB
local FORMATS = {}
for count = 1, WORDS do FORMATS[count] = "<" .. ("i8"):rep(count) end

local function mask_words(bytes, at, count, key)
  local words = { string.unpack(FORMATS[count], bytes, at) }
  for i = 1, count do words[i] = words[i] ~ key end
  return string.pack(FORMATS[count], table.unpack(words, 1, count))
end

-- What is no whole word at the end is filled up, and cut again.
local function mask_rest(payload, at, key)
  local size = #payload - at + 1
  if size == 0 then return "" end
  local count = (size + 7) // 8
  local filled = payload:sub(at) .. ("\0"):rep(count * 8 - size)
  return mask_words(filled, 1, count, key):sub(1, size)
end

function frames.mask(payload, key)
  if key == "\0\0\0\0" then return payload end
  local word = string.unpack("<i8", key .. key)
  local pieces, at = {}, 1
  while at + WORDS * 8 - 1 <= #payload do
    pieces[#pieces + 1] = mask_words(payload, at, WORDS, word)
    at = at + WORDS * 8
  end
  pieces[#pieces + 1] = mask_rest(payload, at, word)
  return table.concat(pieces)
end

-- --- frames ------------------------------------------------------------------

local function shortest_form(length)
  if length < 0 or length > 65535 then return 64 end
  return length > 125 and 16 or 7
end

local function length_bytes(bit, length, form)
  if form == 7 then return string.char(bit | length) end
  if form == 16 then return string.char(bit | 126) .. string.pack(">I2", length) end
  return string.char(bit | 127) .. string.pack(">i8", length)
end

--- A frame. kind: a name, or a number for any other opcode. options: fin (true), rsv (0; 4, 2, 1
--- for RSV1, 2, 3), key (four bytes; false: not masked), declared (a length that isn't the
--- payload's), form (7, 16, 64: a length that isn't in its shortest form).
function frames.frame(kind, payload, options)
  payload, options = payload or "", options or {}
  local key = options.key == nil and DEFAULT_KEY or options.key
  local declared = options.declared or #payload
  local first = (options.fin == false and 0 or 0x80) | (options.rsv or 0) << 4
    | (OPCODES[kind] or kind)
  local header = string.char(first)
    .. length_bytes(key and 0x80 or 0, declared, options.form or shortest_form(declared))
  if not key then return header .. payload end
  return header .. key .. frames.mask(payload, key)
end

for kind in pairs(OPCODES) do
  if kind ~= "close" then
    frames[kind] = function(payload, options) return frames.frame(kind, payload, options) end
  end
end

--- A Close frame; without a code its body is empty.
function frames.close(code, reason, options)
  local body = code and string.pack(">I2", code) .. (reason or "") or ""
  return frames.frame("close", body, options)
end

--- The frames of a message in the given pieces; the first has the options too (rsv).
function frames.pieces(kind, pieces, options)
  local list = {}
  for index, piece in ipairs(pieces) do
    local own = { fin = index == #pieces }
    if index == 1 then for name, value in pairs(options or {}) do own[name] = value end end
    list[index] = frames.frame(index == 1 and kind or "continuation", piece, own)
  end
  return list
end

--- Cuts a payload into pieces of `size` bytes; the last may be shorter. An empty one is one piece.
function frames.cut(payload, size)
  local pieces = {}
  for at = 1, math.max(#payload, 1), size do
    pieces[#pieces + 1] = payload:sub(at, at + size - 1)
  end
  return pieces
end

return frames
