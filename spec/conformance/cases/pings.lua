-- Pings and pongs: RFC 6455 5.5.2 and 5.5.3.
local frames = require "conformance.frames"
local family = require("conformance.family").new(2, "pings and pongs")
local binary, ping, pong, text = frames.binary, frames.ping, frames.pong, frames.text

local ALL_BYTES = {}
for byte = 0, 255 do ALL_BYTES[byte + 1] = string.char(byte) end
ALL_BYTES = table.concat(ALL_BYTES)

-- What isn't UTF-8: a ping's payload is bytes.
local NOT_TEXT = "\0\xff\xfe\xfd\xfc\xfb\0\xff"

family:group("sizes")
for _, row in ipairs {
  { "an empty ping", "" }, { "a ping of 1 byte", "a" }, { "a ping of text", "Hello, world!" },
  { "a ping of bytes that aren't text", NOT_TEXT },
  { "a ping of 124 bytes", ALL_BYTES:sub(1, 124) }, { "a ping of 125 bytes", ("p"):rep(125) },
  { "a ping of 125 times FE", ("\xfe"):rep(125) },
  { "a ping of the bytes 83 to FF", ALL_BYTES:sub(132) },
} do
  family:case(("answers %s with its payload"):format(row[1]), {
    sends = { ping(row[2]) }, answers = { { "pong", row[2] } },
  })
end
for _, size in ipairs { 126, 127, 1000, 65535, 65536 } do
  family:case(("refuses a ping of %d bytes"):format(size), {
    sends = { ping(("x"):rep(size)) }, ends = 1002,
  })
  family:case(("refuses a pong of %d bytes"):format(size), {
    sends = { pong(("x"):rep(size)) }, ends = 1002,
  })
end
family:case("refuses a ping of 126 bytes as soon as its header is there", {
  sends = { ping("", { declared = 126 }) }, ends = 1002,
})

family:group("unsolicited pongs")
for _, payload in ipairs { "", "unasked", NOT_TEXT, ("\xfe"):rep(125) } do
  family:case(("says nothing to a pong of %d bytes that nobody asked for"):format(#payload), {
    sends = { pong(payload) }, answers = {},
  })
  family:case(("answers a ping behind a pong of %d bytes"):format(#payload), {
    sends = { pong(payload), ping("asked") }, answers = { { "pong", "asked" } },
  })
end
family:case("says nothing to ten pongs", {
  sends = { pong("1"), pong("2"), pong("3"), pong("4"), pong("5"), pong(""), pong("7"), pong("8"),
    pong("9"), pong("10") },
})

family:group("many")
for _, count in ipairs { 2, 10, 63, 64, 65, 200 } do
  family:case(("answers %d pings in their order"):format(count), {
    sends = function()
      local list = {}
      for i = 1, count do list[i] = ping("ping " .. i) end
      return list
    end,
    answers = function()
      local list = {}
      for i = 1, count do list[i] = { "pong", "ping " .. i } end
      return list
    end,
  })
end
family:case("answers ten pings of the same payload, each", {
  sends = function()
    local list = {}
    for i = 1, 10 do list[i] = ping("again") end
    return list
  end,
  answers = function()
    local list = {}
    for i = 1, 10 do list[i] = { "pong", "again" } end
    return list
  end,
})

family:group("between messages")
family:case("answers a ping before a text", {
  sends = { ping("first"), text("second") },
  answers = { { "pong", "first" }, { "text", "second" } },
})
family:case("answers a ping behind a text", {
  sends = { text("first"), ping("second") },
  answers = { { "text", "first" }, { "pong", "second" } },
})
family:case("answers pings between texts and binaries in the order of all", {
  sends = { ping("1"), text("2"), ping("3"), binary("4"), ping("5"), pong("6"), text("7"),
    ping("8") },
  answers = { { "pong", "1" }, { "text", "2" }, { "pong", "3" }, { "binary", "4" }, { "pong", "5" },
    { "text", "7" }, { "pong", "8" } },
})
family:case("answers a ping whose key is zero", {
  sends = { ping("plain", { key = "\0\0\0\0" }) }, answers = { { "pong", "plain" } },
})
family:case("refuses a ping that isn't masked", {
  sends = { ping("bare", { key = false }) }, ends = 1002,
})
family:case("refuses a pong that isn't masked", {
  sends = { pong("bare", { key = false }) }, ends = 1002,
})

return family
