-- Fragmentation: RFC 6455 5.4.
local frames = require "conformance.frames"
local payloads = require "conformance.payloads"
local family = require("conformance.family").new(5, "fragmentation")
local binary, close, continuation = frames.binary, frames.close, frames.continuation
local ping, pong, text = frames.ping, frames.pong, frames.text

local OPEN = { fin = false }

family:group("whole messages")
for _, kind in ipairs { "text", "binary" } do
  for _, count in ipairs { 2, 3, 10, 100, 1000 } do
    family:case(("echoes a %s in %d fragments"):format(kind, count), {
      sends = function()
        return frames.pieces(kind, frames.cut(payloads[kind](count * 7), 7))
      end,
      answers = function() return { { kind, payloads[kind](count * 7) } } end,
    })
  end
  family:case(("echoes a %s in fragments of 125, 126 and 65536 bytes"):format(kind), {
    sends = function()
      local whole = payloads[kind](125 + 126 + 65536)
      return frames.pieces(kind, { whole:sub(1, 125), whole:sub(126, 251), whole:sub(252) })
    end,
    answers = function() return { { kind, payloads[kind](125 + 126 + 65536) } } end,
  })
end
for _, pieces in ipairs {
  { "", "" }, { "", "", "" }, { "", "middle", "" }, { "first", "", "" }, { "", "", "last" },
  { "one", "", "two" }, { "", "whole" }, { "whole", "" },
} do
  local shown = {}
  for index, piece in ipairs(pieces) do shown[index] = ("%d"):format(#piece) end
  for _, kind in ipairs { "text", "binary" } do
    family:case(("echoes a %s in fragments of %s bytes"):format(kind, table.concat(shown, ", ")), {
      sends = frames.pieces(kind, pieces), answers = { { kind, table.concat(pieces) } },
    })
  end
end
family:case("echoes two fragmented messages that come together", {
  sends = { text("a", OPEN), continuation("b"), binary("c", OPEN), continuation("d") },
  answers = { { "text", "ab" }, { "binary", "cd" } },
})
family:case("echoes a whole message behind a fragmented one", {
  sends = { text("a", OPEN), continuation("b"), text("c") },
  answers = { { "text", "ab" }, { "text", "c" } },
})

family:group("control frames between")
family:case("answers a ping between two fragments, before the message", {
  sends = { text("one ", OPEN), ping("between"), continuation("two") },
  answers = { { "pong", "between" }, { "text", "one two" } },
})
family:case("answers an empty ping between two fragments", {
  sends = { text("one ", OPEN), ping(""), continuation("two") },
  answers = { { "pong", "" }, { "text", "one two" } },
})
family:case("answers a ping of 125 bytes between two fragments", {
  sends = { binary("one ", OPEN), ping(("p"):rep(125)), continuation("two") },
  answers = { { "pong", ("p"):rep(125) }, { "binary", "one two" } },
})
family:case("says nothing to a pong between two fragments", {
  sends = { text("one ", OPEN), pong("between"), continuation("two") },
  answers = { { "text", "one two" } },
})
family:case("answers a ping between each of five fragments", {
  sends = { text("1", OPEN), ping("a"), continuation("2", OPEN), ping("b"),
    continuation("3", OPEN), ping("c"), continuation("4", OPEN), ping("d"), continuation("5") },
  answers = { { "pong", "a" }, { "pong", "b" }, { "pong", "c" }, { "pong", "d" },
    { "text", "12345" } },
})
family:case("answers ten pings between two fragments", {
  sends = function()
    local list = { text("one ", OPEN) }
    for i = 1, 10 do list[#list + 1] = ping("ping " .. i) end
    list[#list + 1] = continuation("two")
    return list
  end,
  answers = function()
    local list = {}
    for i = 1, 10 do list[i] = { "pong", "ping " .. i } end
    list[11] = { "text", "one two" }
    return list
  end,
})
family:case("answers a Close between two fragments, and drops the message", {
  sends = { text("one ", OPEN), close(1000), continuation("two") }, ends = 1000,
})
family:case("answers a Close behind a first fragment", {
  sends = { text("one ", OPEN), close(1001, "leaving") }, ends = 1001,
})
family:case("answers a ping before the first and behind the last fragment", {
  sends = { ping("a"), text("one ", OPEN), continuation("two"), ping("b") },
  answers = { { "pong", "a" }, { "text", "one two" }, { "pong", "b" } },
})
family:case("keeps the UTF-8 of a message and a ping's payload apart", {
  sends = { text("\xe6\x9c", OPEN), ping("\xff\xfe"), continuation("\x88") },
  answers = { { "pong", "\xff\xfe" }, { "text", "\xe6\x9c\x88" } },
})

family:group("continuations of nothing")
for _, fin in ipairs { true, false } do
  local name = fin and "a final continuation" or "a continuation that isn't final"
  for _, payload in ipairs { "", "tail" } do
    local size = #payload
    family:case(("refuses %s of %d bytes at the beginning"):format(name, size), {
      sends = { continuation(payload, { fin = fin }) }, ends = 1002,
    })
    family:case(("refuses %s of %d bytes behind a whole message"):format(name, size), {
      sends = { text("whole"), continuation(payload, { fin = fin }) },
      answers = { { "text", "whole" } }, ends = 1002,
    })
    family:case(("refuses %s of %d bytes behind a fragmented message"):format(name, size), {
      sends = { text("one ", OPEN), continuation("two"), continuation(payload, { fin = fin }) },
      answers = { { "text", "one two" } }, ends = 1002,
    })
    family:case(("refuses %s of %d bytes, whatever follows"):format(name, size), {
      sends = { continuation(payload, { fin = fin }), text("good"), ping("") }, ends = 1002,
    })
  end
end
family:case("refuses a continuation behind a ping", {
  sends = { ping("a"), continuation("tail") }, answers = { { "pong", "a" } }, ends = 1002,
})

family:group("a message inside another")
for _, first in ipairs { "text", "binary" } do
  for _, second in ipairs { "text", "binary" } do
    for _, fin in ipairs { true, false } do
      family:case(("refuses a %s%s inside a %s"):format(second,
        fin and "" or " that isn't final", first), {
        sends = { frames.frame(first, "one ", OPEN), frames.frame(second, "two", { fin = fin }) },
        ends = 1002,
      })
    end
  end
end
family:case("refuses a text behind a ping inside a text", {
  sends = { text("one ", OPEN), ping("a"), text("two") }, answers = { { "pong", "a" } },
  ends = 1002,
})
family:case("refuses a text behind two fragments of a text", {
  sends = { text("1", OPEN), continuation("2", OPEN), text("3") }, ends = 1002,
})

family:group("fragmented control frames")
for _, row in ipairs { { "ping", "half" }, { "pong", "half" }, { "close", "\3\232" },
  { "ping", "" }, { "pong", "" }, { "close", "" } } do
  local kind, payload = row[1], row[2]
  family:case(("refuses a %s of %d bytes that isn't final"):format(kind, #payload), {
    sends = { frames.frame(kind, payload, OPEN) }, ends = 1002,
  })
  family:case(("refuses a %s of %d bytes that isn't final, with its continuation"):format(kind,
    #payload), {
    sends = { frames.frame(kind, payload, OPEN), continuation("other half") }, ends = 1002,
  })
  family:case(("refuses a %s of %d bytes that isn't final, in a message"):format(kind, #payload), {
    sends = { text("one ", OPEN), frames.frame(kind, payload, OPEN), continuation("two") },
    ends = 1002,
  })
end

return family
