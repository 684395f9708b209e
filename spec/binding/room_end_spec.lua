-- The end of a room: linger, close, on_close, the shutdown.

local world = require "world"

-- A world with a class mounted at /:name that notes what happens into w.notes.
local function talks(fields, options)
  return world.new(options or { ping_interval = 0 }, function(moonroom, w)
    w.notes = {}
    local Talk = moonroom.Room:extend("Talk", fields or {})
    function Talk:init() table.insert(w.notes, "init " .. self.path) end
    function Talk.on_join(_, client) w.client = client end
    function Talk:on_leave() table.insert(w.notes, "leave " .. self.path) end
    function Talk:on_close() table.insert(w.notes, "close " .. self.path) end
    w.Talk = Talk
    moonroom.mount("/lobby", Talk)
    moonroom.mount("/:name", Talk)
  end)
end

describe("a room that mount made", function()
  it("is dropped when it has been empty for its linger, not before", function()
    for _, seconds in ipairs { 30, 7 } do
      local w = talks({ linger = seconds ~= 30 and seconds or nil })
      w:connect("/a"):reset()
      w:advance(seconds - 0.1)
      assert.same({ "init /a", "leave /a" }, w.notes)
      w:advance(0.1)
      assert.same({ "init /a", "leave /a", "close /a" }, w.notes)
      assert.is_nil(w.moonroom.room("/a"))
    end
  end)

  it("lingers as the option says where its class doesn't", function()
    local w = talks(nil, { linger = 2, ping_interval = 0 })
    w:connect("/a"):reset()
    w:advance(2)
    assert.equal("close /a", w.notes[3])
  end)

  it("is dropped at once with a linger of 0", function()
    local w = talks({ linger = 0 })
    w:connect("/a"):reset()
    assert.same({ "init /a", "leave /a", "close /a" }, w.notes)
  end)

  it("stays where somebody comes back, and lingers anew when he has left", function()
    local w = talks({ linger = 10 })
    w:connect("/a"):reset()
    w:advance(9)
    local peer = w:connect("/a")
    w:advance(20)
    peer:reset()
    w:advance(9.9)
    assert.same({ "init /a", "leave /a", "leave /a" }, w.notes)
    w:advance(0.1)
    assert.equal("close /a", w.notes[4])
  end)

  it("stays while a request for it is being answered", function()
    local w = talks({ linger = 1 })
    w:connect("/a"):reset()
    function w.Talk.on_accept() w.moonroom.sleep(3) end
    local peer = w:connect("/a")
    w:advance(3)
    assert.equal(101, peer:response().status)
    assert.same({ "init /a", "leave /a" }, w.notes)
  end)

  it("is dropped at once where the only request for it was refused", function()
    local w = talks()
    function w.Talk.on_accept() return false end
    assert.equal(403, w:connect("/a").status)
    assert.same({ "init /a", "close /a" }, w.notes)
  end)

  it("stays for good under a literal pattern", function()
    local w = talks()
    w:connect("/lobby"):reset()
    w:advance(1000)
    assert.same({ "init /lobby", "leave /lobby" }, w.notes)
  end)

  it("gives way to a new one, where as many linger as there may be rooms", function()
    local w = talks(nil, { max_rooms = 2 })
    w:connect("/a"):reset()
    local b = w:connect("/b")
    assert.equal(101, w:connect("/c").status)
    assert.equal("close /a", w.notes[#w.notes])
    assert.equal(503, w:connect("/d").status)
    b:reset()
    assert.equal(101, w:connect("/d").status)
  end)
end)

describe("on_close", function()
  it("comes once, after the on_leave of each, also of those that wait", function()
    local w = talks()
    function w.Talk.on_leave()
      w.moonroom.sleep(1)
      table.insert(w.notes, "left")
    end
    w:connect("/a")
    w:connect("/a")
    local room = w.moonroom.room("/a")
    room:close()
    w:advance(5)
    assert.same({ "init /a" }, w.notes)
    w:advance(1)
    assert.same({ "init /a", "left", "left", "close /a" }, w.notes)
    assert.same({ nil, "closed" }, { room:close() })
    w:advance(10)
    assert.equal(4, #w.notes)
  end)

  it("comes where nobody is in the room", function()
    local w = talks()
    local room = w.Talk { path = "/own" }
    room:close()
    assert.same({ "init /own" }, w.notes)
    w:advance(0)
    assert.same({ "init /own", "close /own" }, w.notes)
  end)

  it("finds the room closed", function()
    local w, seen = talks(), nil
    function w.Talk:on_close()
      seen = { #self, self:broadcast("x"), self:after(1, print) }
    end
    w:connect("/a")
    w.moonroom.room("/a"):close()
    w:advance(6)
    assert.same({ 0, 0, nil, "closed" }, seen)
  end)

  it("may wait: the next room at the path is made when it has ended", function()
    local w = talks({ linger = 0 })
    function w.Talk:on_close()
      w.moonroom.sleep(2)
      table.insert(w.notes, "saved")
    end
    w:connect("/a"):reset()
    local peer = w:connect("/a")
    assert.is_nil(peer.status)
    w:advance(2)
    assert.equal(101, peer:response().status)
    assert.same({ "init /a", "leave /a", "saved", "init /a" }, w.notes)
  end)

  it("that fails is logged, and the path is free again", function()
    local w = talks({ linger = 0 })
    function w.Talk.on_close() error("disk full") end
    w:connect("/a"):reset()
    assert.matches("where=on_close[^\n]*disk full", w:log())
    assert.equal(101, w:connect("/a").status)
  end)

  it("goes on to the end while other clients chat", function()
    local w = talks({ linger = 0 })
    function w.Talk:on_close() w.moonroom.sleep(60) end
    w:connect("/a"):reset()
    local bob = w:connect("/b")
    w.moonroom.room("/b"):broadcast("hi")
    assert.same({ "hi" }, bob:take())
  end)

  it("that could not be called for want of memory leaves the path free", function()
    for nth = 1, 10 do
      local w = talks()
      w:connect("/a"):reset()
      w.moonroom.room("/a"):close()
      assert.is_nil(w.moonroom.room("/a"))
      w.kit.fail_lua(nth, 1000)
      w.kit.turn(w.hub)
      w.kit.fail_lua()
      assert.equal(101, w:connect("/a").status)
    end
  end)
end)

describe("the shutdown", function()
  it("closes every room, those without clients too, after every on_leave", function()
    local w = talks()
    local own = w.Talk { path = "/own" }
    local peer = w:connect("/a")
    w.kit.drain(w.hub)
    w:advance(0)
    assert.equal(1001, (peer:close_frame()))
    assert.is_false(w.kit.is_empty(w.hub))
    peer:close(1001):finish()
    table.sort(w.notes)
    assert.same({ "close /a", "close /own", "init /a", "init /own", "leave /a" }, w.notes)
    assert.is_true(w.kit.is_empty(w.hub))
    assert.equal(0, #own)
  end)

  it("waits for an on_close that waits", function()
    local w = talks()
    function w.Talk.on_close() w.moonroom.sleep(3) end
    w.room = w.Talk { path = "/own" }
    w.kit.drain(w.hub)
    w:advance(2.9)
    assert.is_false(w.kit.is_empty(w.hub))
    w:advance(0.1)
    assert.is_true(w.kit.is_empty(w.hub))
  end)

  it("without a room is over in one turn", function()
    local w = world.new()
    w.kit.drain(w.hub)
    w.kit.turn(w.hub)
    assert.is_true(w.kit.is_empty(w.hub))
  end)

  it("closes a room whose init waits when that is over: 503, and one on_close", function()
    local w = talks()
    function w.Talk:init()
      w.moonroom.sleep(2)
      table.insert(w.notes, "init " .. self.path)
    end
    local peer = w:connect("/a")
    w.kit.drain(w.hub)
    w:advance(1)
    assert.same({}, w.notes)
    w:advance(1)
    assert.same({ 503, { "init /a", "close /a" } }, { peer:response().status, w.notes })
    peer:finish()
    assert.is_true(w.kit.is_empty(w.hub))
  end)
end)

describe("a room", function()
  it("that is collected while its on_close waits leaves nothing behind", function()
    local w = talks()
    function w.Talk.on_close() w.moonroom.sleep(1) end
    w.Talk { path = "/own" }:close()
    w:advance(0)
    collectgarbage()
    w:advance(1)
    for _ = 1, 3 do collectgarbage() end
    assert.is_nil(next(w.app.rooms.ready))
  end)

  it("whose init fails has no on_close, and its timers stop", function()
    local w = talks()
    function w.Talk:init()
      self:every(1, function() table.insert(w.notes, "tick") end)
      error("no init")
    end
    assert.equal(500, w:connect("/a").status)
    w:advance(3)
    w.kit.drain(w.hub)
    w:advance(0)
    assert.same({}, w.notes)
    assert.is_true(w.kit.is_empty(w.hub))
  end)
end)
