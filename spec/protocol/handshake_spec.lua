-- The opening handshake: src/protocol/handshake.c.

local http = require("moonroom.core").testkit.http

local KEY = "dGhlIHNhbXBsZSBub25jZQ=="

-- A handshake with fields replaced (false: left out), lines added behind.
local function handshake(replaced, extra, method)
  local lines = { (method or "GET") .. " /echo HTTP/1.1" }
  for _, field in ipairs {
    { "Host", "localhost:9001" }, { "Upgrade", "websocket" }, { "Connection", "Upgrade" },
    { "Sec-WebSocket-Key", KEY }, { "Sec-WebSocket-Version", "13" },
  } do
    local value = (replaced or {})[field[1]]
    if value ~= false then
      lines[#lines + 1] = field[1] .. ": " .. (value or field[2])
    end
  end
  table.move(extra or {}, 1, #(extra or {}), #lines + 1, lines)
  return assert(http.request(table.concat(lines, "\r\n") .. "\r\n\r\n"))
end

local function assert_kind(kind, ...)
  local got, status, reason = handshake(...):check()
  assert.equal(kind, got, reason)
  assert.equal(kind ~= "refused", status == nil)
end

local function assert_refused(status, words, ...)
  local kind, got, reason, headers = handshake(...):check()
  assert.equal("refused", kind)
  assert.equal(status, got, reason)
  assert.truthy(reason:find(words, 1, true), reason)
  return headers
end

describe("handshake_check", function()
  it("passes a good handshake", function()
    assert_kind("upgrade")
  end)

  it("takes token lists in any case in Connection and Upgrade", function()
    assert_kind("upgrade", { Connection = "keep-alive, uPgRaDe", Upgrade = "h2c, WebSocket" })
    assert_kind("upgrade", { Upgrade = "h2c" }, { "Upgrade: websocket" })
  end)

  it("takes a request without both tokens for an ordinary one", function()
    assert_kind("none", { Upgrade = false, Connection = false })
    assert_kind("none", { Upgrade = false })
    assert_kind("none", { Connection = "keep-alive" })
    assert_kind("none", { Upgrade = "websockets" })
    assert_kind("none", { Upgrade = false }, nil, "POST")
  end)

  it("answers 405 with Allow to any method but GET", function()
    for _, method in ipairs { "POST", "HEAD", "get", "OPTIONS", "GETS" } do
      assert.equal("Allow: GET\r\n", assert_refused(405, "GET", nil, nil, method))
    end
  end)

  it("refuses a body, however it is framed", function()
    for _, line in ipairs {
      "Content-Length: 5", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip",
      "Content-Length: -1", "Content-Length: 5, 5",
    } do
      assert.equal("", assert_refused(400, "", nil, { line }))
    end
    assert_refused(400, "no body", nil, { "Content-Length: 1" })
    assert_refused(400, "no body", nil, { "Transfer-Encoding: chunked" })
    assert_kind("upgrade", nil, { "Content-Length: 0" })
  end)

  it("refuses a key that is not base64 of 16 bytes", function()
    for _, key in ipairs {
      "", "AAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAAAA",
      "AAAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAA===", "AAAAAAAAAAAAAAAAAAAAAA===",
      "AAAAAAAAAA AAAAAAAAAAA==", "AAAAAAAAAA-AAAAAAAAAAA==", "AAAAAAAAAA_AAAAAAAAAAA==",
      "AAAAAAAAAAAAAAAAAAAAAA==, AAAAAAAAAAAAAAAAAAAAAA==", "AA==AAAAAAAAAAAAAAAAAA==",
      "AAAAAAAAAAAAAAAAAAAAAA=A", "\"AAAAAAAAAAAAAAAAAAAAA==", "\xffAAAAAAAAAAAAAAAAAAAAA==",
    } do
      assert_refused(400, "Sec-WebSocket-Key is not", { ["Sec-WebSocket-Key"] = key })
    end
  end)

  it("takes every letter of base64 in a key, and any unused last bits", function()
    for char in ("ABCXYZabcxyz0189+/"):gmatch(".") do
      assert_kind("upgrade", { ["Sec-WebSocket-Key"] = char:rep(22) .. "==" })
    end
  end)

  it("refuses a request with no key, or two", function()
    assert_refused(400, "no Sec-WebSocket-Key", { ["Sec-WebSocket-Key"] = false })
    assert_refused(400, "two Sec-WebSocket-Key", nil,
      { "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==" })
    assert_refused(400, "two Sec-WebSocket-Key", nil, { "Sec-WebSocket-Key: " .. KEY })
  end)

  it("refuses two Origin fields", function()
    assert_kind("upgrade", nil, { "Origin: http://localhost:9001" })
    assert_refused(400, "two Origin", nil, { "Origin: http://a", "Origin: http://b" })
  end)

  it("answers 426 with the version that it speaks to any other", function()
    for _, version in ipairs {
      "8", "12", "14", "0x0D", "013", "13.0", "13, 8", "", "+13", "1 3",
    } do
      local headers = assert_refused(426, "13", { ["Sec-WebSocket-Version"] = version })
      assert.equal("Sec-WebSocket-Version: 13\r\n", headers)
    end
    assert_refused(426, "13", { ["Sec-WebSocket-Version"] = false })
    assert_refused(400, "two", nil, { "Sec-WebSocket-Version: 13" })
  end)

  it("refuses a subprotocol that is no token, or is offered twice", function()
    for _, value in ipairs {
      "a b", "a/b", "\"a\"", "a, b c", "a;q=1", "b" .. (" "):rep(15000) .. "x",
    } do
      assert_refused(400, "no token", nil, { "Sec-WebSocket-Protocol: " .. value })
    end
    assert_refused(400, "twice", nil, { "Sec-WebSocket-Protocol: a,,a" })
    assert_refused(400, "twice", nil,
      { "Sec-WebSocket-Protocol: a, b", "Sec-WebSocket-Protocol: b" })
    assert_kind("upgrade", nil, { "Sec-WebSocket-Protocol: a, A,,b", "Sec-WebSocket-Protocol: c" })
  end)

  it("takes a hundred subprotocols and no more", function()
    local names = {}
    for i = 1, 101 do
      names[i] = "p" .. i
    end
    assert_refused(400, "too many", nil, { "Sec-WebSocket-Protocol: " .. table.concat(names, ",") })
    names[101] = nil
    assert_kind("upgrade", nil, { "Sec-WebSocket-Protocol: " .. table.concat(names, ",") })
  end)

  it("names the first wrong thing in the order method, body, key, origin, protocol, version",
    function()
      local extra = { "Content-Length: 5", "Origin: a", "Origin: b", "Sec-WebSocket-Protocol: a,a" }
      local wrong = { ["Sec-WebSocket-Key"] = "x", ["Sec-WebSocket-Version"] = "8" }
      assert_refused(405, "GET", wrong, extra, "POST")
      assert_refused(400, "no body", wrong, extra)
      table.remove(extra, 1)
      assert_refused(400, "Key", wrong, extra)
      wrong["Sec-WebSocket-Key"] = nil
      assert_refused(400, "Origin", wrong, extra)
      table.remove(extra, 1)
      assert_refused(400, "Protocol", wrong, extra)
      table.remove(extra)
      assert_refused(426, "Version", wrong, extra)
    end)
end)

describe("handshake_accept", function()
  it("gives the answers of RFC 6455 and of other servers", function()
    assert.equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", http.accept(KEY))
    assert.equal("HSmrc0sMlYUkAGmm5OPpG2HaGWk=", http.accept("x3JJHMbDL1EzLkh9GBhXDw=="))
  end)

  it("takes nothing but a key's 24 bytes", function()
    assert.is_nil(http.accept(""))
    assert.is_nil(http.accept(KEY .. "="))
    assert.is_nil(http.accept(KEY:sub(2)))
  end)
end)

describe("handshake_offers", function()
  it("finds a subprotocol in all fields, with regard to case", function()
    local request = handshake(nil,
      { "Sec-WebSocket-Protocol: chat.v2 , Chat", "Sec-WebSocket-Protocol: x" })
    assert.is_true(request:offers("chat.v2"))
    assert.is_true(request:offers("Chat"))
    assert.is_true(request:offers("x"))
    assert.is_false(request:offers("chat"))
    assert.is_false(request:offers("chat.v"))
    assert.is_false(request:offers(""))
    assert.is_false(handshake():offers("x"))
  end)
end)

describe("origin_is_same", function()
  local function assert_same(expected, origin, host)
    assert.equal(expected, http.origin_is_same(origin, host), origin .. " at " .. host)
  end

  it("compares host and port without case", function()
    assert_same(true, "http://localhost:9001", "localhost:9001")
    assert_same(true, "HTTP://LOCALHOST:9001", "localhost:9001")
    assert_same(true, "https://Example.com", "eXAMPLE.COM")
    assert_same(true, "http://127.0.0.1:80", "127.0.0.1")
    assert_same(false, "http://localhost:9001", "localhost:9002")
    assert_same(false, "http://localhost:9001", "localhost")
    assert_same(false, "http://evil.example", "localhost:9001")
    assert_same(false, "http://127.0.0.1:9001", "localhost:9001")
  end)

  it("drops the default port of the origin's own scheme from both", function()
    assert_same(true, "https://a", "a:443")
    assert_same(true, "https://a:443", "a")
    assert_same(true, "http://a", "a:80")
    assert_same(true, "http://a:80", "a:")
    assert_same(true, "wss://a", "a:443")
    assert_same(true, "ws://a:80", "a")
    assert_same(false, "https://a", "a:80")
    assert_same(false, "http://a:443", "a")
    assert_same(false, "http://a", "a:443")
  end)

  it("knows IPv6 literals", function()
    assert_same(true, "http://[::1]:9001", "[::1]:9001")
    assert_same(true, "http://[FE80::A]", "[fe80::a]:80")
    assert_same(false, "http://[::1]:9001", "[::2]:9001")
    assert_same(false, "http://[::1]", "::1")
    assert_same(false, "http://::1", "[::1]")
  end)

  it("is fooled by no prefix, suffix, user info or path", function()
    for _, origin in ipairs {
      "http://localhost:9001.evil.example", "http://localhost:9001@evil.example",
      "http://evil.example@localhost:9001", "http://joe:pw@localhost:9001",
      "http://localhost:9001/", "http://localhost:9001/x", "http://localhost:9001?",
      "http://localhost:9001#", "http://localhost:90010", "http://localhost:900",
      "http://xlocalhost:9001", "http://localhost.:9001", "http://localhost:9001 ",
      " http://localhost:9001", "http://localhost:9001, http://localhost:9001",
      "http://localhost:9001\0", "http://local\0host:9001", "http://localhost%3a9001",
    } do
      assert_same(false, origin, "localhost:9001")
    end
  end)

  it("takes nothing that is no scheme://host[:port] of the web", function()
    for _, origin in ipairs {
      "null", "", "localhost:9001", "//localhost:9001", "://localhost:9001", "http:localhost:9001",
      "http:/localhost:9001", "http//localhost:9001", "file://localhost:9001", "http://",
      "http:///", "httpss://localhost:9001", "http:///localhost:9001", "http:", "*",
    } do
      assert_same(false, origin, "localhost:9001")
    end
    assert_same(false, "null", "null")
    assert_same(false, "http://", "")
    assert_same(false, "", "")
  end)
end)
