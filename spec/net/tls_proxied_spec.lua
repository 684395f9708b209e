-- TLS behind a PROXY header, which comes first on the wire: src/core/proxied.c below src/net/tls.c.

local noting = require "noting"
local tls = require "tls"

local context

local function connect(w, options)
  return w:connect("/room", tls.over(context, options))
end

before_each(function()
  tls.set_time(0)
  context = assert(tls.context())
end)

after_each(function()
  assert.is_true(tls.native.is_queue_empty())
end)

describe("TLS behind a PROXY header", function()
  -- A cut that puts bytes before the stream's first.
  local function behind(header)
    local is_first = true
    return function(bytes)
      if not is_first or #bytes == 0 then return { bytes } end
      is_first = false
      return { header:sub(1, 5), header:sub(6) .. bytes }
    end
  end

  local options = { proxy_protocol = true, trusted_proxies = "192.0.2.1" }

  it("has the address that the header tells", function()
    local w = noting.echoing(options)
    local peer = connect(w, { cut = behind("PROXY TCP4 198.51.100.7 10.0.0.1 5 6\r\n") })
    assert.equal(101, peer.status)
    peer:text("hello")
    assert.same({ "hello" }, peer:take())
    local request = w.clients[1].request
    assert.same({ "198.51.100.7", 5, true }, { request.address, request.port, request.secure })
    assert.matches("TLSv1.3", request.tls.version)
  end)

  it("doesn't begin where that is missing", function()
    local w = noting.echoing(options)
    local peer = connect(w)
    assert.is_nil(peer.status)
    assert.matches('rule=proxy_protocol reason="there is no PROXY header"', w:log())
  end)
end)
