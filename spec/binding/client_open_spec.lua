-- on_open: between the 101 and on_join.

local world = require "world"

-- A world whose room at /room has the handlers, and notes joins and leaves into w.notes.
local function door(handlers, fields)
  return world.new({ ping_interval = 0 }, function(moonroom, w)
    w.notes = {}
    local Room = moonroom.Room:extend("Door", fields)
    function Room.on_join(_, client)
      w.client = client
      table.insert(w.notes, "join")
    end
    function Room.on_text(_, _, text) table.insert(w.notes, text) end
    function Room.on_leave(_, _, code) table.insert(w.notes, "leave " .. code) end
    for name, handler in pairs(handlers(moonroom, w)) do Room[name] = handler end
    w.room = Room { path = "/room" }
    moonroom.mount("/room", w.room)
  end)
end

local function waiting(seconds)
  return door(function(moonroom, w)
    return { on_open = function(_, client)
      w.opening = client
      moonroom.sleep(seconds or 1)
    end }
  end)
end

describe("on_open", function()
  it("lets in with nil and true, and before on_join", function()
    for _, answer in ipairs { "nil", "true" } do
      local w = door(function(_, w)
        return { on_open = function()
          table.insert(w.notes, "open")
          if answer == "true" then return true end
        end }
      end)
      assert.equal(101, w:connect("/room").status)
      assert.same({ { "open", "join" }, 1 }, { w.notes, #w.room })
    end
  end)

  it("refuses with false: 1008, or a code and a reason; no join, no leave", function()
    for _, case in ipairs { { { false }, 1008, "" }, { { false, 4001, "no" }, 4001, "no" } } do
      local w = door(function()
        return { on_open = function() return table.unpack(case[1]) end }
      end)
      local peer = w:connect("/room")
      assert.same({ 101, case[2], case[3], 1 }, { peer.status, peer:close_frame() })
      peer:close(case[2]):finish()
      assert.same({ {}, 0 }, { w.notes, #w.room })
      assert.is_true(w.kit.is_empty(w.hub))
    end
  end)

  it("that refuses with what is no close code or no UTF-8 closes with 1011 and says so", function()
    for _, case in ipairs { { 999, "" }, { "x", "" }, { 1.5, "" }, { 1000, "\xff" } } do
      local w = door(function()
        return { on_open = function() return false, table.unpack(case) end }
      end)
      assert.equal(1011, (w:connect("/room"):close_frame()))
      assert.matches("on_open refused with", w:log(), 1, true)
    end
  end)

  it("that fails keeps the client out, whatever on_error does", function()
    local w = door(function()
      return { on_open = function() error("no") end, on_error = function() end }
    end)
    local peer = w:connect("/room")
    assert.same({ 1011, "internal error", 1 }, { peer:close_frame() })
    assert.same({}, w.notes)
  end)

  it("may wait: meanwhile the client is no member and hears no broadcast", function()
    local w = waiting(1)
    local peer = w:connect("/room")
    assert.same({ 0, 0 }, { #w.room, w.room:broadcast("all") })
    for _ in w.room:clients() do error("nobody is there") end
    assert.is_true(w.opening:send("you"))
    w:advance(1)
    assert.equal(1, w.room:broadcast("all"))
    assert.same({ "you", "all" }, peer:take())
  end)

  it("takes part in a dialogue; what it doesn't receive comes after on_join", function()
    local w = door(function()
      return { on_open = function(_, client)
        client:send("name?")
        client.name = client:receive(5)
        client:send("hello " .. client.name)
      end }
    end)
    local peer = w:connect("/room")
    peer:text("ann"):text("hi")
    assert.same({ "name?", "hello ann" }, peer:take())
    assert.same({ "join", "hi" }, w.notes)
  end)

  it("is told of a client that goes meanwhile: no join, no leave", function()
    local heard
    for _, go in ipairs { "reset", "finish", "close" } do
      local w = door(function()
        return { on_open = function(_, client) heard = table.pack(client:receive()) end }
      end)
      local peer = w:connect("/room")
      peer[go](peer)
      assert.same({ nil, "closed", n = 2 }, heard)
      w:advance(10)
      assert.same({ {}, true }, { w.notes, w.kit.is_empty(w.hub) })
    end
  end)

  it("drops what came before a client went that never joined", function()
    local w = waiting(1)
    w:connect("/room"):text("lost"):reset()
    w:advance(1)
    assert.same({}, w.notes)
  end)

  it("counts for max_clients of the room while it waits", function()
    local w = waiting(1)
    w.room.max_clients = 1
    w:connect("/room")
    assert.equal(503, w:connect("/room").status)
    w:advance(1)
    assert.same({ 503, 1 }, { w:connect("/room").status, #w.room })
  end)

  it("is closed with its room", function()
    local w = waiting(1)
    local peer = w:connect("/room")
    w.room:close(4002)
    assert.equal(4002, (peer:close_frame()))
    w:advance(1)
    assert.same({}, w.notes)
  end)

  it("is not asked of those who are in already when it is replaced", function()
    local w = door(function() return {} end)
    w:connect("/room")
    w.room.on_open = function() return false end
    assert.equal(1, w.room:broadcast("still here"))
    assert.equal(1008, (w:connect("/room"):close_frame()))
  end)

  it("leaves nothing behind when the app ends while it waits", function()
    local w = waiting(1)
    w:connect("/room")
    w.kit.reset(w.hub)
    assert.is_true(w.kit.is_empty(w.hub))
  end)

  it("without memory for the member ends the client, and nothing else", function()
    local w = waiting(1)
    local peer = w:connect("/room")
    w.kit.fail(w.hub, 1, 1000)
    w:advance(1)
    w.kit.fail(w.hub)
    assert.is_true(peer:state().closed)
    assert.same({ {}, 0 }, { w.notes, #w.room })
    w:connect("/room")
    w:advance(1)
    assert.same({ "join" }, w.notes)
  end)
end)

describe("max_clients of a room", function()
  it("is looked at again when the answer of an on_accept that waited is there", function()
    local w = door(function(moonroom)
      return { on_accept = function() moonroom.sleep(1) end }
    end, { max_clients = 1 })
    local first, second = w:connect("/room"), w:connect("/room")
    w:advance(1)
    local statuses = { first:response().status, second:response().status }
    assert.same({ 101, 503 }, statuses)
    assert.equal(1, #w.room)
  end)
end)
