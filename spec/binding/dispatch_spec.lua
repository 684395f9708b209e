-- The doorway: what becomes of errors, yields and odd values in handlers.

local one_room = require "one_room"
local world = require "world"

local function lines_with(log, words)
  local count = 0
  for line in log:gmatch("[^\n]+") do
    if line:find(words, 1, true) then count = count + 1 end
  end
  return count
end

-- A world in whose room a text runs `act`, and another client that must not notice.
local function failing(act, more)
  local function echo(_, client, data) client:send_binary(data) end
  local fields = { on_text = act, on_binary = echo }
  for key, value in pairs(more or {}) do fields[key] = value end
  local w = one_room(fields)
  local peer, other = w:connect("/talk"), w:connect("/talk")
  return w, peer, function()
    other:frame("binary", "alive")
    assert.same({ "alive" }, other:take())
  end
end

describe("an error in a handler", function()
  it("closes that client with 1011, and is logged with place, path and traceback", function()
    local w, peer, other_lives = failing(function() error("broken") end)
    local line = debug.getinfo(1, "l").currentline - 1
    assert.same({ 1011, "internal error", 1 }, { peer:text("x"):close_frame() })
    other_lives()
    local log = w:log()
    assert.is_truthy(log:find(" error handler failed where=on_text path=/talk", 1, true))
    assert.is_truthy(log:find(("dispatch_spec.lua:%d: broken"):format(line), 1, true))
    assert.is_truthy(log:find("stack traceback", 1, true))
    assert.equal(1, lines_with(log, "handler failed"))
  end)

  it("may be any value", function()
    local quiet = setmetatable({}, { __tostring = function() return "told" end })
    local loud = setmetatable({}, { __tostring = function() error("no words") end })
    local wrong = setmetatable({}, { __tostring = function() return {} end })
    local waiting = setmetatable({}, { __tostring = function() return coroutine.yield() end })
    local values = {
      { nil, "(nil error object)" }, { "text", "text" }, { 42, "42" }, { quiet, "told" },
      { loud, "(error object is a table value)" }, { wrong, "(error object is a table value)" },
      { waiting, "(error object is a table value)" }, { {}, "(error object is a table value)" },
      { false, "(error object is a boolean value)" },
      { print, "(error object is a function value)" },
      { coroutine.create(print), "(error object is a thread value)" },
    }
    for _, pair in ipairs { table.unpack(values) } do
      local w, peer, other_lives = failing(function() error(pair[1]) end)
      assert.equal(1011, (peer:text("x"):close_frame()))
      other_lives()
      assert.is_truthy(w:log():find(pair[2], 1, true), pair[2])
    end
  end)

  it("in on_join closes with 1011, and the client is in no room; on_leave comes", function()
    local left
    local w = one_room {
      on_join = function() error("x") end,
      on_leave = function(room, _, code) left = { code, #room } end,
    }
    local peer = w:connect("/talk")
    assert.equal(101, peer.status)
    assert.equal(1011, (peer:close_frame()))
    assert.equal(0, #w.room)
    peer:close(1011):finish()
    assert.same({ 1011, 0 }, left)
    assert.is_true(w.kit.is_empty(w.hub))
  end)

  it("in on_leave is logged once, and the place is free again", function()
    local w = one_room({ on_leave = function() error("broken") end }, { max_clients = 1 })
    for _ = 1, 3 do
      local peer = w:connect("/talk")
      assert.equal(101, peer.status)
      peer:close(1000):finish()
      assert.equal(1, lines_with(w:log(), "handler failed"))
    end
    assert.same({ 0, true }, { #w.room, w.kit.is_empty(w.hub) })
  end)

  it("in on_pong, on_json and on_binary closes with 1011 too", function()
    for name, kind in pairs { on_pong = "pong", on_json = "text", on_binary = "binary" } do
      local w = one_room { [name] = function() error("broken") end }
      assert.equal(1011, (w:connect("/talk"):frame(kind, "1"):close_frame()))
      assert.is_truthy(w:log():find("where=" .. name, 1, true))
    end
  end)

  it("in on_accept answers 500 without a word of the cause", function()
    local w = one_room { on_accept = function() error("secret") end }
    local peer = w:connect("/talk")
    assert.equal(500, peer.status)
    assert.is_nil(peer.body:find("secret", 1, true))
    assert.is_truthy(w:log():find("secret", 1, true))
    assert.is_true(peer:state().shut)
  end)

  it("of a stack that overflows is an error like any other", function()
    local function deep() return 1 + deep() end
    local function nested() return pcall(nested) end
    -- Lua drops a finalizer for which its stack has no room, be it of a hub of another spec's.
    local function send(peer)
      collectgarbage("stop")
      peer:text("x")
      collectgarbage("restart")
    end
    for _, act in ipairs { deep, function() error((select(2, nested()))) end,
      function() return string.rep("x", 1 << 60) end,
      function() string.gsub("x", ".", function() return deep() end) end } do
      local w, peer, other_lives = failing(act)
      send(peer)
      other_lives()
      assert.is_truthy(#w.room <= 2)
    end
    local w, peer, other_lives = failing(deep)
    send(peer)
    assert.equal(1011, (peer:close_frame()))
    other_lives()
    assert.is_truthy(w:log():find("stack overflow", 1, true))
  end)

  it("leaves nothing behind, however often it comes", function()
    local w = one_room {
      on_text = function(_, client)
        client:send("x")
        error({})
      end,
    }
    local function fail_often(times)
      for _ = 1, times do w:connect("/talk"):text("x"):close(1011):finish() end
      w:log()
      collectgarbage()
      collectgarbage()
      return collectgarbage("count"), select(2, w:memory())
    end
    fail_often(50)
    local before, blocks_before = fail_often(50)
    local after, blocks_after = fail_often(500)
    assert.is_true(after < before + 40, ("%.0f KiB, then %.0f"):format(before, after))
    assert.equal(blocks_before, blocks_after)
  end)
end)

describe("an error that a handler catches", function()
  it("is none: it goes on, and what it returns counts", function()
    local list = {}
    local function catching(name, ...)
      local results = table.pack(...)
      return function()
        local ok, why = pcall(function() error(name, 0) end)
        local again = xpcall(error, function() return "handled" end)
        list[#list + 1] = not ok and not again and why
        return table.unpack(results, 1, results.n)
      end
    end
    local fields = { check_message = catching("check_message", 4000, "why") }
    for _, name in ipairs { "on_accept", "on_join", "on_text", "on_binary", "on_pong", "on_leave",
      "on_json" } do
      fields[name] = catching(name)
    end
    local w = one_room(fields)
    assert.equal(4000, (w:connect("/talk"):frame("pong"):text("x"):close_frame()))
    w.Talk.check_message = nil
    w:connect("/talk"):text("1"):frame("binary", "x"):reset()
    w.Talk.on_json = nil
    w:connect("/talk"):text("1")
    assert.same({ "on_accept", "on_join", "on_pong", "check_message", "on_leave", "on_accept",
      "on_join", "on_json", "on_binary", "on_leave", "on_accept", "on_join", "on_text" }, list)
    assert.is_nil(w:log():find("handler failed", 1, true))
  end)
end)

describe("on_error", function()
  it("is called with client, error, traceback and where, and decides what follows", function()
    local seen
    local value = { code = 7 }
    local w, peer, other_lives = failing(function() error(value) end, {
      on_error = function(room, client, err, traceback, where)
        seen = { tostring(room), client.ready_state, err == value, traceback, where }
      end,
    })
    peer:text("x")
    assert.same({ "Talk /talk, 2 clients", "open", true }, { table.unpack(seen, 1, 3) })
    assert.is_truthy(seen[4]:find("dispatch_spec.lua", 1, true))
    assert.equal("on_text", seen[5])
    assert.same({}, peer:frames())
    assert.is_nil(w:log():find("handler failed", 1, true))
    other_lives()
  end)

  it("may hand on to the one it overrides", function()
    local w, peer = failing(function() error("broken") end)
    function w.Talk:on_error(...)
      w.Talk.super.on_error(self, ...)
      self.failures = (self.failures or 0) + 1
    end
    assert.equal(1011, (peer:text("x"):close_frame()))
    assert.equal(1, w.room.failures)
    assert.equal(1, lines_with(w:log(), "handler failed where=on_text"))
  end)

  it("that fails itself is logged, as is what it was called for; 1011", function()
    for _, act in ipairs { function() error("first") end, function() error({}) end,
      function() coroutine.yield() end } do
      local w, peer, other_lives = failing(act, { on_error = function() error("second") end })
      assert.same({ 1011, "internal error", 1 }, { peer:text("x"):close_frame() })
      other_lives()
      local log = w:log()
      assert.equal(1, lines_with(log, "handler failed where=on_error"))
      assert.equal(1, lines_with(log, "handler failed where=on_text"))
      assert.is_truthy(log:find("second", 1, true))
    end
    local w, peer = failing(error, { on_error = coroutine.yield })
    assert.equal(1011, (peer:text("x"):close_frame()))
    assert.is_truthy(w:log():find('where=on_error error="attempt to yield"', 1, true))
  end)

  it("can't be taken away, only replaced", function()
    local w, peer = failing(function() error("broken") end, { on_error = function() end })
    w.Talk.on_error = nil
    assert.equal(1011, (peer:text("x"):close_frame()))
    assert.is_truthy(w:log():find("broken", 1, true))
  end)

  it("called by hand with nonsense raises or logs, and that is all", function()
    local w = one_room {}
    assert.is_false(pcall(w.room.on_error))
    assert.is_true(pcall(w.room.on_error, w.room))
    assert.is_true(pcall(w.room.on_error, w.room, 1, nil, {}, 5))
    assert.is_false(pcall(w.room.on_error, w.room, nil, "x", "y", {}))
  end)
end)

describe("a yield from a handler", function()
  it("is an error that says so: 1011, the same for each handler", function()
    for _, name in ipairs { "on_join", "on_text", "on_leave" } do
      local w = one_room { [name] = function() coroutine.yield("x") end }
      local peer = w:connect("/talk"):text("x")
      if name == "on_leave" then peer:reset() else assert.equal(1011, (peer:close_frame())) end
      assert.is_truthy(w:log():find("attempt to yield from " .. name, 1, true))
    end
    local w = one_room { on_accept = function() coroutine.yield() end }
    assert.equal(500, w:connect("/talk").status)
  end)

  it("closes what was to be closed, and leaves no coroutine behind", function()
    local closed = 0
    local act = function()
      local _ <close> = setmetatable({}, { __close = function() closed = closed + 1 end })
      coroutine.yield()
      error("not reached")
    end
    local w, peer, other_lives = failing(act)
    peer:text("x")
    other_lives()
    assert.equal(1, closed)
    for _ = 1, 100 do w:connect("/talk"):text("x"):close(1011):finish() end
    assert.equal(101, closed)
    other_lives()
  end)

  it("may be made in a coroutine of the script's own", function()
    local w = one_room {
      on_text = function(_, client, text)
        local produce = coroutine.wrap(function()
          for word in text:gmatch("%w+") do coroutine.yield(word) end
        end)
        for word in produce do client:send(word) end
      end,
    }
    assert.same({ "one", "two" }, w:connect("/talk"):text("one two"):take())
  end)
end)

describe("the coroutine of a handler", function()
  it("can't be resumed or closed by a script that has kept it", function()
    local kept = {}
    local act = function()
      for _, thread in ipairs(kept) do
        coroutine.resume(thread)
        pcall(coroutine.close, thread)
      end
      kept[#kept + 1] = coroutine.running()
    end
    local w, peer, other_lives = failing(act)
    for _ = 1, 5 do peer:text("x") end
    for _, thread in ipairs(kept) do
      assert.is_false((coroutine.resume(thread)))
      assert.is_true(coroutine.close(thread))
    end
    peer:text("x")
    other_lives()
    assert.equal(2, #w.room, w:log())
  end)

  it("may be inside another one: a handler that drives a hub", function()
    local inner = one_room { on_text = function(_, client, text) client:send(text:upper()) end }
    local w = one_room {
      on_text = function(_, client, text)
        client:send(inner:connect("/talk"):text(text):take()[1])
      end,
    }
    assert.same({ "HELLO" }, w:connect("/talk"):text("hello"):take())
  end)
end)

describe("a script that takes string's methods away", function()
  local index
  before_each(function()
    index = getmetatable("").__index
    getmetatable("").__index = nil
  end)
  after_each(function() getmetatable("").__index = index end)

  it("does not disturb the core and its Lua modules", function()
    local statuses, said = {}, {}
    getmetatable("").__index = index
    local w = world.new(nil, function(moonroom)
      local User = moonroom.Client:extend("User")
      function User:init(request) self.name = request.query.name end
      local Room = moonroom.Room:extend("Room", { Client = User, protocols = { "v1" } })
      function Room.on_accept(_, request)
        return request.query.no == nil, 418, "no", { ["X-Why"] = "because" }
      end
      function Room.on_join(_, user) user:send(user.name) end
      moonroom.mount("/:name", Room)
      moonroom.mount("/listed/at", Room:extend("Listed", { origins = { "https://a.example" } }))
      local function refused(call)
        getmetatable("").__index = nil
        local ok, why = pcall(call)
        getmetatable("").__index = index
        said[#said + 1] = not ok and why or "not refused"
      end
      refused(function() Room.on_text = 1 end)
      refused(function() Room.origins = "no" end)
      refused(function() Room { path = 1 } end)
      refused(function() moonroom.mount("x", Room) end)
      refused(function() moonroom.log.info("%d", {}) end)
      refused(function() Room:extend("X", { max_message = 0 }) end)
    end)
    local function connect(path, headers)
      local request = world.request_head(path, { headers = headers })
      local peer = w:peer()
      getmetatable("").__index = nil
      peer.raw:send(request)
      w.kit.advance(w.hub, 0)
      getmetatable("").__index = index
      statuses[#statuses + 1] = peer:response().status
      return peer
    end
    assert.same({ "ann" }, connect("/x?name=ann"):take())
    connect("/x?no=1")
    connect("/listed/at", { Origin = "https://b.example" })
    connect("/x", { Origin = "https://b.example" })
    connect("/x/y/z")
    assert.same({ 101, 418, 403, 403, 404 }, statuses)
    for _, why in ipairs(said) do
      assert.is_nil(why:find("attempt to", 1, true), why)
      assert.is_nil(why:find("not refused", 1, true), why)
    end
    assert.is_nil(w:log():find("handler failed", 1, true))
  end)
end)
