-- What is offered, and what may be done with it: RFC 7692 5, 6 and 7, RFC 6455 9.1, RFC 1951.
local compression = require "conformance.compression"
local frames = require "conformance.frames"
local payloads = require "conformance.payloads"
local family = require("conformance.family").new(14, "the extension's rules")
local binary, close, continuation = frames.binary, frames.close, frames.continuation
local ping, text = frames.ping, frames.text

local FIELD = "Sec-WebSocket-Extensions"
local RSV1, OPEN, FIRST = { rsv = 4 }, { fin = false }, { fin = false, rsv = 4 }
local SAMPLE = "\xf2\x48\xcd\xc9\xc9\x07\x00" -- RFC 7692 7.2.3.1: Hello
local HELLO = { "text", "Hello" }

local function asks(target, offer)
  return { target = target or "/compressed", fields = { [FIELD] = offer or "permessage-deflate" } }
end

-- --- offers --------------------------------------------------------------------

family:group("offers that are accepted")
local function accepts(offer, agreed)
  local shown = type(offer) == "table" and table.concat(offer, " | ") or offer
  family:case(("accepts %s"):format(shown), {
    request = asks("/takeover", offer), agreed = agreed or {},
    sends = { text(SAMPLE, RSV1) }, answers = { HELLO },
  })
end
accepts("permessage-deflate")
accepts("  permessage-deflate  ")
accepts(",permessage-deflate,")
accepts("permessage-deflate; client_max_window_bits")
accepts("permessage-deflate;client_max_window_bits")
accepts("permessage-deflate ; client_max_window_bits ; server_no_context_takeover",
  { server_no_context_takeover = true })
for bits = 8, 15 do accepts(("permessage-deflate; client_max_window_bits=%d"):format(bits)) end
for bits = 9, 15 do
  accepts(("permessage-deflate; server_max_window_bits=%d"):format(bits),
    { server_max_window_bits = bits })
end
accepts('permessage-deflate; server_max_window_bits="10"', { server_max_window_bits = 10 })
accepts('permessage-deflate; client_max_window_bits="10"')
accepts('permessage-deflate; server_max_window_bits="\\1\\0"', { server_max_window_bits = 10 })
accepts("permessage-deflate; server_max_window_bits = 10", { server_max_window_bits = 10 })
accepts("permessage-deflate; server_no_context_takeover", { server_no_context_takeover = true })
accepts("permessage-deflate; client_no_context_takeover", { client_no_context_takeover = true })
accepts("permessage-deflate; client_no_context_takeover; server_no_context_takeover; "
  .. "client_max_window_bits=12; server_max_window_bits=11",
  { server_no_context_takeover = true, client_no_context_takeover = true,
    server_max_window_bits = 11 })

family:group("the first acceptable one of several offers")
accepts("permessage-deflate; server_max_window_bits=10, permessage-deflate",
  { server_max_window_bits = 10 })
accepts("permessage-deflate, permessage-deflate; server_max_window_bits=10",
  { server_max_window_bits = false })
accepts("permessage-deflate; server_max_window_bits=8, permessage-deflate; "
  .. "server_max_window_bits=9", { server_max_window_bits = 9 })
accepts("permessage-deflate; unknown, permessage-deflate; server_no_context_takeover",
  { server_no_context_takeover = true })
accepts("permessage-deflate; server_max_window_bits=16, permessage-deflate")
accepts("x-webkit-deflate-frame, permessage-deflate")
accepts('other; a="b, c; permessage-deflate"; d, permessage-deflate')
accepts("mux; max-channels=4, permessage-deflate, other")
accepts({ "other", "permessage-deflate; server_max_window_bits=10" },
  { server_max_window_bits = 10 })
accepts({ "permessage-deflate; unknown", "permessage-deflate" })

