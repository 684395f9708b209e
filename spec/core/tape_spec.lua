-- What one turn broadcasts, in a run of bytes that the members share: src/core/tape.c.

local world = require "world"

-- A world with rooms /a and /b of three members each, who are in a group too.
local function new_world(options)
  local all = { clients = {}, peers = {}, owed = {} }
  all.w = world.new(options, function(moonroom, w)
    local Room = moonroom.Room:extend("Room")
    function Room.on_join(_, client) all.clients[#all.clients + 1] = client end
    all.rooms = { Room { path = "/a" }, Room { path = "/b" } }
    for _, room in ipairs(all.rooms) do moonroom.mount(room.path, room) end
    all.group = moonroom.group()
    w.all = all
  end)
  for at = 1, 6 do
    all.peers[at] = all.w:connect(at <= 3 and "/a" or "/b")
    all.owed[at] = {}
    all.group:add(all.clients[at])
  end
  return all
end

local function owe(all, room, text, except)
  for at, client in ipairs(all.clients) do
    local hears = (not room or client.room == room) and client ~= except
    if hears then table.insert(all.owed[at], text) end
  end
end

-- Numbers that are the same in each run.
local function dice(seed)
  return function(most)
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed // 65536 % most + 1
  end
end

local count = 0
local function text_of(size)
  count = count + 1
  return ("%d "):format(count) .. ("x"):rep(size)
end

local SIZES = { 0, 5, 20, 120, 130, 900, 1100, 1300, 5000 }

local acts = {
  function(all, roll)
    local room, text = all.rooms[roll(2)], text_of(SIZES[roll(#SIZES)])
    room:broadcast(text)
    owe(all, room, text)
  end,
  function(all, roll)
    local room, text, except = all.rooms[roll(2)], text_of(20), all.clients[roll(6)]
    room:broadcast(text, except)
    owe(all, room, text, except)
  end,
  function(all, roll)
    local text = text_of(SIZES[roll(4)])
    all.group:broadcast(text)
    owe(all, nil, text)
  end,
  function(all, roll)
    local at, text = roll(6), text_of(SIZES[roll(#SIZES)])
    all.clients[at]:send(text)
    table.insert(all.owed[at], text)
  end,
}

describe("what is broadcast and sent", function()
  it("comes in order, whole and once, however little is taken at a time", function()
    for seed = 1, 60 do
      local all, roll = new_world(), dice(seed)
      for _, peer in ipairs(all.peers) do
        local kind = roll(3)
        peer:faults { full = kind == 2, piece = kind == 3 and roll(700) or nil }
      end
      for _ = 1, 12 do
        for _ = 1, roll(12) do acts[roll(#acts)](all, roll) end
        all.w:rest()
        all.peers[roll(6)].raw:writable()
      end
      for at, peer in ipairs(all.peers) do
        peer:faults {}
        peer.raw:writable()
        all.w:rest()
        assert.same(all.owed[at], peer:take(), "seed " .. seed)
      end
    end
  end)

  it("is one write a turn and member", function()
    local all = new_world()
    local before = all.peers[1].raw:state().writes
    for _ = 1, 100 do all.rooms[1]:broadcast("hello") end
    all.w:rest()
    assert.equal(before + 1, all.peers[1].raw:state().writes)
    assert.equal(100, #all.peers[1]:take())
  end)

  it("takes about what it owes where a member is stuck that missed some of it", function()
    local all = new_world()
    local moonroom = all.w.moonroom
    for _ = 1, 500 do
      all.rooms[1]:broadcast(("x"):rep(300), all.clients[1])
      all.group:broadcast(("y"):rep(300))
    end
    for at, peer in ipairs(all.peers) do peer:faults { full = at == 1 } end
    all.w:rest()
    local owes = all.clients[1].buffered
    assert.equal(500 * 304, owes)
    local used = moonroom.stats().queue_bytes
    assert.is_true(used >= owes and used < 2 * owes, used)
  end)

  it("is taken over whole where a tape is full to its last byte", function()
    for size = 60, 124 do
      local all = new_world()
      all.peers[1]:faults { full = true }
      for _ = 1, 4096 // (size + 2) + 1 do all.rooms[1]:broadcast(("x"):rep(size)) end
      all.w:rest()
      all.peers[1]:faults {}
      all.peers[1].raw:writable()
      all.w:rest()
      local got = all.peers[1]:take()
      assert.equal(4096 // (size + 2) + 1, #got)
      for _, text in ipairs(got) do assert.equal(("x"):rep(size), text) end
    end
  end)

  it("is dropped but for what has begun, where the member is too slow", function()
    for taken = 1, 40 do
      local all = new_world { send_queue = 100 }
      all.peers[1]:faults { piece = taken }
      for _ = 1, 8 do all.rooms[1]:broadcast("hello") end
      all.w:rest()
      for _ = 1, 10 do
        all.rooms[1]:broadcast(("y"):rep(20))
        all.w:rest()
      end
      all.peers[1]:faults {}
      all.peers[1].raw:writable()
      all.w:rest()
      local frames = all.peers[1]:frames()
      assert.equal("close", frames[#frames].kind)
      for at = 1, #frames - 1 do assert.equal("hello", frames[at].payload) end
      assert.equal((taken + 6) // 7, #frames - 1)
      assert.equal(18, #all.peers[2]:take())
    end
  end)
end)
