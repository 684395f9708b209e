local client_frame = require("client_frame")
local kit = require("moonroom.core").testkit.message

local TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
local NO_MASK = "\0\0\0\0"
local NAMES = { [TEXT] = "text", [BINARY] = "binary", [CLOSE] = "close", [PING] = "ping",
  [PONG] = "pong" }

-- A fragment: it is not the last one.
local function part(opcode, payload)
  return client_frame(opcode, payload, { final = false })
end

-- An event in words: "text Hello", "frame text 5 of 5", "wrong 1002".
local function describe_event(event)
  if event.kind == "wrong" then return "wrong " .. event.code end
  if event.kind == "frame" then
    return ("frame %s %d of %d"):format(NAMES[event.opcode], event.length, event.total)
  end
  assert.equal(event.kind, event.opcode >= 8 and "control" or "data")
  return NAMES[event.opcode] .. " " .. event.bytes
end

local function append_events(list, events)
  for _, event in ipairs(events) do
    list[#list + 1] = describe_event(event)
  end
end

-- Feeds the pieces until one is wrong, and returns the events in words. A parser between two
-- messages must own nothing.
local function feed_pieces(pieces, limits)
  local parser = kit.parser(limits)
  local list = {}
  for _, piece in ipairs(pieces) do
    append_events(list, parser:feed(piece))
    if #list > 0 and list[#list]:find("^wrong") then break end
    assert(parser:left() == 0, "a byte was left")
    if not parser:is_partial() then assert((parser:memory()) == 0, "an idle parser owns memory") end
  end
  parser:release()
  assert.equal(0, (parser:memory()))
  return list
end

local function bytes_of(text)
  local list = {}
  for i = 1, #text do
    list[i] = text:sub(i, i)
  end
  return list
end

-- The events of the bytes, which must be the same whole, byte by byte, and in two pieces however
-- they are split; of long ones, every split within 300 bytes of either end.
local function events_of(bytes, limits)
  local whole = feed_pieces({ bytes }, limits)
  if #bytes <= 10000 then assert.same(whole, feed_pieces(bytes_of(bytes), limits)) end
  for split = 1, #bytes - 1 do
    if split <= 300 or split >= #bytes - 300 then
      local parts = feed_pieces({ bytes:sub(1, split), bytes:sub(split + 1) }, limits)
      assert(table.concat(parts, "\n") == table.concat(whole, "\n"), "split at " .. split)
    end
  end
  return whole
end

-- After how many bytes, fed one at a time, the parser fails; and its event.
local function failure_of(bytes, limits)
  local parser = kit.parser(limits)
  for i = 1, #bytes do
    local events = parser:feed(bytes:sub(i, i))
    local last = events[#events]
    if last and last.kind == "wrong" then return i, last.code, last.reason end
  end
  return nil
end

local function assert_fails(at, code, bytes, limits)
  local failed_at, failed_with = failure_of(bytes, limits)
  assert.same({ at, code }, { failed_at, failed_with })
end

describe("a message", function()
  it("is handed on where it lies, without an allocation, where its frame is whole", function()
    for _, payload in ipairs({ "", "a", "Hello", ("a"):rep(126), ("b"):rep(70000) }) do
      local parser = kit.parser()
      local events = parser:feed(client_frame(TEXT, payload))
      assert.equal(1, #events)
      assert.same({ kind = "data", opcode = TEXT, bytes = payload, in_place = true }, events[1])
      assert.same({ 0, 0, 0 }, { parser:memory() })
    end
  end)

  it("comes the same in any pieces, at each edge of the length forms", function()
    for _, length in ipairs({ 0, 1, 125, 126, 127, 65535, 65536 }) do
      local payload = ("0123456789"):rep(length // 10 + 1):sub(1, length)
      local mask = length > 1000 and NO_MASK or nil
      local bytes = client_frame(BINARY, payload, { mask = mask })
      assert.same({ "binary " .. payload }, events_of(bytes))
    end
  end)

  it("is followed by the next in the same bytes", function()
    local bytes, expected = {}, {}
    for i = 1, 20 do
      bytes[i] = client_frame(i % 2 + 1, "m" .. i)
      expected[i] = NAMES[i % 2 + 1] .. " m" .. i
    end
    assert.same(expected, events_of(table.concat(bytes)))
  end)

  it("is put together from fragments", function()
    local bytes = part(TEXT, "Hel") .. part(0, "lo ") .. part(0, "") .. client_frame(0, "you")
    assert.same({ "text Hello you" }, events_of(bytes))
    bytes = part(BINARY, "\0\xff") .. client_frame(0, "") .. client_frame(TEXT, "next")
    assert.same({ "binary \0\xff", "text next" }, events_of(bytes))
  end)

  it("may be of empty fragments only", function()
    assert.same({ "text " }, events_of(part(TEXT, "") .. client_frame(0, "")))
    local bytes = part(BINARY, "") .. part(0, "") .. client_frame(0, "")
    assert.same({ "binary " }, events_of(bytes))
  end)

  it("is not disturbed by control frames between its fragments", function()
    local bytes = part(TEXT, "a") .. client_frame(PING, "p1") .. part(0, "b") ..
      client_frame(PONG) .. client_frame(PING, "p2") .. client_frame(0, "c")
    assert.same({ "ping p1", "pong ", "ping p2", "text abc" }, events_of(bytes))
  end)

  it("is partial from its first byte to its last", function()
    local parser = kit.parser()
    local bytes = part(TEXT, "ab") .. client_frame(0, "c")
    assert.is_false(parser:is_partial())
    for i = 1, #bytes - 1 do
      parser:feed(bytes:sub(i, i))
      assert.is_true(parser:is_partial())
    end
    parser:feed(bytes:sub(-1))
    assert.is_false(parser:is_partial())
  end)

  it("is dropped with the parser, which is as new then", function()
    local parser = kit.parser()
    parser:feed(part(TEXT, "old \xe2") .. client_frame(PING, "ping"):sub(1, 8))
    assert.equal(2, (parser:memory()))
    parser:release()
    assert.is_false(parser:is_partial())
    local blocks, owned = parser:memory()
    assert.same({ 0, 0 }, { blocks, owned })
    assert.equal("new", parser:feed(client_frame(TEXT, "new"))[1].bytes)
  end)
end)

describe("a control frame", function()
  it("is handed on where it lies, without an allocation, where it is whole", function()
    local parser = kit.parser()
    local events = parser:feed(client_frame(PING, ("p"):rep(125)) .. client_frame(CLOSE))
    assert.same({ kind = "control", opcode = PING, bytes = ("p"):rep(125), in_place = true },
      events[1])
    assert.same({ kind = "control", opcode = CLOSE, bytes = "", in_place = true }, events[2])
    assert.same({ 0, 0, 0 }, { parser:memory() })
  end)

  it("may be split", function()
    local bytes = client_frame(PING, ("p"):rep(125)) .. client_frame(CLOSE, "\3\xe8bye")
    assert.same({ "ping " .. ("p"):rep(125), "close \3\xe8bye" }, events_of(bytes))
  end)

  it("is not held to the limits of data", function()
    local limits = { max_message = 0, max_frame = 0, max_fragments = 0, refuses_binary = true,
      announces = true }
    assert.same({ "ping ping" }, events_of(client_frame(PING, "ping"), limits))
  end)
end)

describe("the order of frames", function()
  local cases = {
    { "refuses a continuation with nothing to continue", client_frame(0, "x"), { "wrong 1002" } },
    { "refuses a first fragment that continues nothing", part(0, "x"), { "wrong 1002" } },
    { "refuses a continuation after a whole message", client_frame(TEXT, "a") ..
      client_frame(0, "b"), { "text a", "wrong 1002" } },
    { "refuses a continuation after a fragmented message", part(TEXT, "a") ..
      client_frame(0, "b") .. client_frame(0, "c"), { "text ab", "wrong 1002" } },
    { "refuses a text inside a text", part(TEXT, "a") .. client_frame(TEXT, "b"),
      { "wrong 1002" } },
    { "refuses a binary fragment inside a text", part(TEXT, "a") .. part(BINARY, "b"),
      { "wrong 1002" } },
    { "refuses a new message after a control frame inside one", part(TEXT, "") ..
      client_frame(PING) .. client_frame(TEXT, "b"), { "ping ", "wrong 1002" } },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      assert.same(case[3], events_of(case[2]))
    end)
  end
end)

describe("a wrong header", function()
  it("fails with 1002 at the byte that is wrong", function()
    local cases = {
      { 1, client_frame(TEXT, "Hello", { reserved = 4 }) },
      { 1, client_frame(TEXT, "Hello", { reserved = 2 }) },
      { 1, client_frame(TEXT, "Hello", { reserved = 1 }) },
      { 1, client_frame(3, "x") },
      { 1, client_frame(7, "x", { final = false }) },
      { 1, client_frame(11, "x") },
      { 1, part(PING, "x") },
      { 1, part(CLOSE, "\3\xe8") },
      { 2, client_frame(TEXT, "Hello", { mask = false }) },
      { 2, client_frame(PING, ("a"):rep(126)) },
      { 3, client_frame(BINARY, "", { declared = math.mininteger }) },
      { 4, client_frame(TEXT, "Hello", { form = 16 }) },
      { 8, client_frame(TEXT, ("a"):rep(200), { form = 64 }) },
    }
    for i, case in ipairs(cases) do
      local at, code, reason = failure_of(case[2])
      assert.same({ i, case[1], 1002 }, { i, at, code })
      assert.equal("string", type(reason))
      assert.same({ "wrong 1002" }, events_of(case[2]))
    end
  end)

  it("fails after whatever came before it", function()
    local bytes = client_frame(TEXT, "a") .. part(TEXT, "b") .. client_frame(PING) ..
      client_frame(0, "c", { reserved = 4 })
    assert.same({ "text a", "ping ", "wrong 1002" }, events_of(bytes))
  end)
end)

describe("UTF-8", function()
  it("fails with 1007 at the first byte that is wrong, though the frame goes on", function()
    local header = 8 -- with a payload of 126 to 65535
    local cases = {
      { 1, "\xff" }, { 3, "ok\x80" }, { 2, "\xc3\x28" }, { 1, "\xc0\x80" }, { 2, "\xed\xa0\x80" },
      { 2, "\xf4\x90\x80\x80" }, { 3, "\xe2\x82\x28" }, { 101, ("a"):rep(100) .. "\xf8" },
    }
    for _, case in ipairs(cases) do
      local bytes = client_frame(TEXT, case[2] .. ("a"):rep(300))
      assert_fails(header + case[1], 1007, bytes)
      assert.same({ "wrong 1007" }, events_of(bytes:sub(1, header + case[1])))
      assert.same({ "wrong 1007" }, events_of(bytes))
    end
  end)

  it("fails with 1007 where a text ends inside a character", function()
    for _, text in ipairs({ "\xc3", "ok\xe2\x82", "\xf0\x9f\x98" }) do
      assert.same({ "wrong 1007" }, events_of(client_frame(TEXT, text)))
      assert.same({ "wrong 1007" }, events_of(part(TEXT, text) .. client_frame(0, "")))
    end
  end)

  it("runs on over fragments, and over control frames between them", function()
    local text = "aé€😀z"
    for split = 0, #text do
      local bytes = part(TEXT, text:sub(1, split)) .. client_frame(PING, "\xff") ..
        client_frame(0, text:sub(split + 1))
      assert.same({ "ping \xff", "text " .. text }, events_of(bytes))
    end
  end)

  it("sees what is wrong only in the joined text", function()
    local bytes = part(TEXT, "\xe2") .. client_frame(0, "\x28\xa1")
    assert.same({ "wrong 1007" }, events_of(bytes))
    bytes = part(TEXT, "\xe2\x82") .. part(0, "") .. client_frame(0, "a")
    assert.same({ "wrong 1007" }, events_of(bytes))
  end)

  it("holds NUL, U+FFFF and a byte order mark as they are", function()
    assert.same({ "text \0\xef\xbf\xbf\xef\xbb\xbf" },
      events_of(client_frame(TEXT, "\0\xef\xbf\xbf\xef\xbb\xbf")))
  end)

  it("is not asked of binary messages or of control frames", function()
    local bytes = part(BINARY, "\xff") .. client_frame(PONG, "\xfe") .. client_frame(0, "\xc3")
    assert.same({ "pong \xfe", "binary \xff\xc3" }, events_of(bytes))
  end)
end)

describe("the limit of a message", function()
  it("takes what just fits", function()
    local bytes = client_frame(BINARY, ("a"):rep(300))
    assert.same({ "binary " .. ("a"):rep(300) }, events_of(bytes, { max_message = 300 }))
    bytes = part(TEXT, "abc") .. part(0, "de") .. client_frame(0, "")
    assert.same({ "text abcde" }, events_of(bytes, { max_message = 5 }))
  end)

  it("fails with 1009 when the header is complete", function()
    assert_fails(8, 1009, client_frame(BINARY, ("a"):rep(301)), { max_message = 300 })
    local first = part(TEXT, "abc") .. part(0, "d")
    assert_fails(#first + 6, 1009, first .. client_frame(0, "ef"), { max_message = 5 })
  end)

  it("is not fooled by lengths near a power of two", function()
    for _, length in ipairs({ math.maxinteger, (1 << 32) + 5, (1 << 32), (1 << 31) + 5 }) do
      local bytes = client_frame(BINARY, "Hello", { declared = length })
      assert.same({ "wrong 1009" }, events_of(bytes))
      local after = part(BINARY, "a") .. client_frame(0, "", { declared = length })
      assert.same({ "wrong 1009" }, events_of(after))
    end
    -- One more than all of a size_t in the sum of both fragments.
    local wrapping = part(BINARY, "a") .. client_frame(0, "", { declared = math.maxinteger })
    assert.same({ "wrong 1009" }, events_of(wrapping, { max_message = math.maxinteger }))
  end)

  it("may be lowered while a message is under way", function()
    local parser = kit.parser({ max_message = 100 })
    parser:feed(part(BINARY, ("a"):rep(60)))
    parser:limit({ max_message = 50 })
    assert.equal(1009, parser:feed(client_frame(0, ""))[1].code)
  end)

  it("begins anew with the next message", function()
    local bytes = (part(TEXT, "abc") .. client_frame(0, "de")):rep(3)
    assert.same({ "text abcde", "text abcde", "text abcde" }, events_of(bytes, { max_message = 5 }))
  end)
end)

describe("the limit of a frame", function()
  it("holds for each data frame, and fails with 1009", function()
    local limits = { max_frame = 5 }
    local bytes = part(TEXT, "abcde") .. client_frame(PING, "123456") .. client_frame(0, "fghij")
    assert.same({ "ping 123456", "text abcdefghij" }, events_of(bytes, limits))
    assert.same({ "wrong 1009" }, events_of(client_frame(TEXT, "abcdef"), limits))
    assert.same({ "wrong 1009" }, events_of(part(TEXT, "a") .. part(0, "bcdefg"), limits))
    assert.equal(6, (failure_of(client_frame(TEXT, "abcdef"), limits)))
  end)
end)

describe("the limit of fragments", function()
  it("counts empty ones, not control frames, and fails with 1008", function()
    local limits = { max_fragments = 3 }
    local three = part(TEXT, "a") .. client_frame(PING) .. part(0, "") .. client_frame(PING)
    assert.same({ "ping ", "ping ", "text ab" }, events_of(three .. client_frame(0, "b"), limits))
    local four = three .. part(0, "") .. client_frame(0, "b")
    assert.same({ "ping ", "ping ", "wrong 1008" }, events_of(four, limits))
    assert_fails(#four - 1, 1008, four, limits)
  end)

  it("begins anew with the next message", function()
    local bytes = (part(TEXT, "a") .. client_frame(0, "b")):rep(3)
    assert.same({ "text ab", "text ab", "text ab" }, events_of(bytes, { max_fragments = 2 }))
  end)

  it("is 16,384 of one byte, in memory that follows the bytes", function()
    local parser = kit.parser()
    assert.same({}, parser:feed(part(BINARY, "a") .. part(0, "a"):rep(16383)))
    local blocks, owned, requests = parser:memory()
    assert.equal(1, blocks)
    assert.is_true(owned <= 2 * 16384)
    assert.is_true(requests < 20)
    assert.equal(1008, parser:feed(client_frame(0, "a"))[1].code)
  end)
end)

describe("a parser that refuses binary messages", function()
  local limits = { refuses_binary = true }

  it("fails with 1003 when the first header is complete", function()
    for _, bytes in ipairs({ client_frame(BINARY, "\0\1"), part(BINARY, "\0\1") }) do
      assert_fails(6, 1003, bytes, limits)
      assert.same({ "wrong 1003" }, events_of(bytes, limits))
    end
  end)

  it("takes texts", function()
    local bytes = part(TEXT, "a") .. client_frame(0, "b") .. client_frame(BINARY)
    assert.same({ "text ab", "wrong 1003" }, events_of(bytes, limits))
  end)
end)

describe("more than one thing wrong", function()
  it("is said in the order protocol, type, size, fragments", function()
    local all = { max_message = 0, max_fragments = 0, refuses_binary = true }
    local without_type = { max_message = 0, max_fragments = 0 }
    local binary = client_frame(BINARY, "x")
    assert.same({ "wrong 1002" }, events_of(client_frame(0, "x"), all))
    assert.same({ "wrong 1002" }, events_of(client_frame(BINARY, "x", { reserved = 1 }), all))
    assert.same({ "wrong 1003" }, events_of(binary, all))
    assert.same({ "wrong 1009" }, events_of(binary, without_type))
    assert.same({ "wrong 1008" }, events_of(client_frame(BINARY, ""), without_type))
    assert.same({ "wrong 1009" }, events_of(client_frame(TEXT, "\xff"), without_type))
  end)
end)

describe("an announcement", function()
  local limits = { announces = true }

  it("comes once a data frame, before its payload, with type, length and total", function()
    local bytes = part(TEXT, "abc") .. client_frame(PING, "p") .. part(0, "") ..
      client_frame(0, "de") .. client_frame(BINARY, "f")
    assert.same({
      "frame text 3 of 3", "ping p", "frame text 0 of 3", "frame text 2 of 5", "text abcde",
      "frame binary 1 of 1", "binary f",
    }, events_of(bytes, limits))
  end)

  it("comes before a payload that is wrong", function()
    local bytes = client_frame(TEXT, "\xff")
    assert.same({ "frame text 1 of 1", "wrong 1007" }, events_of(bytes, limits))
  end)

  it("comes when the header is complete, without a byte of the payload", function()
    local parser = kit.parser(limits)
    local events = parser:feed(client_frame(TEXT, ("a"):rep(200)):sub(1, 8))
    assert.same({ { kind = "frame", opcode = TEXT, length = 200, total = 200 } }, events)
  end)

  it("comes even for an empty message at the end of the bytes, which follows when asked", function()
    local parser = kit.parser(limits)
    parser:push(client_frame(TEXT, ""))
    assert.equal("frame", parser:next().kind)
    assert.equal(0, parser:left())
    assert.equal("data", parser:next().kind)
    assert.is_nil(parser:next())
  end)

  it("does not come for what is refused at its header", function()
    local narrow = { announces = true, max_message = 1, max_fragments = 1, refuses_binary = true }
    assert.same({ "wrong 1009" }, events_of(client_frame(TEXT, "ab"), narrow))
    assert.same({ "wrong 1003" }, events_of(client_frame(BINARY, "a"), narrow))
    assert.same({ "wrong 1002" }, events_of(client_frame(0, "a"), narrow))
    assert.same({ "frame text 1 of 1", "wrong 1008" },
      events_of(part(TEXT, "a") .. client_frame(0, ""), narrow))
  end)
end)

describe("the memory of a parser", function()
  it("follows the bytes received, not the length declared", function()
    local parser = kit.parser()
    parser:feed(client_frame(BINARY, "0123456789abcd", { declared = 1048576 }))
    local blocks, owned = parser:memory()
    assert.equal(1, blocks)
    assert.is_true(owned < 1024)
  end)

  it("owns nothing for a header alone", function()
    local parser = kit.parser()
    local header = client_frame(BINARY, "", { declared = 1048576 })
    for i = 1, #header do
      parser:feed(header:sub(i, i))
      assert.same({ 0, 0, 0 }, { parser:memory() })
    end
  end)

  it("is never twice what was received, and exactly the message's size at its end", function()
    local size, piece = 1000000, 1460
    local bytes = client_frame(BINARY, ("x"):rep(size), { mask = NO_MASK })
    local parser = kit.parser()
    for at = 1, #bytes - piece, piece do
      assert.same({}, parser:feed(bytes:sub(at, at + piece - 1)))
      local _, owned = parser:memory()
      assert.is_true(owned <= 2 * (at + piece))
    end
    assert.equal(size, (select(2, parser:memory())))
    local _, _, requests = parser:memory()
    assert.is_true(requests <= 14)
  end)

  it("is lent with the message until it is settled", function()
    local parser = kit.parser()
    local bytes = client_frame(TEXT, "split")
    parser:feed(bytes:sub(1, 8))
    parser:push(bytes:sub(9))
    assert.equal("split", parser:next().bytes)
    assert.equal(1, (parser:memory()))
    parser:settle()
    assert.equal(0, (parser:memory()))
    parser:settle()
    assert.equal("next", parser:feed(client_frame(TEXT, "next"))[1].bytes)
  end)

  it("of an unfinished message stays when it is settled", function()
    local parser = kit.parser()
    parser:feed(part(TEXT, "a"))
    parser:settle()
    assert.equal("ab", parser:feed(client_frame(0, "b"))[1].bytes)
  end)

  it("is lent with the message and given back at the next call", function()
    local parser = kit.parser()
    local bytes = client_frame(TEXT, "split") .. client_frame(TEXT, "whole")
    parser:feed(bytes:sub(1, 8))
    parser:push(bytes:sub(9))
    assert.same({ kind = "data", opcode = TEXT, bytes = "split", in_place = false }, parser:next())
    assert.equal(1, (parser:memory()))
    assert.same({ kind = "data", opcode = TEXT, bytes = "whole", in_place = true }, parser:next())
    assert.equal(0, (parser:memory()))
    assert.is_nil(parser:next())
  end)

  it("of a control frame that was split is given back while a message goes on", function()
    local parser = kit.parser()
    local ping = client_frame(PING, "ping")
    parser:feed(part(TEXT, "a") .. ping:sub(1, 8))
    assert.equal(2, (parser:memory()))
    assert.equal("ping", parser:feed(ping:sub(9))[1].bytes)
    assert.equal(1, (parser:memory()))
    assert.equal("ab", parser:feed(client_frame(0, "b"))[1].bytes)
    assert.equal(0, (parser:memory()))
  end)

  it("fails with 1011 where there is none, at any allocation, and leaks nothing", function()
    local bytes = part(TEXT, ("a"):rep(300)) .. client_frame(PING, "ping") ..
      part(0, ("b"):rep(3000)) .. client_frame(0, ("c"):rep(30000), { mask = NO_MASK })
    local pieces = {}
    for at = 1, #bytes, 100 do
      pieces[#pieces + 1] = bytes:sub(at, at + 99)
    end
    local function run(fail_at)
      local parser, last = kit.parser(), nil
      parser:fail_at(fail_at)
      for _, piece in ipairs(pieces) do
        local events = parser:feed(piece)
        last = events[#events] or last
        if last and last.kind == "wrong" then break end
      end
      local _, _, requests = parser:memory()
      parser:release()
      assert.equal(0, (parser:memory()))
      return last, requests
    end
    local last, requests = run(0)
    assert.equal(33300, #last.bytes)
    assert.is_true(requests > 5)
    for fail_at = 1, requests do
      last = run(fail_at)
      assert.same({ fail_at, "wrong", 1011 }, { fail_at, last.kind, last.code })
    end
  end)
end)

describe("the hostile rows of the group frame", function()
  local mebibyte = 1048576
  local function zero_masked(opcode, payload, final)
    return client_frame(opcode, payload, { mask = NO_MASK, final = final })
  end
  local rows = {
    { "F01", client_frame(TEXT, "Hello"), "text Hello" },
    { "F04", client_frame(TEXT, "Hello", { reserved = 4 }), "wrong 1002" },
    { "F05", client_frame(TEXT, "Hello", { reserved = 2 }), "wrong 1002" },
    { "F07", client_frame(3, "x"), "wrong 1002" },
    { "F08", client_frame(7, "x", { final = false }), "wrong 1002" },
    { "F11", client_frame(PING, ("a"):rep(126)), "wrong 1002" },
    { "F12", client_frame(PING, ("a"):rep(125)), "ping " .. ("a"):rep(125) },
    { "F13", part(PING, "x"), "wrong 1002" },
    { "F14", part(CLOSE, "\3\xe8"), "wrong 1002" },
    { "F16", client_frame(0, "x"), "wrong 1002" },
    { "F19", client_frame(TEXT, "a") .. client_frame(0, "b"), "text a", "wrong 1002" },
    { "F34", client_frame(TEXT, "Hello", { form = 16 }), "wrong 1002" },
    { "F35", client_frame(TEXT, ("a"):rep(200), { form = 64 }), "wrong 1002" },
    { "F37", client_frame(BINARY, "", { declared = math.maxinteger }), "wrong 1009" },
    { "F38", client_frame(BINARY, "Hello", { declared = (1 << 32) + 5 }), "wrong 1009" },
    { "F40", zero_masked(BINARY, ("a"):rep(mebibyte)), "binary " .. ("a"):rep(mebibyte) },
    { "F41", zero_masked(BINARY, ("a"):rep(65536), false) ..
      zero_masked(0, ("a"):rep(65536), false):rep(15) .. client_frame(0, "a"), "wrong 1009" },
    { "F44", client_frame(TEXT, "\xff\xfe"), "wrong 1007" },
    { "F46", client_frame(TEXT, "\xed\xa0\x80"), "wrong 1007" },
    { "F47", client_frame(TEXT, "\xf4\x90\x80\x80"), "wrong 1007" },
    { "F49", part(TEXT, "\xe2\x82") .. client_frame(0, "\xac"), "text €" },
    { "F50", part(TEXT, "\xe2") .. client_frame(0, "\x28\xa1"), "wrong 1007" },
    { "F52", client_frame(TEXT, "\0\u{FFFF}\u{FEFF}"), "text \0\u{FFFF}\u{FEFF}" },
    { "F56", client_frame(PONG, "hi"), "pong hi" },
    { "F61", client_frame(TEXT, ("Hello"):rep(40)), "text " .. ("Hello"):rep(40) },
    { "F62", client_frame(TEXT, "Hello", { mask = NO_MASK }), "text Hello" },
    { "F63", part(TEXT, "a") .. client_frame(PING, "p") .. client_frame(0, "b"), "ping p",
      "text ab" },
    { "F64", part(TEXT, "a") .. client_frame(CLOSE, "\3\xe9"), "close \3\xe9" },
    { "F70", part(TEXT, "") .. client_frame(0, ""), "text " },
  }
  for _, row in ipairs(rows) do
    it("come out as they should: " .. row[1], function()
      local is_long = #row[2] > 100000
      local events = is_long and feed_pieces({ row[2] }) or events_of(row[2])
      assert.same({ table.unpack(row, 3) }, events)
    end)
  end

  it("come out as they should: F65, where binary messages are refused", function()
    local bytes = client_frame(BINARY, "\0\1")
    assert.same({ "wrong 1003" }, events_of(bytes, { refuses_binary = true }))
  end)

  it("come out as they should: F67, a thousand texts in one write", function()
    local events = feed_pieces({ client_frame(TEXT, "a"):rep(1000) })
    assert.equal(1000, #events)
    assert.equal(("text a"):rep(1000), table.concat(events))
  end)
end)
