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
    assert.matches('client left path=/room .*code=1013 .*rule=send_queue\n', w:log())
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

  it("is nothing to who is closing already, and whom close_timeout ends", function()
    local w = echoing(options)
    local peer, client = slow(w)
    client:send(of(101))
    w:advance(7)
    client:close(4000)
    w:advance(4.9)
    assert.is_false(peer:state().closed)
    w:advance(0.2)
    assert.is_true(peer:state().reset)
    assert.equal(0, metrics(w).send_queue_soft)
  end)

  it("is that of the room where a client is when its time is over", function()
    local w = echoing(options)
    local _, client = slow(w)
    client:send(of(101))
    w:advance(7)
    client:move(w.moonroom.Room { path = "/other", send_queue_soft = 1000 })
    w:advance(10)
    assert.equal("open", client.ready_state)
    assert.equal(0, metrics(w).send_queue_soft)
  end)

  it("is nothing to who has failed, either", function()
    local w = echoing(options)
    local peer, client = slow(w)
    client:send(of(101))
    w:advance(7)
    peer:send("\xff\xff")
    w:advance(5.1)
    assert.is_true(peer:state().closed)
    assert.equal(0, metrics(w).send_queue_soft)
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

describe("send_queues", function()
  local options = { send_queues = 100000, write_stall = 100, ping_interval = 0 }

  -- So many members that read nothing, and their clients.
  local function several(w, count)
    local peers, clients = {}, {}
    for index = 1, count do peers[index], clients[index] = slow(w) end
    return peers, clients
  end

  local function states(clients)
    local list = {}
    for index, client in ipairs(clients) do list[index] = client.ready_state end
    return table.concat(list, " ")
  end

  it("is what all queues may hold, counted before the new message", function()
    local w = echoing(options)
    local _, clients = several(w, 3)
    clients[1]:send(("x"):rep(40000))
    clients[2]:send(("x"):rep(59991)) -- 4 bytes of header each: 1 left
    assert.is_true(clients[3]:send(("x"):rep(30000)))
    assert.equal("open open open", states(clients))
    assert.is_true(clients[3]:send("x"))
    assert.equal("open closing open", states(clients))
  end)

  it("ends the longest first, with 1013 and the rule", function()
    local w = echoing(options)
    local peers, clients = several(w, 3)
    clients[1]:send(("x"):rep(30000))
    clients[2]:send(("x"):rep(40000))
    clients[3]:send(("x"):rep(30000))
    assert.is_true(clients[1]:send("more"))
    assert.equal("open closing open", states(clients))
    assert.equal(1, w.kit.metrics(w.hub).send_queues)
    w:rest()
    peers[2]:faults {}
    peers[2]:writable()
    assert.same({ { 1013, "slow consumer" } }, closes(peers[2]))
    w:advance(5)
    assert.matches("client left .*code=1013 .*rule=send_queues", w:log())
    peers[1]:faults {}
    peers[1]:writable()
    assert.same({ ("x"):rep(30000), "more" }, peers[1]:take())
  end)

  it("may end the one that is sent to", function()
    local w = echoing(options)
    local _, clients = several(w, 2)
    clients[1]:send(("x"):rep(100000))
    assert.same({ nil, "closed" }, { clients[1]:send("x") })
    assert.is_true(clients[2]:send("x"))
  end)

  it("resets who has begun to take so much that a Close can't free it", function()
    local w = echoing(options)
    local peer, client = join(w)
    local _, other = slow(w)
    peer:faults { piece = 10 }
    client:send(("x"):rep(150000))
    w:rest()
    assert.is_true(other:send("x"))
    assert.equal("closed", client.ready_state)
    w:rest()
    assert.is_true(peer:state().reset)
    assert.same({ { 1013, "slow consumer", false } }, w.leaves)
  end)

  it("counts a broadcast's memory once, however many wait for it", function()
    local w = echoing(options)
    local _, clients = several(w, 10)
    for _ = 1, 4 do assert.equal(10, w.room:broadcast(("x"):rep(24000))) end
    assert.equal(0, w.kit.metrics(w.hub).send_queues)
    assert.equal(10, w.room:broadcast(("x"):rep(24000)))
    assert.is_true(w.room:broadcast("x") < 10)
    assert.is_true(w.kit.metrics(w.hub).send_queues > 0)
    assert.matches("closing", states(clients))
  end)

  it("ends clients between two broadcasts: each reaches all who are left, once", function()
    local w = echoing { send_queues = 50000, ping_interval = 0, write_stall = 100 }
    local _, lazy = several(w, 4)
    local peers = {}
    for index = 1, 20 do peers[index] = join(w) end
    for number, client in ipairs(lazy) do client:send(("x"):rep(15000 + number)) end
    assert.equal(4 + 20 - 1, w.room:broadcast("first"))
    for number = 1, 30 do
      w:rest()
      w.room:broadcast(tostring(number))
    end
    for _, peer in ipairs(peers) do
      local list = peer:take()
      assert.equal(31, #list)
      assert.equal("first", list[1])
      for number = 1, 30 do assert.equal(tostring(number), list[number + 1]) end
    end
  end)

  it("counts responses too, and drops the longest", function()
    local w = echoing(options)
    w.kit.files(w.hub, { ["a.bin"] = ("x"):rep(1000000) })
    local getting = w:peer()
    getting:faults { full = true }
    getting:send("GET /a.bin HTTP/1.1\r\nHost: a\r\n\r\n")
    local _, client = slow(w)
    client:send(("x"):rep(4000))
    for _ = 1, 10 do assert.is_true(client:send(("x"):rep(4000))) end
    assert.equal("open", client.ready_state)
    w:rest()
    assert.is_true(getting:state().reset)
    assert.equal(1, w.kit.metrics(w.hub).send_queues)
    assert.matches("connection ended rule=send_queues address=192.0.2.1", w:log())
  end)

  it("isn't what the dead have, whose memory goes with the turn", function()
    local w = echoing(options)
    local _, clients = several(w, 3)
    clients[1]:send(("x"):rep(60000))
    clients[2]:send(("x"):rep(50000))
    clients[1]:terminate()
    assert.is_true(clients[3]:send("x"))
    assert.equal("closed open open", states(clients))
    assert.equal(0, metrics(w).send_queues)
  end)

  it("counts files where nobody is sent a message", function()
    local w = echoing(options)
    w.kit.files(w.hub, { ["a.bin"] = ("x"):rep(60000) })
    local peers = {}
    for index = 1, 2 do
      peers[index] = w:peer()
      peers[index]:faults { full = true }
      peers[index]:send("GET /a.bin HTTP/1.1\r\nHost: a\r\n\r\n")
    end
    assert.is_true(peers[1]:state().reset)
    assert.is_false(peers[2]:state().closed)
    assert.equal(1, metrics(w).send_queues)
  end)

  it("counts responses before the turn has ended", function()
    local w = echoing(options)
    for _ = 1, 240 do
      w:peer().raw:send("GET /none HTTP/1.1\r\nHost: a\r\n\r\n")
    end
    assert.equal(240 - 232, metrics(w).send_queues) -- 432 bytes of memory each
  end)

  it("is 256 MiB by default", function()
    local w = echoing()
    assert.equal(256 << 20, w.kit.option(w.hub, "send_queues"))
  end)
end)

describe("one silent reader in a room of 200", function()
  it("costs at most its queue, and the others get everything in order", function()
    local w = echoing({ ping_interval = 0 }, { send_queue = 30000 })
    local silent, client = slow(w)
    local peers = {}
    for index = 1, 199 do peers[index] = join(w) end
    local text = ("y"):rep(990)
    local function say(number) return w.room:broadcast(("%06d "):format(number) .. text) end
    local worst, number, left_at = 0, 0, nil
    for turn = 1, 10 do
      for _ = 1, 5 do
        number = number + 1
        local count = say(number)
        if count == 199 and not left_at then left_at = number end
        assert.equal(left_at and 199 or 200, count)
      end
      worst = math.max(worst, client.buffered)
      w:rest()
      for _, peer in ipairs(peers) do
        local list = peer:take()
        assert.equal(5, #list)
        for at, message in ipairs(list) do
          assert.equal((turn - 1) * 5 + at, tonumber(message:sub(1, 6)))
        end
      end
    end
    assert.is_true(left_at >= 30 and left_at <= 32, left_at)
    assert.is_true(worst <= 30000 + 1001, worst)
    assert.equal(199, #w.room)
    w:advance(5)
    assert.is_true(silent:state().closed)
    assert.same({ { 1013, "slow consumer", false } }, w.leaves)
  end)
end)

describe('slow = "drop"', function()
  local function dropping(options, fields)
    local all = { slow = "drop", send_queue = 100 }
    for name, value in pairs(fields or {}) do all[name] = value end
    options = options or { ping_interval = 0, write_stall = 100 }
    return echoing(options, all)
  end

  it("has a full queue miss what is sent, and tells the sender", function()
    local w = dropping()
    local peer, client = slow(w)
    assert.is_true(client:send(of(100)))
    for _ = 1, 3 do assert.same({ nil, "slow" }, { client:send("x") }) end
    assert.same({ nil, "slow" }, { client:send_binary("x") })
    assert.same({ nil, "slow" }, { client:ping("x") })
    assert.equal("open", client.ready_state)
    assert.equal(5, metrics(w).slow)
    assert.equal(0, metrics(w).send_queue)
    w:rest()
    peer:faults {}
    peer:writable()
    assert.is_true(client:send("on"))
    assert.same({ ("x"):rep(98), "on" }, peer:take())
    assert.same({}, closes(peer))
  end)

  it("tells so in the log once for a client", function()
    local w = dropping()
    local _, client = slow(w)
    client:send(of(100))
    client:send("x")
    client:send("x")
    local log = w:log()
    assert.equal(1, select(2, log:gsub("misses messages", "")))
    assert.matches("rule=send_queue path=/room address=192.0.2.1", log)
  end)

  it("leaves who misses a broadcast out of its count, and the others alone", function()
    local w = dropping()
    local silent = slow(w)
    local peers = { (join(w)), (join(w)) }
    assert.equal(3, w.room:broadcast(("x"):rep(98)))
    w:rest()
    for number = 1, 10 do
      assert.equal(2, w.room:broadcast(tostring(number)))
      w:rest()
    end
    assert.equal(3, #w.room)
    for _, peer in ipairs(peers) do assert.equal(11, #peer:take()) end
    assert.equal(10, metrics(w).slow)
    silent:faults {}
    silent:writable()
    assert.equal(3, w.room:broadcast("all"))
    assert.same({ ("x"):rep(98), "all" }, silent:take())
  end)

  it("closes nobody at send_queue_soft either", function()
    local w = dropping(nil, { send_queue_soft = 10 })
    local _, client = slow(w)
    client:send(of(100))
    w:advance(50)
    assert.equal("open", client.ready_state)
  end)

  it("leaves who takes nothing at all to write_stall", function()
    local w = dropping({ ping_interval = 0, write_stall = 30 })
    local peer, client = slow(w)
    client:send(of(100))
    client:send("x")
    w:advance(29.9)
    assert.is_false(peer:state().closed)
    w:advance(0.1)
    assert.is_true(peer:state().reset)
  end)

  it("may be said for all rooms", function()
    local w = echoing { slow = "drop", send_queue = 10 }
    local _, client = slow(w)
    client:send(of(10))
    assert.same({ nil, "slow" }, { client:send("x") })
  end)

  it("is checked where it is assigned", function()
    local w = echoing()
    assert.has_error(function() w.room.slow = "dorp" end,
      'cannot assign Noting.slow: slow must be close or drop, not "dorp"')
    assert.has_error(function() w.room.slow = true end,
      "cannot assign Noting.slow: slow is a string, not a boolean")
  end)
end)
