-- When what a burst leaves is given back to the system: src/core/spare.c.

local noting = require "noting"
local world = require "world"

local BURST = 600 * 1024 -- in and out

local function trims(w) return w.kit.trims(w.hub) end

local function burst(peer)
  peer:send(world.frame("binary", ("x"):rep(BURST)))
  peer:take()
end

describe("memory that a burst leaves", function()
  local w, peer

  before_each(function()
    w = noting.echoing()
    peer = w:connect("/room")
  end)

  it("is given back once, when a second has been calm", function()
    burst(peer)
    w:advance(0.9)
    assert.equal(0, trims(w))
    w:advance(0.2)
    assert.equal(1, trims(w))
    w:advance(10)
    assert.equal(1, trims(w))
  end)

  it("is kept as long as bursts go on", function()
    for _ = 1, 5 do
      burst(peer)
      w:advance(0.9)
    end
    assert.equal(0, trims(w))
    w:advance(2)
    assert.equal(1, trims(w))
    burst(peer)
    w:advance(2)
    assert.equal(2, trims(w))
  end)

  it("is given back at once where it was for those who have died", function()
    local second = w:connect("/room")
    for number, stuck in ipairs { peer, second } do
      stuck:faults { full = true }
      w.clients[number]:send_binary(("x"):rep(BURST))
    end
    w:rest()
    peer:reset()
    assert.equal(0, trims(w))
    second:reset()
    assert.equal(1, trims(w))
  end)

  it("is not looked for after little", function()
    for _ = 1, 10 do peer:text("little") end
    w:advance(60)
    assert.equal(0, trims(w))
  end)
end)
