-- The page of `moonroom dev`: lua/moonroom/dev.lua and dev/.

local core = require "moonroom.core"
local dev_page = require "dev_page"
local faults = require "moonroom.dev.faults"

local kit = core.testkit.app

local function lobby(moonroom)
  local Guest = moonroom.Client:extend("Guest")
  function Guest:init(request) self.name = request.query.name end
  local Lobby = moonroom.Room:extend("Lobby", { Client = Guest, protocols = { "chat.v2" } })
  function Lobby:on_join(guest) self:broadcast("hello " .. guest.name) end
  function Lobby:on_text(guest, text)
    if text == "fail" then error("no points") end
    self:broadcast(guest.name .. ": " .. text)
  end
  function Lobby:on_accept(request) -- luacheck: ignore self
    if request.query.name == "Eve" then return false, 403, "not you\n" end
  end
  moonroom.mount("/lobby", Lobby)
  moonroom.mount("/loose", moonroom.Room:extend("Loose", {
    on_text = function(_, client, text) client:close(4001, text) end,
    on_binary = function(_, client, data) client:send_binary(data:reverse()) end,
  }))
end

local ann, ben = "/lobby?name=Ann", "/lobby?name=Ben"

describe("the page of dev", function()
  it("is served with its files, all of them the server's own, and a strict policy", function()
    local hub = dev_page.app(lobby)
    local function get(path)
      local peer = kit.connect(hub, { address = "127.0.0.1" })
      peer:send(("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"):format(path))
      kit.advance(hub, 0)
      return peer:take():match("^HTTP/1.1 200 OK(\r\n.-\r\n)\r\n(.*)$")
    end
    local asked, left = { ["/__dev"] = true }, { "/__dev" }
    while left[1] do
      local path = table.remove(left)
      local head, body = get(path)
      assert.truthy(head, path)
      assert.matches("\r\nContent-Security-Policy: default-src 'none'; script-src 'self'; ",
        head, 1, true)
      assert.not_matches("unsafe", head)
      assert.matches("\r\nX-Content-Type-Options: nosniff\r\n", head, 1, true)
      assert.not_matches('https?://[^w"]', body) -- w: the namespace of SVG
      assert.not_matches("style=", body)
      assert.not_matches("innerHTML", body)
      for name in body:gmatch('"(/__dev/[%w.]+)"') do
        if not asked[name] and name ~= "/__dev/socket" then left[#left + 1] = name end
        asked[name] = true
      end
    end
    assert.is_true(asked["/__dev/page.css"] and asked["/__dev/user.js"])
  end)

  it("is there for this machine and a Host of its own alone", function()
    local hub = dev_page.app(lobby)
    local function status(path, options)
      options.address = options.address or "127.0.0.1"
      local peer = kit.connect(hub, options)
      peer:send(("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n"):format(path, options.host or "[::1]:80"))
      kit.advance(hub, 0)
      return tonumber(peer:take():match("^HTTP/1.1 (%d+)"))
    end
    for _, path in ipairs { "/__dev", "/__dev/page.js" } do
      assert.equal(200, status(path, {}))
      assert.equal(404, status(path, { host = "moonroom.example" }))
      assert.equal(404, status(path, { host = "localhost.example" }))
      assert.equal(404, status(path, { address = "192.0.2.1" }))
    end
    assert.equal(404, status("/__dev/none.js", {}))
  end)

  it("alone may use its socket", function()
    local hub = dev_page.app(lobby)
    local function status(options)
      local _, answer = dev_page.handshake(hub, "/__dev/socket", options)
      return tonumber(answer:match("^HTTP/1.1 (%d+)"))
    end
    assert.equal(101, status { origin = "http://localhost:12345" })
    assert.equal(403, status { origin = "http://localhost:5173" })
    assert.equal(403, status { origin = "http://moonroom.example" })
    assert.equal(404, status { host = "moonroom.example" })
    assert.equal(404, status { address = "192.0.2.1" })
  end)

  it("is in nobody's list of rooms", function()
    local page = dev_page.new(lobby)
    assert.is_nil(page.app.public.rooms()())
    page:advance(1)
    assert.same({}, page:told("app")[1].rooms)
  end)

  it("is not held to what the app allows its clients", function()
    local page = dev_page.new(lobby, { max_message = 10, rate_messages = 1, rate_burst = 1 })
    for user = 1, 9 do page:connect(user, "/loose") end
    page:ask { act = "send", user = 1, text = "12345678901" }
    assert.equal(1009, page:state(1).code)
  end)

  it("hears what makes no sense, and does nothing", function()
    local page = dev_page.new(lobby)
    for _, command in ipairs {
      { act = "none" }, { act = "send" }, { act = "connect", path = "/" }, { user = 1 }, { 1 },
      { act = "drop", user = "1" }, { act = "connect", user = 1.5, path = "/" },
      { act = "connect", user = 1, path = 5 }, { act = "bad", user = 1, fault = "none" },
    } do page:ask(command) end
    page:connect(2, "/loose")
    page:ask { act = "bad", user = 2, fault = "none" }
    assert.same({}, page:told("error"))
    assert.same({}, page:frames(2))
  end)

  it("is not there without dev", function()
    local hub = kit.hub {}
    local app = require("moonroom.app").new(hub)
    kit.load(hub, lobby, app.public)
    local _, answer = dev_page.handshake(hub, "/__dev/socket")
    assert.matches("^HTTP/1.1 404", answer)
    assert.is_nil(app.dev)
  end)
end)

describe("a user of the page", function()
  it("goes the way of any client: handshake, frames, rooms", function()
    local page = dev_page.new(lobby)
    page:ask { act = "connect", user = 1, path = ann, protocols = { "chat.v1", "chat.v2" } }
    local connecting, open = table.unpack(page:told("state", 1))
    assert.equal("connecting", connecting.state)
    assert.same({ "open", "chat.v2", false }, { open.state, open.protocol, open.compression })
    assert.equal(page.app.public.room("/lobby"):clients()().id, open.client)
    assert.same({ "< text: hello Ann" }, page:frames(1))
  end)

  it("hears what others say, side by side, at its own times", function()
    local page = dev_page.new(lobby)
    page:connect(1, ann)
    page:advance(1.5)
    page:connect(2, ben)
    page:told("frame")
    page:advance(0.5)
    page:ask { act = "send", user = 1, text = "hi" }
    local sent, got = table.unpack(page:told("frame", 1))
    assert.same({ "out", "text", "hi", 2 }, { sent.direction, sent.kind, sent.text, sent.size })
    assert.same({ "in", "Ann: hi", 7 }, { got.direction, got.text, got.size })
    assert.equal(2000, math.floor(got.at + 0.5))
    local other = page:told("frame", 2)[1]
    assert.same({ "Ann: hi", 500 }, { other.text, math.floor(other.at + 0.5) })
  end)

  it("sends binary, and pings", function()
    local page = dev_page.new(lobby)
    page:connect(1, "/loose")
    page:ask { act = "send_binary", user = 1, hex = "00 ff4 1" }
    page:ask { act = "ping", user = 1 }
    assert.same({ "> binary: 00ff41", "< binary: 41ff00", "> ping", "< pong" }, page:frames(1))
    page:ask { act = "send_binary", user = 1, hex = "0g" }
    assert.matches("hexadecimal", page:told("note", 1)[1].why)
  end)

  it("sees the code and reason of a Close, and answers it", function()
    local page = dev_page.new(lobby)
    page:connect(1, "/loose")
    page:ask { act = "send", user = 1, text = "enough" }
    assert.same({ "> text: enough", "< close 4001: enough", "> close 4001" }, page:frames(1))
    local state = page:state(1)
    assert.same({ "closed", 4001, "enough" }, { state.state, state.code, state.reason })
  end)

  it("closes with a code, or none", function()
    for _, code in ipairs { 1000, 4999, 0 } do
      local page = dev_page.new(lobby)
      page:connect(1, "/loose")
      page:ask { act = "close", user = 1, code = code > 0 and code or nil }
      assert.equal("closed", page:state(1).state)
      assert.matches("^> close " .. (code > 0 and code or 1005), page:frames(1)[1])
    end
    local page = dev_page.new(lobby)
    page:connect(1, "/loose")
    page:ask { act = "close", user = 1, code = 65536 }
    assert.matches("two bytes", page:told("note", 1)[1].why)
  end)

  it("can drop the connection", function()
    local left
    local page = dev_page.new(function(moonroom)
      moonroom.mount("/", moonroom.Room:extend("Room", {
        on_leave = function(_, _, code) left = code end,
      }))
    end)
    page:connect(1, "/")
    page:ask { act = "drop", user = 1 }
    assert.equal(1006, left)
    local state = page:state(1)
    assert.same({ "closed", 1006, "you dropped the connection" },
      { state.state, state.code, state.why })
  end)

  it("can stop to read, which the server's queue shows, and go on", function()
    local page = dev_page.new(lobby)
    page:connect(1, ann)
    page:connect(2, ben)
    page:told("frame")
    page:ask { act = "slow", user = 2, is_slow = true }
    page:ask { act = "send", user = 1, text = ("x"):rep(2000) }
    page:advance(1)
    assert.same({}, page:frames(2))
    local apps = page:told("app")
    local rooms = apps[#apps].rooms
    assert.equal("/lobby", rooms[1].path)
    local queued = {}
    for _, client in ipairs(rooms[1].clients) do queued[client.user] = client.queued end
    assert.is_true(queued[2] > 2000 and queued[1] == 0)
    page:ask { act = "slow", user = 2, is_slow = false }
    assert.matches("^< text: Ann: xxx", page:frames(2)[1])
  end)

  it("is closed as a slow consumer where it reads nothing for long", function()
    local page = dev_page.new(lobby, { send_queue = 65536 })
    page:connect(1, ann)
    page:connect(2, ben)
    page:ask { act = "slow", user = 2, is_slow = true }
    for _ = 1, 4 do page:ask { act = "send", user = 1, text = ("x"):rep(30000) } end
    for _ = 1, 6 do page:advance(10) end
    local state = page:state(2)
    assert.same({ "closed", 1006 }, { state.state, state.code })
  end)

  for _, fault in ipairs(faults.list) do
    it(("is closed with %d for %s"):format(fault.code, fault.words:lower()), function()
      local page = dev_page.new(lobby)
      page:connect(1, "/loose")
      page:ask { act = "bad", user = 1, fault = fault.name }
      local shown = page:told("frame", 1)
      assert.same({ "bad", fault.words, #fault.bytes },
        { shown[1].kind, shown[1].text, shown[1].size })
      assert.equal(fault.code, page:state(1).code)
    end)
  end

  it("is told why it is refused", function()
    local page = dev_page.new(lobby)
    page:ask { act = "connect", user = 1, path = "/lobby?name=Eve" }
    local state = page:state(1)
    assert.same({ "refused", 403, "not you\n" }, { state.state, state.status, state.body })
    page:ask { act = "connect", user = 2, path = "/none" }
    assert.matches("no room at /none", page:state(2).body)
    page:ask { act = "connect", user = 3, path = ann, origin = "https://b.example" }
    assert.matches('Lobby.origins = {"https://b.example"} would allow it', page:state(3).body, 1,
      true)
    page:ask { act = "connect", user = 4, path = "/a b\r\nX: y" }
    assert.matches("^a path begins with a slash", page:state(4).why)
    page:ask { act = "connect", user = 5, path = "/", cookie = "a\r\nX: y" }
    assert.matches("control characters", page:state(5).why)
    page:ask { act = "connect", user = 6, path = "/", origin = { 1 } }
    assert.matches("control characters", page:state(6).why)
    for _, list in ipairs { "chat", { 1 }, { "a b" }, { x = "chat" } } do
      page:ask { act = "connect", user = 7, path = "/", protocols = list }
      assert.matches("^subprotocols are words", page:state(7).why)
    end
    page:ask { act = "connect", user = 8, path = "/", compression = "x" }
    assert.matches("^compression is", page:state(8).why)
    assert.same({}, page:told("error"))
  end)

  it("is told in place of sending where it isn't connected", function()
    local page = dev_page.new(lobby)
    page:connect(1, "/loose")
    page:ask { act = "drop", user = 1 }
    page:told("frame")
    page:ask { act = "send", user = 1, text = "x" }
    assert.same({}, page:frames(1))
    assert.equal("this user is not connected", page:told("note", 1)[1].why)
    page:ask { act = "send", user = 99, text = "x" }
    page:ask { act = "nothing", user = 1 }
  end)

  it("agrees on compression", function()
    local page = dev_page.new(lobby, { compression = "on" })
    page:connect(1, ann, { compression = true })
    page:ask { act = "send", user = 1, text = ("x"):rep(1000) }
    local sent, got = table.unpack(page:told("frame", 1))
    assert.same({ true, true, 1005 }, { sent.compressed, got.compressed, got.size })
  end)

  it("shows the start of a long message, and how long it is", function()
    local page = dev_page.new(lobby)
    page:connect(1, "/loose")
    page:ask { act = "send_binary", user = 1, hex = ("00"):rep(5000) }
    local frame = page:told("frame", 1)[2]
    assert.same({ 5000, true, 2048 }, { frame.size, frame.is_cut, #frame.hex })
  end)

  it("goes with its page", function()
    local page = dev_page.new(lobby)
    page:connect(1, ann)
    page:connect(2, ben)
    page.peer:reset()
    kit.advance(page.hub, 0)
    assert.equal(0, #page.app.public.room("/lobby"))
  end)

  it("keeps no server from its end, reading or not", function()
    local page = dev_page.new(lobby)
    page:connect(1, ann)
    page:connect(2, ben)
    page:ask { act = "slow", user = 2, is_slow = true }
    page:ask { act = "send", user = 1, text = "x" }
    kit.drain(page.hub)
    page:advance(0)
    page.peer:finish()
    page:advance(3)
    assert.is_true(kit.is_empty(page.hub))
  end)

  it("can be connected again, and forgotten", function()
    local page = dev_page.new(lobby)
    page:connect(1, ann)
    page:connect(1, ben)
    assert.equal(1, #page.app.public.room("/lobby"))
    page:ask { act = "forget", user = 1 }
    assert.equal(0, #page.app.public.room("/lobby"))
  end)
end)

describe("what the page shows", function()
  it("has the routes in their order, and the rooms with who is in them", function()
    local page = dev_page.new(function(moonroom)
      moonroom.get("/scores", function() return {} end)
      lobby(moonroom)
      moonroom.mount("/rooms/:name", function() return nil end)
      table.insert(moonroom.dispatch, function() return nil end)
    end)
    local app = page:told("app")[1]
    local kinds = {}
    for index, route in ipairs(app.routes) do kinds[index] = route.kind .. " " .. route.pattern end
    assert.same({
      "dispatch dispatch[1]", "room /lobby", "room /loose", "room /rooms/:name", "http GET /scores",
    }, kinds)
    assert.matches("dev_spec.lua:%d+$", app.routes[4].target)
    page:connect(1, ann)
    page:advance(1)
    local room = page:told("app")[1].rooms[1]
    assert.same({ "/lobby", "Lobby", 1 }, { room.path, room.class, room.count })
    assert.same({ 1, "Ann", "127.0.0.1" },
      { room.clients[1].user, room.clients[1].name, room.clients[1].address })
  end)

  it("is told of the app only where something has changed", function()
    local page = dev_page.new(lobby)
    page:told("app")
    page:advance(10)
    assert.same({}, page:told("app"))
  end)

  it("has the errors of handlers, those of before too", function()
    local page = dev_page.new(lobby)
    page:connect(1, ann)
    page:ask { act = "send", user = 1, text = "fail" }
    local entry = page:told("error")[1].error
    assert.same({ "on_text", "/lobby" }, { entry.where, entry.path })
    assert.matches("dev_spec.lua:%d+: no points$", entry.message)
    assert.matches("^stack traceback:\n", entry.traceback)
    assert.equal(1011, page:state(1).code)
    local hello = page:told("hello")[1]
    assert.same({}, hello.errors)
    page:ask { act = "clear_errors" }
    assert.same({ { type = "errors", errors = {} } }, page:told("errors"))
  end)

  it("has what a reload came to, and why it didn't, until one does", function()
    local page = dev_page.new(lobby)
    page:connect(1, ann)
    page:ask { act = "send", user = 1, text = "fail" }
    page:told("error")
    page.app.dev:reloaded(false, "init.lua:5: unexpected symbol near '='")
    page:advance(0)
    assert.same({ false, 1700000000 }, { page:told("reload")[1].news.ok, page.app.dev.news.time })
    local entry = page:told("error")[1].error
    assert.same({ "init.lua:5: unexpected symbol near '='", "", "reload" },
      { entry.message, entry.traceback, entry.where })
    page.app.dev:reloaded(false, "init.lua:5: oh\nstack traceback:\n\t[C]: in ?")
    page:advance(0)
    entry = page:told("error")[1].error
    assert.same({ "init.lua:5: oh", "stack traceback:\n\t[C]: in ?" },
      { entry.message, entry.traceback })
    page.app.dev:reloaded(true)
    page:advance(0)
    assert.is_true(page:told("reload")[2].news.ok)
    local left = page:told("errors")[1].errors
    assert.same({ 1, "on_text" }, { #left, left[1].where })
    page.app.dev:reloaded(true)
    page:advance(0)
    assert.same({}, page:told("errors"))
  end)

  it("says so in the log where it can't be told", function()
    local page = dev_page.new(lobby)
    page.app.dev.news = { ok = "\xFF" }
    kit.log(page.hub)
    dev_page.handshake(page.hub, "/__dev/socket")
    assert.matches("the page can't be told: ", kit.log(page.hub), 1, true)
  end)

  it("waits with what it shows of the app until the page has read what there is", function()
    local page = dev_page.new(lobby)
    page:advance(1)
    page:told("app")
    page.peer:faults { full = true }
    for _ = 1, 2 do page.app.dev:tell_all { type = "filler", text = ("x"):rep(900000) } end
    for _ = 1, 2 do
      dev_page.handshake(page.hub, "/loose")
      page:advance(0.5)
    end
    page.peer:faults { full = false }
    page.peer:writable()
    page:advance(0.5)
    local apps = page:told("app")
    assert.same({ 1, 2 }, { #apps, apps[1].rooms[1].count })
  end)

  it("has errors once on_error has had them", function()
    local order = {}
    local page = dev_page.new(function(moonroom)
      moonroom.mount("/", moonroom.Room:extend("Room", {
        on_text = function() error("x") end,
        on_error = function() table.insert(order, "on_error") end,
      }))
    end)
    local add = page.app.dev.errors.add
    function page.app.dev.errors.add(...)
      table.insert(order, "told")
      return add(...)
    end
    page:connect(1, "/")
    page:ask { act = "send", user = 1, text = "x" }
    assert.same({ "on_error", "told" }, order)
  end)

  it("has errors that on_error keeps from the log", function()
    local page = dev_page.new(function(moonroom)
      moonroom.mount("/", moonroom.Room:extend("Room", {
        on_text = function() error({}) end,
        on_error = function() end,
      }))
    end)
    page:connect(1, "/")
    page:ask { act = "send", user = 1, text = "x" }
    assert.equal("(error object is a table value)", page:told("error")[1].error.message)
    page:ask { act = "send", user = 1, text = "x" }
    assert.equal(1, #page:told("error"))
  end)
end)
