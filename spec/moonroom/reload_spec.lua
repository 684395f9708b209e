-- Scripts that are loaded again, with rooms and clients kept.

local program = require "program"
local reloading = require "reloading"
local scripts = require "scripts"

local talk, has_logged, app_of = reloading.talk, reloading.has_logged, reloading.app

describe("a reload", function()
  after_each(scripts.clean)

  it("gives rooms and clients their new methods, and leaves them their fields", function()
    local app, again = app_of(talk(1))
    local ann = app:connect("/talk")
    ann:send("a")
    assert.peer(ann).received("1: a 1 1")
    assert.is_true(again(talk(2)))
    ann:send("b")
    assert.peer(ann).received("2: b 2 2")
    local bob = app:connect("/talk")
    bob:send("c")
    assert.peer(bob).received("2: c 3 1")
    assert.equal("open", ann.state)
  end)

  it("tells a room the version that it had, once it has the new one", function()
    local app, again = app_of(talk(1))
    local ann = app:connect("/talk")
    assert.is_true(again(talk(2, [[
      function Talk:on_reload(old) self:broadcast(old .. " -> " .. self.version) end]])))
    assert.peer(ann).received("1 -> 2")
    assert.is_true(again(talk(3, "function Talk:on_reload() error('no way') end")))
    app:expect_error("no way")
    ann:send("x")
    assert.peer(ann).received("3: x 1 1")
  end)

  it("lets a call that waits end on the old code", function()
    local app, again = app_of([[
      local moonroom = require "moonroom"
      local Slow = moonroom.Room:extend("Slow")
      function Slow:on_text(client) moonroom.sleep(5) client:send("old " .. self:word()) end
      function Slow:word() return "one" end
      moonroom.mount("/", Slow)]])
    local ann = app:connect("/")
    ann:send("x")
    assert.is_true(again [[
      local moonroom = require "moonroom"
      local Slow = moonroom.Room:extend("Slow")
      function Slow:on_text(client) client:send("new " .. self:word()) end
      function Slow:word() return "two" end
      moonroom.mount("/", Slow)]])
    ann:send("y")
    app:advance(5)
    assert.peer(ann).received("old two", "new two")
  end)

  it("finds those who are about to come in, and rooms that are being made", function()
    local function script(version)
      return ([[
        local moonroom = require "moonroom"
        local Hall = moonroom.Room:extend("Hall")
        function Hall:init() moonroom.sleep(2) self.made_by = %d end
        function Hall:on_accept() moonroom.sleep(2) end
        function Hall:on_open(client) client:send("%d opens") moonroom.sleep(2) end
        function Hall:on_join(client) client:send("%d joins, made by " .. self.made_by) end
        moonroom.mount("/:name", Hall)]]):format(version, version, version)
    end
    local app, again = app_of(script(1))
    local ann = app:connect("/a")
    for version = 2, 4 do
      app:advance(1)
      assert.is_true(again(script(version)))
      app:advance(1)
    end
    assert.peer(ann).received("3 opens", "4 joins, made by 1")
    local bob = app:connect("/a")
    app:advance(4)
    assert.peer(bob).received("4 opens", "4 joins, made by 1")
    assert.equal(2, #app:room("/a"))
  end)

  it("has plain HTTP answered by the new handlers, but for what is begun", function()
    local script = [[
      local moonroom = require "moonroom"
      moonroom.get("/%s", function() return "%s" end)
      moonroom.get("/slow", function() moonroom.sleep(5) return "%s" end)]]
    local app, again = app_of(script:format("old", "old", "old"))
    local slow = app:get("/slow")
    assert.is_true(again(script:format("new", "new", "new")))
    assert.same({ 200, "new" }, { app:get("/new").status, app:get("/new").body })
    assert.equal(404, app:get("/old").status)
    assert.is_nil((again(script:format("newer", "newer", "newer") .. " error('no')")))
    assert.equal(404, app:get("/newer").status)
    app:advance(5)
    assert.equal("old", slow.body)
  end)

  it("leaves groups and metrics as they are", function()
    local script = [[
      local moonroom = require "moonroom"
      LOADS = moonroom.metric.counter("loads", "How often this was loaded.")
      LOADS:add()
      local Hall = moonroom.Room:extend("Hall")
      function Hall:on_join(client) moonroom.group("all"):add(client) end
      function Hall:on_text(_, text) moonroom.group("all"):broadcast(text) end
      moonroom.mount("/:name", Hall)]]
    local app, again = app_of(script)
    local ann = app:connect("/a")
    assert.is_true(again(script))
    app:connect("/b"):send("hi")
    assert.peer(ann).received("hi")
    assert.equal(2, app.world.inside.environment.LOADS:value())
  end)

  it("makes a room of the new class where an old function still does", function()
    local function script(version)
      return ([[
        local moonroom = require "moonroom"
        local Hall = moonroom.Room:extend("Hall")
        function Hall:on_join(client) client:send("%d") end
        moonroom.mount("/:name", function() moonroom.sleep(5) return Hall end)]]):format(version)
    end
    local app, again = app_of(script(1))
    local ann = app:connect("/a")
    assert.is_true(again(script(2)))
    app:advance(5)
    assert.peer(ann).received("2")
  end)

  it("knows clients' classes by their names, whatever has become of the others", function()
    local function script(greeting)
      return ([[
        local moonroom = require "moonroom"
        local User = moonroom.Client:extend("User")
        function User:init(request) self.name = request.query.name end
        function User:greet() self:send("%s " .. self.name) end
        local Hall = moonroom.Room:extend("Hall", { Client = User })
        function Hall:on_text(user) user:greet() user:send(tostring(user:is(User))) end
        moonroom.mount("/", Hall)]]):format(greeting)
    end
    local app, again = app_of(script("hello"))
    local ann = app:connect("/?name=ann")
    again(script("good day"))
    ann:send("?")
    assert.peer(ann).received("good day ann", "true")
  end)

  it("loads modules again, each of its own", function()
    local main = [[
      local words = require "words"
      local moonroom = require "moonroom"
      local Hall = moonroom.Room:extend("Hall")
      function Hall:on_text(client) client:send(words.hello .. words.count()) end
      moonroom.mount("/", Hall)]]
    local module = "local n = 0 return { hello = %q, count = function() n = n + 1 return n end }"
    local app, again = app_of { ["init.lua"] = main, ["lib/words.lua"] = module:format("hello") }
    local ann = app:connect("/")
    ann:send("?")
    ann:send("?")
    assert.is_true(again { ["lib/words.lua"] = module:format("hi") })
    ann:send("?")
    assert.peer(ann).received("hello1", "hello2", "hi1")
  end)

  it("takes away what was mounted; who is there stays until they leave", function()
    local app, again = app_of(talk(1, [[
      function Talk:on_close() moonroom.log.info("closed") end
      moonroom.mount("/:any", Talk)]]))
    local ann = app:connect("/other")
    assert.is_true(again(talk(2, "function Talk:on_close() moonroom.log.info('closed') end")))
    assert.peer(app:connect("/other")).refused(404)
    ann:send("a")
    assert.peer(ann).received("2: a 1 1")
    assert.is_false(has_logged(app, "closed"))
    ann:close()
    assert.is_true(has_logged(app, "closed"))
    assert.is_nil(app:room("/other"))
  end)

  it("leads to a room again whose mount comes back", function()
    local app, again = app_of(talk(1, 'moonroom.mount("/:any", Talk)'))
    local ann = app:connect("/other")
    again(talk(2))
    again(talk(3, 'moonroom.mount("/:any", Talk)'))
    local bob = app:connect("/other")
    assert.equal(2, #app:room("/other"))
    ann:close()
    bob:close()
    app:advance(30)
    assert.is_nil(app:room("/other"))
  end)

  it("asks the new functions in dispatch", function()
    local script = [[
      local moonroom = require "moonroom"
      local Hall = moonroom.Room:extend("Hall")
      local halls = { ["/%s"] = Hall { path = "/%s" } }
      table.insert(moonroom.dispatch, function(request) return halls[request.path] end)]]
    local app, again = app_of(script:format("a", "a"))
    assert.equal("open", app:connect("/a").state)
    again(script:format("b", "b"))
    assert.peer(app:connect("/a")).refused(404)
    assert.equal("open", app:connect("/b").state)
  end)
end)

describe("a room that is made at top level", function()
  after_each(scripts.clean)

  local function script(version, fields)
    return ([[
      local moonroom = require "moonroom"
      local Hall = moonroom.Room:extend("Hall")
      function Hall:init() self.count = 0 self:every(10, "tick") end
      function Hall:tick() self:broadcast("tick %d") end
      function Hall:on_text(client)
        self.count = self.count + 1
        client:send(("%d %%d %%s %%d"):format(self.count, self.motto, #self))
      end
      local hall = Hall { %s }
      hall:tick()
      table.insert(moonroom.dispatch, function() return hall end)
    ]]):format(version, version, fields)
  end

  it("is the one that lives, of its new class", function()
    local app, again = app_of(script(1, 'path = "/", motto = "old"'))
    local ann = app:connect("/")
    ann:send("?")
    assert.is_true(again(script(2, 'path = "/", motto = "new", max_clients = 2')))
    local bob = app:connect("/")
    bob:send("?")
    assert.peer(ann).received("1 1 old 1", "tick 2")
    assert.peer(bob).received("2 2 old 2")
    assert.peer(app:connect("/")).refused(503)
  end)

  it("is known by its order where it has no path", function()
    local app, again = app_of(script(1, 'motto = "old"'))
    local ann = app:connect("/x")
    again(script(2, 'motto = "new"'))
    local bob = app:connect("/x")
    bob:send("?")
    assert.peer(bob).received("2 1 old 2")
    assert.peer(ann).received("tick 2")
  end)

  it("is not confused with that of another file where it has no path", function()
    local function file(word)
      return ([[return require("moonroom").Room {
        on_text = function(_, client) client:send("%s") end }]]):format(word)
    end
    local app, again = app_of { ["rooms/b.lua"] = file("b") }
    local ann = app:connect("/b")
    assert.is_true(again { ["rooms/a.lua"] = file("a"), ["rooms/b.lua"] = file("new b") })
    ann:send("?")
    assert.peer(ann).received("new b")
    local bob = app:connect("/a")
    bob:send("?")
    assert.peer(bob).received("a")
    assert.equal(1, #app:room("/b"))
  end)

  it("keeps the timers of its init, once", function()
    local app, again = app_of(script(1, 'path = "/", motto = "m"'))
    local ann = app:connect("/")
    for version = 2, 4 do again(script(version, 'path = "/", motto = "m"')) end
    ann:take()
    app:advance(10)
    assert.peer(ann).received("tick 4")
  end)

  it("is another one where its class is another", function()
    local app, again = app_of(script(1, 'path = "/", motto = "m"'))
    local ann = app:connect("/")
    local old = app:room("/")
    again((script(2, 'path = "/", motto = "m"'):gsub('"Hall"', '"Lobby"')))
    assert.not_equal(old, app:room("/"))
    local bob = app:connect("/")
    bob:send("?")
    assert.peer(bob).received("2 1 m 1")
    assert.equal("open", ann.state)
  end)

  it("takes handlers and options that it is made with, and no other field that it has", function()
    local text = [[
      local moonroom = require "moonroom"
      moonroom.mount("/", moonroom.Room {
        history = {}, max_message = %d, extra = %s,
        on_text = function(self, client, text)
          table.insert(self.history, text)
          client:send(("%s %%d %%s"):format(#self.history, tostring(self.extra)))
        end })]]
    local app, again = app_of(text:format(10, "nil", "old"))
    local ann = app:connect("/")
    ann:send("a")
    assert.is_true(again(text:format(5, "7", "new")))
    ann:send("b")
    assert.peer(ann).received("old 1 nil", "new 2 7")
    local bob = app:connect("/")
    bob:send("too long")
    assert.peer(bob).closed(1009)
  end)

  it("goes when it is empty and nobody makes it any more", function()
    local app, again = app_of(script(1, 'path = "/", motto = "m"'))
    local ann = app:connect("/")
    again(talk(2))
    ann:take()
    app:advance(10)
    assert.peer(ann).received("tick 1")
    ann:close()
    app:advance(10)
    assert.same({}, app:timers())
  end)

  it("goes on as one that a mount makes, and the other way round", function()
    local head = [[
      local moonroom = require "moonroom"
      local Hall = moonroom.Room:extend("Hall")
      function Hall:on_text(client) client:send(tostring(#self)) end
    ]]
    local by_mount = head .. 'moonroom.mount("/:name", Hall)'
    local by_hand = head .. 'local a = Hall { path = "/a" } moonroom.mount("/a", a)'
    local app, again = app_of(by_mount)
    local peers = { app:connect("/a") }
    for _, text in ipairs { by_hand, by_mount, by_hand, by_mount } do
      assert.is_true(again(text))
      peers[#peers + 1] = app:connect("/a")
      peers[#peers]:send("?")
      assert.peer(peers[#peers]).received(tostring(#peers))
    end
    for _, peer in ipairs(peers) do peer:close() end
    app:advance(30)
    assert.is_nil(app:room("/a"))
  end)
end)

describe("a reload ends", function()
  after_each(scripts.clean)

  local function places(app)
    local list = {}
    for index, timer in ipairs(app:timers()) do list[index] = timer.place:match("[^/]*$") end
    table.sort(list)
    return list
  end

  it("the timers that the old scripts have begun, and not those of handlers", function()
    local app, again = app_of(talk(1, [[
      moonroom.every(10, function() end)
      local function tick() moonroom.after(1, tick) end
      tick()
      moonroom.spawn(function() moonroom.sleep(1) moonroom.every(20, tick) end)
      function Talk:on_join() moonroom.after(100, print, "handler") self:after(100, print) end]]))
    app:connect("/talk")
    app:advance(2)
    assert.equal(5, #places(app))
    assert.is_true(again(talk(2, "moonroom.every(7, function() end)")))
    local left = places(app)
    assert.equal(3, #left)
    app:advance(200)
    assert.equal(1, #places(app))
  end)

  it("the tasks of the old scripts, and closes their variables", function()
    local app, again = app_of(talk(1, [[
      moonroom.spawn(function()
        local _ <close> = setmetatable({}, { __close = function() moonroom.log.info("over") end })
        while true do moonroom.sleep(1) end
      end)
      function Talk:on_join(client)
        moonroom.spawn(function() moonroom.sleep(5) client:send("task") end)
      end]]))
    local ann = app:connect("/talk")
    again(talk(2))
    assert.is_true(has_logged(app, "over"))
    app:advance(5)
    assert.peer(ann).received("task")
  end)

  it("what a timer of the old scripts would begin when its wait is over", function()
    local app, again = app_of(talk(1, [[
      local function tick()
        moonroom.sleep(5)
        moonroom.log.info("ticked")
        moonroom.after(1, tick)
      end
      moonroom.after(0, tick)]]))
    app:advance(1)
    again(talk(2))
    assert.is_false(has_logged(app, "ticked"))
    app:advance(5)
    assert.is_true(has_logged(app, "ticked"))
    assert.same({}, places(app))
  end)
end)

describe("moonroom.keep", function()
  after_each(scripts.clean)

  it("has the same table after a reload, else the default", function()
    local text = 'moonroom.keep("counts", { n = 0 }).n = moonroom.keep("counts").n + 1'
    local app, again = app_of(talk(1, text))
    again(talk(2, text))
    local moonroom = app:require("moonroom")
    assert.same({ n = 2 }, moonroom.keep("counts"))
    assert.same({}, moonroom.keep("other"))
    assert.equal(moonroom.keep("other"), moonroom.keep("other", { 1 }))
  end)

  it("forgets what scripts have kept first that are not in effect", function()
    local app, again = app_of(talk(1))
    assert.is_nil((again(talk(2, 'moonroom.keep("new", { wrong = true }) error("no")'))))
    assert.same({}, app:require("moonroom").keep("new"))
  end)

  it("has names for tables, and raises at the script's line", function()
    local app = app_of(talk(1))
    local keep = app:require("moonroom").keep
    assert.has_error(function() keep(5) end)
    assert.has_error(function() keep("x", 5) end)
  end)
end)

describe("scripts that are wrong", function()
  after_each(scripts.clean)

  -- What they are, and what is said of them.
  local wrong = {
    ["a word too many"] = { "this is wrong", "init.lua:1: " },
    ["an error"] = { "\nlocal x = nil + 1", "init.lua:2: attempt to perform arithmetic" },
    ["a loop"] = { "\nwhile true do end", "init.lua:2: " },
    ["a loop that catches"] = { "while true do pcall(error) end", "init.lua:1: " },
    ["a wait"] = { 'require("moonroom").sleep(1e9)', "init.lua:1: sleep waits" },
    ["a bad mount"] = { '\n\nrequire("moonroom").mount("x", {})', "init.lua:3: " },
    ["an error in a module"] = { 'require "bad"', "bad.lua:1: too bad" },
    ["nothing in dispatch"] = { 'require("moonroom").dispatch = 5', "dispatch is a list" },
    ["a bad init of a room"] = {
      'local R = require("moonroom").Room:extend("R") function R:init() error("x") end R {}',
      "init.lua:1: x",
    },
  }
  for name, case in pairs(wrong) do
    it(name .. ": the old ones serve, and where it is is told", function()
      local app, again = app_of({
        ["init.lua"] = talk(1), ["lib/bad.lua"] = "error('too bad')",
      }, { load_timeout = 0.1 })
      local ann = app:connect("/talk")
      local ok, why = again(case[1])
      assert.is_nil(ok)
      assert.is_truthy(why:find(case[2], 1, true), why)
      local entry = app:log()[1]
      assert.same({ "error", "scripts not reloaded, the old ones serve" },
        { entry.level, entry.event })
      assert.is_truthy(entry.error:find(case[2], 1, true), entry.error)
      ann:send("a")
      local bob = app:connect("/talk")
      bob:send("b")
      assert.peer(ann).received("1: a 1 1")
      assert.peer(bob).received("1: b 2 1")
      assert.is_true(again(talk(2)))
      ann:send("c")
      assert.peer(ann).received("2: c 3 2")
    end)
  end

  it("leave no trace in rooms, globals, mounts, timers, tasks", function()
    local head = [[
      local moonroom = require "moonroom"
      local Hall = moonroom.Room:extend("Hall")
      function Hall:on_text(client) client:send(self.motto .. word .. tostring(self.more)) end
      function Hall:on_close() moonroom.log.info("closed") end
      word = "%s"
      local hall = Hall { path = "/", motto = "m" }
      moonroom.mount("/", hall)
    ]]
    local app, again = app_of(head:format("one"))
    local ann = app:connect("/")
    app:room("/"):clients()().name = "ann"
    assert.is_nil((again(head:format("two") .. [[
      hall.motto, hall.more = "n", "changed"
      for client in hall:clients() do client.mark, client.name = "wrong", "wrong" end
      function Hall:on_text(client) client:send("wrong") end
      Hall { path = "/new" }:every(1, "on_close")
      Hall { path = "/" }
      moonroom.mount("/wrong", Hall)
      moonroom.every(1, print)
      moonroom.spawn(function() while true do moonroom.sleep(1) print("alive") end end)
      moonroom.room("/made", Hall)
      hall:every(1, "broadcast", "wrong")
      error("at last")]])))
    app:log()
    app:advance(5)
    assert.same({}, app:log())
    assert.same({}, app:timers())
    assert.is_nil(app:room("/new"))
    assert.is_nil(app:room("/made"))
    local client = app:room("/"):clients()()
    assert.same({ "ann" }, { client.name, client.mark })
    ann:send("?")
    assert.peer(ann).received("monenil")
    assert.peer(app:connect("/wrong")).refused(404)
    local bob = app:connect("/")
    assert.equal(2, #app:room("/"))
    bob:close()
  end)
end)

describe("moonroom.reload", function()
  after_each(scripts.clean)

  local admin = [[
    function Talk:on_binary(client)
      local ok, why = moonroom.reload()
      client:send(%q .. tostring(ok) .. tostring(why and why:match("init.lua:%%d+")))
    end]]

  it("loads the scripts again, and waits until it is done", function()
    local app, _, root = app_of(talk(1, admin:format("old ")))
    local ann = app:connect("/talk")
    program.write(root .. "/init.lua", talk(2, admin:format("new ")))
    ann:send_binary("r")
    ann:send("a")
    assert.peer(ann).received("old truenil", "2: a 1 1")
    ann:send_binary("r")
    assert.peer(ann).received("new truenil")
  end)

  it("answers with what is wrong", function()
    local app, _, root = app_of(talk(1, admin:format("")))
    local ann, bob = app:connect("/talk"), app:connect("/talk")
    program.write(root .. "/init.lua", "\nwrong")
    ann:send_binary("r")
    bob:send_binary("r")
    assert.peer(ann).received("nilinit.lua:2")
    assert.peer(bob).received("nilinit.lua:2")
  end)

  it("is refused where nothing can wait", function()
    local app = app_of(talk(1))
    assert.has_error(function() app:require("moonroom").reload() end)
  end)
end)

describe("app:reload", function()
  after_each(scripts.clean)

  it("calls a function again that was loaded", function()
    local word = "one"
    local app = scripts.room(function(moonroom)
      local said = word
      local Room = moonroom.Room:extend("Room")
      function Room:on_text(client) client:send(said) end
      moonroom.mount("/", Room)
    end)
    local ann = app:connect("/")
    word = "two"
    assert.is_true(app:reload())
    ann:send("?")
    assert.peer(ann).received("two")
  end)
end)
