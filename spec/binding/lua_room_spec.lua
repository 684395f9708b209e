local crowd = require "crowd"
local one_room = require "one_room"
local raises_here = require "raises_here"
local server = require "server"
local websocket = require "websocket"
local world = require "world"

describe("a room", function()
  it("says its class, path and how many clients it has", function()
    local w = world.new()
    local ChatRoom = w.moonroom.Room:extend("ChatRoom")
    local room = ChatRoom { path = "/bongo" }
    w.moonroom.mount("/bongo", room)
    assert.equal("ChatRoom /bongo, 0 clients", tostring(room))
    local peer = w:connect("/bongo")
    assert.equal("ChatRoom /bongo, 1 client", tostring(room))
    w:connect("/bongo")
    w:connect("/bongo")
    assert.equal("ChatRoom /bongo, 3 clients", tostring(room))
    peer:reset()
    assert.equal("ChatRoom /bongo, 2 clients", tostring(room))
    assert.equal("Room, 0 clients", tostring(w.moonroom.Room {}))
  end)

  it("has its path and params before init, and fields too", function()
    local seen
    local w = world.new()
    local Room = w.moonroom.Room:extend("Room")
    function Room:init() seen = { self.path, self.params.id, self.color } end
    Room { path = "/x", params = { id = "7" }, color = "red" }
    assert.same({ "/x", "7", "red" }, seen)
    assert.same({}, Room {}.params)
    assert.is_nil(Room {}.path)
  end)

  it("is an ordinary value: collected when nobody holds it and nobody is in it", function()
    local w = world.new()
    local seen = setmetatable({}, { __mode = "k" })
    local Room = w.moonroom.Room:extend("Room")
    w.moonroom.mount("/:name", function() return Room {} end)
    function Room:init() seen[self] = true end
    local peer = w:connect("/x")
    local function gone()
      collectgarbage()
      collectgarbage()
      return next(seen) == nil
    end
    assert.is_false(gone())
    peer:text("x")
    peer:close(1000):finish()
    assert.is_true(gone())
  end)

  it("keeps its hub: what it can do doesn't end while it is held", function()
    local room
    local function keep_the_room_alone()
      local w = one_room()
      room = w.moonroom.Room:extend("Kept") { path = "/kept" }
    end
    keep_the_room_alone()
    for _ = 1, 3 do collectgarbage() end
    assert.is_true(room:close())
  end)

  it("is empty and closed for a finalizer that runs after its hub's", function()
    local seen
    local function lose_all()
      local holder = setmetatable({}, {
        __gc = function(self)
          local room = self.room
          seen = { #room, room.path, room.color, room:broadcast("x"), room:clients()() or "nobody",
            tostring(room), select(2, room:close()) }
          room.on_text = print
          room.max_message = 10
        end,
      })
      local w = one_room()
      w:connect("/talk")
      w.room.color = "red"
      holder.room = w.room
    end
    lose_all()
    collectgarbage()
    collectgarbage()
    assert.same({ 0, "/talk", "red", 0, "nobody", "Talk /talk, 0 clients", "closed" }, seen)
  end)
end)

