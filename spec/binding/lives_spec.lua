-- Lives of clients, rooms and groups, mixed at random: what the scripts see of them must add up.

local core = require "moonroom.core"
local world = require "world"

local frame = world.frame

-- Numbers of its own, the same for the same seed.
local function dice(seed)
  local state = seed * 2654435761 % 4294967296 | 1
  return function(sides)
    state = state ~ state << 13 & 0xffffffff
    state = state ~ state >> 17
    state = state ~ state << 5 & 0xffffffff
    return state % sides + 1
  end
end

local function fault(life, format, ...)
  life.faults[#life.faults + 1] = format:format(...)
end

-- --- what a handler may do -------------------------------------------------

local function any_room(life)
  local path = "/" .. ("abcde"):sub(life.roll(5)):sub(1, 1)
  if life.roll(3) == 1 then return life.own end
  return life.moonroom.room(path) or life.own
end

local function any_client(life)
  return life.clients[life.roll(math.max(#life.clients, 1))]
end

local acts = {
  function(life) life.moonroom.sleep(life.roll(4) - 1) end,
  function(_, client) client:receive(2) end,
  function(_, client) client:flush(1) end,
  function() error("at random") end,
  function(_, client) client:close(4000, "at random") end,
  function(_, client) client:terminate() end,
  function(life, client) client:move(any_room(life)) end,
  function(life)
    local other = any_client(life)
    if other then other:move(any_room(life)) end
  end,
  function(life)
    local other = any_client(life)
    if other then other:close() end
  end,
  function(life) any_room(life):close(4001, "at random") end,
  function(_, client) client.room:broadcast("from " .. client.number) end,
  function(life, client)
    life.task = life.moonroom.spawn(function()
      if life.roll(2) == 1 then client:receive() else life.moonroom.sleep(3) end
    end)
  end,
  function(life)
    if life.task then life.task:cancel() end
  end,
  function(life, client)
    for other in life.group:clients() do
      if life.roll(2) == 1 then life.group:remove(other) else other:close() end
      life.moonroom.group("named"):add(client)
    end
    life.group:add(client)
    life.group:broadcast("group")
  end,
  function(life) life.moonroom.group("named"):broadcast("named") end,
  function(_, client) client:after(1, "send", "late") end,
  function() collectgarbage() end,
}

local function act(life, client)
  for _ = 1, life.roll(4) - 1 do acts[life.roll(#acts)](life, client) end
end

-- --- the room that watches -------------------------------------------------

local function check_room(life, room)
  local count = 0
  for client in room:clients() do
    count = count + 1
    if client.room ~= room then fault(life, "%s is listed in %s", client, room) end
  end
  if count ~= #room then fault(life, "%d listed of %d in %s", count, #room, room) end
end

local function new_class(life)
  local Room = life.moonroom.Room:extend("Life", { linger = 2 })
  function Room:init()
    life.rooms[self] = { joins = 0, leaves = 0, closes = 0 }
    if life.roll(8) == 1 then life.moonroom.sleep(1) end
    if life.roll(12) == 1 then error("no init") end
    life.rooms[self].is_made = true
  end
  function Room.on_accept()
    if life.roll(6) == 1 then life.moonroom.sleep(1) end
    if life.roll(12) == 1 then return false end
  end
  function Room:on_open(client)
    life.count = life.count + 1
    client.number, client.stays = life.count, {}
    table.insert(life.clients, client)
    act(life, client)
    if life.roll(6) == 1 then return false end
  end
  function Room:on_join(client)
    if life.within[client] then fault(life, "%s joins %s during another stay", client, self) end
    if life.rooms[self].closes > 0 then fault(life, "%s joins %s, which is over", client, self) end
    life.within[client] = self
    life.rooms[self].joins = life.rooms[self].joins + 1
    act(life, client)
  end
  function Room:on_text(client)
    if life.within[client] ~= self then fault(life, "%s speaks in %s, not in it", client, self) end
    act(life, client)
  end
  function Room:on_leave(client)
    if life.within[client] ~= self then fault(life, "%s leaves %s, not in it", client, self) end
    for other in self:clients() do
      local is_left = other == client and client.room ~= self -- it may have come back
      if is_left then fault(life, "%s is left in %s", client, self) end
    end
    life.within[client] = nil
    life.rooms[self].leaves = life.rooms[self].leaves + 1
    act(life, client)
  end
  function Room:on_close()
    local counts = life.rooms[self]
    counts.closes = counts.closes + 1
    if not counts.is_made then fault(life, "%s closes without an init", self) end
    if counts.closes > 1 then fault(life, "%s closes twice", self) end
    local is_early = counts.joins ~= counts.leaves and not life.fails
    if is_early then fault(life, "%s closes before a leave", self) end
    if life.roll(3) == 1 then life.moonroom.sleep(1) end
    if life.roll(6) == 1 then error("no close") end
  end
  return Room
end

-- --- what peers do ---------------------------------------------------------

local function connect(life)
  local peer = life.w:peer()
  peer.raw:send(world.request_head("/" .. ("abcde"):sub(life.roll(5)):sub(1, 1)))
  table.insert(life.peers, peer)
end

local deeds = {
  connect, connect, connect,
  function(_, peer) peer.raw:send(frame("text", "hi") .. frame("text", "again")) end,
  function(_, peer) peer.raw:send(frame("text", "one")) end,
  function(_, peer) peer.raw:send(frame("text", "bye") .. frame("close", "\x0f\xa0")) end,
  function(_, peer) peer.raw:send(frame("close", "\x03\xe8")) end,
  function(_, peer) peer.raw:reset() end,
  function(_, peer) peer.raw:finish() end,
  function(_, peer) peer.raw:faults { full = true } end,
  function(_, peer)
    peer.raw:faults {}
    peer.raw:writable()
  end,
  function(_, peer) peer.raw:faults { broken = true } end,
  function(life) life.w.kit.turn(life.w.hub) end,
  function(life) life.w:advance(life.roll(5) / 2) end,
  function(life) life.w:advance(life.roll(40)) end,
  function() collectgarbage() end,
  function(life)
    if life.fails then life.w.kit.fail(life.w.hub, life.roll(30), life.roll(3)) end
  end,
  function(life)
    if not life.fails then return end
    local kit, hub, nth = life.w.kit, life.w.hub, life.roll(60)
    local function turn()
      kit.fail_lua(nth, 20)
      kit.turn(hub)
    end
    local ok, why = pcall(turn)
    kit.fail_lua()
    if not ok and why ~= "not enough memory" then fault(life, "a turn raises %s", why) end
  end,
}

-- --- the whole -------------------------------------------------------------

local function check_end(life)
  local w = life.w
  w.kit.fail(w.hub)
  w.kit.drain(w.hub)
  w:advance(200)
  if not w.kit.is_empty(w.hub) then fault(life, "the hub isn't empty") end
  if next(life.within) and not life.fails then fault(life, "%s never left", next(life.within)) end
  for room, counts in pairs(life.rooms) do
    local guests = core.guests(room)
    if guests ~= 0 then fault(life, "%d guests in %s", guests, room) end
    if not life.fails and counts.is_made and counts.closes ~= 1 then
      fault(life, "%s had %d on_close", room, counts.closes)
    end
  end
  if next(w.app.rooms.awaited) then fault(life, "a room is awaited for ever") end
  for _, ending in pairs(w.app.rooms.ending) do
    if not core.is_over(ending.room) then fault(life, "%s ends for ever", ending.room) end
  end
  if next(w.app.rooms.lingering) then fault(life, "a room lingers for ever") end
  if w.app.rooms.made_count ~= 0 then fault(life, "%d rooms are left", w.app.rooms.made_count) end
end

local function live(seed, fails)
  local w = world.new { ping_interval = 10 }
  local life = {
    w = w, moonroom = w.moonroom, roll = dice(seed), fails = fails, faults = {}, rooms = {},
    clients = {}, within = {}, peers = {}, count = 0,
  }
  life.group = life.moonroom.group()
  local Room = new_class(life)
  repeat until pcall(function() life.own = Room { path = "/e" } end)
  life.moonroom.mount("/e", life.own)
  life.moonroom.mount("/:name", Room)
  for _ = 1, 60 do
    local peer = life.peers[life.roll(math.max(#life.peers, 1))]
    if peer or #life.peers == 0 then deeds[peer and life.roll(#deeds) or 1](life, peer) end
    for room in pairs(life.rooms) do check_room(life, room) end
  end
  check_end(life)
  return life
end

describe("lives at random", function()
  local first = tonumber(os.getenv("SEED") or 1)
  local count = tonumber(os.getenv("SEEDS") or 40)

  it("add up", function()
    for seed = first, first + count - 1 do
      assert.same({}, live(seed, false).faults, "seed " .. seed)
    end
  end)

  it("add up where memory fails", function()
    for seed = first, first + count - 1 do
      assert.same({}, live(seed, true).faults, "seed " .. seed)
    end
  end)
end)
