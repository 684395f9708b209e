-- What counts from a time at which a handler has run for long: hub_read_clock in src/core/hub.c.

local noting = require "noting"

local echoing, join, plain = noting.echoing, noting.join, noting.plain
local frame = require("world").frame

-- A world whose room passes so many seconds in each message, and does the rest then.
local function lasting(seconds, act, options)
  options = options or {}
  options.ping_interval = options.ping_interval or 0
  local w
  w = echoing(options, {
    on_text = function(room, client, text)
      w.kit.pass(w.hub, seconds)
      act(client, room, text)
    end,
  })
  return w
end

-- Closed so many seconds from now, and not before.
local function check_closed_in(w, peer, seconds)
  w:advance(seconds - 0.01)
  assert.is_false(peer:state().closed)
  w:advance(0.02)
  assert.is_true(peer:state().closed)
end

describe("After a handler that ran for long", function()
  it("close_timeout is whole", function()
    local w = lasting(0.9, function(client) client:close() end, { close_timeout = 1 })
    local peer = join(w)
    peer:text("go")
    check_closed_in(w, peer, 1)
  end)

  it("close_timeout is whole for another client that it closes", function()
    local w = lasting(0.9, function(_, room)
      for client in room:clients() do client:close() end
    end, { close_timeout = 1 })
    local peer, other = join(w), join(w)
    peer:text("go")
    check_closed_in(w, other, 1)
  end)

  it("write_stall is whole", function()
    local w = echoing { write_stall = 3, ping_interval = 0 }
    local peer, client = join(w)
    peer:faults { full = true }
    w.moonroom.after(1, function()
      w.kit.pass(w.hub, 2)
      client:send("x")
    end)
    w:advance(1)
    check_closed_in(w, peer, 3)
  end)

  it("send_queue_soft_time is whole", function()
    local w = lasting(2, function(client) client:send(("x"):rep(200)) end,
      { send_queue_soft = 100, send_queue_soft_time = 3 })
    local peer, client = join(w)
    peer:faults { full = true }
    peer:text("go")
    w:advance(2.99)
    assert.equal("open", client.ready_state)
    w:advance(0.02)
    assert.equal("closing", client.ready_state)
  end)

  it("handshake_timeout is whole for a body", function()
    local w = echoing { handshake_timeout = 3 }
    w.moonroom.post("/", function() end)
    local peer = w:peer()
    w.kit.pass(w.hub, 2)
    peer:send(plain("/", "Content-Length: 1\r\n", "POST"))
    w:advance(2.99)
    assert.is_nil(peer:response())
    w:advance(0.02)
    assert.equal(408, peer:response().status)
  end)

  it("handshake_timeout is whole for who comes, and for a next request", function()
    local w = echoing { handshake_timeout = 3 }
    w.kit.files(w.hub, { ["a.txt"] = "a" })
    w.kit.pass(w.hub, 2)
    local peer = w:peer()
    check_closed_in(w, peer, 3)
    peer = w:peer()
    w.kit.pass(w.hub, 2)
    peer:send(plain("/a.txt"))
    assert.equal(200, peer:response().status)
    check_closed_in(w, peer, 3)
  end)

  it("message_timeout is whole", function()
    local w = lasting(2, function() end, { message_timeout = 3, close_timeout = 0.1 })
    local peer = join(w)
    peer:send(frame("text", "go") .. frame("text", "part", { fin = false }))
    w:advance(2.99)
    assert.is_nil(peer:close_frame())
    w:advance(0.02)
    assert.equal(1008, (peer:close_frame()))
  end)

  it("pong_timeout is whole", function()
    local w = echoing { ping_interval = 10, pong_timeout = 3 }
    w.moonroom.after(10, function() w.kit.pass(w.hub, 2) end)
    local peer = join(w)
    w:advance(10)
    check_closed_in(w, peer, 3)
  end)

  it("a timer's seconds are whole, and what is left of one that is due is 0", function()
    local w, began, due, left, rang = nil, nil, nil, nil, 0
    w = lasting(2, function()
      began, left = w.moonroom.now(), due.left
      w.moonroom.after(3, function() rang = w.moonroom.now() end)
    end)
    due = w.moonroom.after(1, function() end)
    local peer, from = join(w), w.moonroom.now()
    peer:text("go")
    w:advance(3)
    assert.same({ 2.0, 0.0, 3.0 }, { began - from, left, rang - began })
  end)

  it("a sleep is whole", function()
    local w, ended
    w = lasting(2, function()
      w.moonroom.sleep(3)
      ended = w.moonroom.now()
    end)
    local peer, from = join(w), w.moonroom.now()
    peer:text("go")
    w:advance(3)
    assert.equal(5.0, ended - from)
  end)

  it("a rate counts what has passed", function()
    local w = lasting(1, function() end, { rate_messages = 2, rate_burst = 1 })
    local peer = join(w)
    peer:send(noting.texts(6))
    assert.equal(0, w.kit.metrics(w.hub).rate_messages)
  end)
end)
