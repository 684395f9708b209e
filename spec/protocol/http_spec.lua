-- The request head as a byte machine: src/protocol/http.c.

local http = require("moonroom.core").testkit.http

local HANDSHAKE = table.concat({
  "GET /echo HTTP/1.1",
  "Host: localhost:9001",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
}, "\r\n") .. "\r\n\r\n"

-- A head with these field lines.
local function head(...)
  return "GET / HTTP/1.1\r\n" .. table.concat({ ... }, "\r\n") .. "\r\n\r\n"
end

-- One string for all that http_parse answers, to be compared.
local function answer(pieces, limits)
  local results = table.pack(http.parse(pieces, limits))
  for i = 1, results.n do
    results[i] = tostring(results[i])
  end
  return table.concat(results, " | ")
end

local function bytes_of(text)
  local pieces = {}
  for i = 1, #text do
    pieces[i] = text:sub(i, i)
  end
  return pieces
end

local function assert_same_in_pieces(text, limits)
  local whole = answer(text, limits)
  assert.equal(whole, answer(bytes_of(text), limits))
  for at = 0, #text do
    assert.equal(whole, answer({ text:sub(1, at), text:sub(at + 1) }, limits))
  end
  return whole
end

local function assert_complete(text, limits)
  local progress, consumed, status, reason = http.parse(text, limits)
  assert.equal("complete", progress, reason)
  assert.equal(#text, consumed)
  assert.is_nil(status)
end

-- Refused with this status and a sentence that has these words.
local function assert_wrong(status, words, text, limits)
  local progress, consumed, got, reason = http.parse(text, limits)
  assert.equal("wrong", progress, ("%q"):format(text))
  assert.equal(status, got, reason)
  assert.truthy(reason:find(words, 1, true), reason)
  return consumed
end

local good = {
  HANDSHAKE,
  "\r\n" .. HANDSHAKE,
  HANDSHAKE .. "\x81\x85\x37\xfa\x21\x3d",
  HANDSHAKE .. HANDSHAKE,
  "GET / HTTP/1.1\r\n\r\n",
  "POST /api/echo?a=b&c=%20 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}",
  "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET http://localhost/ HTTP/1.1\r\nHost: a\r\n\r\n",
  head("A:", "B: ", "C:\t1 \t ", "D:e:f", "G: \x80\xff"),
}

local bad = {
  ["a bare LF"] = "GET / HTTP/1.1\nHost: a\n\n",
  ["a bare LF after a field"] = "GET / HTTP/1.1\r\nHost: a\nB: c\r\n\r\n",
  ["a bare LF at the end"] = "GET / HTTP/1.1\r\nHost: a\r\n\n",
  ["a bare CR in a value"] = head("X-A: a\rb"),
  ["a NUL in a value"] = head("X-A: a\0b"),
  ["a folded field"] = head("X-A: 1", "\t2"),
  ["a space before the colon"] = head("Host : localhost"),
  ["HTTP/1.0"] = "GET / HTTP/1.0\r\n\r\n",
  ["HTTP/0.9"] = "GET /echo\r\n\r\n",
  ["the preface of HTTP/2"] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
  ["TLS"] = "\x16\x03\x01\x00\xf1\x01\x00\x00\xed\x03\x03" .. ("\0"):rep(60),
  ["a PROXY line"] = "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" .. HANDSHAKE,
}

describe("http_parse", function()
  it("finds the end of a good head", function()
    for _, text in ipairs(good) do
      local progress, consumed = http.parse(text)
      assert.equal("complete", progress)
      assert.equal("\r\n\r\n", text:sub(consumed - 3, consumed))
    end
    assert_complete(HANDSHAKE)
  end)

  it("says the same of a head whole, byte by byte, and at every split", function()
    for _, text in ipairs(good) do
      assert.matches("^complete", assert_same_in_pieces(text))
    end
    for name, text in pairs(bad) do
      assert.matches("^wrong", assert_same_in_pieces(text), name)
    end
  end)

  it("needs more after every prefix of a good head", function()
    for at = 0, #HANDSHAKE - 1 do
      local progress, consumed = http.parse(HANDSHAKE:sub(1, at))
      assert.equal("needs more", progress)
      assert.equal(at, consumed)
    end
  end)

  it("leaves what follows the head alone", function()
    local _, consumed = http.parse(HANDSHAKE .. HANDSHAKE)
    assert.equal(#HANDSHAKE, consumed)
    _, consumed = http.parse { HANDSHAKE .. "\x81", "\x85" }
    assert.equal(#HANDSHAKE, consumed)
  end)

  it("counts the bytes before the wrong one as taken", function()
    assert.equal(#"GET / HTTP/1.1\r\nHost", assert_wrong(400, "space", head("Host : a")))
    assert.equal(0, assert_wrong(400, "TLS", bad.TLS))
  end)

  it("stays wrong", function()
    assert.equal("wrong", (http.parse { "GET\r", "GET / HTTP/1.1\r\n\r\n" }))
  end)

  it("answers to every corruption of one byte, the same in two pieces", function()
    local known = { [400] = true, [414] = true, [431] = true, [501] = true, [505] = true }
    for at = 1, #HANDSHAKE do
      local before, after = HANDSHAKE:sub(1, at - 1), HANDSHAKE:sub(at + 1)
      for byte = 0, 255 do
        local text = before .. string.char(byte) .. after
        local progress, consumed, status = http.parse(text)
        assert.is_true(consumed <= #text)
        assert.is_true((progress == "wrong") == (known[status] or false))
        assert.equal(answer(text), answer { before, text:sub(at) })
      end
    end
  end)

  describe("on the request line", function()
    it("passes one empty line before it, and no second", function()
      assert_complete("\r\n" .. HANDSHAKE)
      assert_wrong(400, "empty", "\r\n\r\n" .. HANDSHAKE)
      assert_wrong(400, "LF without CR", "\n" .. HANDSHAKE)
      assert_wrong(400, "CR", "\r\r\n" .. HANDSHAKE)
    end)

    it("takes a method of token bytes only", function()
      for byte = 0, 255 do
        local text = "X" .. string.char(byte) .. "X / HTTP/1.1\r\n\r\n"
        local is_token = http.is_token(string.char(byte))
        if byte == 0x20 then
          assert_wrong(400, "HTTP version", text)
        else
          assert.equal(is_token and "complete" or "wrong", (http.parse(text)), byte)
        end
      end
      assert_wrong(400, "begin with a method", " GET / HTTP/1.1\r\n\r\n")
    end)

    it("takes a method of 32 bytes and answers 501 to a longer one", function()
      assert_complete(("M"):rep(32) .. " / HTTP/1.1\r\n\r\n")
      assert_wrong(501, "method", ("M"):rep(33))
    end)

    it("takes methods that it does not know", function()
      assert_complete("get / HTTP/1.1\r\n\r\n")
      assert_complete("BREW /pot HTTP/1.1\r\n\r\n")
    end)

    it("takes a target of visible ASCII only", function()
      for byte = 0, 255 do
        local text = "GET /a" .. string.char(byte) .. "b HTTP/1.1\r\n\r\n"
        local progress, _, status = http.parse(text)
        local is_visible = byte > 0x20 and byte < 0x7f
        assert.equal(is_visible and "complete" or "wrong", progress, byte)
        assert.equal(not is_visible and 400 or nil, status)
      end
    end)

    it("refuses two spaces in a row and a third word", function()
      assert_wrong(400, "two spaces", "GET  / HTTP/1.1\r\n\r\n")
      assert_wrong(400, "two spaces", "GET /  HTTP/1.1\r\n\r\n")
      assert_wrong(400, "HTTP version", "GET /api/hello x HTTP/1.1\r\n\r\n")
      assert_wrong(400, "follows the HTTP version", "GET / HTTP/1.1 \r\n\r\n")
      assert_wrong(400, "follows the HTTP version", "GET / HTTP/1.1 x\r\n\r\n")
    end)

    it("refuses a tab between its words", function()
      assert_wrong(400, "method", "GET\t/ HTTP/1.1\r\n\r\n")
      assert_wrong(400, "target", "GET /\tHTTP/1.1\r\n\r\n")
    end)

    it("refuses a line that stops early", function()
      assert_wrong(400, "method", "GET\r\n\r\n")
      assert_wrong(400, "no target", "GET \r\n\r\n")
      assert_wrong(400, "no HTTP version", bad["HTTP/0.9"])
      assert_wrong(400, "HTTP version", "GET / \r\n\r\n")
    end)

    it("answers 505 to every other well-formed version", function()
      for major = 0, 9 do
        for minor = 0, 9 do
          local text = ("GET / HTTP/%d.%d\r\n\r\n"):format(major, minor)
          if major == 1 and minor == 1 then
            assert_complete(text)
          else
            assert_wrong(505, "not 1.1", text)
          end
        end
      end
      assert_wrong(505, "not 1.1", bad["the preface of HTTP/2"])
    end)

    it("answers 400 to what is no version", function()
      for _, version in ipairs {
        "http/1.1", "HTTP/1", "HTTP/11", "HTTP/1.10", "HTTP/1.", "HTTP/.1", "HTTP/a.1", "HTTP/2.0x",
        "HTTP/1,1", "HTTPS/1.1", "HTP/1.1", "x",
      } do
        assert_wrong(400, "HTTP version", "GET / " .. version .. "\r\n\r\n")
      end
    end)

    it("refuses TLS and PROXY lines", function()
      assert_wrong(400, "TLS", bad.TLS)
      assert_wrong(400, "HTTP version", bad["a PROXY line"])
    end)
  end)

  describe("in the fields", function()
    it("refuses a line that ends in LF without CR", function()
      assert_wrong(400, "LF without CR", bad["a bare LF"])
      assert_wrong(400, "LF without CR", bad["a bare LF after a field"])
      assert_wrong(400, "LF without CR", "GET / HTTP/1.1\r\nHost: a\r\n\n")
      assert_wrong(400, "LF without CR", "GET / HTTP/1.1\r\nHost\n: a\r\n\r\n")
    end)

    it("refuses a CR without its LF", function()
      assert_wrong(400, "CR", head("X-A: a\rb"))
      assert_wrong(400, "CR", "GET / HTTP/1.1\rHost: a\r\n\r\n")
      assert_wrong(400, "CR", "GET / HTTP/1.1\r\nHost: a\r\n\rX")
      assert_wrong(400, "CR", head("X-A: a\r"))
    end)

    it("refuses a NUL wherever it stands", function()
      for _, text in ipairs {
        "\0", "GE\0T", "GET /\0", "GET / HTTP\0", "GET / HTTP/1.1\0", "GET / HTTP/1.1\r\n\0",
        "GET / HTTP/1.1\r\nA\0", "GET / HTTP/1.1\r\nA:\0",
      } do
        assert_wrong(400, "NUL", text)
      end
    end)

    it("takes tab, blank, visible bytes and obs-text in a value, and no other", function()
      for byte = 0, 255 do
        local char = string.char(byte)
        local is_good = http.has_value_bytes(char)
        assert.equal(is_good, byte == 9 or (byte >= 0x20 and byte ~= 0x7f))
        assert.equal(is_good and "complete" or "wrong", (http.parse(head("A: b" .. char .. "c"))))
      end
      assert_wrong(400, "control byte", head("User-Agent: \27[31m\"x"))
    end)

    it("takes a name of token bytes only", function()
      for byte = 0, 255 do
        local char = string.char(byte)
        local expected = (char == ":" or http.is_token(char)) and "complete" or "wrong"
        assert.equal(expected, (http.parse(head("A" .. char .. "B: c"))), byte)
      end
      assert_wrong(400, "name of a field", head("X(A): 1"))
      assert_wrong(400, "name of a field", head("(A): 1"))
    end)

    it("refuses an empty name and a line without a colon", function()
      assert_wrong(400, "empty", head(": 1"))
      assert_wrong(400, "no colon", head("Host"))
      assert_wrong(400, "no colon", head("Host: a", "B"))
    end)

    it("refuses a blank before the colon", function()
      assert_wrong(400, "before the colon", head("Host : localhost"))
      assert_wrong(400, "before the colon", head("Host\t: localhost"))
    end)

    it("refuses a folded line, and a blank before the first field", function()
      assert_wrong(400, "folded", head("X-A: 1", "\t2"))
      assert_wrong(400, "folded", head("X-A: 1", " 2"))
      assert_wrong(400, "before the first field", head(" Host: evil", "Host: localhost"))
    end)
  end)

  describe("at its limits", function()
    local function padded(size)
      local text = head("A: ")
      return text:gsub("A: ", "A: " .. ("x"):rep(size - #text))
    end

    it("takes a head of max_header bytes and answers 431 to one more", function()
      assert_complete((padded(16384)))
      assert.equal(16384, assert_wrong(431, "head is too long", (padded(16385))))
      assert_complete(HANDSHAKE, { max_header = #HANDSHAKE })
      assert_wrong(431, "head is too long", HANDSHAKE, { max_header = #HANDSHAKE - 1 })
    end)

    it("counts the empty line before the request line too", function()
      assert_wrong(431, "head is too long", "\r\n" .. HANDSHAKE, { max_header = #HANDSHAKE + 1 })
      assert_complete("\r\n" .. HANDSHAKE, { max_header = #HANDSHAKE + 2 })
    end)

    it("takes a target of max_target bytes and answers 414 to one more", function()
      local target = "/" .. ("a"):rep(8191)
      assert_complete("GET " .. target .. " HTTP/1.1\r\n\r\n")
      assert.equal(#"GET " + 8192, assert_wrong(414, "target", "GET " .. target .. "a"))
      assert_wrong(414, "target", "GET /abc HTTP/1.1\r\n\r\n", { max_target = 3 })
      assert_complete("GET /abc HTTP/1.1\r\n\r\n", { max_target = 4 })
    end)

    it("takes max_fields fields and answers 431 at the next one's first byte", function()
      local lines = {}
      for i = 1, 100 do
        lines[i] = ("X-%d: 1"):format(i)
      end
      local text = head(table.unpack(lines))
      assert_complete(text)
      assert.equal(#text - 2, assert_wrong(431, "fields", text:sub(1, -3) .. "X"))
      assert_wrong(431, "fields", head("A: b"), { max_fields = 0 })
      assert_complete("GET / HTTP/1.1\r\n\r\n", { max_fields = 0 })
    end)

    it("says the same of a limit in pieces", function()
      assert.matches("431", assert_same_in_pieces(HANDSHAKE, { max_header = 100 }))
      assert.matches("414", assert_same_in_pieces(HANDSHAKE, { max_target = 2 }))
      assert.matches("431", assert_same_in_pieces(HANDSHAKE, { max_fields = 3 }))
    end)
  end)
end)
