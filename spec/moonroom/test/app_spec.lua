local raises_here = require "raises_here"
local scripts = require "scripts"
local test = require "moonroom.test"

after_each(scripts.clean)

local function nothing() end

local function at_close(call) return setmetatable({}, { __close = call }) end

-- A room that tells all of its members what any says.
local talk = { on_text = function(room, _, text) room:broadcast(text) end }

describe("app:connect", function()
  it("is checked", function()
    local app = scripts.room(talk)
    for _, path in ipairs { "x", "", "/a b", "/\n", "/\x7f" } do
      raises_here("a path begins with a slash and has no blanks", function() app:connect(path) end)
    end
    raises_here("a path is a string, not a nil", function() app:connect() end)
    raises_here("secure is a boolean, not a string",
      function() app:connect("/", { secure = "yes" }) end)
    raises_here("tls is a table, not a boolean", function() app:connect("/", { tls = true }) end)
    raises_here("tls is for a peer that is secure",
      function() app:connect("/", { secure = false, tls = {} }) end)
    raises_here("there is no field of tls subjct; did you mean subject?",
      function() app:connect("/", { tls = { subjct = "CN=ann" } }) end)
    for _, name in ipairs { "server_name", "subject", "fingerprint" } do
      raises_here(("tls.%s is a string, not a number"):format(name),
        function() app:connect("/", { tls = { [name] = 5 } }) end)
      raises_here(("tls.%s has no zero bytes"):format(name),
        function() app:connect("/", { tls = { [name] = "a\0" } }) end)
    end
    raises_here("options is a table, not a string", function() app:connect("/", "x") end)
    raises_here("there is no option of connect protcols; did you mean protocols?",
      function() app:connect("/", { protcols = {} }) end)
    for _, name in ipairs { "headers", "cookies", "protocols" } do
      raises_here(name .. " is a table, not a string",
        function() app:connect("/", { [name] = "x" }) end)
    end
    for _, name in ipairs { "origin", "address" } do
      raises_here(name .. " is a string, not a table",
        function() app:connect("/", { [name] = {} }) end)
    end
  end)
end)

describe("app:drain", function()
  it("forgets what all peers have received so far, and the closed ones", function()
    local app = scripts.room(talk)
    local ann, bob, gone = app:connect("/"), app:connect("/"), app:connect("/")
    ann:send("one")
    gone:drop()
    app:drain()
    ann:send("two")
    assert.same({ { "two" }, { "two" }, {} }, { ann:take(), bob:take(), gone:take() })
    ann:send("three")
    app:drain()
    assert.is_nil(bob:last())
  end)
end)

describe("app:advance", function()
  it("stops at each moment on the way", function()
    local app
    local times = {}
    app = scripts.room(function(moonroom)
      local start = moonroom.now()
      moonroom.every(1, function() table.insert(times, moonroom.now() - start) end)
    end)
    app:advance(0.5)
    app:advance(2)
    assert.same({ 1, 2 }, times)
    app:advance(0.5)
    assert.same({ 1, 2, 3 }, times)
  end)

  it("moves the clock by just so much", function()
    local app = scripts.room(nothing, { start = 100.25 })
    app:advance(0)
    assert.equal(100.25, app:now())
    app:advance(1.5)
    assert.equal(101.75, app:now())
  end)

  it("lets peers answer at the moment they are asked", function()
    local rtts = {}
    local app = scripts.room {
      on_join = function(_, client) client:every(10, "ping") end,
      on_pong = function(_, _, _, rtt) table.insert(rtts, rtt) end,
    }
    app:connect("/")
    app:advance(35)
    assert.same({ 0, 0, 0 }, rtts)
  end)

  it("takes seconds from 0 up", function()
    local app = scripts.room(nothing)
    for _, value in ipairs { -1, 0 / 0, math.huge, "x" } do
      raises_here("seconds are a number from 0 up", function() app:advance(value) end)
    end
  end)
end)

describe("app:room", function()
  it("is what moonroom.room answers", function()
    local app = scripts.room(talk)
    assert.is_nil(app:room("/"))
    app:connect("/")
    assert.equal(app:require "moonroom".room("/"), app:room("/"))
    raises_here("a path is a string", function() app:room() end)
  end)
end)

