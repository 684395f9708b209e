-- The closing handshake: RFC 6455 5.5.1, 7.1 and 7.4, and IANA's registry of close codes.
local frames = require "conformance.frames"
local family = require("conformance.family").new(7, "closing")
local close, ping, text = frames.close, frames.ping, frames.text

family:group("codes that may be sent")
for _, code in ipairs { 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
  3000, 3001, 3999, 4000, 4001, 4998, 4999 } do
  family:case(("answers a Close with %d with the same"):format(code), {
    sends = { close(code) }, ends = code,
  })
  family:case(("answers a Close with %d and a reason with the same code"):format(code), {
    sends = { close(code, "that will do") }, ends = code,
  })
end

family:group("codes that may not")
for _, code in ipairs { 0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1017, 1100, 1999, 2000, 2500, 2999,
  5000, 5001, 10000, 32768, 65535 } do
  family:case(("refuses a Close with %d"):format(code), { sends = { close(code) }, ends = 1002 })
  family:case(("refuses a Close with %d and a reason"):format(code), {
    sends = { close(code, "that will do") }, ends = 1002,
  })
end

family:group("bodies by size")
family:case("answers an empty Close with an empty one", { sends = { close() }, ends = 1005 })
family:case("refuses a Close with a body of one byte", {
  sends = { frames.frame("close", "\3") }, ends = 1002,
})
family:case("answers a Close with a reason of 1 byte", {
  sends = { close(1000, "x") }, ends = 1000,
})
family:case("answers a Close with a reason of 122 bytes", {
  sends = { close(1000, ("x"):rep(122)) }, ends = 1000,
})
family:case("answers a Close with a reason of 123 bytes", {
  sends = { close(1000, ("x"):rep(123)) }, ends = 1000,
})
for _, size in ipairs { 124, 125, 1000, 65534 } do
  family:case(("refuses a Close with a reason of %d bytes"):format(size), {
    sends = { close(1000, ("x"):rep(size)) }, ends = 1002,
  })
end
family:case("refuses a Close of 126 bytes as soon as its header is there", {
  sends = { frames.frame("close", "", { declared = 126 }) }, ends = 1002,
})
family:case("refuses a Close that isn't masked", {
  sends = { close(1000, "bare", { key = false }) }, ends = 1002,
})
family:case("answers a Close whose key is zero", {
  sends = { close(1000, "plain", { key = "\0\0\0\0" }) }, ends = 1000,
})

family:group("reasons")
for _, row in ipairs {
  { "ASCII", "good bye" },
  { "characters of 2, 3 and 4 bytes", "k\xc3\xb6\xe6\x9c\x88\xf0\x9f\x8c\x99" },
  { "U+0000", "\0" }, { "U+D7FF", "\xed\x9f\xbf" }, { "U+FFFF", "\xef\xbf\xbf" },
  { "U+10FFFF", "\xf4\x8f\xbf\xbf" }, { "123 bytes of umlauts", ("\xc3\xb6"):rep(61) .. "x" },
} do
  family:case(("answers a Close whose reason is %s"):format(row[1]), {
    sends = { close(1000, row[2]) }, ends = 1000,
  })
end
for _, row in ipairs {
  { "a lone continuation", "\x80" }, { "the byte FF", "\xff" }, { "an overlong slash", "\xc0\xaf" },
  { "a surrogate", "\xed\xa0\x80" }, { "U+110000", "\xf4\x90\x80\x80" },
  { "half a character", "half \xc3" }, { "two of 3 bytes", "\xe6\x9c" },
  { "three of 4 bytes", "\xf0\x9f\x8c" }, { "Latin-1", "gr\xfc\xdfe" },
  { "a wrong 123rd byte", ("x"):rep(122) .. "\xff" },
  { "a character that the 123rd byte cuts", ("x"):rep(122) .. "\xc3" },
} do
  family:case(("refuses a Close whose reason is %s"):format(row[1]), {
    sends = { close(1000, row[2]) }, ends = 1007,
  })
end

