-- A member that falls silent: src/core/keep_alive.c.

local noting = require "noting"
local world = require "world"

local frame = world.frame
local new, echoing, join = noting.new, noting.echoing, noting.join

local lost = { 1006, "", false }

-- The payloads of the pings that a peer got since the last look.
local function pings(peer)
  local list = {}
  for _, one in ipairs(peer:frames()) do
    if one.kind == "ping" then list[#list + 1] = one.payload end
  end
  return list
end

-- From now on it takes 25 s of silence to be pinged.
local function begins_anew(w, peer)
  w:advance(24.9)
  assert.equal(0, #pings(peer))
  w:advance(0.2)
  assert.equal(1, #pings(peer))
end

describe("ping_interval", function()
  it("is how long a member is silent before it gets one ping, by default 25 s", function()
    local w = echoing()
    local peer = join(w)
    w:advance(24.9)
    assert.equal(0, #pings(peer))
    w:advance(0.1)
    assert.equal(1, #pings(peer))
    w:advance(19.9)
    assert.equal(0, #pings(peer))
  end)

  it("begins when the client joins", function()
    local w = new({ handshake_timeout = 100 }, { on_accept = function(room) room.sleep(20) end })
    w.room.sleep = w.moonroom.sleep
    local peer = w:connect("/room")
    w:advance(20)
    assert.equal(101, peer:response().status)
    w:advance(24.9)
    assert.equal(0, #pings(peer))
    w:advance(0.1)
    assert.equal(1, #pings(peer))
  end)

  it("begins anew with any byte, be it a part of a frame", function()
    for name, bytes in pairs {
      text = frame("text", "a"), ping = frame("ping"), pong = frame("pong"),
      ["first byte"] = "\x81", ["part of a header"] = frame("text", ("a"):rep(200)):sub(1, 3),
      ["part of a payload"] = frame("text", "abcdef"):sub(1, 9),
      ["part of a message"] = frame("text", "a", { fin = false }),
    } do
      local w = echoing()
      local peer = join(w)
      w:advance(24.9)
      peer:send(bytes)
      w:advance(24.9)
      assert.equal(0, #pings(peer), name)
      w:advance(0.1)
      assert.equal(1, #pings(peer), name)
    end
  end)

  it("is not put off by what we send", function()
    local w = echoing()
    local peer, client = join(w)
    for _ = 1, 24 do
      w:advance(1)
      client:send("news")
    end
    assert.equal(0, #pings(peer))
    client:send("news")
    w:advance(1)
    assert.equal(1, #pings(peer))
  end)

  it("of 0 is no ping and no end", function()
    local w = echoing { ping_interval = 0, pong_timeout = 1 }
    local peer = join(w)
    assert.equal(math.huge, w.kit.turn(w.hub))
    w:advance(1e6)
    assert.equal(0, #pings(peer))
    assert.is_false(peer:state().closed)
  end)

  it("is the room's own, as it was when the client joined", function()
    local w = echoing({ ping_interval = 3 }, { ping_interval = 1, pong_timeout = 2 })
    local peer = join(w)
    w.room.ping_interval, w.room.pong_timeout = 0, 100
    local later = join(w)
    w:advance(1)
    assert.equal(1, #pings(peer))
    w:advance(1.9)
    assert.is_false(peer:state().closed)
    w:advance(0.1)
    assert.is_true(peer:state().closed)
    w:advance(1000)
    assert.is_false(later:state().closed)
  end)

  it("asks for no memory and moves no timer for a message", function()
    local w = echoing()
    local peer = join(w)
    peer:send(frame("text", "a"))
    w:advance(1)
    local before = w.kit.turn(w.hub)
    local requests = w:memory()
    for _ = 1, 1000 do peer:send(frame("text", "a")) end
    assert.equal(before, w.kit.turn(w.hub))
    assert.equal(requests, (w:memory()))
  end)

  it("is the new room's for a client that moves", function()
    local w = echoing({}, { ping_interval = 0 })
    local peer, client = join(w)
    client:move(w.moonroom.Room { ping_interval = 5 })
    w:advance(4.9)
    assert.equal(0, #pings(peer))
    w:advance(0.1)
    assert.equal(1, #pings(peer))
  end)
end)

describe("pong_timeout", function()
  it("after the ping the silent one is lost: 1006, not clean, and said in the log", function()
    local w = echoing()
    local peer = join(w)
    w:advance(44.9)
    assert.is_false(peer:state().closed)
    assert.same({}, w.leaves)
    w:log()
    w:advance(0.1)
    assert.is_true(peer:state().closed)
    assert.is_true(peer:state().reset)
    assert.same({ lost }, w.leaves)
    local log = w:log()
    assert.truthy(log:find("info  client left path=/room address=192.0.2.1 duration=45.000 ", 1,
      true), log)
    assert.truthy(log:find(" code=1006 closed_by=neither clean=no rule=pong_timeout\n", 1,
      true), log)
  end)

  it("ends with any byte; then the silence begins anew", function()
    for name, bytes in pairs {
      text = frame("text", "a"), ping = frame("ping"), ["another pong"] = frame("pong", "other"),
      ["a part of a frame"] = "\x81",
    } do
      local w = echoing { message_timeout = 1000 }
      local peer = join(w)
      w:advance(44.9)
      assert.equal(1, #pings(peer))
      peer:send(bytes)
      w:advance(24.9)
      assert.equal(0, #pings(peer), name)
      w:advance(0.1)
      assert.equal(1, #pings(peer), name)
      w:advance(19.9)
      assert.is_false(peer:state().closed, name)
      w:advance(0.1)
      assert.is_true(peer:state().closed, name)
    end
  end)

  it("ends with a byte that comes in the same turn as the ping", function()
    local w = echoing()
    local peer = join(w)
    w:advance(25)
    peer:send(frame("text", "a"))
    w:advance(24.9)
    assert.is_false(peer:state().closed)
    assert.equal(1, #pings(peer))
    w:advance(0.1)
    assert.equal(1, #pings(peer))
  end)

  it("never comes for who answers", function()
    local w = echoing()
    local peer, asked = join(w), 0
    for _ = 1, 100 do
      w:advance(10)
      for _, payload in ipairs(pings(peer)) do
        asked = asked + 1
        peer:frame("pong", payload)
      end
    end
    assert.is_false(peer:state().closed)
    assert.equal(33, asked)
  end)

  it("doesn't touch who is closing: close_timeout does", function()
    local w = echoing { close_timeout = 100 }
    local peer, client = join(w)
    w:advance(25)
    client:close(1000)
    w:advance(99)
    assert.is_false(peer:state().closed)
    w:advance(1)
    assert.is_true(peer:state().closed)
  end)

  it("doesn't touch who is draining", function()
    local w = echoing { ping_interval = 1, pong_timeout = 0.5, close_timeout = 10 }
    local peer = join(w)
    peer:faults { full = true }
    peer:close(1000)
    w:advance(9.9)
    assert.is_false(peer:state().closed)
    assert.same({ { 1000, "", true } }, w.leaves)
  end)
end)

describe("the keep-alive's ping", function()
  it("sets rtt when it is answered, and on_pong doesn't hear of it", function()
    local heard = {}
    local w = new(nil, { on_pong = function(_, _, data) heard[#heard + 1] = data end })
    local peer, client = join(w)
    w:advance(25)
    local payload = pings(peer)[1]
    w:advance(0.5)
    peer:frame("pong", payload)
    assert.equal(0.5, client.rtt)
    w:advance(1)
    peer:frame("pong", payload)
    assert.same({ {}, 0.5 }, { heard, client.rtt })
  end)

  it("takes no event's place, so it can't be held up by a handler", function()
    local w = new(nil, { on_text = function(room) room.sleep(100) end })
    w.room.sleep = w.moonroom.sleep
    local peer, client = join(w)
    peer:text("wait")
    w:advance(25)
    local payload = pings(peer)[1]
    w:advance(2)
    peer:frame("pong", payload)
    assert.equal(2, client.rtt)
  end)

  it("and client:ping's don't get in each other's way", function()
    local heard = {}
    local w = new(nil, {
      on_pong = function(_, _, data, rtt) heard[#heard + 1] = { data, rtt } end,
    })
    local peer, client = join(w)
    w:advance(24)
    client:ping("mine")
    assert.same({ "mine" }, pings(peer))
    w:advance(1)
    local payload = pings(peer)[1]
    w:advance(1)
    peer:frame("pong", payload)
    assert.equal(1, client.rtt)
    w:advance(1)
    peer:frame("pong", "mine")
    assert.same({ { "mine", 3 } }, heard)
    assert.equal(3, client.rtt)
  end)

  it("leaves a script's ping of the same payload its answer", function()
    local heard = {}
    local w = new(nil, {
      on_pong = function(_, _, data, rtt) heard[#heard + 1] = { data, rtt } end,
    })
    local peer, client = join(w)
    w:advance(25)
    local payload = pings(peer)[1]
    client:ping(payload)
    w:advance(1)
    peer:frame("pong", payload):frame("pong", payload)
    assert.same({ { payload, 1 } }, heard)
  end)

  it("that finds no memory ends its connection, and no other", function()
    local w = echoing()
    for _ = 1, 3 do join(w) end
    w:advance(24.9)
    w.kit.fail(w.hub, 1, 2) -- one segment for output is there already
    w:advance(0.1)
    w.kit.fail(w.hub)
    assert.same({ lost, lost }, w.leaves)
    assert.equal(1, #w.room)
    w:advance(20)
    assert.is_true(w.kit.is_empty(w.hub))
  end)
end)

describe("while we don't read", function()
  -- A member whose handler waits for so long and that has sent more than is kept.
  local function held(seconds)
    local w = new(nil, { on_text = function(room, _, text)
      if text == "wait" then room.sleep(seconds) end
    end })
    w.room.sleep = w.moonroom.sleep
    local peer = join(w)
    peer:text("wait")
    for _ = 1, 18 do peer:text("more") end
    assert.is_false(peer:state().wants_read)
    return w, peer
  end

  it("nobody is pinged or lost, and the silence begins when reading goes on", function()
    local w, peer = held(100)
    w:advance(99.9)
    assert.is_false(peer:state().wants_read)
    assert.equal(0, #pings(peer))
    w:advance(0.1)
    assert.is_true(peer:state().wants_read)
    begins_anew(w, peer)
    w:advance(20.1)
    assert.same({ lost }, w.leaves)
  end)

  it("a ping that is unanswered by then does no harm", function()
    local w = new(nil, { on_text = function(room, _, text)
      if text == "wait" then room.sleep(100) end
    end })
    w.room.sleep = w.moonroom.sleep
    local peer = join(w)
    w:advance(26)
    assert.equal(1, #pings(peer))
    peer:text("wait")
    for _ = 1, 18 do peer:text("more") end
    w:advance(99)
    assert.is_false(peer:state().wants_read)
    assert.same({}, w.leaves)
    w:advance(1)
    assert.is_true(peer:state().wants_read)
    begins_anew(w, peer)
  end)
end)

describe("during a handler's wait", function()
  it("who is read is watched as ever", function()
    local w = new(nil, { on_text = function(room) room.sleep(1000) end })
    w.room.sleep = w.moonroom.sleep
    local peer = join(w)
    peer:text("wait")
    w:advance(25)
    assert.equal(1, #pings(peer))
    w:advance(19.9)
    assert.is_false(peer:state().closed)
    w:advance(0.1)
    assert.is_true(peer:state().closed)
    assert.same({}, w.leaves)
    w:advance(1000)
    assert.same({ lost }, w.leaves)
  end)
end)

describe("while output is stuck", function()
  it("write_stall alone watches, and no ping joins the queue", function()
    local w = echoing { write_stall = 100 }
    local peer, client = join(w)
    peer:faults { full = true }
    client:send("stuck")
    w:rest()
    local buffered = client.buffered
    w:advance(99.9)
    assert.equal(buffered, client.buffered)
    assert.is_false(peer:state().closed)
    w:advance(0.1)
    assert.is_true(peer:state().closed)
    assert.truthy(w:log():find("code=1006 closed_by=neither clean=no rule=write_stall", 1, true))
  end)

  it("a ping that got stuck itself stays alone, and counts from when it leaves", function()
    local w = echoing { write_stall = 1000 }
    local peer, client = join(w)
    w:advance(24)
    peer:faults { full = true }
    w:advance(1)
    local buffered = client.buffered
    assert.is_true(buffered > 0)
    for _ = 1, 50 do
      w:advance(10)
      peer:writable()
    end
    assert.equal(buffered, client.buffered)
    peer:faults {}
    peer:writable()
    assert.equal(1, #pings(peer))
    assert.is_false(peer:state().closed)
  end)

  it("of the ping, the peer has all of pong_timeout from when it has left", function()
    local w = echoing { write_stall = 1000 }
    local peer = join(w)
    w:advance(24)
    peer:faults { full = true }
    w:advance(15)
    peer:faults {}
    peer:writable()
    assert.equal(1, #pings(peer))
    w:advance(19.9)
    assert.is_false(peer:state().closed)
    w:advance(0.1)
    assert.is_true(peer:state().closed)
  end)

  it("a byte that comes meanwhile is life", function()
    local w = echoing { write_stall = 1000 }
    local peer = join(w)
    w:advance(24)
    peer:faults { full = true }
    w:advance(10)
    peer:frame("pong")
    peer:faults {}
    w:advance(10)
    peer:writable()
    assert.equal(1, #pings(peer))
    w:advance(14.9)
    assert.equal(0, #pings(peer))
    w:advance(0.1)
    assert.equal(1, #pings(peer))
  end)
end)

describe("a full send_queue", function()
  it("is not tripped by the keep-alive's ping", function()
    local w = new({ send_queue = 1, ping_interval = 5 })
    local peer, client = join(w)
    w.moonroom.every(5, function() client:send("x") end)
    w:advance(7)
    assert.same({ "x" }, peer:take())
    assert.is_false(peer:state().closed)
    assert.equal("open", client.ready_state)
  end)
end)