describe("room:close", function()
  it("closes everybody with 1001 and takes nobody any more", function()
    local room, _, peers, w = crowd(3)
    assert.is_true(room:close())
    assert.equal(0, #room)
    assert.is_nil(room:clients()())
    for _, peer in ipairs(peers) do assert.same({ 1001, "", 1 }, { peer:close_frame() }) end
    assert.equal(503, w:connect("/talk").status)
    assert.same({ nil, "closed" }, { room:close() })
    assert.equal(0, room:broadcast("x"))
  end)

  it("takes a code and a reason, and checks them", function()
    local room, _, peers = crowd(1)
    raises_here("bad argument #1 to 'close' (not a close code", function() room:close(1006) end)
    raises_here("bad argument #2 to 'close'", function() room:close(1000, "\xff") end)
    assert.equal(1, #room)
    room:close(4001, "bye")
    assert.same({ 4001, "bye", 1 }, { peers[1]:close_frame() })
  end)

  it("may be called from on_leave, and from a walk over its clients", function()
    local left = 0
    local room, clients, _, w = crowd(3, {
      on_leave = function(self)
        left = left + 1
        self:close()
      end,
    })
    clients[1]:terminate()
    w:advance(10)
    assert.same({ 3, 0 }, { left, #room })
    room = crowd(3)
    local seen = 0
    for _ in room:clients() do
      seen = seen + 1
      room:close()
    end
    assert.same({ 1, 0 }, { seen, #room })
  end)
end)

describe("a room's options", function()
  it("are checked where they are assigned: on a class, in extend, on a room, in the constructor",
    function()
      local w = world.new()
      local Room = w.moonroom.Room:extend("Big")
      local room = Room {}
      local wanted = "Big.max_message: max_message must be a whole number of bytes from 1 to"
      raises_here(wanted, function() Room.max_message = 0 end)
      raises_here(wanted, function() room.max_message = -1 end)
      raises_here(wanted, function() Room { max_message = 1.5 } end)
      raises_here(wanted, function() w.moonroom.Room:extend("Big", { max_message = 1 << 40 }) end)
      raises_here("is a number, not a string", function() room.max_clients = "10" end)
      raises_here("is a number, not a boolean", function() room.max_clients = true end)
      raises_here("compression must be true or false, not 1", function() room.compression = 1 end)
      raises_here("compression is a boolean, not a string", function() room.compression = "on" end)
      raises_here("compression_min_size must be a whole number of bytes from 0",
        function() room.compression_min_size = -1 end)
      for _, value in ipairs { 0 / 0, math.huge, -math.huge, -1, 1e300 } do
        raises_here("cannot assign Big.write_stall", function() room.write_stall = value end)
        raises_here("cannot assign Big.max_fragments", function() room.max_fragments = value end)
      end
    end)

  it("are inherited, overridden, taken back, and read when a client joins", function()
    local w = world.new()
    local Base = w.moonroom.Room:extend("Base", { max_message = 10 })
    local Sub = Base:extend("Sub")
    local room = Sub { path = "/" }
    w.moonroom.mount("/", room)
    local heard
    function Base.on_text(_, _, text) heard = #text end
    local function result_of(length, peer)
      heard = nil
      peer = (peer or w:connect("/")):text(("x"):rep(length))
      return heard or (peer:close_frame())
    end
    assert.same({ 10, 1009 }, { result_of(10), result_of(11) })
    local early = w:connect("/")
    Sub.max_message = 20
    assert.same({ 20, 1009 }, { result_of(20), result_of(21) })
    room.max_message = 5
    assert.same({ 5, 1009 }, { result_of(5), result_of(6) })
    room.max_message = nil
    assert.equal(20, result_of(20))
    Sub.max_message = nil
    assert.equal(1009, result_of(11))
    assert.same({ 10, 1009 }, { result_of(10, early), result_of(11, early) })
  end)

  it("take the server's where neither room nor class says", function()
    local w = one_room({}, { max_message = 4 })
    assert.equal(1009, (w:connect("/talk"):text("12345"):close_frame()))
  end)
end)

describe("a room or group whose finalizer Lua couldn't call", function()
  after_each(server.stop_all)

  it("is freed with its hub, which writes to no box of it", function()
    -- Lua drops a finalizer where C's stack is too deep for it: at one of these depths.
    local here = server.start({
      ["init.lua"] = [[
        local moonroom = require "moonroom"
        local Room = moonroom.Room:extend("Lost")
        function Room.on_text(_, client)
          for depth = 1, 200 do
            local held = {}
            for at = 1, 5 do
              local group = moonroom.group()
              group:add(client)
              held[at] = { Room {}, group }
            end
            local function deeper(left)
              if left == 0 then
                held = nil
                collectgarbage()
                return
              end
              string.gsub("a", "a", function() deeper(left - 1) end)
            end
            pcall(deeper, depth)
          end
          collectgarbage()
          collectgarbage()
          client:send("done")
        end
        moonroom.mount("/", Room)
      ]],
    })
    local peer = websocket.connect(here.port, "/")
    for _ = 1, 3 do
      peer:send("go")
      assert.equal("done", (peer:receive()))
    end
    peer.wire:close()
    here:stop()
  end)
end)
