local world = require "world"

-- A world with a room at / whose handlers are the given ones, and a list of what they noted.
local function new(handlers, options)
  local notes = {}
  local w
  w = world.new(options, function(moonroom)
    local Room = moonroom.Room:extend("Waiting")
    local function note(...) table.insert(notes, table.concat({ ... }, " ")) end
    for name, handler in pairs(handlers(moonroom, note)) do Room[name] = handler end
    moonroom.mount("/", Room)
  end)
  return w, notes
end

-- Handlers that note everything; a text of digits is slept for.
local function noting(moonroom, note)
  return {
    on_join = function() note("join") end,
    on_text = function(_, _, text)
      note("begin", text)
      moonroom.sleep(tonumber(text) or 0)
      note("end", text)
    end,
    on_pong = function(_, _, data) note("pong", data) end,
    on_leave = function(_, _, code, reason, clean) note("leave", code, reason, tostring(clean)) end,
  }
end

describe("a client's events", function()
  it("are handled one at a time, in order, on_leave last", function()
    local w, notes = new(noting)
    local peer = w:connect("/")
    peer:text("1"):text("2")
    peer:frame("pong", "p")
    peer:close(1000, "bye")
    assert.same({ "join", "begin 1" }, notes)
    w:advance(1)
    assert.same({ "join", "begin 1", "end 1", "begin 2" }, notes)
    w:advance(2)
    assert.same({ "join", "begin 1", "end 1", "begin 2", "end 2", "pong p", "leave 1000 bye true" },
      notes)
  end)

  it("wait for an on_join that waits", function()
    local w, notes = new(function(moonroom, note)
      local handlers = noting(moonroom, note)
      function handlers.on_join()
        moonroom.sleep(1)
        note("joined")
      end
      return handlers
    end)
    local peer = w:connect("/")
    peer:text("0"):close(1000)
    assert.same({}, notes)
    w:advance(1)
    assert.same({ "joined", "begin 0", "end 0", "leave 1000  true" }, notes)
  end)

  it("that came before the peer's Close are handled, also where TCP has ended", function()
    local w, notes = new(noting)
    local peer = w:connect("/")
    peer:text("5"):text("0")
    peer:reset()
    w:advance(5)
    assert.same({ "join", "begin 5", "end 5", "begin 0", "end 0", "leave 1006  false" }, notes)
  end)

  it("that are kept when we close are dropped, but for the leave", function()
    local w, notes = new(function(moonroom, note)
      local handlers = noting(moonroom, note)
      function handlers.on_text(_, client, text)
        note("text", text)
        moonroom.sleep(1)
        client:close(4000, "enough")
      end
      return handlers
    end)
    local peer = w:connect("/")
    peer:text("a"):text("b"):text("c")
    w:advance(1)
    assert.equal(4000, (peer:close_frame()))
    peer:close(4000):finish()
    assert.same({ "join", "text a", "leave 4000 enough true" }, notes)
  end)

  it("beyond 16 that are kept, the socket isn't read until there is room", function()
    local w, notes = new(noting)
    local peer = w:connect("/")
    peer:text("1")
    for i = 1, 16 do peer:text("0." .. i) end
    assert.is_true(peer:state().wants_read)
    peer:text("0")
    peer:text("0")
    assert.is_false(peer:state().wants_read)
    w:advance(20)
    assert.is_true(peer:state().wants_read)
    local ends = 0
    for _, note in ipairs(notes) do
      if note:find("^end") then ends = ends + 1 end
    end
    assert.equal(19, ends)
  end)

  it("hold up nobody else", function()
    local w, notes = new(noting)
    local slow, other = w:connect("/"), w:connect("/")
    slow:text("10")
    other:text("0")
    assert.same({ "join", "join", "begin 10", "begin 0", "end 0" }, notes)
  end)

  it("leave no memory behind, whatever ends them", function()
    for _, how in ipairs { "finish", "reset" } do
      local w = new(noting)
      local function live()
        local peer = w:connect("/")
        peer:text("100")
        for _ = 1, 5 do peer:text("1") end
        peer[how](peer)
        w:advance(200)
        peer = nil -- luacheck: ignore
        collectgarbage()
        collectgarbage()
        return select(2, w:memory())
      end
      assert.equal(live(), live())
    end
  end)

  it("end with the hub, though a handler waits", function()
    local w = new(noting)
    local peer = w:connect("/")
    peer:text("100"):text("1")
    w, peer = nil, nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
  end)

  it("that fail after a wait close the client with 1011, named and with their place", function()
    local w = new(function(moonroom)
      return {
        on_text = function()
          moonroom.sleep(1)
          error("late")
        end,
      }
    end)
    local peer = w:connect("/")
    peer:text("x")
    w:advance(1)
    assert.equal(1011, (peer:close_frame()))
    local log = w:log()
    assert.truthy(log:find("where=on_text", 1, true), log)
    assert.truthy(log:find("client_events_spec.lua:%d+: late"), log)
  end)
end)

describe("a room that closes while a handler waits", function()
  it("is empty for it: broadcast returns 0, on_leave comes for each", function()
    local w, notes = new(function(moonroom, note)
      return {
        on_text = function(room)
          moonroom.sleep(1)
          note("broadcast", room:broadcast("x"), #room)
        end,
        on_leave = function(_, _, code) note("leave", code) end,
      }
    end)
    local one, two = w:connect("/"), w:connect("/")
    one:text("go")
    w.moonroom.room("/"):close(4000)
    two:close(4000):finish()
    one:close(4000):finish()
    w:advance(1)
    assert.same({ "leave 4000", "broadcast 0 0", "leave 4000" }, notes)
  end)
end)
