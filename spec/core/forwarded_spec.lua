-- Whom a request comes from behind proxies: src/core/forwarded.c.

local noting = require "noting"

local proxies = { trusted_proxies = "10.0.0.0/8, 2001:db8:f::/48" }

-- What a script sees of a request with these header fields (a table, or lines) from a peer.
local function seen(fields, peer, options)
  local request
  local w = noting.echoing(options or proxies, { on_accept = function(_, one) request = one end })
  local connect = { address = peer and peer.address or "10.0.0.1", secure = peer and peer.secure }
  if type(fields) == "string" then fields = { ["X-Forwarded-For"] = fields } end
  if #fields > 0 then connect.more = fields else connect.headers = fields end
  w:connect("/room", connect)
  return request.address, request.port, request.secure, w
end

local function address(...) return (seen(...)) end

describe("X-Forwarded-For", function()
  it("is believed of a trusted proxy", function()
    assert.equal("192.0.2.7", address("192.0.2.7"))
    assert.equal("2001:db8::7", address("2001:DB8::7"))
    assert.equal("192.0.2.7", address("192.0.2.7", { address = "2001:db8:f::1" }))
    assert.equal("192.0.2.7", address("192.0.2.7", { address = "::ffff:10.0.0.1" }))
  end)

  it("is believed of nobody else", function()
    for _, peer in ipairs { "192.0.2.1", "11.0.0.1", "9.255.255.255", "2001:db8:e::1", "::1" } do
      local got, port, secure = seen({ ["X-Forwarded-For"] = "192.0.2.7",
        ["X-Forwarded-Proto"] = "https" }, { address = peer })
      assert.same({ peer, 40000, false }, { got, port, secure })
    end
  end)

  it("is believed of nobody by default", function()
    for _, peer in ipairs { "10.0.0.1", "127.0.0.1", "::1" } do
      assert.equal(peer, address("192.0.2.7", { address = peer }, {}))
    end
  end)

  it("tells by its right-most address that is no trusted proxy's", function()
    for list, expected in pairs {
      ["198.51.100.1, 192.0.2.7"] = "192.0.2.7", ["192.0.2.7, 10.0.0.5"] = "192.0.2.7",
      ["198.51.100.1,192.0.2.7,10.9.9.9 , 10.0.0.5"] = "192.0.2.7",
      ["192.0.2.7,2001:db8:f:1::1"] = "192.0.2.7", [" , 192.0.2.7 ,, "] = "192.0.2.7",
      ["10.0.0.9, 10.0.0.5"] = "10.0.0.9", -- all of them are proxies: the farthest
      [""] = "10.0.0.1", [","] = "10.0.0.1",
    } do
      assert.equal(expected, address(list), list)
    end
  end)

  it("goes on in the field before, from the last one back", function()
    assert.equal("192.0.2.7", address { "X-Forwarded-For: 198.51.100.1, 192.0.2.7",
      "X-Forwarded-For: 10.0.0.5" })
    assert.equal("192.0.2.8", address { "X-Forwarded-For: 192.0.2.7",
      "X-Forwarded-For: 192.0.2.8" })
    assert.equal("192.0.2.7", address { "x-forwarded-for: 192.0.2.7", "X-Forwarded-For: " })
  end)

  it("ends at what is no address", function()
    for _, list in ipairs { "unknown", "192.0.2.7, _hidden", "192.0.2.7 192.0.2.8", "192.0.2",
      "192.0.2.7:", "192.0.2.7:x", "192.0.2.7:65536", "[192.0.2.7", "[::1]x", "[]", "[", "]",
      "evil\t", "192.0.2.7/8" } do
      assert.equal("10.0.0.1", address(list), list)
    end
    assert.equal("10.0.0.5", address("192.0.2.7, unknown, 10.0.0.5"))
  end)

  it("may have ports", function()
    for text, expected in pairs {
      ["192.0.2.7"] = { "192.0.2.7", 0 }, ["192.0.2.7:8080"] = { "192.0.2.7", 8080 },
      ["[2001:db8::7]"] = { "2001:db8::7", 0 }, ["[2001:db8::7]:65535"] = { "2001:db8::7", 65535 },
      ["2001:db8::7"] = { "2001:db8::7", 0 },
    } do
      local got, port = seen(text)
      assert.same(expected, { got, port })
    end
  end)

  it("goes back through so many proxies at most", function()
    assert.equal("192.0.2.7", address("192.0.2.7" .. (", 10.0.0.9"):rep(31)))
    assert.equal("10.0.0.9", address("192.0.2.7" .. (", 10.0.0.9"):rep(32)))
    assert.equal("10.0.0.9", address(("10.0.0.9,"):rep(1500)))
  end)

  it("is what log and per_ip go by", function()
    local w = noting.echoing { trusted_proxies = "10.0.0.1", per_ip = 1 }
    local function connect(text, peer)
      return w:connect("/room", { address = peer or "10.0.0.1",
        headers = { ["X-Forwarded-For"] = text } })
    end
    assert.equal(101, connect("192.0.2.7").status)
    w:log()
    assert.equal(429, connect("192.0.2.7").status)
    assert.matches("rule=per_ip .*address=192.0.2.7\n", w:log())
    local peer = connect("192.0.2.8")
    assert.equal(101, peer.status)
    assert.equal(101, connect("192.0.2.8", "10.0.0.2").status) -- 10.0.0.2's own place
    peer:reset()
    assert.matches("client left .*address=192.0.2.8 ", w:log())
    assert.equal("192.0.2.8", w.clients[2].address)
  end)

  it("is each request's own on a connection that is kept", function()
    local w = noting.echoing(proxies)
    local peer = w:peer { address = "10.0.0.1" }
    for _, text in ipairs { "192.0.2.7", "192.0.2.8" } do
      peer:send("GET /none HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: " .. text .. "\r\n\r\n")
      assert.matches("address=" .. text, w:log())
    end
    peer:send "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"
    assert.matches("address=10.0.0.1\n", w:log())
  end)
end)

describe("X-Forwarded-Proto", function()
  it("is whether a trusted proxy had TLS", function()
    for text, expected in pairs {
      https = true, HTTPS = true, wss = true, http = false, ws = false, ["http, https"] = true,
      ["https,http"] = false, [""] = false, spdy = false,
    } do
      assert.equal(expected, (select(3, seen { ["X-Forwarded-Proto"] = text })), text)
    end
  end)

  it("beats our own TLS, where it says something", function()
    local secure = { address = "10.0.0.1", secure = true }
    assert.is_false((select(3, seen({ ["X-Forwarded-Proto"] = "http" }, secure))))
    assert.is_true((select(3, seen({ ["X-Forwarded-Proto"] = "gopher" }, secure))))
    assert.is_true((select(3, seen({}, secure))))
  end)
end)

describe("trusted_proxies", function()
  it("is a list of addresses and prefixes", function()
    local kit = require("moonroom.core").testkit.options
    assert.equal("10.0.0.0/8,::1", (kit.set_text("trusted_proxies", "10.0.0.0/8, ::1")))
    for _, text in ipairs { "localhost", "10.0.0.0/33", "10.0.0.1:80", "[::1]" } do
      local value, problem = kit.set_text("trusted_proxies", text)
      assert.is_nil(value)
      assert.equal(('trusted_proxies must be addresses or prefixes such as 10.0.0.0/8, not "%s"')
        :format(text), problem)
    end
  end)
end)