family:group("what comes before")
family:case("echoes what came before the Close", {
  sends = { text("one"), frames.binary("two"), ping("three"), close(1000) },
  answers = { { "text", "one" }, { "binary", "two" }, { "pong", "three" } }, ends = 1000,
})
family:case("echoes a hundred texts that came before the Close", {
  sends = function()
    local list = {}
    for i = 1, 100 do list[i] = text("text " .. i) end
    list[101] = close(1000)
    return list
  end,
  answers = function()
    local list = {}
    for i = 1, 100 do list[i] = { "text", "text " .. i } end
    return list
  end,
  ends = 1000,
})
family:case("echoes 256 KiB that came before the Close", {
  sends = function() return { text(("x"):rep(256 << 10)), close(1000, "all of it") } end,
  answers = function() return { { "text", ("x"):rep(256 << 10) } } end, ends = 1000,
})
family:case("echoes 256 KiB that came before the Close, and no ping behind it", {
  sends = function()
    return { text(("x"):rep(256 << 10)), close(1000, "all of it"), ping("too late") }
  end,
  answers = function() return { { "text", ("x"):rep(256 << 10) } } end, ends = 1000,
})
family:case("answers a Close between fragments, whose message never ends", {
  sends = { text("begun", { fin = false }), close(1000) }, ends = 1000,
})

family:group("what comes behind")
for _, row in ipairs {
  { "a second Close", close(1000) },
  { "a Close with another code", close(1001, "changed my mind") },
  { "a ping", ping("still there?") }, { "a pong", frames.pong("still there") },
  { "a text", text("one more") }, { "a binary", frames.binary("\1\2\3") },
  { "the rest of a message", frames.continuation("rest") },
  { "a frame with RSV1", text("", { rsv = 4 }) },
  { "a reserved opcode", frames.frame(3, "") }, { "text that isn't UTF-8", text("\xff") },
  { "a Close with a wrong code", close(999) }, { "half a frame", text("half"):sub(1, 5) },
  { "what is no frame", ("GET / HTTP/1.1\r\n\r\n"):rep(4) }, { "64 KiB", text(("x"):rep(65536)) },
} do
  family:case(("answers a Close once, and nothing to %s behind it"):format(row[1]), {
    sends = { close(1000), row[2] }, ends = 1000,
  })
end
family:case("answers an empty Close once, and nothing to a hundred pings behind it", {
  sends = function()
    local list = { close() }
    for i = 1, 100 do list[i + 1] = ping("ping " .. i) end
    return list
  end,
  ends = 1005,
})

family:group("what comes behind an error")
for _, row in ipairs {
  { "a ping", ping("still there?") }, { "a text", text("one more") }, { "a Close", close(1000) },
  { "another error", frames.frame(3, "") }, { "64 KiB", text(("x"):rep(65536)) },
} do
  family:case(("sends 1002 once, and nothing to %s behind the error"):format(row[1]), {
    sends = { frames.frame(15, ""), row[2] }, ends = 1002,
  })
  family:case(("sends 1007 once, and nothing to %s behind the error"):format(row[1]), {
    sends = { text("\xff"), row[2] }, ends = 1007,
  })
end

family:group("a Close of the server's own, which the client answers")
local function leaves(says, code, replies)
  family:case(says, {
    request = { target = "/leaving" }, sends = { text(tostring(code)) },
    answers = { { "text", tostring(code) } }, ends = code, replies = replies,
  })
end
for _, code in ipairs { 1000, 1001, 1008, 1011, 3000, 4999 } do
  leaves(("sends %d, and ends TCP when the same comes back"):format(code), code, { close(code) })
end
leaves("ends TCP when an empty Close comes back", 1000, { close() })
leaves("ends TCP when another code comes back", 1000, { close(4000, "as I say") })
for _, row in ipairs {
  { "a ping", ping("still there?") }, { "a pong", frames.pong("") }, { "a text", text("1001") },
  { "a binary", frames.binary("\1\2\3") },
  { "a fragmented text", text("10", { fin = false }) .. frames.continuation("01") },
  { "half a message", text("10", { fin = false }) }, { "64 KiB", text(("x"):rep(65536)) },
  { "a hundred pings", ping("now?"):rep(100) },
} do
  leaves(("says nothing to %s between its Close and the client's"):format(row[1]), 1000,
    { row[2], close(1000) })
end
for _, row in ipairs {
  { "a Close with 999", close(999) }, { "a Close of one byte", frames.frame("close", "\3") },
  { "a Close whose reason is not UTF-8", close(1000, "\xff") },
  { "a reserved opcode", frames.frame(3, "") }, { "a frame with RSV1", text("", { rsv = 4 }) },
  { "a frame that isn't masked", text("bare", { key = false }) },
  { "a text that is not UTF-8", text("\xff") }, { "a frame that is too big",
    text("", { declared = 1 << 40 }) },
} do
  leaves(("ends TCP without a second Close for %s behind its Close"):format(row[1]), 1000,
    { row[2] })
end

return family
