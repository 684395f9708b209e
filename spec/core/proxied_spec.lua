-- Connections that begin with a PROXY header: src/core/proxied.c.

local noting = require "noting"
local world = require "world"

local header = "PROXY TCP4 192.0.2.7 10.0.0.1 40001 443\r\n"
local binary = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\12\192\0\2\7\10\0\0\1\x9c\x41\1\xbb"
local localhost = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"

local request

local function new(options)
  local all = { proxy_protocol = true, trusted_proxies = "10.0.0.0/8" }
  for name, value in pairs(options or {}) do all[name] = value end
  return noting.echoing(all, { on_accept = function(_, one) request = one end })
end

-- What became of the bytes and a handshake behind them: status, address, port.
local function status(w, bytes, options)
  local peer = w:peer { address = options and options.address or "10.0.0.1" }
  request = nil
  peer:send(bytes .. world.request_head("/room", options))
  local response = peer:response()
  return response and response.status, request and request.address, request and request.port, peer
end

describe("proxy_protocol", function()
  it("takes address and port from a trusted proxy's header", function()
    for _, bytes in ipairs { header, binary } do
      assert.same({ 101, "192.0.2.7", 40001 }, { (select(1, status(new(), bytes))),
        request.address, request.port })
    end
  end)

  it("takes it in any split, with the request or before it", function()
    for _, bytes in ipairs { header, binary, localhost } do
      local all = bytes .. world.request_head("/room")
      for cut = 1, #all - 1 do
        local w = new()
        local peer = w:peer { address = "10.0.0.1" }
        peer:send(all:sub(1, cut))
        peer:send(all:sub(cut + 1))
        assert.equal(101, peer:response().status)
        assert.equal(bytes == localhost and "10.0.0.1" or "192.0.2.7", request.address)
        assert.equal("a", peer:text("a"):take()[1])
      end
    end
  end)

  it("has the proxy's own address count where the header tells none", function()
    for _, bytes in ipairs { localhost, "PROXY UNKNOWN\r\n" } do
      assert.equal(101, (status(new(), bytes)))
      assert.same({ "10.0.0.1", 40000 }, { request.address, request.port })
    end
  end)

  it("resets a trusted proxy's connection without a good header", function()
    for _, bytes in ipairs { "", "PROXY TCP9 \r\n", ("PROXY UNKNOWN "):rep(20) } do
      local w = new()
      local answer, _, _, peer = status(w, bytes)
      assert.is_nil(answer)
      assert.is_true(peer:state().reset)
      assert.matches('connection refused rule=proxy_protocol reason=".*" address=10.0.0.1', w:log())
      assert.equal(1, w.kit.metrics(w.hub).proxy_protocol)
      assert.equal(0, w.joins)
    end
  end)

  it("believes nobody else's header: that is a bad request", function()
    assert.equal(400, (status(new(), header, { address = "192.0.2.1" })))
    assert.equal(101, (status(new(), "", { address = "192.0.2.1" })))
    assert.equal("192.0.2.1", request.address)
  end)

  it("is off by default", function()
    local w = new { proxy_protocol = false }
    assert.equal(400, (status(w, header)))
    assert.equal(101, (status(w, "")))
  end)

  it("is part of the handshake's time", function()
    local w = new { handshake_timeout = 10 }
    local peer = w:peer { address = "10.0.0.1" }
    peer:send(header:sub(1, 10))
    w:advance(9.9)
    assert.is_false(peer:state().closed)
    w:advance(0.1)
    assert.is_true(peer:state().closed)
    assert.equal(1, w.kit.metrics(w.hub).handshake_timeout)
  end)

  it("has X-Forwarded-For go on behind the address that it tells", function()
    local w = new { trusted_proxies = "10.0.0.1, 192.0.2.7" }
    assert.equal(101, (status(w, header, { headers = { ["X-Forwarded-For"] = "198.51.100.9" } })))
    assert.equal("198.51.100.9", request.address)
    w = new { trusted_proxies = "10.0.0.1" }
    assert.equal(101, (status(w, header, { headers = { ["X-Forwarded-For"] = "198.51.100.9" } })))
    assert.equal("192.0.2.7", request.address)
  end)

  it("is what per_ip goes by", function()
    local w = new { per_ip = 1 }
    assert.equal(101, (status(w, header)))
    assert.equal(429, (status(w, binary)))
    assert.equal(101, (status(w, localhost)))
  end)

  it("ends well where the peer goes in the middle of it", function()
    local w = new()
    for cut = 0, #binary - 1 do
      local peer = w:peer { address = "10.0.0.1" }
      peer:send(binary:sub(1, cut))
      if cut % 2 == 0 then peer:finish() else peer:reset() end
      assert.is_true(peer:state().closed)
    end
    assert.equal(0, w.joins)
  end)

  it("passes everything on, and owns nothing in the end", function()
    local w = new()
    local function session()
      local _, _, _, peer = status(w, header)
      peer:text(("x"):rep(100000))
      assert.same({ ("x"):rep(100000) }, peer:take())
      w.clients[1]:close(1000, "bye")
      peer:close(1000)
      peer:finish()
      assert.is_true(peer:state().closed)
      w.clients, request = {}, nil
      return noting.blocks(w)
    end
    session()
    assert.equal(session(), session())
  end)

  it("survives want of memory", function()
    local seen = {}
    for nth = 1, 60 do
      local w = new()
      w.kit.fail(w.hub, nth)
      local answer = status(w, binary)
      w.kit.fail(w.hub)
      seen[answer or "none"] = true
      if answer == 101 and nth > 40 then break end
      assert.equal(101, (status(w, binary)))
    end
    assert.is_true(seen.none and seen[101])
  end)

  it("makes nobody the developer, whoever it says they are", function()
    local w = new { trusted_proxies = "127.0.0.1", hosts = "chat.example" }
    w.kit.set_dev(w.hub, true)
    local options = { address = "127.0.0.1", headers = { Host = "localhost" } }
    assert.equal(101, (status(w, localhost, options)))
    assert.equal(421, (status(w, "PROXY TCP4 127.0.0.1 127.0.0.1 40001 443\r\n", options)))
  end)
end)
