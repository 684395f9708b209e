-- TLS over a transport in memory: src/net/tls.c.

local tls = require "tls"
local world = require "world"

describe("TLS", function()
  it("shakes hands and echoes", function()
    local w = world.echo()
    local context = assert(tls.context())
    local peer = w:connect("/echo", tls.over(context))
    assert.equal(101, peer.status)
    peer:text("hello")
    assert.same({ "hello" }, peer:take())
  end)
end)