family:group("offers that are declined")
local function declines(offer, target)
  family:case(("declines %s"):format(#offer > 90 and offer:sub(1, 90) .. " ..." or offer), {
    request = asks(target, offer), agreed = false, fields = { [FIELD:lower()] = false },
    sends = { text("Hello"), text(SAMPLE, RSV1) }, answers = { HELLO }, ends = 1002,
  })
end
for _, parameter in ipairs {
  "unknown", "unknown=1", "server_max_window_bits", "server_max_window_bits=8",
  "server_max_window_bits=7", "server_max_window_bits=16", "server_max_window_bits=0",
  "server_max_window_bits=010", "server_max_window_bits=-9", "server_max_window_bits=+9",
  "server_max_window_bits=1e1", "server_max_window_bits=ten", "server_max_window_bits=100",
  'server_max_window_bits="16"', 'server_max_window_bits=""', "client_max_window_bits=7",
  "client_max_window_bits=16", "client_max_window_bits=08", "client_max_window_bits=x",
  "server_no_context_takeover=1", "client_no_context_takeover=true",
  'server_no_context_takeover=""', "server_no_context_takeover; server_no_context_takeover",
  "client_no_context_takeover; client_no_context_takeover",
  "server_max_window_bits=10; server_max_window_bits=10",
  "client_max_window_bits; client_max_window_bits=10", "max_window_bits=10",
} do
  declines("permessage-deflate; " .. parameter)
end
declines("permessage-deflate-2")
declines("permessage_deflate")
declines("deflate")
declines("x-webkit-deflate-frame")
declines("permessage-bzip2, permessage-snappy")
declines("permessage-deflate", "/echo")
declines("permessage-deflate; client_max_window_bits", "/echo")

-- --- frames --------------------------------------------------------------------

family:group("RSV1")
local function rules(says, sends, answers, ends)
  family:case(says, {
    request = asks(), agreed = {}, sends = sends, answers = answers, ends = ends,
  })
end
rules("takes it on a text", { text(SAMPLE, RSV1) }, { HELLO })
rules("takes it on a binary", { binary(SAMPLE, RSV1) }, { { "binary", "Hello" } })
rules("takes it on the first of two fragments",
  { text(SAMPLE:sub(1, 3), FIRST), continuation(SAMPLE:sub(4)) }, { HELLO })
rules("takes compressed and plain messages in turn",
  { text(SAMPLE, RSV1), text("plain"), text(SAMPLE, RSV1), binary("plain") },
  { HELLO, { "text", "plain" }, HELLO, { "binary", "plain" } })
rules("takes a plain text that looks like a compressed one", { binary(SAMPLE) },
  { { "binary", SAMPLE } })
rules("answers a ping between compressed fragments",
  { text(SAMPLE:sub(1, 3), FIRST), ping("between"), continuation(SAMPLE:sub(4)) },
  { { "pong", "between" }, HELLO })
rules("answers a Close between compressed fragments",
  { text(SAMPLE:sub(1, 3), FIRST), close(1000) }, {}, 1000)
rules("refuses it on a continuation", { text("plain", OPEN), continuation(SAMPLE, RSV1) }, {}, 1002)
rules("refuses it on the second of two compressed fragments",
  { text(SAMPLE:sub(1, 3), FIRST), continuation(SAMPLE:sub(4), RSV1) }, {}, 1002)
for _, kind in ipairs { "ping", "pong", "close" } do
  rules(("refuses it on a %s"):format(kind), { frames.frame(kind, "", RSV1) }, {}, 1002)
  rules(("refuses it on a %s between fragments"):format(kind),
    { text("plain", OPEN), frames.frame(kind, "", RSV1) }, {}, 1002)
end
for rsv = 1, 7 do
  if rsv ~= 4 then
    rules(("refuses the bits %d on a text"):format(rsv), { text(SAMPLE, { rsv = rsv }) }, {}, 1002)
  end
end

family:group("RFC 7692's samples")
rules("takes one block (7.2.3.1)", { text(SAMPLE, RSV1) }, { HELLO })
rules("takes two fragments (7.2.3.1)",
  { text("\xf2\x48\xcd", FIRST), continuation("\xc9\xc9\x07\x00") }, { HELLO })
