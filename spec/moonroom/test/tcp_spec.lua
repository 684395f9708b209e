-- The transport over TCP: the same app and peers, a server of its own.

local process = require "process"
local program = require "program"
local raises_here = require "raises_here"
local scripts = require "scripts"
local test = require "moonroom.test"
local uv = require "luv"

after_each(scripts.clean)

local TALK = [[
  local moonroom = require "moonroom"
  local Talk = moonroom.Room:extend "Talk"
  function Talk:on_join(client) self:broadcast("hello " .. client.id, client) end
  function Talk:on_text(client, text)
    if text == "fail" then error "on demand" end
    if text == "sleep" then moonroom.sleep(0.05) end
    if text == "later" then client:after(0.05, "send", "now") return end
    if text == "go" then client:close(4000, "gone") return end
    if text == "flood" then
      for _ = 1, 300 do client:send(("x"):rep(65536)) end
      return
    end
    self:broadcast(text)
  end
  function Talk:on_leave(_, code) self:broadcast("left " .. code) end
  function Talk.on_binary(_, client, data) client:send_binary(data) end
  moonroom.mount("/", Talk)
  local Door = moonroom.Room:extend "Door"
  function Door:on_accept(request)
    if request.query.wait then moonroom.sleep(tonumber(request.query.wait)) end
    return request.query.name == "ann", 403, "not you"
  end
  moonroom.mount("/door", Door)]]

local function talk(options)
  options = options or {}
  options.transport = "tcp"
  return scripts.app({ ["init.lua"] = TALK }, options)
end

local function pid_of(app) return app.world.server.handle:get_pid() end
local function is_alive(pid) return uv.kill(pid, 0) == 0 end

for _, transport in ipairs { "memory", "tcp" } do
  describe("the chat over " .. transport, function()
    local app, ann, bob
    local function open(options)
      options = options or {}
      options.transport = transport
      app = test.load("examples/chat", options)
      ann = app:connect("/bongo?name=ann")
      bob = app:connect("/bongo?name=bob")
    end
    after_each(function() app:stop() end)

    it("greets who joins", function()
      open()
      assert.peer(ann).received("ann has joined /bongo", "bob has joined /bongo")
      assert.peer(bob).received("bob has joined /bongo")
    end)

    it("passes on what is said", function()
      open()
      app:drain()
      ann:send("hi")
      assert.same({ "ann says hi" }, bob:take())
      for index = 1, 50 do
        bob:send(index)
        assert.equal("bob says " .. index, ann:last())
      end
    end)

    it("tells who leaves, however they do", function()
      open()
      app:drain()
      local eve = app:connect("/bongo?name=eve")
      bob:close(1000)
      assert.peer(bob).closed(1000)
      eve:drop()
      assert.peer(ann).received("eve has joined /bongo", "bob has left /bongo",
        "eve has left /bongo")
    end)

    it("drops the silent", function()
      open { ping_interval = 0.1, pong_timeout = 0.2 }
      bob:stop_answering()
      app:advance(0.6)
      assert.equal("bob has left /bongo", ann:last())
      assert.same({ "open", "closed" }, { ann.state, bob.state })
    end)

    it("keeps its rooms apart, and refuses what is none", function()
      open()
      app:drain()
      assert.peer(app:connect("/fury?name=eve")).received("eve has joined /fury")
      assert.peer(ann).received_nothing()
      assert.peer(app:connect("/nowhere")).refused(404)
    end)
  end)
end

