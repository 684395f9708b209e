-- The suite's client is the judge: so each rule that it holds a server to is broken here, by a
-- server that is a string.

local client_of = require "conformance.client"
local inflate = require "conformance.inflate"
local runner = require "conformance.runner"
local zlib = require "zlib"

local KEY = "dGhlIHNhbXBsZSBub25jZQ=="
local GOOD = {
  "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
}

-- A 101; changes: the number of a line and what is there instead (false: nothing); lines behind.
local function head(changes, ...)
  local lines = {}
  for index, line in ipairs(GOOD) do
    local changed = (changes or {})[index]
    if changed == nil then changed = line end
    if changed then lines[#lines + 1] = changed end
  end
  table.move({ ... }, 1, select("#", ...), #lines + 1, lines)
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

-- A server's frame, whose parts may be anything.
local function frame(first, payload, second)
  if second then return string.char(first) .. second .. payload end
  if #payload < 126 then return string.char(first, #payload) .. payload end
  local is_short = #payload < 65536
  return string.char(first, is_short and 126 or 127)
    .. string.pack(is_short and ">I2" or ">I8", #payload) .. payload
end

-- What the client says of a server that sends these bytes, whole and byte by byte.
local function judge(bytes, how, asked)
  asked = asked or {}
  asked.key = asked.key or KEY
  local whole, slow = client_of.new(asked), client_of.new(asked)
  whole:hear(bytes)
  for at = 1, #bytes do slow:hear(bytes:sub(at, at)) end
  if how then
    whole:hear_end(how)
    slow:hear_end(how)
  end
  assert.equal(whole.wrong, slow.wrong)
  assert.same(whole.frames, slow.frames)
  return whole.wrong, whole
end

local function assert_wrong(pattern, bytes, how, asked)
  local wrong = judge(bytes, how, asked)
  assert(wrong, "the client saw nothing wrong; expected: " .. pattern)
  assert(wrong:find(pattern, 1, true), ("expected %q, not %q"):format(pattern, wrong))
end

local CLOSE = frame(0x88, "\3\232")

describe("the suite's client", function()
  it("takes good frames of each kind and size", function()
    local wrong, client = judge(head() .. frame(0x81, "text") .. frame(0x02, "a")
      .. frame(0x89, "p") .. frame(0x00, "b") .. frame(0x80, "c") .. frame(0x8a, "")
      .. frame(0x82, ("x"):rep(126)) .. frame(0x82, ("x"):rep(65535))
      .. frame(0x82, ("x"):rep(65536)) .. frame(0x88, "\3\232bye"), "end")
    assert.is_nil(wrong)
    assert.same({
      { "text", "text" }, { "ping", "p" }, { "binary", "abc" }, { "pong", "" },
      { "binary", ("x"):rep(126) }, { "binary", ("x"):rep(65535) }, { "binary", ("x"):rep(65536) },
    }, client.frames)
    assert.same({ code = 1000, reason = "bye" }, client.close)
  end)

  describe("refuses in a response", function()
    local function refuses(what, pattern, bytes, asked)
      it(what, function() assert_wrong(pattern, bytes, nil, asked) end)
    end
    refuses("another version of HTTP", "no status line", head { "HTTP/1.0 101 Switching" })
    refuses("a status line that is none", "no status line", head { "101 Switching" })
    refuses("a line that is no field", "is no header field", head(nil, "what is this"))
    refuses("a space before a colon", "is no header field", head(nil, "X-Field : x"))
    refuses("a control byte", "control byte", head(nil, "X-Field: a\1b"))
    refuses("no Upgrade", "no Upgrade", head { [2] = false })
    refuses("another Upgrade", "no Upgrade", head { [2] = "Upgrade: h2c" })
    refuses("no Connection", "no Connection", head { [3] = false })
    refuses("another Connection", "no Connection", head { [3] = "Connection: close" })
    refuses("no Sec-WebSocket-Accept", "Sec-WebSocket-Accept: nil", head { [4] = false })
    refuses("a wrong Sec-WebSocket-Accept", "not for this key",
      head { [4] = "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=" })
    refuses("Sec-WebSocket-Accept twice", "sec-websocket-accept twice", head(nil, GOOD[4]))
    refuses("a length", "content-length", head(nil, "Content-Length: 0"))
    refuses("a transfer coding", "transfer-encoding", head(nil, "Transfer-Encoding: chunked"))
    refuses("a subprotocol that wasn't offered", "was not offered",
      head(nil, "Sec-WebSocket-Protocol: chat"), { protocols = "other, chat2" })
    refuses("an extension where none was offered", "none was offered",
      head(nil, "Sec-WebSocket-Extensions: permessage-deflate"))
    refuses("a refusal without its length", "without Content-Length",
      "HTTP/1.1 404 Not Found\r\nX: y\r\n\r\n")
    refuses("data behind a refusal", "data behind",
      "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno!")
  end)

  describe("refuses of frames", function()
    local function refuses(what, pattern, bytes)
      it(what, function()
        assert_wrong(pattern, head() .. bytes)
        assert_wrong(pattern, head() .. frame(0x81, "good") .. bytes)
      end)
    end
    refuses("a mask", "is masked", frame(0x81, "\0\0\0\0text", "\x84"))
    for bit, rsv in ipairs { 0x40, 0x20, 0x10 } do
      refuses("RSV" .. bit, bit == 1 and "RSV1 is set without" or "RSV2 or RSV3",
        frame(0x81 | rsv, "text"))
      refuses("RSV" .. bit .. " on a ping", "on a control frame", frame(0x89 | rsv, ""))
    end
    for _, opcode in ipairs { 3, 7, 11, 15 } do
      refuses("the opcode " .. opcode, "reserved opcode", frame(0x80 | opcode, ""))
    end
    refuses("125 bytes of a length of 16 bits", "shortest",
      frame(0x82, ("x"):rep(125), "\126\0\125"))
    refuses("65535 bytes of a length of 64 bits", "shortest",
      frame(0x82, "", "\127\0\0\0\0\0\0\255\255"))
    refuses("the top bit of a length", "top bit", frame(0x82, "", "\127\128\0\0\0\0\1\0\0"))
    refuses("a frame beyond any case's", "more than any case",
      frame(0x82, "", "\127\0\0\1\0\0\0\0\0"))
    refuses("a control frame of 126 bytes", "control frame of 126", frame(0x89, ("x"):rep(126)))
    refuses("a fragmented control frame", "is fragmented", frame(0x09, "x"))
    refuses("a continuation of nothing", "continuation of nothing", frame(0x80, "x"))
    refuses("a message inside another", "inside another", frame(0x01, "x") .. frame(0x81, "y"))
    refuses("a text that is not UTF-8", "not UTF-8", frame(0x81, "\xff"))
    refuses("a text with a surrogate", "not UTF-8", frame(0x81, "\xed\xa0\x80"))
    refuses("a text with U+110000", "not UTF-8", frame(0x81, "\xf4\x90\x80\x80"))
    refuses("a text with an overlong slash", "not UTF-8", frame(0x81, "\xc0\xaf"))
    refuses("a text that is cut", "not UTF-8", frame(0x01, "\xe6") .. frame(0x80, "\x9c"))
    refuses("a Close of one byte", "body of one byte", frame(0x88, "\3"))
    for _, code in ipairs { 0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535 } do
      refuses("the close code " .. code, "with the code " .. code,
        frame(0x88, string.pack(">I2", code)))
    end
    refuses("a reason that is not UTF-8", "reason is not UTF-8", frame(0x88, "\3\232\xff"))
    refuses("a second Close", "after its Close", CLOSE .. CLOSE)
    refuses("a pong behind its Close", "after its Close", CLOSE .. frame(0x8a, ""))
    refuses("a single byte behind its Close", "after its Close", CLOSE .. "\x81")
  end)

  it("takes a character across fragments", function()
    assert.is_nil((judge(head() .. frame(0x01, "\xe6\x9c") .. frame(0x80, "\x88"))))
  end)

  it("refuses an end without a Close, a reset, and silence", function()
    assert_wrong("without a Close", head(), "end")
    assert_wrong("without a Close", head() .. frame(0x81, "text"), "end")
    assert_wrong("without a Close", head() .. "\x81", "end")
    assert_wrong("reset", head() .. CLOSE, "reset")
    assert_wrong("without close_notify", head() .. CLOSE, "cut")
    assert_wrong("without a response", "HTTP/1.1 101", "end")
    assert.is_nil((judge(head() .. CLOSE, "end")))
  end)
end)

-- --- compression -----------------------------------------------------------------

local TEXT = ("compress me, compress me; "):rep(40)

local function deflated(stream, message)
  return stream(message, "sync"):sub(1, -5)
end

describe("the suite's client, where compression is agreed on,", function()
  local function agreed(answer, frames, offer)
    return head(nil, "Sec-WebSocket-Extensions: " .. answer) .. (frames or ""), nil,
      { extensions = offer or "permessage-deflate; client_max_window_bits" }
  end

  it("inflates messages with takeover, and plain ones between them", function()
    local stream = zlib.deflate(6, -15)
    local one, two = deflated(stream, TEXT), deflated(stream, TEXT)
    local wrong, client = judge(agreed("permessage-deflate",
      frame(0xc1, one) .. frame(0x81, "plain") .. frame(0x41, two:sub(1, 3))
      .. frame(0x80, two:sub(4))))
    assert.is_nil(wrong)
    assert.same({ TEXT, "plain", TEXT },
      { client.frames[1][2], client.frames[2][2], client.frames[3][2] })
    assert.is_true(#two < #one)
  end)

  it("takes an empty message, which is an empty block", function()
    local wrong, client = judge(agreed("permessage-deflate", frame(0xc1, "\0")))
    assert.is_nil(wrong)
    assert.equal("", client.frames[1][2])
  end)

  local ANSWERS = {
    { "another extension", "x-deflate", nil, "was not offered" },
    { "two of them", "permessage-deflate, permessage-deflate", nil, "more than one" },
    { "an unknown parameter", "permessage-deflate; fast", nil, "is no parameter" },
    { "a parameter twice",
      "permessage-deflate; server_no_context_takeover; server_no_context_takeover", nil,
      "twice" },
    { "a flag with a value", "permessage-deflate; server_no_context_takeover=1", nil,
      "has a value" },
    { "a window of 7 bits", "permessage-deflate; server_max_window_bits=7", nil, "is \"7\"" },
    { "a window of 16 bits", "permessage-deflate; server_max_window_bits=16", nil, "is \"16\"" },
    { "a window of 010 bits", "permessage-deflate; server_max_window_bits=010", nil, "is \"010\"" },
    { "a window without a value", "permessage-deflate; server_max_window_bits", nil, "no value" },
    { "a larger window than was asked for", "permessage-deflate; server_max_window_bits=11",
      "permessage-deflate; server_max_window_bits=10", "=10 was asked for" },
    { "no window where one was asked for", "permessage-deflate",
      "permessage-deflate; server_max_window_bits=10", "=10 was asked for" },
    { "no server_no_context_takeover where that was asked for", "permessage-deflate",
      "permessage-deflate; server_no_context_takeover", "takeover was asked for" },
    { "client_max_window_bits that wasn't offered", "permessage-deflate; client_max_window_bits=9",
      "permessage-deflate", "was not offered" },
    { "client_max_window_bits above the offer", "permessage-deflate; client_max_window_bits=12",
      "permessage-deflate; client_max_window_bits=11", "above the 11" },
    { "client_max_window_bits without a value", "permessage-deflate; client_max_window_bits", nil,
      "no value" },
  }
  for _, row in ipairs(ANSWERS) do
    it("refuses in the answer " .. row[1], function()
      local bytes, how, asked = agreed(row[2], nil, row[3])
      assert_wrong(row[4], bytes, how, asked)
    end)
  end

  it("takes the second offer's answer", function()
    assert.is_nil((judge(agreed("permessage-deflate", "",
      "permessage-deflate; server_max_window_bits=10, permessage-deflate"))))
  end)

  local function refuses(what, pattern, answer, frames)
    it("refuses " .. what, function()
      local bytes, how, asked = agreed(answer, frames)
      assert_wrong(pattern, bytes, how, asked)
    end)
  end

  refuses("RSV1 on a continuation", "RSV1 is set on a continuation", "permessage-deflate",
    frame(0x41, "\0") .. frame(0xc0, "\0"))
  refuses("RSV1 on a pong", "on a control frame", "permessage-deflate", frame(0xca, ""))
  refuses("RSV2", "RSV2 or RSV3", "permessage-deflate", frame(0xa1, ""))
  refuses("a payload of nothing", "ends inside", "permessage-deflate", frame(0xc1, ""))
  refuses("a block of the reserved type", "reserved type", "permessage-deflate", frame(0xc1, "\7"))
  refuses("a payload that is cut", "a compressed payload is wrong", "permessage-deflate",
    frame(0xc1, deflated(zlib.deflate(), TEXT):sub(3, 20)))
  refuses("a text that is not UTF-8 when it is inflated", "not UTF-8", "permessage-deflate",
    frame(0xc1, deflated(zlib.deflate(6, -15), "\xff")))
  refuses("a final block", "final block", "permessage-deflate",
    frame(0xc1, zlib.deflate(6, -15)("x", "finish") .. "\0"))

  local two = zlib.deflate(6, -15)
  local first, second = deflated(two, TEXT), deflated(two, TEXT)
  refuses("takeover where that was ruled out", "before its beginning, where 0",
    "permessage-deflate; server_no_context_takeover", frame(0xc1, first) .. frame(0xc1, second))

  -- Noise between two copies makes the second reach far back.
  local noise = {}
  for i = 1, 800 do noise[i] = ("%06x"):format(i * 7919 * 7919 % 0x1000000) end
  local far = "a rather long sentence that comes twice;" .. table.concat(noise)
    .. "a rather long sentence that comes twice;"
  refuses("a distance beyond the window", "beyond the window of 512",
    "permessage-deflate; server_max_window_bits=9",
    frame(0xc1, deflated(zlib.deflate(9, -15), far)))

  it("takes that distance in a window of 8 KiB", function()
    assert.is_nil((judge(agreed("permessage-deflate; server_max_window_bits=13",
      frame(0xc1, deflated(zlib.deflate(9, -13), far))))))
  end)
end)

describe("inflate.read", function()
  it("finds the size, the blocks and the longest distance of zlib's streams", function()
    local message = ("abcdefgh"):rep(1000)
    for _, level in ipairs { 0, 1, 6, 9 } do
      local found = assert(inflate.read(deflated(zlib.deflate(level, -15), message)))
      assert.equal(#message, found.size)
      assert.equal(level == 0, found.distance == 0)
      assert.equal(0, found.distance % 8)
      assert.is_false(found.is_final)
    end
  end)

  it("takes no front of a stream for the whole", function()
    local bytes = deflated(zlib.deflate(6, -15), TEXT .. "\0\1\2\3")
    for size = 0, #bytes - 1 do
      local found, why = inflate.read(bytes:sub(1, size))
      assert.is_nil(found)
      assert.is_string(why)
    end
  end)
end)

-- --- the runner -----------------------------------------------------------------

-- A server whose answers to the first bytes, and to each later send, are strings.
local function fake(answers, how)
  local taken, sent = 0, 0
  local transport = {
    send = function() sent = sent + 1 end,
    take = function()
      local bytes = table.concat(answers, "", taken + 1, math.max(taken, math.min(sent, #answers)))
      taken = math.max(taken, math.min(sent, #answers))
      return bytes
    end,
    ended = function() return taken == #answers and how or nil end,
    finish = function() end,
    close = function() end,
    settle = function(_, done) return done() or done() end,
  }
  return { name = "in a spec", connect = function() return transport end }
end

local function case(fields)
  local made = { id = "0", says = "is a case", status = 101, ends = "open", request = {} }
  for name, value in pairs(fields) do made[name] = value end
  return made
end

describe("the runner", function()
  local PONG, ENDED = frame(0x8a, "still there?"), frame(0x88, "\3\232")
  local ECHO = case { sends = { "\x81\x84\0\0\0\0text" }, answers = { { "text", "text" } } }
  local FAILS = case { sends = { "\x83\x80\0\0\0\0" }, ends = 1002 }

  it("finds nothing wrong with a good server", function()
    assert.is_nil(runner.run(ECHO, fake({ head(), frame(0x81, "text"), PONG, ENDED }, "end")))
    assert.is_nil(runner.run(FAILS, fake({ head(), frame(0x88, "\3\234") }, "end")))
  end)

  local WRONG = {
    { "another answer", ECHO, { head(), frame(0x81, "test"), PONG, ENDED }, "end",
      "they differ behind 2 bytes" },
    { "the answer in another type", ECHO, { head(), frame(0x82, "text"), PONG, ENDED }, "end",
      "came binary of 4 bytes" },
    { "no answer", ECHO, { head(), "", PONG, ENDED }, "end", "answer 1: expected text" },
    { "an answer too many", ECHO,
      { head(), frame(0x81, "text") .. frame(0x81, "text"), PONG, ENDED }, "end",
      "answer 2: expected pong" },
    { "no pong at the end", ECHO, { head(), frame(0x81, "text"), "", ENDED }, "end",
      "answer 2: expected pong of 12 bytes" },
    { "no Close at the end", ECHO, { head(), frame(0x81, "text"), PONG, "" }, nil,
      "expected a Close with 1000; came none" },
    { "another code at the end", ECHO, { head(), frame(0x81, "text"), PONG, frame(0x88, "\3\233") },
      "end", "came code 1001" },
    { "no end of TCP", ECHO, { head(), frame(0x81, "text"), PONG, ENDED }, nil, "to end TCP" },
    { "a reset", ECHO, { head(), frame(0x81, "text"), PONG, ENDED }, "reset", "reset" },
    { "an echo of what is wrong", FAILS, { head(), frame(0x81, "") .. frame(0x88, "\3\234") },
      "end", "expected no answer 1" },
    { "no Close for what is wrong", FAILS, { head(), "" }, nil, "came none; TCP: still open" },
    { "an end without a Close", FAILS, { head(), "" }, "end", "without a Close" },
    { "another code", FAILS, { head(), frame(0x88, "\3\239") }, "end", "came code 1007" },
    { "a Close without the end of TCP", FAILS, { head(), frame(0x88, "\3\234") }, nil,
      "to end TCP" },
    { "an end that doesn't wait for the answer to its Close",
      case { sends = { "\x81\x80\0\0\0\0" }, ends = 1000, replies = { "\x88\x80\0\0\0\0" } },
      { head(), ENDED }, "end", "to wait for the Close" },
    { "a refusal", ECHO, { "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" }, "end",
      "expected the status 101; came 404" },
    { "a 101 for a refusal", case { status = 400 }, { head() }, nil, "expected the status 400" },
    { "another status", case { status = 400 },
      { "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" }, "end", "came 404" },
    { "a refusal that stays open", case { status = 404 },
      { "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" }, nil, "it is still open" },
    { "a field that isn't there", case { status = 405, fields = { allow = "GET" } },
      { "HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n" }, "end", "expected the field allow: GET" },
    { "a field that shouldn't be there", case { fields = { server = false } },
      { head(nil, "Server: x") }, nil, "expected the field server: none" },
    { "no extension", case { agreed = {}, request = { fields = {
      ["Sec-WebSocket-Extensions"] = "permessage-deflate" } } }, { head() }, nil, "was not" },
  }
  for _, row in ipairs(WRONG) do
    it("finds " .. row[1], function()
      local why = runner.run(row[2], fake(row[3], row[4]))
      assert(why, "it found nothing")
      assert(why:find(row[5], 1, true), ("expected %q, not %q"):format(row[5], why))
    end)
  end
end)
