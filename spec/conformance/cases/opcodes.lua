-- Opcodes that mean nothing (yet): RFC 6455 5.2.
local frames = require "conformance.frames"
local family = require("conformance.family").new(4, "opcodes")

local RESERVED = { 3, 4, 5, 6, 7, 11, 12, 13, 14, 15 }
local WAYS = {
  { "without a payload", "" },
  { "with a payload", "reserved payload" },
}

family:group("alone")
for _, opcode in ipairs(RESERVED) do
  for _, way in ipairs(WAYS) do
    family:case(("refuses the opcode %d %s"):format(opcode, way[1]), {
      sends = { frames.frame(opcode, way[2]) }, ends = 1002,
    })
  end
end

family:group("behind a good message, before a ping")
for _, opcode in ipairs(RESERVED) do
  for _, way in ipairs(WAYS) do
    family:case(("echoes a good text, then refuses the opcode %d %s"):format(opcode, way[1]), {
      sends = { frames.text("good"), frames.frame(opcode, way[2]), frames.ping("never answered") },
      answers = { { "text", "good" } }, ends = 1002,
    })
  end
end

family:group("between fragments")
for _, opcode in ipairs(RESERVED) do
  family:case(("refuses the opcode %d between fragments"):format(opcode), {
    sends = { frames.text("one ", { fin = false }), frames.frame(opcode, ""),
      frames.continuation("two") },
    ends = 1002,
  })
end

family:group("not final")
for _, opcode in ipairs(RESERVED) do
  family:case(("refuses the opcode %d that isn't final"):format(opcode), {
    sends = { frames.frame(opcode, "part", { fin = false }) }, ends = 1002,
  })
end

family:group("at once")
for _, opcode in ipairs(RESERVED) do
  family:case(("refuses the opcode %d as soon as the first byte is there"):format(opcode), {
    sends = { string.char(0x80 | opcode) }, ends = 1002,
  })
end

return family
