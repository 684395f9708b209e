-- Reserved bits: RFC 6455 5.2. No extension is agreed on here, so none of them may be set.
local frames = require "conformance.frames"
local family = require("conformance.family").new(3, "reserved bits")

local KINDS = {
  { "text", "words" }, { "binary", "\1\2\3" }, { "continuation", "more" },
  { "ping", "echo?" }, { "pong", "echo!" }, { "close", "\3\232" },
}

local function bits_of(rsv)
  local names = {}
  for bit = 1, 3 do
    if rsv & 8 >> bit ~= 0 then names[#names + 1] = "RSV" .. bit end
  end
  return table.concat(names, " and ")
end

local function each(run)
  for rsv = 1, 7 do
    for _, row in ipairs(KINDS) do run(rsv, row[1], row[2]) end
  end
end

-- What may stand before it, so that only the bits are wrong.
local function before(kind)
  return kind == "continuation" and { frames.text("begun ", { fin = false }) } or {}
end

family:group("alone")
each(function(rsv, kind, payload)
  local sends = before(kind)
  sends[#sends + 1] = frames.frame(kind, payload, { rsv = rsv })
  family:case(("refuses a %s with %s"):format(kind, bits_of(rsv)), { sends = sends, ends = 1002 })
end)

family:group("behind a good message, before a ping")
each(function(rsv, kind, payload)
  local sends = { frames.text("good") }
  table.move(before(kind), 1, 1, 2, sends)
  sends[#sends + 1] = frames.frame(kind, payload, { rsv = rsv })
  sends[#sends + 1] = frames.ping("never answered")
  family:case(("echoes a good text, then refuses a %s with %s"):format(kind, bits_of(rsv)), {
    sends = sends, answers = { { "text", "good" } }, ends = 1002,
  })
end)

family:group("at once")
for rsv = 1, 7 do
  family:case(("refuses %s as soon as the first byte is there"):format(bits_of(rsv)), {
    sends = { string.char(0x81 | rsv << 4) }, ends = 1002,
  })
end

family:group("inside a message")
for _, rsv in ipairs { 1, 2, 4 } do
  family:case(("refuses %s on a ping between fragments"):format(bits_of(rsv)), {
    sends = { frames.text("one ", { fin = false }), frames.ping("", { rsv = rsv }),
      frames.continuation("two") },
    ends = 1002,
  })
  family:case(("refuses %s on the first of two fragments"):format(bits_of(rsv)), {
    sends = { frames.text("one ", { fin = false, rsv = rsv }), frames.continuation("two") },
    ends = 1002,
  })
end

return family
