-- Sizes and numbers that take some work: messages of 64 KiB to 4 MiB, whole and in fragments of
-- 64 bytes to 1 MiB, and a thousand messages in a row.
local frames = require "conformance.frames"
local payloads = require "conformance.payloads"
local family = require("conformance.family").new(9, "performance")

local KIB, MIB = 1 << 10, 1 << 20

local function size_name(size)
  if size % MIB == 0 then return ("%d MiB"):format(size // MIB) end
  if size % KIB == 0 then return ("%d KiB"):format(size // KIB) end
  return ("%d bytes"):format(size)
end

for _, kind in ipairs { "text", "binary" } do
  family:group(kind .. " messages of a size")
  for _, size in ipairs { 64 * KIB, 256 * KIB, MIB, 2 * MIB, 4 * MIB, 8 * MIB } do
    family:case(("echoes a %s of %s"):format(kind, size_name(size)), {
      request = { target = "/big" },
      sends = function() return { frames.frame(kind, payloads[kind](size)) } end,
      answers = function() return { { kind, payloads[kind](size) } } end,
    })
  end
end

for _, kind in ipairs { "text", "binary" } do
  family:group(kind .. " messages of 4 MiB in fragments of a size")
  for _, size in ipairs { 64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB } do
    family:case(("echoes a %s of 4 MiB in fragments of %s"):format(kind, size_name(size)), {
      request = { target = "/many" },
      sends = function()
        return frames.pieces(kind, frames.cut(payloads[kind](4 * MIB), size))
      end,
      answers = function() return { { kind, payloads[kind](4 * MIB) } } end,
    })
  end
end

for _, kind in ipairs { "text", "binary" } do
  family:group(kind .. " messages of 1 MiB in writes of a size")
  for _, size in ipairs { 64, 128, 256, 512, KIB, 2 * KIB } do
    family:case(("echoes a %s of 1 MiB that comes %d bytes at a time"):format(kind, size), {
      chop = size,
      sends = function() return { frames.frame(kind, payloads[kind](MIB)) } end,
      answers = function() return { { kind, payloads[kind](MIB) } } end,
    })
  end
end

-- Numbered, where there is room for it.
local function series(count, kind, size, paced)
  local function each(make)
    local list = {}
    for i = 1, count do
      list[i] = make(size < 4 and ("x"):rep(size) or ("%04d"):format(i) .. payloads[kind](size - 4))
    end
    return list
  end
  family:case(("echoes %d times a %s of %d bytes, %s"):format(count, kind, size,
    paced and "one by one" or "all that were sent at once"), {
    paced = paced,
    sends = function() return each(function(payload) return frames.frame(kind, payload) end) end,
    answers = function() return each(function(payload) return { kind, payload } end) end,
  })
end

for _, paced in ipairs { true, false } do
  family:group("many messages, " .. (paced and "one by one" or "at once"))
  for _, kind in ipairs { "text", "binary" } do
    for _, size in ipairs { 0, 16, 64, 256, 1024 } do series(1000, kind, size, paced) end
  end
  series(100, "text", 4096, paced)
  series(20, "binary", 65536, paced)
end

return family
