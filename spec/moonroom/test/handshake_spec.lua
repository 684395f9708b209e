local handshake = require "moonroom.test.handshake"
local raises_here = require "raises_here"

local good = {
  upgrade = "websocket", connection = "Upgrade",
  ["sec-websocket-accept"] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
}

local function with(name, value)
  local headers = {}
  for key, other in pairs(good) do headers[key] = other end
  headers[name] = value
  return headers
end

describe("a client's request", function()
  it("asks for a WebSocket (RFC 6455 4.1)", function()
    assert.equal("GET /a?b=c HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
      .. "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      .. "Sec-WebSocket-Version: 13\r\n\r\n", handshake.request("/a?b=c", {}))
  end)

  it("has an origin, cookies and subprotocols where they are given", function()
    local request = handshake.request("/", {
      origin = "https://a.example", cookies = { b = "2", a = 1 }, protocols = { "v2", "v1" },
    })
    assert.matches("\r\nOrigin: https://a%.example\r\nCookie: a=1; b=2\r\n"
      .. "Sec%-WebSocket%-Protocol: v2, v1\r\n\r\n$", request)
  end)

  it("has further headers, which take the place of its own", function()
    local request = handshake.request("/", {
      headers = { host = "other", Upgrade = false, ["X-B"] = "2", ["X-A"] = "1" },
    })
    assert.is_nil(request:find("localhost", 1, true))
    assert.is_nil(request:find("Upgrade: ", 1, true))
    assert.matches("13\r\nX%-A: 1\r\nX%-B: 2\r\nhost: other\r\n\r\n$", request)
  end)

  it("has no line end in a field", function()
    raises_here("a header field has a line end in it",
      function() handshake.request("/", { headers = { a = "b\r\nc: d" } }) end)
  end)
end)

describe("a server's response", function()
  it("is its status, headers and what comes behind", function()
    local status, headers, rest = handshake.response("HTTP/1.1 101 Switching Protocols\r\n"
      .. "Upgrade: websocket\r\nX-A: 1\r\nx-a:  2 \r\n\r\nrest\r\n\r\nmore")
    assert.same({ 101, { upgrade = "websocket", ["x-a"] = "1, 2" }, "rest\r\n\r\nmore" },
      { status, headers, rest })
  end)

  it("is nothing before all of its head has come", function()
    local head = "HTTP/1.1 404 Not Found\r\nA: b\r\n\r\n"
    for length = 0, #head - 1 do
      assert.same({}, { handshake.response(head:sub(1, length)) })
    end
    assert.equal(404, (handshake.response(head)))
  end)

  it("is refused where it is none of HTTP/1.1", function()
    local _, why = handshake.response("HTTP/1.0 101 Yes\r\nA: b\r\n\r\n")
    assert.equal('the status line "HTTP/1.0 101 Yes"', why)
    _, why = handshake.response("HTTP/1.1 101 Yes\r\nno header\r\n\r\n")
    assert.equal('the header line "no header"', why)
  end)
end)

describe("a 101", function()
  it("is good where it answers what was asked", function()
    assert.is_nil(handshake.check_accepted(good, {}))
    assert.is_nil(handshake.check_accepted(with("sec-websocket-protocol", "b"),
      { protocols = { "a", "b" } }))
  end)

  it("is refused where a client must (RFC 6455 4.1)", function()
    for name, case in pairs {
      upgrade = { "h2c", "a 101 without Upgrade: websocket" },
      connection = { "close", "a 101 without Connection: Upgrade" },
      ["sec-websocket-accept"] = { "x", "Accept doesn't answer the key" },
      ["sec-websocket-extensions"] = { "x", "a 101 with an extension, and none was offered" },
      ["sec-websocket-protocol"] = { "c", 'subprotocol "c", which wasn\'t offered' },
    } do
      local why = handshake.check_accepted(with(name, case[1]), { protocols = { "a", "b" } })
      assert.is_truthy(why:find(case[2], 1, true), why)
    end
  end)
end)
