-- Framing: RFC 6455 5.2 and 5.6.
local frames = require "conformance.frames"
local payloads = require "conformance.payloads"
local family = require("conformance.family").new(1, "framing")

local MIB = 1 << 20
local SIZES = { 0, 1, 2, 124, 125, 126, 127, 128, 129, 256, 1000, 4096, 65534, 65535, 65536, 65537,
  131072, MIB }

local function echo(says, kind, size, options)
  options = options or {}
  family:case(says, {
    request = { target = options.target },
    sends = function() return { frames.frame(kind, payloads[kind](size), options.frame) } end,
    answers = function() return { { kind, payloads[kind](size) } } end,
  })
end

for _, kind in ipairs { "text", "binary" } do
  family:group(kind .. " messages by size")
  for _, size in ipairs(SIZES) do
    echo(("echoes a %s of %d bytes"):format(kind, size), kind, size)
  end
  echo(("echoes a %s of 16 MiB where that is allowed"):format(kind), kind, 16 * MIB,
    { target = "/big" })
end

family:group("masks")
for _, key in ipairs { "\0\0\0\0", "\xff\xff\xff\xff", "\1\0\0\0", "\0\0\0\1",
  "\x80\x7f\x80\x7f" } do
  local name = key:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end)
  for _, size in ipairs { 3, 126, 65536 } do
    echo(("unmasks a text of %d bytes with the key %s"):format(size, name), "text", size,
      { frame = { key = key } })
  end
end
for size = 3, 40 do
  echo(("unmasks a binary of %d bytes"):format(size), "binary", size,
    { frame = { key = "\xa5\x5a\x3c\xc3" } })
end

family:group("several messages")
local function series(says, kinds, sizes, paced)
  local function each(make)
    local list = {}
    for index, size in ipairs(sizes) do
      list[index] = make(kinds[(index - 1) % #kinds + 1], size)
    end
    return list
  end
  family:case(says, {
    paced = paced,
    sends = function()
      return each(function(kind, size) return frames.frame(kind, payloads[kind](size)) end)
    end,
    answers = function()
      return each(function(kind, size) return { kind, payloads[kind](size) } end)
    end,
  })
end
for _, sizes in ipairs {
  { 0, 0 }, { 5, 5, 5 }, { 125, 126 }, { 126, 125 }, { 65535, 65536 }, { 65536, 65535, 0, 125 },
  { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
} do
  local names = table.concat(sizes, ", ")
  series(("echoes messages of %s bytes that come together"):format(names), { "text", "binary" },
    sizes)
  series(("echoes messages of %s bytes, each when the one before is back"):format(names),
    { "binary", "text" }, sizes, true)
end

family:group("the type of a message")
family:case("refuses a binary with 1003 where only text is taken", {
  request = { target = "/text" }, sends = { frames.binary("\1\2\3") }, ends = 1003,
})
family:case("refuses it before its payload is there", {
  request = { target = "/text" }, sends = { frames.binary("", { declared = 1000 }) }, ends = 1003,
})
family:case("takes a text there", {
  request = { target = "/text" }, sends = { frames.text("words") },
  answers = { { "text", "words" } },
})

return family
