-- Compressed messages in frames: src/protocol/message_inflate.c and message.c.
local client_frame = require "client_frame"
local deflated = require "deflated"
local kit = require("moonroom.core").testkit.message

local noise, stored = deflated.noise, deflated.stored
local TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
local RSV1 = 4
local KIB = 1024

local function deflate(message, options) return deflated.sender(options)(message) end

-- A compressed message's first frame, and the only one if final isn't false.
local function begin(opcode, bytes, final)
  return client_frame(opcode, bytes, { reserved = RSV1, final = final, mask = #bytes > 5000
    and "\0\0\0\0" or nil })
end

local function go_on(bytes, final) return client_frame(CONTINUATION, bytes, { final = final }) end

local function describe_event(event)
  if event.kind == "wrong" then return ("wrong %d: %s"):format(event.code, event.reason) end
  if event.kind == "frame" then return ("frame %d of %d"):format(event.length, event.total) end
  return ("%d %s"):format(event.opcode, event.bytes)
end

local function feed_pieces(pieces, limits)
  local all = { inflates = true }
  for name, value in pairs(limits or {}) do all[name] = value end
  local parser = kit.parser(all)
  local list = {}
  for _, piece in ipairs(pieces) do
    for _, event in ipairs(parser:feed(piece)) do list[#list + 1] = describe_event(event) end
    if #list > 0 and list[#list]:find("^wrong") then break end
    assert.equal(0, parser:left())
    parser:settle()
    if not parser:is_partial() then assert.equal(0, (select(2, parser:memory()))) end
  end
  parser:release()
  assert.equal(0, (parser:memory()))
  return list
end

local function bytes_of(text)
  local list = {}
  for at = 1, #text do list[at] = text:sub(at, at) end
  return list
end

-- The events of the bytes, which must be the same whole, byte by byte, and in two pieces however
-- they are split; of long ones, every split within 50 bytes of either end.
local function events_of(bytes, limits)
  local whole = feed_pieces({ bytes }, limits)
  if #bytes < 5000 then assert.same(whole, feed_pieces(bytes_of(bytes), limits)) end
  for split = 1, #bytes - 1 do
    if #bytes < 500 or split <= 50 or split >= #bytes - 50 then
      local parts = feed_pieces({ bytes:sub(1, split), bytes:sub(split + 1) }, limits)
      assert(table.concat(parts, "\n") == table.concat(whole, "\n"), "split at " .. split)
    end
  end
  return whole
end

local function assert_events(expected, bytes, limits)
  local events = events_of(bytes, limits)
  assert(#events == #expected, ("%d events: %s"):format(#events, tostring(events[1]):sub(1, 99)))
  for at, event in ipairs(events) do
    local wanted = expected[at]
    assert(event == wanted, ("%s\nand not %s"):format(event:sub(1, 99), wanted:sub(1, 99)))
  end
end

local function assert_wrong(code, bytes, limits)
  local events = events_of(bytes, limits)
  assert.matches("^wrong " .. code, events[#events])
  assert.equal(1, #events)
end

describe("a compressed message", function()
  it("is inflated, of any kind, size and compressor", function()
    for _, opcode in ipairs { TEXT, BINARY } do
      for _, text in ipairs { "", "Hello", ("grüße "):rep(50), ("ab"):rep(30000) } do
        for _, options in ipairs { {}, { level = 9 }, { level = 0 }, { final = true } } do
          assert_events({ opcode .. " " .. text }, begin(opcode, deflate(text, options)))
        end
      end
    end
    assert_events({ "2 " .. noise(40000) }, begin(BINARY, deflate(noise(40000))))
  end)

  it("of no bytes is the empty message", function()
    assert_events({ "1 ", "1 a" }, begin(TEXT, "") .. client_frame(TEXT, "a"))
    assert_events({ "2 " }, begin(BINARY, "", false) .. go_on("", false) .. go_on(""))
  end)

  it("comes in fragments, with control frames between, empty ones too", function()
    local text = ("grüße "):rep(20)
    local bytes = deflate(text)
    for size = 1, #bytes, 5 do
      local list, expected = { begin(TEXT, bytes:sub(1, size), false) }, {}
      for at = size + 1, #bytes, size do
        list[#list + 1] = client_frame(PING, "p") .. go_on(bytes:sub(at, at + size - 1), false)
        list[#list + 1] = client_frame(PONG, "") .. go_on("", false)
        table.insert(expected, "9 p")
        table.insert(expected, "10 ")
      end
      list[#list + 1] = go_on("") .. client_frame(CLOSE, "")
      table.insert(expected, "1 " .. text)
      table.insert(expected, "8 ")
      assert_events(expected, table.concat(list))
    end
  end)

  it("that is too much or no text is refused with the fragment in which it becomes so", function()
    local bomb = deflate(("x"):rep(2000))
    assert_wrong(1009, begin(BINARY, bomb, false), { max_message = 1999 })
    assert_wrong(1007, begin(TEXT, deflate("a\xff"), false))
    assert_wrong(1007, begin(TEXT, "\xff\xff\xff", false))
    assert_wrong(1009, begin(BINARY, "", false) .. go_on(bomb, false), { max_message = 1999 })
    assert_events({ "2 " .. ("x"):rep(2000) },
      begin(BINARY, bomb:sub(1, 5), false) .. go_on(bomb:sub(6)), { max_message = 2000 })
  end)

  it("is refused inside its frame with the 64 KiB in which it is too much, or no text", function()
    local blocks = stored(""):rep(13200) -- of which nothing comes
    for _, case in ipairs {
      { 1009, BINARY, stored(noise(60000)) .. stored(noise(40001)) },
      { 1007, TEXT, stored "a\xff" },
      { 1007, BINARY, "\xff\xff\xff\xff" },
    } do
      local code, opcode, bytes = table.unpack(case)
      local frame = begin(opcode, bytes .. blocks .. ("\0"):rep(9000))
      assert_wrong(code, frame:sub(1, -9000), { max_message = 100000 })
    end
  end)

  it("in pieces of 64 KiB is as one in a piece, with or without takeover", function()
    local message = noise(90000) .. ("x"):rep(50000) .. noise(90000, 2)
    for _, inflates in ipairs { true, 15 } do
      local send = deflated.sender { takeover = inflates ~= true }
      local list = {}
      for _, size in ipairs { 1000, 65536, 300000 } do
        local bytes = send(message)
        list[#list + 1] = begin(BINARY, bytes:sub(1, size), #bytes <= size)
        for at = size + 1, #bytes, size do
          list[#list + 1] = go_on(bytes:sub(at, at + size - 1), at + size > #bytes)
        end
      end
      assert_events({ "2 " .. message, "2 " .. message, "2 " .. message }, table.concat(list),
        { inflates = inflates })
    end
  end)

  it("goes with plain ones, in any order", function()
    assert_events({ "1 plain", "1 Hello", "2 \xff", "1 grüße", "1 Hello" },
      client_frame(TEXT, "plain") .. begin(TEXT, deflate "Hello") .. client_frame(BINARY, "\xff")
      .. client_frame(TEXT, "gr\xc3", { final = false }) .. go_on("\xbc\xc3\x9fe")
      .. begin(TEXT, deflate "Hello"))
  end)

  it("refers to those before it where that is agreed, and else not", function()
    local text = noise(300)
    for window_bits = 9, 15 do
      local send = deflated.sender { window_bits = window_bits }
      local list, expected = {}, {}
      for at = 1, 6 do
        local message = text .. at
        list[at] = begin(BINARY, send(message)) .. client_frame(BINARY, text)
        table.insert(expected, "2 " .. message)
        table.insert(expected, "2 " .. text)
      end
      assert_events(expected, table.concat(list), { inflates = window_bits })
    end
    local send = deflated.sender()
    local first = begin(BINARY, send(text))
    assert.matches("^wrong 1007", feed_pieces({ first .. begin(BINARY, send(text)) })[2])
  end)

  it("may use the whole window of 32 KiB inside itself without takeover", function()
    local text = noise(30000)
    assert_events({ "2 " .. text .. text }, begin(BINARY, deflate(text .. text, { level = 9 })))
  end)

  it("must be valid UTF-8 where it is text, over all steps, and binary needn't", function()
    for _, text in ipairs { "\xff", "gr\xc3", ("x"):rep(16383) .. "\xc3\xbc" .. "\xff",
      ("x"):rep(100000) .. "\xed\xa0\x80", ("x"):rep(16383) .. "\xc3" } do
      assert_wrong(1007, begin(TEXT, deflate(text)))
      assert_events({ "2 " .. text }, begin(BINARY, deflate(text)))
    end
    local good = ("x"):rep(16383) .. "\xc3\xbc" .. ("x"):rep(16381) .. "\xf0\x9f\x8c\x99"
    assert_events({ "1 " .. good }, begin(TEXT, deflate(good)))
  end)

  it("is lent from the worker where it is at most 16 KiB, and no memory is asked for", function()
    local parser = kit.parser { inflates = true }
    parser:feed(begin(TEXT, deflate "warm"))
    local blocks, _, before = parser:memory()
    for _, size in ipairs { 1, 1000, 16383 } do
      parser:feed(begin(TEXT, deflate(("x"):rep(size))))
    end
    assert.same({ blocks, before }, { (parser:memory()), (select(3, parser:memory())) })
    parser:feed(begin(TEXT, deflate(("x"):rep(20000))))
    assert.is_true(select(3, parser:memory()) > before)
    parser:settle()
    assert.equal(blocks, (parser:memory()))
  end)

  it("is announced with its bytes on the wire", function()
    local bytes = deflate(("x"):rep(5000))
    assert_events({ ("frame %d of %d"):format(3, 3), ("frame %d of %d"):format(#bytes - 3, #bytes),
      "1 " .. ("x"):rep(5000) }, begin(TEXT, bytes:sub(1, 3), false) .. go_on(bytes:sub(4)),
      { announces = true })
  end)
end)

describe("what is wrong with a compressed message", function()
  it("is RSV1 without the extension, on a continuation, on a control frame: 1002", function()
    local hello = deflate "Hello"
    local parser = kit.parser {}
    assert.equal(1002, parser:feed(begin(TEXT, hello))[1].code)
    assert_wrong(1002, begin(TEXT, hello:sub(1, 2), false)
      .. client_frame(CONTINUATION, hello:sub(3), { reserved = RSV1 }))
    assert_wrong(1002, client_frame(TEXT, "He", { final = false })
      .. client_frame(CONTINUATION, "llo", { reserved = RSV1 }))
    for _, opcode in ipairs { CLOSE, PING, PONG, CONTINUATION } do
      assert_wrong(1002, client_frame(opcode, "", { reserved = RSV1 }))
    end
  end)

  it("is RSV2 or RSV3, with or without RSV1: 1002", function()
    for reserved = 1, 7 do
      if reserved ~= RSV1 then
        assert_wrong(1002, client_frame(TEXT, deflate "Hello", { reserved = reserved }))
      end
    end
  end)

  it("is bad data: 1007", function()
    for _, bad in ipairs { "\xff\xff\xff\xff", "\0\5\0\0\0Hello", "\xf2\0\x11\0\0" } do
      assert_wrong(1007, begin(BINARY, bad))
    end
  end)

  it("is that it ends early: 1007, and no short text", function()
    local bytes = deflate(noise(60) .. ("x"):rep(100))
    for length = 1, #bytes - 1 do
      assert.matches("^wrong 1007", feed_pieces({ begin(BINARY, bytes:sub(1, length)) })[1])
    end
    assert_wrong(1007, begin(BINARY, deflate("Hello") .. deflated.tail))
    assert.same({ "wrong 1007: the compressed data ends too early" },
      feed_pieces { begin(BINARY, bytes:sub(1, 20)) })
  end)

  it("is that a byte too many comes out: 1009; and one byte fewer is fine", function()
    for _, most in ipairs { 1, 16383, 16384, 16385, 50000, 1024 * KIB } do
      local limits = { max_message = most }
      assert_events({ "1 " .. ("x"):rep(most) }, begin(TEXT, deflate(("x"):rep(most))), limits)
      assert_wrong(1009, begin(TEXT, deflate(("x"):rep(most + 1))), limits)
    end
  end)

  it("is a bomb: 1009", function()
    for _, message in ipairs { ("x"):rep(16 * 1024 * KIB), noise(1000):rep(5000) } do
      local bytes = deflate(message, { level = 9 })
      assert.is_true(#bytes < 40000)
      assert_wrong(1009, begin(BINARY, bytes), { max_message = 100000 })
    end
  end)

  it("is that it exceeds max_message by more than an eighth and 1 KiB on the wire: 1009", function()
    local limits = { max_message = 8000 }
    -- Empty stored blocks: nothing comes out of them.
    local function blocks(size) return stored(""):rep(size // 5) .. ("\0"):rep(1) end
    local most = 8000 + 1000 + 1024
    local longest = blocks(most - 1)
    assert_events({ "2 " }, begin(BINARY, longest), limits)
    assert_wrong(1009, begin(BINARY, ("x"):rep(most + 1)):sub(1, 8), limits)
    assert_events({ "2 " }, begin(BINARY, longest:sub(1, 5000), false) .. go_on(longest:sub(5001)),
      limits)
    assert.matches("^wrong 1009", feed_pieces({
      begin(BINARY, longest:sub(1, 5000), false) .. go_on(("x"):rep(most - 4999)):sub(1, 8),
    }, limits)[1])
    -- A plain one may not.
    assert_wrong(1009, client_frame(BINARY, ("x"):rep(8001)):sub(1, 8), limits)
  end)

  it("is that a frame exceeds max_frame by more than that on the wire: 1009", function()
    local limits = { max_frame = 800 }
    assert_events({ "2 " .. noise(1000) }, begin(BINARY, deflate(noise(1000))), limits)
    assert_wrong(1009, begin(BINARY, ("x"):rep(800 + 100 + 1024 + 1)):sub(1, 8), limits)
    assert_wrong(1009, begin(BINARY, "x", false) .. go_on(("x"):rep(1925)):sub(1, 8), limits)
  end)

  it("is that there is no memory for it, at any allocation: 1011, and nothing is lost", function()
    for _, inflates in ipairs { true, 15 } do
      local failures, message = 0, noise(140000)
      local bytes = deflate(message)
      for nth = 1, 100 do
        local parser = kit.parser { inflates = inflates }
        parser:fail_at(nth)
        local first = begin(BINARY, bytes:sub(1, 70000), false)
        local events = parser:feed(first .. go_on(bytes:sub(70001)))
        if events[1].kind == "data" then
          assert.equal(message, events[1].bytes)
          parser:release()
          break
        end
        failures = failures + 1
        assert.equal(1011, events[1].code)
        parser:release()
        assert.equal(0, (parser:memory()))
      end
      assert.is_true(failures > 5 and failures < 100, failures)
    end
  end)
end)
