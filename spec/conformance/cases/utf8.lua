-- UTF-8: RFC 3629, RFC 6455 5.6 and 8.1. What is wrong must be refused as soon as it can be known.
local frames = require "conformance.frames"
local family = require("conformance.family").new(6, "UTF-8")

-- --- the sequences -------------------------------------------------------------

local VALID = {
  { "U+0000", "\0" }, { "U+007F", "\x7f" }, { "U+0080", "\xc2\x80" }, { "U+00B5", "\xc2\xb5" },
  { "U+07FF", "\xdf\xbf" }, { "U+0800", "\xe0\xa0\x80" }, { "U+0FFF", "\xe0\xbf\xbf" },
  { "U+1000", "\xe1\x80\x80" }, { "U+D7FF", "\xed\x9f\xbf" }, { "U+E000", "\xee\x80\x80" },
  { "U+FEFF", "\xef\xbb\xbf" }, { "U+FFFD", "\xef\xbf\xbd" }, { "U+FFFE", "\xef\xbf\xbe" },
  { "U+FFFF", "\xef\xbf\xbf" }, { "U+FDD0", "\xef\xb7\x90" }, { "U+10000", "\xf0\x90\x80\x80" },
  { "U+1F319", "\xf0\x9f\x8c\x99" }, { "U+1FFFE", "\xf0\x9f\xbf\xbe" },
  { "U+3FFFF", "\xf0\xbf\xbf\xbf" }, { "U+40000", "\xf1\x80\x80\x80" },
  { "U+FFFFF", "\xf3\xbf\xbf\xbf" }, { "U+100000", "\xf4\x80\x80\x80" },
  { "U+10FFFF", "\xf4\x8f\xbf\xbf" },
  { "characters of 1, 2, 3 and 4 bytes", "k\xc3\xb6\xe6\x9c\x88\xf0\x9f\x8c\x99" },
  { "Greek", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5" },
  { "combining marks", "a\xcc\x88e\xcc\x81" },
}

-- What is wrong, the bytes, and which of them is the first that can't be right (RFC 3629 4).
local INVALID = {
  -- Lone continuations.
  { "the lone continuation 80", "\x80", 1 }, { "the lone continuation BF", "\xbf", 1 },
  { "two lone continuations", "\x80\xbf", 1 }, { "six lone continuations", ("\x80"):rep(6), 1 },
  { "a continuation too many behind 2 bytes", "\xc3\xb6\x80", 3 },
  { "a continuation too many behind 3 bytes", "\xe6\x9c\x88\x80", 4 },
  { "a continuation too many behind 4 bytes", "\xf0\x9f\x8c\x99\x80", 5 },
  -- A character that breaks off before another.
  { "2 bytes broken off by a letter", "\xc3(", 2 },
  { "3 bytes broken off behind 1 by a letter", "\xe6(\xa1", 2 },
  { "3 bytes broken off behind 2 by a letter", "\xe6\x82(", 3 },
  { "4 bytes broken off behind 1 by a letter", "\xf0(\x8c\xbc", 2 },
  { "4 bytes broken off behind 2 by a letter", "\xf0\x90(\xbc", 3 },
  { "4 bytes broken off behind 3 by a letter", "\xf0\x90\x8c(", 4 },
  { "2 bytes broken off by another's first", "\xc3\xc3\xb6", 2 },
  { "3 bytes broken off by another's first", "\xe6\x9c\xe6\x9c\x88", 3 },
  { "4 bytes broken off by another's first", "\xf0\x9f\x8c\xf0\x9f\x8c\x99", 4 },
  -- Longer than need be.
  { "U+0000 in 2 bytes", "\xc0\x80", 1 }, { "U+002F in 2 bytes", "\xc0\xaf", 1 },
  { "U+007F in 2 bytes", "\xc1\xbf", 1 }, { "U+0000 in 3 bytes", "\xe0\x80\x80", 2 },
  { "U+002F in 3 bytes", "\xe0\x80\xaf", 2 }, { "U+07FF in 3 bytes", "\xe0\x9f\xbf", 2 },
  { "U+0000 in 4 bytes", "\xf0\x80\x80\x80", 2 }, { "U+002F in 4 bytes", "\xf0\x80\x80\xaf", 2 },
  { "U+FFFF in 4 bytes", "\xf0\x8f\xbf\xbf", 2 },
  { "U+002F in 5 bytes", "\xf8\x80\x80\x80\xaf", 1 },
  { "U+002F in 6 bytes", "\xfc\x80\x80\x80\x80\xaf", 1 },
  -- Surrogates.
  { "the surrogate D800", "\xed\xa0\x80", 2 }, { "the surrogate DB7F", "\xed\xad\xbf", 2 },
  { "the surrogate DBFF", "\xed\xaf\xbf", 2 }, { "the surrogate DC00", "\xed\xb0\x80", 2 },
  { "the surrogate DFFF", "\xed\xbf\xbf", 2 },
  { "a pair of surrogates", "\xed\xa0\xbd\xed\xb8\x80", 2 },
  { "surrogates the wrong way round", "\xed\xb0\x80\xed\xa0\x80", 2 },
  -- Beyond the last.
  { "U+110000", "\xf4\x90\x80\x80", 2 }, { "U+13FFFF", "\xf4\xbf\xbf\xbf", 2 },
  { "U+140000", "\xf5\x80\x80\x80", 1 }, { "U+1FFFFF", "\xf7\xbf\xbf\xbf", 1 },
  { "U+200000 in 5 bytes", "\xf8\x88\x80\x80\x80", 1 },
  { "U+3FFFFFF in 5 bytes", "\xfb\xbf\xbf\xbf\xbf", 1 },
  { "U+4000000 in 6 bytes", "\xfc\x84\x80\x80\x80\x80", 1 },
  { "U+7FFFFFFF in 6 bytes", "\xfd\xbf\xbf\xbf\xbf\xbf", 1 },
  -- Bytes that can't be.
  { "the byte FE", "\xfe", 1 }, { "the byte FF", "\xff", 1 },
  { "FE FE FF FF", "\xfe\xfe\xff\xff", 1 },
  { "the byte F5", "\xf5", 1 }, { "the byte C0", "\xc0", 1 }, { "the byte C1", "\xc1", 1 },
}

-- The front of a character, which is wrong only because the message ends.
local CUT = {
  { "the first of 2 bytes", "\xc3" }, { "the first of 3 bytes", "\xe6" },
  { "two of 3 bytes", "\xe6\x9c" }, { "the first of 4 bytes", "\xf0" },
  { "two of 4 bytes", "\xf0\x9f" }, { "three of 4 bytes", "\xf0\x9f\x8c" },
  { "E0 A0", "\xe0\xa0" }, { "ED 9F", "\xed\x9f" }, { "F4 8F BF", "\xf4\x8f\xbf" },
}

-- --- whole ---------------------------------------------------------------------

family:group("valid, whole")
for _, row in ipairs(VALID) do
  family:case(("echoes %s"):format(row[1]), {
    sends = { frames.text(row[2]), frames.text("<" .. row[2] .. ">") },
    answers = { { "text", row[2] }, { "text", "<" .. row[2] .. ">" } },
  })
end

family:group("valid, a fragment for each byte")
for _, row in ipairs(VALID) do
  family:case(("echoes %s in fragments of one byte"):format(row[1]), {
    sends = frames.pieces("text", frames.cut("<" .. row[2] .. ">", 1)),
    answers = { { "text", "<" .. row[2] .. ">" } },
  })
end

family:group("valid, split at each place")
for _, row in ipairs(VALID) do
  if #row[2] > 1 then
    family:case(("echoes %s, split into two fragments at each place"):format(row[1]), {
      sends = function()
        local list = {}
        for at = 1, #row[2] - 1 do
          local two = frames.pieces("text", { row[2]:sub(1, at), row[2]:sub(at + 1) })
          table.move(two, 1, 2, #list + 1, list)
        end
        return list
      end,
      answers = function()
        local list = {}
        for at = 1, #row[2] - 1 do list[at] = { "text", row[2] } end
        return list
      end,
    })
  end
end

family:group("invalid, whole")
for _, row in ipairs(INVALID) do
  family:case(("refuses %s"):format(row[1]), {
    sends = { frames.text("good"), frames.text("<" .. row[2] .. ">") },
    answers = { { "text", "good" } }, ends = 1007,
  })
end

family:group("invalid, alone in its message")
for _, row in ipairs(INVALID) do
  family:case(("refuses %s and nothing else"):format(row[1]), {
    sends = { frames.text(row[2]) }, ends = 1007,
  })
end

family:group("invalid, a fragment for each byte")
for _, row in ipairs(INVALID) do
  family:case(("refuses %s in fragments of one byte"):format(row[1]), {
    sends = frames.pieces("text", frames.cut("<" .. row[2] .. ">", 1)), ends = 1007,
  })
end

-- --- fail fast -----------------------------------------------------------------

-- Only what is needed to know is sent; the rest of the frame never comes.
family:group("invalid, inside a frame that is still incomplete")
for _, row in ipairs(INVALID) do
  family:case(("refuses %s before its frame is complete"):format(row[1]), {
    sends = function()
      local whole = frames.text("<" .. row[2]:sub(1, row[3]) .. ("."):rep(100))
      return { whole:sub(1, -101) }
    end,
    ends = 1007,
  })
end

family:group("invalid, in a message whose end never comes")
for _, row in ipairs(INVALID) do
  family:case(("refuses %s before its message is complete"):format(row[1]), {
    sends = { frames.text("begun <", { fin = false }),
      frames.continuation(row[2]:sub(1, row[3]), { fin = false }) },
    ends = 1007,
  })
end

-- --- the end of a message ------------------------------------------------------

family:group("a message that ends inside a character")
for _, row in ipairs(CUT) do
  family:case(("refuses a text that ends behind %s"):format(row[1]), {
    sends = { frames.text("cut " .. row[2]) }, ends = 1007,
  })
  family:case(("refuses a text whose last fragment ends behind %s"):format(row[1]), {
    sends = frames.pieces("text", { "cut ", row[2] }), ends = 1007,
  })
  family:case(("refuses a text that ends behind %s with an empty fragment"):format(row[1]), {
    sends = frames.pieces("text", { "cut " .. row[2], "" }), ends = 1007,
  })
  family:case(("refuses a text that breaks off behind %s, whatever the next begins with"):format(
    row[1]), {
    sends = { frames.text(row[2]), frames.text("\x80") }, ends = 1007,
  })
end

family:group("what isn't text")
for _, index in ipairs { 1, 8, 17, 28, 35, 44 } do
  local row = INVALID[index]
  family:case(("echoes %s in a binary"):format(row[1]), {
    sends = { frames.binary(row[2]) }, answers = { { "binary", row[2] } },
  })
end

family:group("far into a long text")
for _, at in ipairs { 125, 126, 4095, 4096, 65535, 65536, 100000 } do
  family:case(("refuses a wrong byte behind %d bytes of a text at once"):format(at), {
    sends = function() return { frames.text("", { declared = 200000 })
      .. frames.mask(("x"):rep(at) .. "\xff", "\x37\xfa\x21\x3d") } end,
    ends = 1007,
  })
  family:case(("echoes a character across the byte %d"):format(at), {
    sends = function() return { frames.text(("x"):rep(at - 2) .. "\xf0\x9f\x8c\x99" .. "end") } end,
    answers = function()
      return { { "text", ("x"):rep(at - 2) .. "\xf0\x9f\x8c\x99" .. "end" } }
    end,
  })
end

return family