family:case("takes a message that refers to the one before (7.2.3.2)", {
  request = asks("/takeover"), agreed = { client_no_context_takeover = false },
  sends = { text(SAMPLE, RSV1), text("\xf2\x00\x11\x00\x00", RSV1) }, answers = { HELLO, HELLO },
})
rules("takes a stored block (7.2.3.3)", { text("\0\5\0\xfa\xffHello\0", RSV1) }, { HELLO })
rules("takes a final block (7.2.3.4)", { text("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", RSV1) },
  { HELLO })
rules("takes two blocks in a message (7.2.3.5)",
  { text("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", RSV1) }, { HELLO })
rules("takes an empty message (7.2.3.6)", { text("\0", RSV1) }, { { "text", "" } })

family:group("blocks")
rules("takes each byte of a message in a fragment",
  frames.pieces("text", frames.cut(SAMPLE, 1), RSV1), { HELLO })
rules("takes empty fragments of a compressed message",
  { text("", FIRST), continuation(SAMPLE:sub(1, 3), OPEN), continuation("", OPEN),
    continuation(SAMPLE:sub(4), OPEN), continuation("") }, { HELLO })
rules("takes an empty stored block before the others",
  { text("\0\0\0\xff\xff" .. SAMPLE, RSV1) }, { HELLO })
rules("takes a hundred empty stored blocks",
  { text(("\0\0\0\xff\xff"):rep(100) .. SAMPLE, RSV1) }, { HELLO })
rules("takes a tail that was left on, with the block that it makes",
  { text(SAMPLE .. "\0\0\xff\xff\0", RSV1) }, { HELLO })
rules("takes a final block, and the next message",
  { text("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", RSV1), text(SAMPLE, RSV1), text("plain") },
  { HELLO, HELLO, { "text", "plain" } })
family:case("takes a final block where contexts are kept, and the next message", {
  request = asks("/takeover"), agreed = {},
  sends = { text("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", RSV1), text(SAMPLE, RSV1) },
  answers = { HELLO, HELLO },
})
rules("takes a final stored block", { text("\1\5\0\xfa\xffHello\0", RSV1) }, { HELLO })
rules("takes three empty messages", { text("\0", RSV1), binary("\0", RSV1), text("\0", RSV1) },
  { { "text", "" }, { "binary", "" }, { "text", "" } })
rules("takes characters that are split by blocks",
  { text("\0\2\0\xfd\xff\xe6\x9c\0\1\0\xfe\xff\x88\0", RSV1) }, { { "text", "\xe6\x9c\x88" } })

-- --- what is wrong -------------------------------------------------------------

family:group("data that is no deflate stream")
for _, row in ipairs {
  { "a block of the reserved type", "\7" }, { "FF FF FF FF", "\xff\xff\xff\xff" },
  { "a stored block whose length is wrong", "\0\5\0\0\0Hello\0" },
  { "a distance beyond the beginning", "\2\3\0" },
  { "a dynamic block that says nothing", "\4\xc0\xff\xff\xff\xff" },
  { "plain text", "Hello, world! This is plain text." },
} do
  rules(("refuses %s"):format(row[1]), { text(row[2], RSV1) }, {}, 1007)
  rules(("refuses %s in a fragment behind an empty one"):format(row[1]),
    { binary("", FIRST), continuation(row[2]) }, {}, 1007)
end
rules("refuses a stored block that is cut", { text("\0\5\0\xfa\xffHel", RSV1) }, {}, 1007)
rules("refuses a reference to the message before, where that was ruled out",
  { text(SAMPLE, RSV1), text("\xf2\x00\x11\x00\x00", RSV1) }, { HELLO }, 1007)

