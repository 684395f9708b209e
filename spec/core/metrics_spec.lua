-- What a worker counts: src/core/metrics.h.

local noting = require "noting"
local world = require "world"

local frame = world.frame

describe("a worker's metrics", function()
  local w
  local function metrics() return w.kit.metrics(w.hub) end

  before_each(function() w = noting.echoing { ping_interval = 0 } end)

  it("are all 0 at first", function()
    for _, count in pairs(metrics()) do assert.equal(0, count) end
  end)

  it("count connections, upgrades and refusals", function()
    w:connect("/room")
    w:connect("/room")
    w:connect("/none")
    local counts = metrics()
    assert.same({ 3, 2, 1 }, { counts.connections, counts.upgrades, counts.refusals })
  end)

  it("count messages, a broadcast once a receiver, and no control frames", function()
    local peer, before = w:connect("/room"), metrics()
    w:connect("/room")
    peer:send(frame("text", "a") .. frame("ping", "b") .. frame("binary", "c"))
    w.room:broadcast("d")
    w:rest()
    local counts = metrics()
    assert.equal(2, counts.messages_in - before.messages_in)
    assert.equal(4, counts.messages_out - before.messages_out)
  end)

  it("count the bytes of transports", function()
    local peer, before = w:connect("/room"), metrics()
    peer:send(frame("text", "hello"))
    w:rest()
    local counts = metrics()
    assert.equal(11, counts.bytes_in - before.bytes_in)
    assert.equal(7, counts.bytes_out - before.bytes_out)
  end)

  it("count handshakes that took too long or were dropped for newer ones", function()
    w = noting.echoing { max_pending_handshakes = 2, handshake_timeout = 5 }
    for _ = 1, 3 do w:peer() end
    assert.equal(1, metrics().max_pending_handshakes)
    w:advance(6)
    assert.equal(2, metrics().handshake_timeout)
  end)
end)
