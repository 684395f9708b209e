-- Raw deflate by another hand than ours: lua-zlib. What permessage-deflate says about messages
-- (RFC 7692 7.2) is done here in Lua.
local zlib = require "zlib"

local TAIL = "\0\0\xff\xff"

-- A sender: a function that compresses one message after the other. options: level (1),
-- window_bits (15), takeover (true), final (a final block ends each message: 7.2.3.4).
local function sender(options)
  options = options or {}
  local function fresh() return zlib.deflate(options.level or 1, -(options.window_bits or 15)) end
  local stream = fresh()
  return function(message)
    if options.takeover == false then stream = fresh() end
    if options.final then
      local bytes = stream(message, "finish")
      stream = fresh()
      return bytes .. "\0"
    end
    if message == "" then return "\0" end
    local bytes = stream(message, "sync")
    assert(bytes:sub(-4) == TAIL)
    return bytes:sub(1, -5)
  end
end

-- A receiver: a function that takes one compressed message after the other.
local function receiver(options)
  options = options or {}
  local function fresh() return zlib.inflate(-(options.window_bits or 15)) end
  local stream = fresh()
  return function(bytes)
    if options.takeover == false then stream = fresh() end
    return (stream(bytes .. TAIL))
  end
end

-- A stored block: not the last one, and begun at a byte's start (RFC 1951 3.2.4).
local function stored(bytes, is_final)
  return string.pack("<BI2I2", is_final and 1 or 0, #bytes, ~#bytes & 0xffff) .. bytes
end

-- Bytes that nothing makes smaller, always the same ones.
local function noise(length, seed)
  local state, list = seed or 1, {}
  for i = 1, length do
    state = (state * 6364136223846793005 + 1442695040888963407) & 0x7fffffffffffffff
    list[i] = string.char(state >> 40 & 0xff)
  end
  return table.concat(list)
end

return { sender = sender, receiver = receiver, stored = stored, noise = noise, tail = TAIL }
