-- Consumers that are too slow: src/core/slow.c. The hard limit is in websocket_spec.

local noting = require "noting"

local echoing, join, closes = noting.echoing, noting.join, noting.closes

-- A member that reads nothing, with its client.
local function slow(w)
  local peer, client = join(w)
  peer:faults { full = true }
  return peer, client
end

local function metrics(w) return w.kit.metrics(w.hub) end

-- A text that takes so many bytes in the queue.
local function of(bytes) return ("x"):rep(bytes - (bytes < 128 and 2 or 4)) end

describe("a full send_queue", function()
  it("is told in the log, and counted", function()
    local w = echoing { send_queue = 10 }
    local _, client = slow(w)
    client:send(of(10))
    client:send("x")
    w:advance(5)
    assert.equal(1, metrics(w).send_queue)
    assert.matches('client left path=/room .*code=1013 .*rule=send_queue ', w:log())
  end)
end)

describe("send_queue_soft", function()
  local options = { send_queue_soft = 100, send_queue_soft_time = 10, close_timeout = 5 }

  it("is how much may wait for as long as write_stall allows", function()
    local w = echoing(options)
    local peer, client = slow(w)
    assert.is_true(client:send(of(100)))
    w:advance(29.9)
    assert.is_false(peer:state().closed)
    assert.equal("open", client.ready_state)
  end)

  it("closes with 1013 who has more than that for 10 s", function()
    local w = echoing(options)
    local peer, client = slow(w)
    client:send(of(101))
    client:send("later")
    w:advance(9.9)
    assert.equal("open", client.ready_state)
    w:advance(0.1)
    assert.equal("closing", client.ready_state)
    assert.same({ nil, "closed" }, { client:send("x") })
    peer:faults {}
    peer:writable()
    assert.same({ { 1013, "slow consumer" } }, closes(peer))
    assert.same({}, peer:take())
    peer:close(1013)
    assert.same({ { 1013, "slow consumer", true } }, w.leaves)
    assert.equal(1, metrics(w).send_queue_soft)
    assert.equal(0, metrics(w).send_queue)
    assert.matches('client left .*code=1013 .*rule=send_queue_soft', w:log())
  end)

  it("resets after close_timeout who goes on not reading", function()
    local w = echoing(options)
    local peer, client = slow(w)
    client:send(of(101))
    w:advance(14.9)
    assert.is_false(peer:state().closed)
    w:advance(0.1)
    assert.is_true(peer:state().reset)
  end)

  it("counts from when the queue has grown above it", function()
    local w = echoing(options)
    local _, client = slow(w)
    client:send(of(60))
    w:advance(5)
    client:send(of(60))
    w:advance(5)
    client:send(of(60))
    w:advance(4.9)
    assert.equal("open", client.ready_state)
    w:advance(0.1)
    assert.equal("closing", client.ready_state)
  end)

  it("counts anew once the queue has come down to it", function()
    local w = echoing(options)
    local peer, client = slow(w)
    client:send(of(150))
    for _ = 1, 5 do
      w:advance(9)
      peer:faults { piece = 50 } -- leaves 100
      peer:writable()
      peer:faults { full = true }
      assert.equal(100, client.buffered)
      client:send(of(50))
    end
    assert.equal("open", client.ready_state)
    w:advance(9.9)
    assert.equal("open", client.ready_state)
    w:advance(0.2)
    assert.equal("closing", client.ready_state)
  end)

  it("is 1 MiB by default, for 10 s", function()
    for beyond, state in pairs { [0] = "open", [1] = "closing" } do
      local w = echoing { write_stall = 100 }
      local _, client = slow(w)
      client:send(("x"):rep((1 << 20) - 110)) -- and 10 of its header
      client:send(of(100 + beyond))
      assert.equal((1 << 20) + beyond, client.buffered)
      w:advance(9.9)
      assert.equal("open", client.ready_state)
      w:advance(0.1)
      assert.equal(state, client.ready_state)
    end
  end)

  it("is off where it is 0", function()
    local w = echoing { send_queue_soft = 0, write_stall = 100 }
    local _, client = slow(w)
    client:send(("x"):rep(4 << 20))
    w:advance(99)
    assert.equal("open", client.ready_state)
  end)

  it("is the room's own", function()
    local w = echoing(options, { send_queue_soft = 1000 })
    local _, client = slow(w)
    client:send(of(1000))
    w:advance(11)
    assert.equal("open", client.ready_state)
    client:send("x")
    w:advance(10)
    assert.equal("closing", client.ready_state)
  end)
end)
