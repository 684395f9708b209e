-- A parsed request: src/protocol/request.c and src/protocol/authority.c.

local http = require("moonroom.core").testkit.http

-- A head of a request line and field lines; Host is added.
local function head(line, ...)
  return table.concat({ line, "Host: localhost", ... }, "\r\n") .. "\r\n\r\n"
end

local function request(line, ...)
  return assert(http.request(head(line, ...)))
end

local function parts(target, method)
  return request((method or "GET") .. " " .. target .. " HTTP/1.1"):parts()
end

local function with_host(...)
  local lines = { "GET / HTTP/1.1" }
  for _, host in ipairs { ... } do
    lines[#lines + 1] = "Host:" .. host
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

local function assert_refused(words, text)
  local got, status, reason = http.request(text)
  assert.is_nil(got, ("%q"):format(text))
  assert.equal(400, status)
  assert.truthy(reason:find(words, 1, true), reason)
end

describe("request_new", function()
  it("takes the request line apart", function()
    local it = parts("/chat/room?name=joe&x=%20")
    assert.equal("GET", it.method)
    assert.equal("/chat/room?name=joe&x=%20", it.target)
    assert.equal("/chat/room", it.path)
    assert.equal("name=joe&x=%20", it.query)
    assert.equal("localhost", it.host)
  end)

  it("cuts the query at the first question mark", function()
    assert.equal("b?c", parts("/a?b?c").query)
    assert.equal("", parts("/a?").query)
    assert.equal("", parts("/a").query)
    assert.equal("/", parts("/?b").path)
  end)

  it("skips the empty line before the request line", function()
    assert.same(request("GET /a HTTP/1.1"):parts(), request("\r\nGET /a HTTP/1.1"):parts())
  end)

  it("keeps the fields in order, names in lower case, values without outer blanks", function()
    local it = request("GET / HTTP/1.1", "X-One:1", "x-TWO: \t a  b \t", "X-Three:", "X-One: T:w")
    assert.same({
      { "host", "localhost" },
      { "x-one", "1" },
      { "x-two", "a  b" },
      { "x-three", "" },
      { "x-one", "T:w" },
    }, it:parts().fields)
  end)

  it("takes a request without a field but Host", function()
    assert.same({ { "host", "localhost" } }, request("GET / HTTP/1.1"):parts().fields)
  end)

  it("takes host and path from an absolute target, not from Host", function()
    local it = parts("HTTP://Example.com:81/a/b?c")
    assert.equal("Example.com:81", it.host)
    assert.equal("/a/b", it.path)
    assert.equal("c", it.query)
    assert.equal("/", parts("https://example.com").path)
    assert.equal("/", parts("http://example.com?c").path)
    assert.equal("c", parts("http://example.com?c").query)
  end)

  it("refuses a target of no form that a server answers", function()
    for _, target in ipairs {
      "a", "localhost:22", "ftp://a/b", "http:/a", "http://", "http", "chat/room", "?", "**",
    } do
      assert_refused("request target", head("GET " .. target .. " HTTP/1.1"))
    end
    assert_refused("request target", head("CONNECT localhost:22 HTTP/1.1"))
  end)

  it("refuses an absolute target without a valid host", function()
    for _, target in ipairs { "http:///a", "http://joe@a/", "http://a:b/", "http://[::1/" } do
      assert_refused("valid host", head("GET " .. target .. " HTTP/1.1"))
    end
  end)

  it("takes the target * for OPTIONS only", function()
    assert.equal("*", parts("*", "OPTIONS").path)
    assert_refused("OPTIONS", head("GET * HTTP/1.1"))
  end)

  it("refuses a fragment in the target", function()
    assert_refused("fragment", head("GET /a#b HTTP/1.1"))
    assert_refused("fragment", head("GET http://a/#b HTTP/1.1"))
  end)

  it("refuses a request with no Host, or two, even equal ones", function()
    assert_refused("no Host", "GET / HTTP/1.1\r\n\r\n")
    assert_refused("no Host", "GET http://a/ HTTP/1.1\r\nA: b\r\n\r\n")
    assert_refused("two Host", with_host("a", "a"))
    assert_refused("two Host", with_host("a", "b"))
  end)

  it("refuses an empty Host, which no http URL leads to", function()
    assert_refused("empty", with_host(""))
    assert_refused("empty", with_host(" \t "))
  end)

  it("takes every host[:port]", function()
    for _, host in ipairs {
      "localhost", "localhost:9001", "127.0.0.1:0", "a:65535", "a:", "[::1]", "[::1]:", "[::1]:80",
      "[::ffff:1.2.3.4]", "a-b._~!$&'()*+,;=%41", "A.B.C.",
    } do
      assert.equal(host, assert(http.request(with_host(host)), host):parts().host)
    end
  end)

  it("refuses a Host that is none", function()
    for _, host in ipairs {
      "local host/x", "a/b", "joe@a", "a:65536", "a:99999999999999999999", "a:b", "a:1:2", "a:+1",
      "a:-1", ":80", "::1", "[]", "[::1", "::1]", "[::1]x", "[::g]", "[a", "%4", "%zz", "a\x80",
      "a?b", "a#b", "http://a", "a\"", "a<b", "a, b", "[::1]:a",
    } do
      assert_refused("Host field is not", with_host(host))
    end
  end)

  it("answers 503 where there is no memory, in one allocation", function()
    local text = head("GET / HTTP/1.1", "A: b")
    local got, status, reason = http.request(text, 1)
    assert.is_nil(got)
    assert.equal(503, status)
    assert.equal("no memory", reason)
    local before, after = http.request(text, 2):release()
    assert.equal(1, before)
    assert.equal(0, after)
  end)

  it("answers to every corruption of one byte", function()
    local text = head("GET http://a:1/b?c HTTP/1.1", "Content-Length: 5", "Connection: close")
    for at = 1, #text do
      for byte = 0, 255 do
        local got, status = http.request(text:sub(1, at - 1) .. string.char(byte)
          .. text:sub(at + 1))
        if got then
          assert.is_true(#got:parts().path > 0)
          assert.is_string((got:body()))
        else
          assert.is_number(status)
        end
      end
    end
  end)
end)

describe("authority_parse", function()
  it("tells host and port", function()
    assert.same({ "a", -1 }, { http.authority("a") })
    assert.same({ "a", -1 }, { http.authority("a:") })
    assert.same({ "a", 0 }, { http.authority("a:0") })
    assert.same({ "A", 8080 }, { http.authority("A:08080") })
    assert.same({ "[::1]", 443 }, { http.authority("[::1]:443") })
    assert.is_nil(http.authority(""))
  end)
end)

describe("request_find and request_count", function()
  it("find the first of a name and count them all", function()
    local it = request("GET / HTTP/1.1", "A: 1", "B: 2", "a: 3")
    assert.equal("1", it:find("a"))
    assert.equal(2, it:count("a"))
    assert.equal("", request("GET / HTTP/1.1", "A:"):find("a"))
    assert.is_nil(it:find("c"))
    assert.equal(0, it:count("c"))
  end)
end)

describe("request_has_token", function()
  it("looks through all fields of the name, without regard to case", function()
    local it = request("GET / HTTP/1.1", "Connection: keep-alive, uPgRaDe", "Upgrade: h2c",
      "Upgrade: , WebSocket")
    assert.is_true(it:has_token("connection", "upgrade"))
    assert.is_true(it:has_token("upgrade", "websocket"))
    assert.is_false(it:has_token("connection", "websocket"))
    assert.is_false(it:has_token("via", "upgrade"))
  end)

  it("compares whole elements", function()
    local it = request("GET / HTTP/1.1", "Upgrade: websockets, web, websocket/13, a websocket")
    assert.is_false(it:has_token("upgrade", "websocket"))
  end)
end)

describe("request_body", function()
  local function body(...)
    return table.pack(request("POST / HTTP/1.1", ...):body())
  end

  local function assert_wrong(status, ...)
    local it = body(...)
    assert.equal("wrong", it[1], (...))
    assert.equal(status, it[2], it[3])
    assert.is_string(it[3])
  end

  it("is none without a field that announces one, and with a length of 0", function()
    assert.equal("none", body()[1])
    assert.equal("none", body("Content-Length: 0")[1])
    assert.equal("none", body("Content-Length: 000")[1])
  end)

  it("has a length of up to 64 bits", function()
    assert.same({ "length", 5, n = 2 }, body("Content-Length: 5"))
    assert.same({ "length", 5, n = 2 }, body("Content-Length: \t005 "))
    assert.same({ "length", math.maxinteger, n = 2 }, body("Content-Length: 9223372036854775807"))
    assert.same({ "length", -1, n = 2 }, body("Content-Length: 18446744073709551615"))
  end)

  it("refuses a length that is no number", function()
    for _, value in ipairs {
      "", "-1", "+5", "0x5", "5, 5", "5,5", "5 5", "5.0", "1e3", "a", "5;",
      "18446744073709551616", "99999999999999999999", "184467440737095516150",
    } do
      assert_wrong(400, "Content-Length: " .. value)
    end
  end)

  it("refuses two lengths, even equal ones", function()
    assert_wrong(400, "Content-Length: 5", "Content-Length: 5")
    assert_wrong(400, "Content-Length: 5", "Content-Length: 6")
  end)

  it("is chunked where that is the only transfer coding", function()
    assert.same({ "chunked", n = 1 }, body("Transfer-Encoding: chunked"))
    assert.same({ "chunked", n = 1 }, body("Transfer-Encoding: CHUNKED\t"))
  end)

  it("refuses a length and a coding together", function()
    assert_wrong(400, "Content-Length: 4", "Transfer-Encoding: chunked")
    assert_wrong(400, "Content-Length: 0", "Transfer-Encoding: chunked")
    assert_wrong(400, "Transfer-Encoding: x", "Content-Length: 4")
  end)

  it("answers 501 to a coding that it does not know", function()
    for _, value in ipairs { "xchunked", "gzip, chunked", "identity", "chunked;a=b", "x" } do
      assert_wrong(501, "Transfer-Encoding: " .. value)
    end
    assert_wrong(501, "Transfer-Encoding: gzip", "Transfer-Encoding: chunked")
  end)

  it("answers 400 where chunked is not alone", function()
    for _, value in ipairs {
      "chunked, identity", "chunked, chunked", "chunked,", ",chunked", "",
    } do
      assert_wrong(400, "Transfer-Encoding: " .. value)
    end
    assert_wrong(400, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked")
  end)
end)

describe("request_keeps_alive", function()
  it("is true unless Connection lists close", function()
    local function keeps(...)
      return request("GET / HTTP/1.1", ...):parts().keeps_alive
    end
    assert.is_true(keeps())
    assert.is_true(keeps("Connection: keep-alive"))
    assert.is_true(keeps("Connection: closed"))
    assert.is_false(keeps("Connection: Close"))
    assert.is_false(keeps("Connection: upgrade", "Connection: keep-alive, close"))
  end)
end)
