-- The hub's userdata: what it holds, that all of it goes, and that want of memory ends nothing.

local core = require "moonroom.core"
local one_room = require "one_room"
local world = require "world"

local kit = core.testkit.app

local function collect()
  for _ = 1, 3 do collectgarbage() end
end

describe("a hub", function()
  it("is collected with its app, rooms and clients when nobody holds it", function()
    local seen = setmetatable({}, { __mode = "k" })
    local function live()
      local w = one_room { on_join = function(room, client) seen[room], seen[client] = 1, 1 end }
      seen[w.hub], seen[w.app] = 1, 1
      local peer = w:connect("/talk")
      w:connect("/talk"):reset()
      peer:text("hello")
      collect()
      assert.is_truthy(next(seen))
    end
    live()
    collect()
    assert.is_nil(next(seen))
  end)

  it("is not collected while a client is held, which goes on working", function()
    local client, peer
    local function live()
      local w = one_room { on_join = function(_, joining) client = joining end }
      peer = w:connect("/talk").raw
    end
    live()
    collect()
    assert.is_true(client:send("still here"))
    assert.equal(1, #client.room)
    assert.equal("string", type(peer:take()))
  end)

  it("leaves nothing in the registry, world after world", function()
    local registry = debug.getregistry()
    local function count()
      collect()
      local total = 0
      for key, value in pairs(registry) do
        -- References that are free stay, each with the number of the next.
        local is_free = math.type(key) == "integer" and math.type(value) == "integer"
        if not is_free then total = total + 1 end
      end
      return total
    end
    local function live()
      local w = one_room { on_text = function() error("x") end }
      for _ = 1, 5 do w:connect("/talk"):text("x") end
    end
    live()
    local before = count()
    for _ = 1, 20 do live() end
    assert.equal(before, count())
  end)

  it("hears of changed handlers, each one in the state", function()
    local worlds = {}
    for index = 1, 3 do worlds[index] = one_room {} end
    local Shared = worlds[1].Talk
    local heard = 0
    local peers = {}
    for index, w in ipairs(worlds) do peers[index] = w:connect("/talk") end
    function Shared.on_binary() heard = heard + 1 end
    peers[1]:frame("binary", "x")
    worlds[3].room.on_binary = Shared.on_binary
    peers[3]:frame("binary", "x")
    assert.equal(2, heard)
    peers[2]:frame("binary", "x")
    assert.equal(1003, (peers[2]:close_frame()))
  end)

  it("is asked for by type: anything else raises", function()
    for _, value in ipairs { {}, "hub", 1, io.stdout } do
      assert.error_matches(function() core.max_rooms(value) end, "moonroom.Hub expected")
      assert.error_matches(function() core.room(value, {}) end, "moonroom.Hub expected")
    end
    assert.is_false(pcall(core.attach, kit.hub(), print, nil, print))
  end)

  it("gives back its memory when its clients have gone", function()
    local w = one_room({ on_text = function(room, client, text)
      client:send(text)
      room:broadcast(text)
      client:ping("x")
    end })
    local function visit()
      local peers = {}
      for index = 1, 10 do peers[index] = w:connect("/talk") end
      for _, peer in ipairs(peers) do
        peer:text(("x"):rep(3000)):frame("text", "par", { fin = false })
      end
      for index, peer in ipairs(peers) do
        if index % 2 == 0 then peer:reset() else peer:frame("continuation"):close(1000):finish() end
      end
      w:log()
      collect()
      return select(2, w:memory())
    end
    local blocks = visit()
    assert.equal(blocks, visit())
    assert.equal(blocks, visit())
  end)
end)

describe("the hot path", function()
  local w, peer, heard
  before_each(function()
    heard = 0
    w = one_room {
      on_text = function(_, client, text)
        heard = heard + 1
        client:send(text)
      end,
    }
    peer = w:connect("/talk")
  end)

  it("asks C's allocator for nothing", function()
    local function echo(times)
      for index = 1, times do peer:text(("x"):rep(100) .. index):frames() end
    end
    echo(10)
    local before = w:memory()
    echo(500)
    assert.equal(before, (w:memory()))
    assert.equal(510, heard)
  end)

  it("costs one Lua string a message, and no table", function()
    local length = 200
    local function bytes_for(messages)
      local frames = {}
      for index = 1, messages do
        frames[index] = world.frame("text", ("%d"):format(index):rep(length):sub(1, length))
      end
      local bytes = table.concat(frames)
      peer.raw:send(world.frame("text", "warm"))
      kit.turn(w.hub)
      collect()
      collectgarbage("stop")
      local before = collectgarbage("count")
      peer.raw:send(bytes)
      local used = (collectgarbage("count") - before) * 1024 - #bytes
      collectgarbage("restart")
      kit.turn(w.hub)
      peer:frames()
      return used
    end
    bytes_for(10)
    local few, many = bytes_for(10), bytes_for(60)
    local header = 25 -- Lua 5.4's long string, with its closing NUL
    assert.equal(50 * (length + header), math.tointeger(many - few))
    assert.equal(83, heard)
  end)
end)

describe("want of Lua's memory", function()
  local index = 0

  -- A script that does a bit of everything.
  local function script(moonroom, w)
    local User = moonroom.Client:extend("User")
    function User:init(request) self.name = request.query.name or "somebody" end
    local Room = moonroom.Room:extend("Room", { Client = User, protocols = { "v1" } })
    function Room:init() self.history = {} end
    function Room.on_accept(_, request) request.seen = request.headers.host end
    function Room:on_join(user) self:broadcast(user.name .. " joined") end
    function Room:on_leave(user) self:broadcast(user.name .. " left", user) end
    function Room:on_binary(user, data) user:send_binary(data .. #self) end
    function Room:check_message(_, kind) return kind == "text" and self.refuses or nil end
    function Room:on_text(user, text)
      self.history[#self.history + 1] = text
      self:broadcast({ from = user.name, text = text }, function(other) return other ~= user end)
      for other in self:clients() do other:send(tostring(other)) end
      if text == "fail" then error({ text }) end
    end
    w.Room = Room
    moonroom.mount("/rooms/:name", Room)
  end

  local requests = {
    world.request_head("/rooms/a?name=ann", { headers = { ["Sec-WebSocket-Protocol"] = "v1" } }),
    world.request_head("/rooms/a?name=bob"), world.request_head("/nothing"),
  }
  local speech = {
    world.frame("text", "hello"), world.frame("binary", "\1\2"), world.frame("pong", "x"),
    world.frame("text", "fail"), world.frame("close", "\x03\xe8"),
  }

  local function session(w)
    local peers = {}
    for at, request in ipairs(requests) do
      peers[at] = kit.connect(w.hub)
      peers[at]:send(request)
      kit.advance(w.hub, 0)
    end
    w.Room.on_pong = function() index = index + 1 end
    for _, bytes in ipairs(speech) do
      for _, peer in ipairs(peers) do peer:send(bytes) end
      kit.advance(w.hub, 0)
    end
  end

  local function anchors()
    collect()
    local total = 0
    for _ in pairs(debug.getregistry()) do total = total + 1 end
    return total
  end

  local function goes_on(w)
    local peer = w:connect("/rooms/b?name=eve")
    assert.equal(101, peer.status)
    assert.same({ "eve joined" }, peer:take())
    peer:frame("binary", "x")
    assert.same({ "x1" }, peer:take())
    peer:close(1000):finish()
    assert.is_nil(w.app.rooms.made["/rooms/b"])
  end

  -- Sessions before and after, whole ones, find the same memory.
  local function survives(fail)
    local w = world.new({ max_rooms = 2, linger = 0 }, script)
    local function rest()
      kit.reset(w.hub)
      goes_on(w)
      w:log()
      collect()
      return select(2, w:memory())
    end
    session(w)
    local blocks = rest()
    fail(w)
    pcall(session, w)
    kit.fail_lua()
    kit.fail(w.hub)
    kit.reset(w.hub)
    assert.is_true(kit.is_empty(w.hub))
    for room in w.moonroom.rooms() do assert.equal(0, #room) end
    session(w)
    assert.equal(blocks, rest())
    assert.is_true(w.app.rooms.made_count <= 1)
  end

  it("at any one place ends nothing, keeps nothing, and the next client is served", function()
    survives(function() kit.fail_lua(1) end)
    local before = anchors()
    for nth = 1, 400 do
      survives(function() kit.fail_lua(nth, 1) end)
    end
    assert.equal(before, anchors())
  end)

  it("for a while ends nothing either", function()
    for nth = 1, 200, 3 do
      survives(function() kit.fail_lua(nth, 20) end)
      survives(function() kit.fail_lua(nth, 1000000) end)
    end
  end)

  it("of C's ends nothing either", function()
    for nth = 1, 150 do
      survives(function(w) kit.fail(w.hub, nth, 1 + nth % 3) end)
    end
  end)
end)
