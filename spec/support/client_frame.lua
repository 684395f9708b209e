-- A client's frames as bytes, right ones and wrong ones (RFC 6455 5.2).
local DEFAULT_MASK = "\x37\xfa\x21\x3d" -- the sample of RFC 6455 5.7

local function exclusive_or(payload, mask)
  local bytes = {}
  for i = 1, #payload do
    bytes[i] = string.char(payload:byte(i) ~ mask:byte((i - 1) % 4 + 1))
  end
  return table.concat(bytes)
end

local function length_bytes(masked, length, form)
  if form == 7 then return string.char(masked | length) end
  if form == 16 then return string.char(masked | 126) .. string.pack(">I2", length) end
  return string.char(masked | 127) .. string.pack(">I8", length)
end

local function shortest_form(length)
  if length < 0 or length > 65535 then return 64 end
  return length > 125 and 16 or 7
end

--- options: final (true), reserved (0; bits 4, 2, 1), mask (four bytes, or false for none),
--- declared (a length that isn't the payload's), form (7, 16, 64: not the shortest)
local function client_frame(opcode, payload, options)
  payload, options = payload or "", options or {}
  local mask = options.mask == nil and DEFAULT_MASK or options.mask
  local declared = options.declared or #payload
  local first = (options.final == false and 0 or 0x80) | (options.reserved or 0) << 4 | opcode
  local form = options.form or shortest_form(declared)
  local header = string.char(first) .. length_bytes(mask and 0x80 or 0, declared, form)
  if not mask then return header .. payload end
  if mask == "\0\0\0\0" then return header .. mask .. payload end
  return header .. mask .. exclusive_or(payload, mask)
end

return client_frame