family:group("text that is not UTF-8 when it is inflated")
local function stored(bytes)
  return "\0" .. string.pack("<I2I2", #bytes, ~#bytes & 0xffff) .. bytes
end
for _, row in ipairs {
  { "the byte FF", "\xff" }, { "a lone continuation", "\x80" }, { "an overlong slash", "\xc0\xaf" },
  { "a surrogate", "\xed\xa0\x80" }, { "U+110000", "\xf4\x90\x80\x80" },
  { "the front of a character", "\xe6\x9c" },
} do
  rules(("refuses %s"):format(row[1]), { text(stored(row[2]) .. "\0", RSV1) }, {}, 1007)
  rules(("takes %s in a binary"):format(row[1]), { binary(stored(row[2]) .. "\0", RSV1) },
    { { "binary", row[2] } })
end
rules("refuses a wrong byte far into a text", {
  text(stored(("x"):rep(60000)) .. stored("\xff") .. stored(("x"):rep(60000)) .. "\0", RSV1),
}, {}, 1007)
rules("refuses a character that two blocks break off",
  { text(stored("\xe6\x9c") .. stored("x") .. "\0", RSV1) }, {}, 1007)

-- --- limits --------------------------------------------------------------------

family:group("sizes when inflated")
local MIB = 1 << 20
local function deflated(message) return compression.deflater({}):deflate(message) end
local function bomb(says, make, answers, ends, target)
  family:case(says, {
    request = asks(target), agreed = {}, sends = make, answers = answers, ends = ends,
  })
end
bomb("echoes a message that inflates to exactly 1 MiB, the limit",
  function() return { binary(deflated(("\0"):rep(MIB)), RSV1) } end,
  function() return { { "binary", ("\0"):rep(MIB) } } end)
bomb("refuses one that inflates to a byte more",
  function() return { binary(deflated(("\0"):rep(MIB + 1)), RSV1) } end, {}, 1009)
for _, size in ipairs { 2, 16, 64 } do
  bomb(("refuses one that inflates to %d MiB"):format(size),
    function() return { binary(deflated(("\0"):rep(size * MIB)), RSV1) } end, {}, 1009)
end
bomb("refuses a text of 16 MiB that is spread over 64 fragments", function()
  local payload = deflated(("x"):rep(16 * MIB))
  return frames.pieces("text", frames.cut(payload, (#payload + 63) // 64), RSV1)
end, {}, 1009)
for _, size in ipairs { 999, 1000 } do
  bomb(("echoes a message that inflates to %d bytes where 1000 are allowed"):format(size),
    function() return { text(deflated(payloads.json(size)), RSV1) } end,
    function() return { { "text", payloads.json(size) } } end, nil, "/compressed/small")
end
bomb("refuses one that inflates to 1001 bytes there",
  function() return { text(deflated(payloads.json(1001)), RSV1) } end, {}, 1009,
  "/compressed/small")
bomb("echoes 1000 bytes there that take more than 1000 when they are compressed",
  function() return { binary(deflated(payloads.binary(1000)), RSV1) } end,
  function() return { { "binary", payloads.binary(1000) } } end, nil, "/compressed/small")
bomb("refuses 1001 of them",
  function() return { binary(deflated(payloads.binary(1001)), RSV1) } end, {}, 1009,
  "/compressed/small")
-- No 1000 bytes need so many, however badly they are compressed.
for _, size in ipairs { 5000, 1 << 20, 1 << 40 } do
  bomb(("refuses a compressed frame of %d bytes there by its header"):format(size),
    { text("", { rsv = 4, declared = size }) }, {}, 1009, "/compressed/small")
end
bomb("refuses the ninth compressed fragment there with 1008",
  frames.pieces("text", { SAMPLE, "", "", "", "", "", "", "", "" }, RSV1), {}, 1008,
  "/compressed/small")
bomb("takes eight there",
  frames.pieces("text", { SAMPLE:sub(1, 2), "", SAMPLE:sub(3, 4), "", "", "", "", SAMPLE:sub(5) },
    RSV1), { HELLO }, nil, "/compressed/small")

return family
