-- Lengths and masks in a frame's header: RFC 6455 5.1, 5.2 and 5.3.
local frames = require "conformance.frames"
local family = require("conformance.family").new(8, "headers")

family:group("lengths that aren't in their shortest form")
for _, kind in ipairs { "text", "binary", "continuation" } do
  for _, row in ipairs { { 0, 16 }, { 1, 16 }, { 5, 16 }, { 125, 16 }, { 0, 64 }, { 5, 64 },
    { 125, 64 }, { 126, 64 }, { 65535, 64 } } do
    local size, form = row[1], row[2]
    family:case(("refuses a %s whose length %d takes %d bits"):format(kind, size, form), {
      sends = function()
        local before = kind == "continuation" and frames.text("begun", { fin = false }) or ""
        return { before, frames.frame(kind, ("x"):rep(size), { form = form }) }
      end,
      ends = 1002,
    })
  end
end
for _, kind in ipairs { "ping", "pong", "close" } do
  for _, form in ipairs { 16, 64 } do
    family:case(("refuses a %s whose length 2 takes %d bits"):format(kind, form), {
      sends = { frames.frame(kind, "\3\232", { form = form }) }, ends = 1002,
    })
  end
end
family:case("refuses a length of 16 bits that is too small before the mask is there", {
  sends = { "\x82\xfe\0\x7d" }, ends = 1002,
})
family:case("refuses a length of 64 bits that is too small before the mask is there", {
  sends = { "\x82\xff\0\0\0\0\0\0\xff\xff" }, ends = 1002,
})

family:group("the top bit of a length")
for _, kind in ipairs { "text", "binary" } do
  for _, length in ipairs { math.mininteger, -1, math.mininteger + 5 } do
    family:case(("refuses a %s of length %016X"):format(kind, length), {
      sends = { frames.frame(kind, "", { declared = length }) }, ends = 1002,
    })
  end
end
family:case("refuses it as soon as the bit is there", { sends = { "\x82\xff\x80" }, ends = 1002 })

family:group("frames that aren't masked")
for _, kind in ipairs { "text", "binary" } do
  for _, size in ipairs { 0, 5, 126, 65536 } do
    family:case(("refuses a %s of %d bytes that isn't masked"):format(kind, size), {
      sends = function() return { frames.frame(kind, ("x"):rep(size), { key = false }) } end,
      ends = 1002,
    })
  end
  family:case(("echoes a masked text, then refuses a %s that isn't"):format(kind), {
    sends = { frames.text("masked"), frames.frame(kind, "bare", { key = false }) },
    answers = { { "text", "masked" } }, ends = 1002,
  })
end
family:case("refuses a continuation that isn't masked", {
  sends = { frames.text("one ", { fin = false }), frames.continuation("two", { key = false }) },
  ends = 1002,
})
family:case("refuses it as soon as the second byte is there", { sends = { "\x81\5" }, ends = 1002 })

family:group("lengths beyond what is allowed")
for _, row in ipairs { { "one more than max_message", (1 << 20) + 1 }, { "4 GiB", 1 << 32 },
  { "4 GiB and 5 bytes", (1 << 32) + 5 }, { "1 TiB", 1 << 40 },
  { "the largest size there is", math.maxinteger } } do
  for _, kind in ipairs { "text", "binary" } do
    family:case(("refuses a %s of %s by its header"):format(kind, row[1]), {
      sends = { frames.frame(kind, "", { declared = row[2] }) }, ends = 1009,
    })
  end
end

return family
