-- Members, and what reaches them all: src/core/room.c.

local core = require "moonroom.core"
local noting = require "noting"
local world = require "world"

local frame, blocks, heard = world.frame, noting.blocks, noting.heard

-- A world with a room whose leaves are noted by the client's number.
local function new(options, fields)
  return world.new(options, function(moonroom, w)
    local Room = moonroom.Room:extend("All", fields)
    w.clients, w.leaves = {}, {}
    function Room.on_join(_, client)
      table.insert(w.clients, client)
      client.number = #w.clients
    end
    function Room:on_text(client, text) self:broadcast(text, client) end
    function Room.on_leave(_, client, code)
      table.insert(w.leaves, ("%d:%d"):format(client.number, code))
    end
    w.Room = Room
    w.room = Room { path = "/room" }
    moonroom.mount("/room", w.room)
  end)
end

local function join(w, count)
  local peers = {}
  for index = 1, count do
    peers[index] = w:connect("/room")
    assert.equal(101, peers[index].status)
  end
  return peers
end

describe("a broadcast", function()
  it("reaches every member, in order, and says how many", function()
    local w = new()
    local peers = join(w, 3)
    assert.equal(3, w.room:broadcast("one"))
    assert.equal(3, w.room:broadcast("two"))
    assert.same({ "one,two", "one,two", "one,two" }, heard(peers))
  end)

  it("passes over one", function()
    local w = new()
    local peers = join(w, 3)
    peers[2]:text("hi")
    assert.same({ "hi", "", "hi" }, heard(peers))
  end)

  it("in an empty room, or with its only member left out, reaches nobody", function()
    local w = new()
    assert.equal(0, w.room:broadcast("x"))
    local peers = join(w, 1)
    assert.equal(0, w.room:broadcast("x", w.clients[1]))
    assert.same({ "" }, heard(peers))
  end)

  it("is encoded once: so many blocks, however many hear it", function()
    local function cost(members)
      local w = new()
      local peers = join(w, members)
      for _, peer in ipairs(peers) do peer:faults { full = true } end
      w.room:broadcast(("x"):rep(10000)) -- the spare chunks
      w:rest()
      for _, peer in ipairs(peers) do
        peer:faults {}
        peer:writable()
      end
      local before = w:memory()
      w.room:broadcast(("x"):rep(10000))
      return w:memory() - before
    end
    assert.equal(1, cost(1))
    assert.equal(1, cost(20))
  end)

  it("is written once to each member a turn, with all that was queued", function()
    local w = new()
    local peers = join(w, 5)
    local before = {}
    for index, peer in ipairs(peers) do before[index] = peer:state().writes end
    for number = 1, 20 do w.room:broadcast(tostring(number)) end
    for index, peer in ipairs(peers) do assert.equal(before[index], peer:state().writes) end
    w:rest()
    for index, peer in ipairs(peers) do
      assert.equal(before[index] + 1, peer:state().writes)
      assert.equal(20, #peer:take())
    end
  end)

  it("closes a member that is too slow in the middle of it, and reaches all others once", function()
    for slow = 1, 4 do
      local w = new { send_queue = 50 }
      local peers = join(w, 4)
      peers[slow]:faults { full = true }
      w.room:broadcast(("x"):rep(60))
      w:rest()
      assert.equal(3, w.room:broadcast("now"))
      assert.equal(3, #w.room)
      assert.equal(3, w.room:broadcast("later"))
      for index, peer in ipairs(peers) do
        if index ~= slow then
          assert.same({ ("x"):rep(60), "now", "later" }, peer:take(), slow)
        end
      end
      peers[slow]:faults {}
      peers[slow]:writable()
      assert.same({ 1013, "slow consumer", 1 }, { peers[slow]:close_frame() })
    end
  end)

  it("closes several that are too slow, all of them too", function()
    for fast = 0, 2 do
      local w = new { send_queue = 50 }
      local peers = join(w, 5)
      for index, peer in ipairs(peers) do peer:faults { full = index > fast } end
      w.room:broadcast(("x"):rep(60))
      w:rest()
      assert.equal(fast, w.room:broadcast("now"))
      assert.equal(fast, #w.room)
      w:advance(10)
      assert.equal(5 - fast, #w.leaves)
      for index, peer in ipairs(peers) do assert.equal(index > fast, peer:state().closed) end
    end
  end)

  it("goes on where memory fails for one member", function()
    local w = new()
    local peers = join(w, 4)
    w.kit.fail(w.hub, 3) -- the frame, the first one's chunk, the second one's
    assert.equal(3, w.room:broadcast("x"))
    w.kit.fail(w.hub)
    w:rest()
    assert.equal(3, #w.room)
    local closed = 0
    for _, peer in ipairs(peers) do
      if peer:state().closed then closed = closed + 1 else assert.same({ "x" }, peer:take()) end
    end
    assert.equal(1, closed)
    assert.equal(1, #w.leaves)
  end)

  it("in on_leave reaches those who are left", function()
    local w = new()
    function w.room:on_leave(client) self:broadcast("left " .. client.number) end
    local peers = join(w, 3)
    peers[2]:close(1000)
    assert.same({ "left 2", "", "left 2" }, heard(peers))
  end)

  it("to a member whose transport breaks at the write ends only that one", function()
    local w = new()
    local peers = join(w, 3)
    peers[1]:faults { broken = true }
    w.room:broadcast("a")
    w:rest()
    w.room:broadcast("b")
    assert.same({ "", "a,b", "a,b" }, heard(peers))
    assert.same({ "1:1006" }, w.leaves)
  end)
end)

describe("members", function()
  it("are counted as they come and go, in any order", function()
    local w = new()
    local peers = join(w, 20)
    local expected = 20
    for _, index in ipairs { 1, 20, 10, 11, 2, 19, 3 } do
      peers[index]:close(1000)
      expected = expected - 1
      assert.equal(expected, #w.room)
      w.room:broadcast(tostring(index))
    end
    assert.same({ "1", "20", "10", "11", "2", "19", "3" }, peers[5]:take())
    for _, peer in ipairs(peers) do peer:reset() end
    assert.equal(0, #w.room)
    assert.equal(20, #w.leaves)
  end)

  it("leave at once when they are closed, while on_leave is still to come", function()
    local w = new()
    local peers = join(w, 2)
    w.clients[1]:close(1000)
    assert.equal(1, #w.room)
    assert.equal(1, w.room:broadcast("x"))
    assert.same({}, w.leaves)
    peers[1]:close(1000)
    assert.same({ "1:1000" }, w.leaves)
    assert.same({}, peers[1]:take())
  end)

  it("cost an empty room nothing once they are gone", function()
    local w = new()
    for _, peer in ipairs(join(w, 10)) do peer:reset() end
    w.clients = {}
    local before = blocks(w)
    for _, peer in ipairs(join(w, 10)) do peer:reset() end
    w.clients = {}
    assert.equal(before, blocks(w))
  end)

  it("of one room don't hear another", function()
    local w = new()
    local other = w.Room { path = "/other" }
    w.moonroom.mount("/other", other)
    local here, there = w:connect("/room"), w:connect("/other")
    w.room:broadcast("here")
    other:broadcast("there")
    assert.same({ "here" }, here:take())
    assert.same({ "there" }, there:take())
  end)

  it("hear what their room's handlers become meanwhile", function()
    local w = new()
    local peers = join(w, 2)
    peers[1]:frame("binary", "x")
    assert.equal(1003, (peers[1]:close_frame()))
    function w.room:on_binary(_, data) self:broadcast_binary(data) end
    peers[2]:frame("binary", "x")
    assert.same({ "x" }, peers[2]:take())
    w.room.on_binary = nil
    peers[2]:frame("binary", "x")
    assert.equal(1003, (peers[2]:close_frame()))
  end)
end)

describe("a room that is closed", function()
  it("closes every member with the code and reason, and takes no more", function()
    local w = new()
    local peers = join(w, 5)
    assert.is_true(w.room:close(4001, "over"))
    assert.equal(0, #w.room)
    for _, peer in ipairs(peers) do
      assert.same({ 4001, "over", 1 }, { peer:close_frame() })
      peer:close(4001)
    end
    assert.equal(5, #w.leaves)
    assert.equal(503, w:connect("/room").status)
    assert.same({ nil, "closed" }, { w.room:close() })
    assert.equal(0, w.room:broadcast("x"))
  end)

  it("may be closed by a handler of its own, in which the message's client goes too", function()
    local w = new()
    function w.room:on_text() self:close(1001, "that's it") end
    local peers = join(w, 3)
    peers[2]:send(frame("text", "end") .. frame("text", "more"))
    for _, peer in ipairs(peers) do
      assert.same({ 1001, "that's it", 1 }, { peer:close_frame() })
    end
  end)

  it("may be closed in on_leave", function()
    local w = new()
    function w.room:on_leave() self:close() end
    local peers = join(w, 3)
    peers[1]:finish()
    assert.equal(1001, (peers[2]:close_frame()))
    assert.equal(1001, (peers[3]:close_frame()))
  end)

  it("is so even where memory fails for a member's Close", function()
    for nth = 1, 6 do
      local w = new()
      local peers = join(w, 3)
      w.kit.fail(w.hub, nth)
      w.room:close(1001, "over")
      w.kit.fail(w.hub)
      assert.equal(0, #w.room)
      w:advance(10)
      assert.equal(3, #w.leaves)
      for _, peer in ipairs(peers) do assert.is_true(peer:state().closed) end
    end
  end)

  it("closes a member that has left it no room in its queue", function()
    local w = new { send_queue = 10 }
    local peers = join(w, 1)
    peers[1]:faults { full = true }
    w.room:broadcast("0123456789")
    w:rest()
    w.room:close()
    peers[1]:faults {}
    peers[1]:writable()
    assert.equal(1001, (peers[1]:close_frame()))
  end)

  it("by a finalizer while a client is being accepted refuses that one with 503", function()
    local function closing(w)
      local function watch()
        setmetatable({}, {
          __gc = function()
            local is_arriving = core.occupancy(w.room) == 1 and #w.room == 0
            if not (is_arriving and w.room:close()) and #w.clients == 0 then watch() end
          end,
        })
      end
      watch()
      return w:connect("/room").status
    end
    collectgarbage("incremental", 1, 1000)
    local tries, status = 0, nil
    repeat tries, status = tries + 1, closing(new()) until status == 503 or tries == 20
    collectgarbage("incremental", 200, 100)
    assert.equal(503, status)
  end)
end)
