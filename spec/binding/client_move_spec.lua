-- client:move: from one room to another, with its events in order.

local raises_here = require "raises_here"
local world = require "world"

-- A world with the rooms /a and /b, which note what happens into w.notes. fields: theirs.
local function rooms(fields)
  return world.new({ ping_interval = 0 }, function(moonroom, w)
    w.notes = {}
    local function note(format, ...) table.insert(w.notes, format:format(...)) end
    local Hall = moonroom.Room:extend("Hall", fields or {})
    function Hall:on_join(client)
      note("join %s", self.path)
      w.client = client
      if self.joining then self:joining(client) end
    end
    function Hall:on_text(client, text)
      note("%s hears %s", self.path, text)
      if self.hearing then self:hearing(client, text) end
    end
    function Hall:on_leave(client, code, reason, clean)
      note("leave %s %s %s %s in %s", self.path, code, reason, clean, client.room.path)
      if self.leaving then self:leaving(client) end
    end
    w.Hall = Hall
    w.a, w.b, w.c = Hall { path = "/a" }, Hall { path = "/b" }, Hall { path = "/c" }
    for _, room in ipairs { w.a, w.b, w.c } do moonroom.mount(room.path, room) end
  end)
end

describe("client:move", function()
  it("leaves the old room and joins the new one, in this order", function()
    local w = rooms()
    w:connect("/a")
    assert.is_true(w.client:move(w.b))
    assert.same({ 0, 1, w.b }, { #w.a, #w.b, w.client.room })
    w:advance(0)
    assert.same({ "join /a", "leave /a nil moved true in /b", "join /b" }, w.notes)
  end)

  it("hears the new room's broadcasts and no more the old one's", function()
    local w = rooms()
    local peer = w:connect("/a")
    w.client:move(w.b)
    assert.same({ 0, 1 }, { w.a:broadcast("a"), w.b:broadcast("b") })
    assert.same({ "b" }, peer:take())
  end)

  it("takes what was sent meanwhile to the new room, after its on_join", function()
    local w = rooms()
    function w.a:hearing(client, text)
      if text ~= "go" then return end
      client:move(w.b)
      w.moonroom.sleep(1)
    end
    local peer = w:connect("/a")
    peer:text("go"):text("one"):text("two")
    assert.same({ "join /a", "/a hears go" }, w.notes)
    w:advance(1)
    assert.same({ "leave /a nil moved true in /b", "join /b", "/b hears one", "/b hears two" },
      table.move(w.notes, 3, 6, 1, {}))
  end)

  it("ends with the new room's on_leave", function()
    local w = rooms()
    local peer = w:connect("/a")
    w.client:move(w.b)
    w:advance(0)
    peer:close(4000, "bye")
    assert.same({ "join /b", "leave /b 4000 bye true in /b" }, table.move(w.notes, 3, 4, 1, {}))
    assert.equal(4, #w.notes)
  end)

  it("forgets a room whose on_join had not begun", function()
    local w = rooms()
    w:connect("/a")
    w.client:move(w.b)
    w.client:move(w.c)
    assert.same({ 0, 0, 1 }, { #w.a, #w.b, #w.c })
    w:advance(0)
    assert.same({ "join /a", "leave /a nil moved true in /c", "join /c" }, w.notes)
  end)

  it("from an on_join that waits lets that come to its end first", function()
    local w = rooms()
    function w.a:joining(client)
      client:move(w.b)
      w.moonroom.sleep(1)
      table.insert(w.notes, "joined a")
    end
    w:connect("/a")
    w:advance(1)
    assert.same({ "join /a", "joined a", "leave /a nil moved true in /b", "join /b" }, w.notes)
  end)

  it("joins no room when the client goes while the old one's on_leave waits", function()
    local w = rooms()
    function w.a:leaving() w.moonroom.sleep(1) end
    local peer = w:connect("/a")
    w.client:move(w.b)
    w:advance(0)
    peer:reset()
    assert.equal(0, #w.b)
    w:advance(1)
    assert.same({ "join /a", "leave /a nil moved true in /b" }, w.notes)
    assert.is_true(w.kit.is_empty(w.hub))
  end)

  it("tells the old room of it also where the client is closed at once", function()
    local w = rooms()
    w:connect("/a")
    w.client:move(w.b)
    w.client:close(4001)
    w:advance(10)
    assert.same({ "join /a", "leave /a nil moved true in /b" }, w.notes)
  end)

  it("to the room where it is does nothing", function()
    local w = rooms()
    w:connect("/a")
    assert.is_true(w.client:move(w.a))
    w:advance(0)
    assert.same({ "join /a" }, w.notes)
  end)

  it("in on_open chooses the room that is joined", function()
    local w = rooms()
    function w.Hall.on_open(_, client)
      assert(client:move(w.b))
      w.moonroom.sleep(1)
    end
    w:connect("/a")
    assert.same({ 0, 0 }, { #w.a, #w.b })
    w:advance(1)
    assert.same({ { "join /b" }, 0, 1 }, { w.notes, #w.a, #w.b })
  end)

  it("keeps to the new room's limits", function()
    local w = rooms()
    w.b.max_message = 3
    local peer = w:connect("/a")
    peer:text("four")
    w.client:move(w.b)
    peer:text("four")
    assert.equal(1009, (peer:close_frame()))
  end)

  it("is refused where the room has as many as it may", function()
    local w = rooms()
    w.b.max_clients = 1
    w:connect("/b")
    w:connect("/a")
    assert.same({ nil, "full" }, { w.client:move(w.b) })
    assert.same({ 1, 1, w.a }, { #w.a, #w.b, w.client.room })
    w.b.max_clients = 2
    assert.is_true(w.client:move(w.b))
  end)

  it("answers nil, closed for a closed room and a closed client", function()
    local w = rooms()
    local peer = w:connect("/a")
    w.b:close()
    assert.same({ nil, "closed" }, { w.client:move(w.b) })
    peer:reset()
    assert.same({ nil, "closed" }, { w.client:move(w.c) })
  end)

  it("raises for what is no room, a room of another app, and in init", function()
    local w, other = rooms(), rooms()
    w:connect("/a")
    for _, value in ipairs { 1, "/b", {}, w.Hall, w.client } do
      raises_here("moonroom.Room expected", function() w.client:move(value) end)
    end
    raises_here("another app", function() w.client:move(other.b) end)
    local User = w.moonroom.Client:extend("User")
    function User:init() self:move(w.b) end
    w.Hall.Client = User
    assert.equal(500, w:connect("/a").status)
    assert.matches("init must not move", w:log(), 1, true)
  end)

  it("empties the room that it leaves", function()
    local w = world.new(nil, function(moonroom, w)
      local Table = moonroom.Room:extend("Table", { linger = 5 })
      function Table.on_join(_, client) w.client = client end
      moonroom.mount("/:name", Table)
      w.aside = Table {}
    end)
    w:connect("/one")
    w.client:move(w.aside)
    w:advance(4.9)
    assert.is_truthy(w.moonroom.room("/one"))
    w:advance(0.1)
    assert.is_nil(w.moonroom.room("/one"))
  end)

  it("changes nothing where there is no memory", function()
    local w = rooms()
    w:connect("/a")
    w.kit.fail(w.hub, 1)
    assert.error_matches(function() w.client:move(w.b) end, "not enough memory")
    assert.same({ 1, 0, w.a }, { #w.a, #w.b, w.client.room })
    w.kit.fail(w.hub)
    assert.is_true(w.client:move(w.b))
  end)

  it("to and fro for ever doesn't keep the loop from its sockets", function()
    local w = rooms()
    local joins = 0
    function w.Hall:joining(client)
      joins = joins + 1
      assert(joins < 100, "it goes on in one turn")
      client:move(self == w.a and w.b or w.a)
    end
    w:peer().raw:send(world.request_head("/a"))
    for _ = 1, 5 do w.kit.turn(w.hub) end
    assert.is_true(joins > 1 and joins <= 6)
  end)
end)
