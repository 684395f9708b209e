-- Peers in memory of a hub whose turns are all that moves them: src/binding/lua_network.c.

local app_module = require "moonroom.app"
local core = require "moonroom.core"
local handshake = require "moonroom.test.handshake"

local kit = core.testkit.app
local message = "\x81\x81\0\0\0\0x" -- a client's "x"

-- A hub with an echo, its network, and the numbers that were heard, turn by turn.
local function new(heard)
  local hub = kit.hub()
  local moonroom = app_module.new(hub).public
  moonroom.mount("/", moonroom.Room:extend("Room", {
    on_text = function(_, client, text) client:send(text) end,
  }))
  local numbers = {}
  local network = core.network(hub, heard or function(list)
    for _, number in ipairs(list) do numbers[#numbers + 1] = number end
  end)
  return hub, network, numbers
end

local function connect(hub, network)
  local peer = kit.connect(hub, { flows = network })
  peer:feed(handshake.request("/", {}))
  return peer
end

describe("a network of a hub's own", function()
  it("moves bytes in the hub's turns, and tells of who has something to take", function()
    local hub, network, numbers = new()
    local one, two = connect(hub, network), connect(hub, network)
    assert.equal("", one:take())
    assert.equal(0, kit.turn(hub), "a turn is wanted at once")
    kit.advance(hub, 0)
    assert.matches("^HTTP/1.1 101", one:take())
    assert.matches("^HTTP/1.1 101", two:take())
    table.sort(numbers)
    assert.same({ 1, 2 }, numbers)
    two:feed(message)
    kit.advance(hub, 0)
    assert.equal("\x81\1x", two:take())
    assert.same({ 1, 2, 2 }, numbers)
  end)

  it("wants no turn while nothing moves", function()
    local hub, network = new()
    local peer = connect(hub, network)
    kit.advance(hub, 0)
    assert.is_true(kit.turn(hub) > 1)
    peer:faults { full = true }
    for _ = 1, 3 do peer:feed(message) end
    kit.advance(hub, 0)
    assert.is_true(kit.turn(hub) > 1, "what is stuck doesn't turn it round and round")
    peer:take()
    peer:faults {}
    kit.advance(hub, 0)
    assert.equal(("\x81\1x"):rep(3), peer:take())
  end)

  it("tells of the end, and of a reset", function()
    local hub, network, numbers = new()
    local peer = connect(hub, network)
    kit.advance(hub, 0)
    peer:finish()
    kit.advance(hub, 0)
    assert.is_true(peer:state().closed)
    assert.same({ 1, 1 }, numbers)
    local other = connect(hub, network)
    kit.advance(hub, 0)
    other:reset()
    kit.advance(hub, 0)
    assert.is_true(other:state().closed)
  end)

  it("goes on where whoever hears fails, which is logged", function()
    local hub, network = new(function() error("deaf") end)
    local peer = connect(hub, network)
    kit.advance(hub, 0)
    peer:feed(message)
    kit.advance(hub, 0)
    assert.equal("\x81\1x", peer:take():sub(-3))
    assert.matches("network_spec.lua:%d+: deaf", kit.log(hub))
  end)

  it("outlives its hub in what is still held", function()
    local hub, network = new()
    local peer = connect(hub, network)
    kit.advance(hub, 0)
    peer:feed(message)
    kit.free(hub)
    collectgarbage()
    assert.is_true(peer:state().closed)
    peer:feed(message)
    peer:faults { full = true }
    peer:finish()
  end)

  it("goes with its hub where both are collected", function()
    local kept = setmetatable({}, { __mode = "k" })
    do
      local hub, network = new()
      local peer = connect(hub, network)
      kit.advance(hub, 0)
      peer:feed(message)
      kept[hub], kept[peer] = true, true
    end
    for _ = 1, 4 do collectgarbage() end
    assert.is_nil(next(kept))
  end)
end)