describe("an app over tcp", function()
  it("has all that a step has caused arrive in that step", function()
    local app = talk()
    local peers = {}
    for index = 1, 8 do peers[index] = app:connect("/") end
    app:drain()
    for round = 1, 30 do
      local from = peers[round % 8 + 1]
      from:send(round)
      for _, peer in ipairs(peers) do assert.same({ tostring(round) }, peer:take()) end
    end
    for index = 8, 2, -1 do
      peers[index]:drop()
      assert.same({ "left 1006" }, peers[1]:take())
    end
  end)

  it("hides the pings with which it finds that out", function()
    local app = talk()
    local ann = app:connect("/")
    ann:ping("mine")
    ann:send("a")
    assert.same({ "mine" }, ann:take("pong"))
    assert.same({ "a" }, ann:take())
    assert.same({}, ann.messages)
  end)

  it("sends in the middle of a frame what the spec does, and nothing else", function()
    local app = talk()
    local ann, bob = app:connect("/"), app:connect("/")
    app:drain()
    ann:raw("\x81\x83\0\0")
    bob:send("between")
    assert.same({ "between" }, bob:take())
    ann:raw("\0\0abc")
    assert.same({ "abc" }, bob:take())
  end)

  it("comes to rest where a handler waits and the server reads no more", function()
    local app = talk()
    local ann, bob = app:connect("/"), app:connect("/")
    app:drain()
    for _ = 1, 3 do ann:raw(("\x81\x85\0\0\0\0sleep"):rep(10)) end
    local early = #bob:take()
    assert.is_true(early < 30)
    app:advance(30 * 0.05 + 0.3)
    assert.equal(30, early + #bob:take())
  end)

  it("lets time pass when it advances", function()
    local app = talk()
    local ann, start = app:connect("/"), app:now()
    ann:send("later")
    assert.same({}, ann:take())
    app:advance(0.1)
    assert.same({ "now" }, ann:take())
    local passed = app:now() - start
    assert.is_true(passed >= 0.1 and passed < 20, passed)
  end)

  it("returns a peer that still connects, or was refused", function()
    local app = talk()
    local ann, bob = app:connect("/door?wait=0.1&name=ann"), app:connect("/door")
    assert.same({ "connecting", "refused", 403, "not you" },
      { ann.state, bob.state, bob.status, bob.body })
    app:advance(0.15)
    assert.equal("open", ann.state)
  end)

  it("has the server's Close, and answers it", function()
    local app = talk()
    local ann, bob = app:connect("/"), app:connect("/")
    app:drain()
    ann:send("go")
    assert.peer(ann).closed(4000, "gone")
    assert.same({ "left 4000" }, bob:take())
  end)

  it("has slow readers: what they don't take arrives when they do", function()
    local app = talk()
    local ann = app:connect("/", { faults = { full = true } })
    assert.equal("connecting", ann.state)
    ann:faults {}
    assert.equal("open", ann.state)
    ann:pause()
    ann:send("a")
    assert.same({}, ann:take())
    ann:resume()
    assert.same({ "a" }, ann:take())
  end)

  it("reaches the server's limit of what a slow reader is sent", function()
    local app = talk()
    local ann, bob = app:connect("/"), app:connect("/")
    app:drain()
    ann:pause()
    ann:send("flood")
    app:advance(0)
    ann:resume()
    assert.peer(bob).received("left 1013")
  end)

  it("sends in pieces, and takes in small ones", function()
    local app = talk()
    local data = ("abc"):rep(20000)
    for _, faults in ipairs { { read = 7 }, { write = 100 }, { read = 50, write = 50 } } do
      local ann = app:connect("/", { faults = faults })
      ann:send_binary(data)
      assert.is_true(data == ann:take("binary")[1])
    end
  end)

  it("takes options of the server's, and addresses of this machine", function()
    local app = talk { max_message = "4", close_timeout = 0.5 }
    local ann = app:connect("/", { address = "127.0.0.9" })
    ann:send("12345")
    assert.equal(1009, ann.close_code)
    raises_here("a peer can't have the address 192.0.2.1 over tcp",
      function() app:connect("/", { address = "192.0.2.1" }) end)
  end)

  it("has the server's log, without the line that tells its port", function()
    local app = talk()
    for _, entry in ipairs(app:log()) do assert.is_string(entry.event) end
    app:connect("/"):send("fail")
    local failed
    for _, entry in ipairs(app:log()) do
      if entry.event == "handler failed" then failed = entry end
    end
    assert.matches("on demand", failed.error)
    assert.same({}, app:log())
  end)

  it("raises at its end for a handler that failed, unless the log was read", function()
    local app = talk()
    app:connect("/"):send("fail")
    raises_here("1 handler failed, and nobody asked app:log:", function() app:stop() end)
    app = talk()
    app:connect("/"):send("fail")
    app:log()
    app:stop()
  end)

  it("says of what is inside that it works in memory only", function()
    local app = talk()
    local ann = app:connect("/")
    for name, call in pairs {
      ["app:room"] = function() app:room("/") end,
      ["app:run"] = function() app:run(print) end,
      ["app:spawn"] = function() app:spawn(print) end,
      ["app:timers"] = function() app:timers() end,
      ["app:errors"] = function() app:errors() end,
      ["app:expect_error"] = function() app:expect_error("x") end,
      ["app:require"] = function() app:require("x") end,
      ["app:fail_allocation"] = function() app:fail_allocation(1) end,
      ["peer.client"] = function() return ann.client.id end,
    } do
      raises_here(name .. " works in memory only", call)
    end
    raises_here("secure peers work in memory only",
      function() app:connect("/", { secure = true }) end)
    raises_here("secure peers work in memory only",
      function() app:connect("/", { tls = {} }) end)
  end)

  it("can't be a function, nor be given what a server can't", function()
    raises_here("a function is loaded in memory only",
      function() test.load(print, { transport = "tcp" }) end)
    for name, value in pairs { app = {}, seed = 5, start = 5 } do
      raises_here(("the option %s works in memory only"):format(name),
        function() test.load("examples/chat", { transport = "tcp", [name] = value }) end)
    end
  end)

  it("says what the server says where it doesn't start", function()
    local directory = scripts.directory { ["init.lua"] = "\nx y" }
    local function refusal(path, options)
      options.transport = "tcp"
      return select(2, pcall(test.load, path, options))
    end
    assert.equal(directory .. "/init.lua:2: syntax error near 'y'", refusal(directory, {}))
    assert.matches('^"nowhere" is no file or directory', refusal("nowhere", {}))
    assert.matches("^%-%-max%-rooms must be a whole", refusal(directory, { max_rooms = 0 }))
  end)

  it("tells in the next step that the server has died, and of what", function()
    local app = talk()
    local ann = app:connect("/")
    app.world.server.handle:kill("sigkill")
    raises_here("the server has ended with signal 9", function() app:advance(5) end)
    raises_here("the server has ended with signal 9", function() app:connect("/") end)
    assert.equal(1006, ann.close_code)
    raises_here("the server has ended with signal 9", function() app:stop() end)
  end)
end)

describe("the end of an app over tcp", function()
  local function descriptors()
    local count, entries = 0, uv.fs_scandir("/proc/self/fd")
    while uv.fs_scandir_next(entries) do count = count + 1 end
    return count
  end

  it("closes with 1001, ends the server and gives everything back", function()
    talk():stop()
    local before = descriptors()
    local app = talk()
    local ann, bob, eve = app:connect("/"), app:connect("/"), app:connect("/")
    local pid = pid_of(app)
    bob:stop_answering()
    eve:pause()
    app:connect("/door")
    assert.is_true(is_alive(pid))
    app:stop()
    assert.equal(1001, ann.close_code)
    assert.is_false(is_alive(pid))
    assert.equal(before, descriptors())
    app:stop()
    raises_here("the app has been stopped", function() app:advance(1) end)
  end)

  it("comes with that of the Lua state where nobody stops it", function()
    local release = os.getenv("MOONROOM_RELEASE_BINARY") or "./build/moonroom"
    local there = program.directory { ["fails.lua"] = [[
      local test = require "moonroom.test"
      local app = test.load("examples/chat", { transport = "tcp" })
      local ann = app:connect("/bongo?name=ann")
      print(app.world.server.handle:get_pid())
      error(ann:last())]] }
    local code, out, err = process.run({ "lua5.4", there .. "/fails.lua" }, {
      LUA_PATH = "lua/?.lua;lua/?/init.lua;;", MOONROOM_BINARY = release,
      LUA_CPATH = release:gsub("moonroom$", "lua/?.so") .. ";;",
    })
    program.remove(there)
    assert.equal(1, code, err)
    assert.matches("ann has joined /bongo", err)
    assert.is_false(is_alive(tonumber(out)))
  end)
end)