describe("app:run", function()
  it("returns what the function does, nil at the end too", function()
    local app = scripts.room(nothing)
    local function same(...) return ... end
    assert.same({ n = 3, 1, nil, nil }, table.pack(app:run(same, 1, nil, nil)))
    assert.equal(0, select("#", app:run(nothing)))
  end)

  it("moves the clock while the function waits", function()
    local app = scripts.room(nothing)
    local moonroom, start = app:require "moonroom", app:now()
    app:run(function()
      for _ = 1, 3 do moonroom.sleep(19.5) end
    end)
    assert.equal(start + 58.5, app:now())
  end)

  it("moves it no further than the function waits", function()
    local app = scripts.room(nothing)
    local moonroom, start = app:require "moonroom", app:now()
    local promise = moonroom.promise()
    moonroom.after(5, function() promise:resolve("done") end)
    moonroom.after(6, nothing)
    assert.equal("done", app:run(function() return promise:wait() end))
    assert.equal(start + 5, app:now())
  end)

  it("waits for 60 s at the most, then cancels the function", function()
    local app = scripts.room(nothing)
    local moonroom, start = app:require "moonroom", app:now()
    local ended
    local function wait_for(seconds)
      local guard <close> = at_close(function() ended = "closed" end) -- luacheck: ignore 211
      moonroom.sleep(seconds)
      return seconds
    end
    assert.equal(60, app:run(wait_for, 60))
    ended = nil
    raises_here("what app:run was given still waits after 60 s of the app's time",
      function() app:run(wait_for, 60.1) end)
    assert.same({ "closed", start + 120 }, { ended, app:now() })
    local never = moonroom.promise()
    raises_here("still waits", function() app:run(never.wait, never) end)
  end)

  it("raises the function's error, a text with its traceback", function()
    local app = scripts.room(nothing)
    local moonroom = app:require "moonroom"
    local function fail(seconds)
      moonroom.sleep(seconds)
      error("at last")
    end
    for _, seconds in ipairs { 0, 5 } do
      local ok, why = pcall(app.run, app, fail, seconds)
      assert.is_false(ok)
      assert.matches("^spec/moonroom/test/app_spec.lua:%d+: at last\nstack traceback:\n"
        .. ".*app_spec.lua:%d+: in function", why)
      assert.is_nil(why:find("lua/moonroom/test/app.lua", 1, true), why)
    end
    assert.same({}, app:errors())
  end)

  it("raises an error that is no text as it is", function()
    local app, object = scripts.room(nothing), {}
    local ok, why = pcall(app.run, app, function() error(object) end)
    assert.is_false(ok)
    assert.equal(object, why)
    assert.same({ n = 2, false }, table.pack(pcall(app.run, app, function() error() end)))
  end)

  it("has assertions of the spec's fail in the spec", function()
    local app = scripts.room(nothing)
    local ok, why = pcall(app.run, app, function() assert.equal(1, 2) end)
    assert.is_false(ok)
    assert.matches("Expected objects to be equal", tostring(type(why) == "table" and why.message
      or why))
  end)
end)

