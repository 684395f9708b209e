-- Writing what is queued in rounds, and these in pieces: src/core/dirty.c.

local world = require "world"

local MEMBERS, PIECE = 100, 16
local TURNS = (MEMBERS + PIECE - 1) // PIECE

-- A world with a room of so many members, and how often each has been written to since.
local function new_world(options)
  local all = { clients = {}, peers = {}, writes = {} }
  all.w = world.new(options, function(moonroom)
    local Room = moonroom.Room:extend("Room")
    all.Room = Room
    function Room.on_join(_, client) all.clients[#all.clients + 1] = client end
    all.room = Room { path = "/a" }
    moonroom.mount("/a", all.room)
  end)
  for at = 1, MEMBERS do
    all.peers[at] = all.w:connect("/a")
    all.writes[at] = all.peers[at]:state().writes
  end
  return all
end

local function turn(all) return all.w.kit.turn(all.w.hub) end

-- How many members have been written to how often.
local function written(all)
  local counts = {}
  for at, peer in ipairs(all.peers) do
    local writes = peer:state().writes - all.writes[at]
    counts[writes] = (counts[writes] or 0) + 1
  end
  return counts
end

describe("a broadcast to many", function()
  it("is written in pieces, a turn each", function()
    local all = new_world()
    all.room:broadcast("one")
    for piece = 1, TURNS - 1 do
      assert.equal(0, turn(all))
      assert.same({ [0] = MEMBERS - piece * PIECE, piece * PIECE }, written(all))
    end
    assert.is_true(turn(all) > 0)
    assert.same({ MEMBERS }, written(all))
  end)

  it("leaves in one write with what is broadcast meanwhile", function()
    local all = new_world()
    all.room:broadcast("one")
    turn(all)
    all.room:broadcast("two")
    all.w:rest()
    assert.same({ MEMBERS - PIECE, PIECE }, written(all))
    for _, peer in ipairs(all.peers) do assert.same({ "one", "two" }, peer:take()) end
  end)

  it("comes to all in as many turns, however much is broadcast meanwhile", function()
    local all = new_world()
    for _ = 1, 10 * TURNS do
      all.room:broadcast("more")
      turn(all)
    end
    local counts = written(all)
    assert.equal(MEMBERS, counts[10] or 0)
    for _, peer in ipairs(all.peers) do assert.equal(10 * TURNS, #peer:take()) end
  end)

  it("is passed over for who ends before its turn comes", function()
    local all = new_world()
    all.room:broadcast("one")
    turn(all)
    for at = 1, MEMBERS, 2 do all.peers[at].raw:reset() end
    all.room:broadcast("two")
    all.w:rest()
    for at = 2, MEMBERS, 2 do assert.same({ "one", "two" }, all.peers[at]:take()) end
  end)

  it("is written in one turn where it brings a queue near its limit", function()
    local all = new_world { send_queue = 4000 }
    all.room:broadcast(("x"):rep(1000))
    turn(all)
    assert.same({ MEMBERS }, written(all))
  end)

  it("reaches all of a room with a lower limit of its own", function()
    local all = new_world()
    all.Room.send_queue = 2000
    for at, peer in ipairs(all.peers) do peer:close(1000) all.peers[at] = all.w:connect("/a") end
    for _ = 1, TURNS do
      all.room:broadcast(("x"):rep(900))
      turn(all)
    end
    for _, peer in ipairs(all.peers) do assert.equal(TURNS, #peer:take()) end
    assert.equal(MEMBERS, #all.room)
  end)

  it("is written in one turn where those before it took long", function()
    local all = new_world()
    all.room:broadcast("one")
    turn(all)
    all.w.kit.pass(all.w.hub, 0.04)
    turn(all)
    assert.same({ [0] = MEMBERS - 2 * PIECE, 2 * PIECE }, written(all))
    all.w.kit.pass(all.w.hub, 0.02)
    turn(all)
    assert.same({ MEMBERS }, written(all))
  end)

  it("is in order with what each is sent, whoever is stuck", function()
    local all = new_world()
    local owed = {}
    for at, peer in ipairs(all.peers) do
      owed[at] = {}
      peer:faults { full = at % 7 == 0, piece = at % 5 == 0 and at or nil }
    end
    for count = 1, 300 do
      local text = count .. (" "):rep(count * 37 % 200)
      local at = count * 13 % MEMBERS + 1
      if count % 3 == 0 then
        all.clients[at]:send(text)
        table.insert(owed[at], text)
      else
        all.room:broadcast(text)
        for _, list in ipairs(owed) do table.insert(list, text) end
      end
      if count % 2 == 0 then turn(all) end
      all.peers[at].raw:writable()
    end
    for at, peer in ipairs(all.peers) do
      peer:faults {}
      peer:writable()
      assert.same(owed[at], peer:take())
    end
  end)
end)

describe("what each is sent for itself", function()
  it("is written in one turn", function()
    local all = new_world()
    for _, client in ipairs(all.clients) do client:send("hello") end
    turn(all)
    assert.same({ MEMBERS }, written(all))
  end)
end)