describe("app:spawn", function()
  it("runs beside, and returns the task", function()
    local app = scripts.room(nothing)
    local moonroom = app:require "moonroom"
    local heard
    local task = app:spawn(function(word)
      moonroom.sleep(5)
      heard = word
    end, "done")
    assert.is_nil(heard)
    app:advance(5)
    assert.equal("done", heard)
    assert.equal("task (returned)", tostring(task))
  end)

  it("has an error there be one of a handler, with the spec's line", function()
    local app = scripts.room(nothing)
    local info = debug.getinfo(1, "l")
    app:spawn(function() error("oops") end)
    local failures = app:errors()
    assert.equal(1, #failures)
    assert.equal(("a task spawned at spec/moonroom/test/app_spec.lua:%d"):format(
      info.currentline + 1), failures[1].where)
  end)
end)

describe("app:require", function()
  it("needs a name", function()
    local app = scripts.room(nothing)
    raises_here("a module's name is a string", function() app:require() end)
  end)
end)

describe("app:errors", function()
  local function failing(fields)
    fields = fields or {}
    fields.on_text = function(_, _, text) error(text, 0) end
    return scripts.room(fields)
  end

  it("tells of the handlers that have failed since it was last asked", function()
    local app = failing()
    app:connect("/"):send("one")
    app:connect("/"):send("two")
    local failures = app:errors()
    assert.equal(2, #failures)
    assert.same({ "on_text", "/", "one" },
      { failures[1].where, failures[1].path, failures[1].error })
    assert.matches("^one\nstack traceback:\n.*app_spec.lua", failures[1].traceback)
    assert.equal("two", failures[2].error)
    assert.same({}, app:errors())
  end)

  it("says nothing of one whose room has noticed", function()
    local noticed
    local app = failing { on_error = function(_, _, why) noticed = why end }
    app:connect("/"):send("one")
    assert.same({ "one", 0 }, { noticed, #app:errors() })
  end)

  it("has the place of a timer", function()
    local line
    local app = scripts.room(function(moonroom)
      line = debug.getinfo(1, "l").currentline + 1
      moonroom.after(1, function() error("oops") end)
    end)
    app:advance(1)
    assert.equal("a timer made at spec/moonroom/test/app_spec.lua:" .. line, app:errors()[1].where)
  end)
end)

describe("app:expect_error", function()
  local app
  before_each(function()
    app = scripts.room { on_text = function(_, _, text) error(text, 0) end }
    local peers = { app:connect("/"), app:connect("/"), app:connect("/") }
    peers[1]:send("what is (this)?")
    peers[2]:send("one 15")
    peers[3]:send("one 16")
  end)

  it("takes those that have the text in them, or match the pattern", function()
    assert.equal("what is (this)?", app:expect_error("(this)?")[1].error)
    local found = app:expect_error("^one %d+$")
    assert.same({ 2, "one 15", "one 16" }, { #found, found[1].error, found[2].error })
    assert.same({}, app:errors())
  end)

  it("leaves the others", function()
    app:expect_error("16")
    local rest = app:errors()
    assert.same({ 2, "one 15" }, { #rest, rest[2].error })
  end)

  it("raises where there is none, and says what there is", function()
    raises_here('no handler has failed with "two"; these have:\non_text at /: what is (this)?',
      function() app:expect_error("two") end)
    raises_here('no handler has failed with "[x"', function() app:expect_error("[x") end)
    app:errors()
    raises_here('no handler has failed with "one"; none has failed at all',
      function() app:expect_error("one") end)
    raises_here("a pattern is a string", function() app:expect_error() end)
  end)
end)

describe("app:log", function()
  it("is what was logged since the last call", function()
    local app = scripts.app { ["init.lua"] = [[
      local moonroom = require "moonroom"
      print("hello", 1)
      moonroom.log.warn("%d bottles", 5)]] }
    local entries = app:log()
    assert.equal(2, #entries)
    assert.same({ "info", "print", "hello\t1" },
      { entries[1].level, entries[1].event, entries[1].message })
    assert.same({ "warn", "script", "5 bottles" },
      { entries[2].level, entries[2].event, entries[2].message })
    assert.same({}, app:log())
  end)

  it("has refusals, with the rule", function()
    local app = scripts.room(nothing)
    app:connect("/x")
    local entry = app:log()[1]
    assert.same({ "dispatch", "404" }, { entry.rule, entry.status })
  end)

  it("has slips of the pen", function()
    local app = scripts.room { on_message = nothing }
    assert.matches("on_text or on_json", app:log()[1].message)
  end)

  it("has errors that errors() has told of already, and the other way round", function()
    local app = scripts.room { on_text = function() error("oops") end }
    app:connect("/"):send("x")
    app:errors()
    assert.equal("handler failed", app:log()[1].event)
    app:connect("/"):send("x")
    app:log()
    assert.equal(1, #app:errors())
  end)

  it("has all levels, whatever log_level says", function()
    local app = scripts.room(function(moonroom) moonroom.log.debug("x") end, { log_level = "off" })
    assert.equal("debug", app:log()[1].level)
  end)
end)

describe("app:timers", function()
  it("tells of those that are armed, the next one first", function()
    local line
    local app = scripts.room(function(moonroom)
      line = debug.getinfo(1, "l").currentline
      moonroom.after(5, nothing)
      moonroom.every(3, nothing)
      moonroom.after(1, nothing):stop()
      moonroom.spawn(moonroom.sleep, 2)
    end)
    local first = "spec/moonroom/test/app_spec.lua:" .. line + 1
    local second = "spec/moonroom/test/app_spec.lua:" .. line + 2
    assert.same({ { place = second, left = 3 }, { place = first, left = 5 } }, app:timers())
    app:advance(4)
    assert.same({ { place = first, left = 1 }, { place = second, left = 2 } }, app:timers())
    app:advance(1)
    assert.equal(1, #app:timers())
  end)

  it("knows those of rooms and clients, which go with them", function()
    local app = scripts.room { on_join = function(_, client) client:after(5, nothing) end }
    local peer = app:connect("/")
    assert.equal(1, #app:timers())
    peer:drop()
    assert.equal(0, #app:timers())
  end)
end)

describe("app:fail_allocation", function()
  it("has one allocation of the core's fail, and no other", function()
    local app = scripts.room(talk)
    local peer = app:connect("/")
    app:fail_allocation(1)
    peer:send(("x"):rep(5000))
    assert.same({ "closed", 1011 }, { peer.state, peer.close_code })
    app:expect_error("not enough memory")
    assert.equal("open", app:connect("/").state)
  end)

  it("leaves an app that works, whichever it is", function()
    for nth = 1, 40 do
      local app = scripts.room(talk)
      app:fail_allocation(nth, 2)
      local peer = app:connect("/")
      if peer.state == "open" then peer:send(("x"):rep(5000)) end
      app:advance(60)
      app:errors()
      app:fail_allocation()
      local other = app:connect("/")
      other:send("hi")
      assert.equal("hi", other:last(), nth)
    end
  end)

  it("is checked", function()
    local app = scripts.room(nothing)
    raises_here("which allocation fails is a whole number from 1",
      function() app:fail_allocation(0) end)
    raises_here("how many allocations fail is a whole number from 1",
      function() app:fail_allocation(1, 0) end)
  end)
end)

describe("app:stop", function()
  local function load(fields)
    return test.load(function(moonroom) return moonroom.Room:extend("Room", fields) end)
  end

  it("closes all with 1001, and on_leave runs", function()
    local left = {}
    local app = load { on_leave = function(_, _, code, _, clean) left = { code, clean } end }
    local peer = app:connect("/")
    app:stop()
    assert.same({ 1001, true }, left)
    assert.same({ "closed", 1001 }, { peer.state, peer.close_code })
  end)

  it("waits for those who don't answer, up to shutdown_timeout", function()
    local left = {}
    local app
    app = test.load(function(moonroom)
      local Room = moonroom.Room:extend("Room")
      local start = moonroom.now()
      function Room.on_leave(_, _, code, _, clean)
        table.insert(left, { code, clean, moonroom.now() - start })
      end
      return Room
    end, { close_timeout = 100, shutdown_timeout = 7 })
    local silent, slow = app:connect("/"), app:connect("/")
    silent:stop_answering()
    slow:pause()
    app:stop()
    assert.same({ { 1001, false, 7 }, { 1001, false, 7 } }, left)
    assert.same({ 1001, 1006 }, { silent.close_code, slow.close_code })
  end)

  it("does nothing for a second time", function()
    local app = load {}
    app:stop()
    app:stop()
    assert.matches("^app of the function at .*app_spec.lua:%d+ %(stopped%)$", tostring(app))
  end)

  it("raises where a handler's error went unnoticed, once, and lists them", function()
    local app = load { on_text = function(_, _, text) error(text, 0) end }
    app:connect("/"):send("one")
    app:connect("/?a"):send("two")
    local ok, why = pcall(app.stop, app)
    assert.is_false(ok)
    assert.matches("2 handlers failed, and nobody asked app:errors or app:expect_error:\n"
      .. "on_text at /: one\nstack traceback:\n.*\non_text at /: two\nstack traceback:", why)
    app:stop()
  end)

  it("raises for on_leave's too", function()
    local app = load { on_leave = function() error("oops", 0) end }
    app:connect("/")
    raises_here("1 handler failed, and nobody asked", function() app:stop() end)
  end)

  it("doesn't raise for what was noticed", function()
    local app = load { on_text = function() error("oops") end }
    app:connect("/"):send("x")
    app:expect_error("oops")
    app:connect("/"):send("x")
    app:errors()
    app:stop()
  end)

  it("ends what waits: its variables are closed, nothing behind the wait runs", function()
    local events = {}
    local app = load {}
    local moonroom = app:require "moonroom"
    for index = 1, 3 do
      app:spawn(function()
        local guard <close> = at_close(function() -- luacheck: ignore 211
          table.insert(events, index)
          moonroom.spawn(moonroom.sleep, 1)
        end)
        moonroom.sleep(1000)
        table.insert(events, "woken")
      end)
    end
    app:stop()
    table.sort(events)
    assert.same({ 1, 2, 3 }, events)
  end)

  it("raises for an error in what it closes", function()
    local app = load {}
    local moonroom = app:require "moonroom"
    app:spawn(function()
      local guard <close> = at_close(function() error("shut", 0) end) -- luacheck: ignore 211
      moonroom.sleep(1000)
    end)
    raises_here("shut", function() app:stop() end)
  end)

  it("leaves nothing that can do anything", function()
    local app = load { on_text = nothing }
    local moonroom, peer = app:require "moonroom", app:connect("/")
    local client, room = peer.client, app:room("/")
    local timer, task = moonroom.after(5, nothing), app:spawn(moonroom.sleep, 5)
    app:stop()
    assert.same({ "closed", "closed" }, { client.ready_state, select(2, client:send("x")) })
    assert.same({ 0, "closed", 0 }, { #room, select(2, room:close()), room:broadcast("x") })
    assert.equal("/", client.request.path)
    assert.is_nil(timer.left)
    assert.same({ "ended", "ended" }, { select(2, timer:stop()), select(2, task:cancel()) })
    raises_here("the app has ended", function() timer:restart() end)
    for _, name in ipairs { "now", "spawn", "after", "every" } do
      raises_here("the app has ended", function() moonroom[name](1, nothing) end)
    end
    moonroom.log.info("nobody hears this")
  end)

  it("leaves no descriptor", function()
    local function descriptors()
      local count = 0
      for _ in require("luv").fs_scandir_next, require("luv").fs_scandir("/proc/self/fd") do
        count = count + 1
      end
      return count
    end
    local before = descriptors()
    local app = load { on_text = nothing }
    app:connect("/"):send("x")
    assert.equal(before, descriptors())
    app:stop()
    assert.equal(before, descriptors())
  end)

  it("leaves nothing for the collector to keep, app after app", function()
    local function measure()
      for _ = 1, 20 do
        local app = load { on_text = function(_, client) client:send("x") end }
        local moonroom = app:require "moonroom"
        app:connect("/"):send("x")
        app:spawn(function() moonroom.sleep(1000) end)
        app:stop()
      end
      collectgarbage()
      collectgarbage()
      return collectgarbage("count")
    end
    measure()
    local before = measure()
    assert.is_true(measure() - before < 16)
  end)

  it("leaves its methods raising", function()
    local app = load {}
    app:stop()
    for _, name in ipairs {
      "connect", "drain", "advance", "now", "room", "run", "spawn", "require", "errors",
      "expect_error", "log", "timers", "fail_allocation",
    } do
      local argument = name == "connect" and "/" or (name == "advance" or name == "fail_allocation")
        and 1 or "x"
      raises_here("the app has been stopped", function() app[name](app, argument) end)
    end
  end)
end)

describe("a handler", function()
  it("can't drive the app that runs it", function()
    local app, peer
    local steps = {
      function() app:advance(1) end, function() app:connect("/") end, function() app:stop() end,
      function() peer:send("x") end, function() peer:drop() end, function() app:drain() end,
    }
    app = scripts.room { on_text = function(_, _, text) steps[tonumber(text)]() end }
    for index in ipairs(steps) do
      peer = app:connect("/")
      peer:send(index)
      local failures = app:expect_error("a handler is running: what drives the app is for the spec")
      assert.matches("app_spec.lua:%d+:", failures[1].error)
    end
  end)
end)

describe("an app as text", function()
  it("is what was loaded", function()
    local app, path = scripts.app { ["init.lua"] = "" }
    assert.equal("app " .. path, tostring(app))
  end)
end)
