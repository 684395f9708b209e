-- The handlers of a room: when each is called, with what.

local one_room = require "one_room"
local raises_here = require "raises_here"
local world = require "world"

-- Handlers that note their names and arguments after the client, as a list of strings.
local function noting(list, names)
  local fields = {}
  for _, name in ipairs(names) do
    fields[name] = function(_, _, ...)
      local texts = table.pack(...)
      for index = 1, texts.n do texts[index] = tostring(texts[index]) end
      list[#list + 1] = name .. "(" .. table.concat(texts, ", ") .. ")"
    end
  end
  return fields
end

describe("a client's events", function()
  it("come in order: join, messages, pongs, leave", function()
    local list = {}
    local w = one_room(noting(list, { "on_join", "on_text", "on_binary", "on_pong", "on_leave" }))
    local peer = w:connect("/talk")
    local bye = "\x0f\xa0bye"
    peer:send(world.frame("text", "a") .. world.frame("binary", "b") .. world.frame("pong", "p")
      .. world.frame("text", "c") .. world.frame("close", bye) .. world.frame("text", "d"))
    assert.same({ "on_join()", "on_text(a)", "on_binary(b)", "on_pong(p, nil)", "on_text(c)",
      "on_leave(4000, bye, true)" }, list)
  end)

  it("begin with on_join, also where the first message came with the handshake", function()
    local list = {}
    local w = one_room(noting(list, { "on_join", "on_text" }))
    w:peer():send(world.request_head("/talk") .. world.frame("text", "early"))
    assert.same({ "on_join()", "on_text(early)" }, list)
  end)

  it("end with one on_leave: 1006 where no Close came, 1005 for one without a code", function()
    local list = {}
    local w = one_room(noting(list, { "on_leave" }))
    w:connect("/talk"):reset()
    w:connect("/talk"):finish()
    w:connect("/talk"):close()
    w:connect("/talk"):close(1001, "tab")
    assert.same({ "on_leave(1006, , false)", "on_leave(1006, , false)", "on_leave(1005, , true)",
      "on_leave(1001, tab, true)" }, list)
  end)

  it("tell of our own Close where it came first", function()
    local list = {}
    local fields = noting(list, { "on_leave" })
    function fields.on_text(_, client) client:close(4001, "ours") end
    local w = one_room(fields)
    w:connect("/talk"):text("x"):close(4002, "theirs")
    local silent = w:connect("/talk"):text("x")
    w:advance(10)
    assert.is_true(silent:state().closed)
    assert.same({ "on_leave(4001, ours, true)", "on_leave(4001, ours, false)" }, list)
  end)

  it("find a client that left in no room and not among its clients", function()
    local seen
    local w = one_room {
      on_leave = function(room, client)
        seen = { #room, client.room == room, client.ready_state }
      end,
    }
    w:connect("/talk"):reset()
    assert.same({ 0, true, "closed" }, seen)
  end)

  it("need no handler at all", function()
    local w = one_room {}
    local peer = w:connect("/talk"):text("dropped"):frame("pong", "x"):text("too")
    assert.same({}, peer:frames())
    peer:close(1000)
    assert.same({ 1000, "", 1 }, { peer:close_frame() })
  end)
end)

describe("a handler", function()
  it("may be anything callable", function()
    local heard = {}
    local w = one_room {
      on_text = setmetatable({}, {
        __call = function(_, room, client, text) heard = { tostring(room), client.id, text } end,
      }),
    }
    w:connect("/talk"):text("hello")
    assert.same({ "Talk /talk, 1 client", "hello" }, { heard[1], heard[3] })
  end)

  it("that can't be called is refused where it is assigned", function()
    local w = one_room {}
    for _, value in ipairs { 1, "print", true, {}, io.stdout } do
      for _, name in ipairs { "on_text", "on_json", "on_binary", "on_join", "on_leave", "on_accept",
        "on_pong", "on_error", "check_message", "init" } do
        local words = ("cannot assign Talk.%s: a handler is a function, not a"):format(name)
        raises_here(words, function() w.Talk[name] = value end)
        raises_here(words, function() w.room[name] = value end)
        raises_here(words, function() w.Talk { [name] = value } end)
      end
    end
  end)

  it("can be replaced at any time: on the class, on the room, and taken back", function()
    local w = one_room {}
    local peer = w:connect("/talk")
    local heard = {}
    local function hears(name)
      return function() heard[#heard + 1] = name end
    end
    peer:text("nobody")
    w.Talk.on_text = hears "class"
    peer:text("class")
    w.room.on_text = hears "room"
    peer:text("room")
    w.Talk.on_text = hears "class again"
    peer:text("still the room")
    w.room.on_text = nil
    peer:text("class again")
    w.Talk.on_text = nil
    peer:text("nobody")
    assert.same({ "class", "room", "room", "class again" }, heard)
  end)

  it("may replace itself while it runs", function()
    local heard = {}
    local w = one_room {
      on_text = function(room, _, first)
        heard[1] = first
        room.on_text = function(_, _, text) heard[2] = text end
      end,
    }
    w:connect("/talk"):send(world.frame("text", "a") .. world.frame("text", "b"))
    assert.same({ "a", "b" }, heard)
  end)

  it("of a superclass is inherited, and reached by super", function()
    local heard = {}
    local w = world.new()
    local Base = w.moonroom.Room:extend("Base")
    function Base.on_text(_, _, text) heard[#heard + 1] = "base " .. text end
    local Sub = Base:extend("Sub")
    local Third = Sub:extend("Third")
    function Third:on_text(client, text)
      Third.super.on_text(self, client, text)
      heard[#heard + 1] = "third " .. text
    end
    w.moonroom.mount("/sub", Sub)
    w.moonroom.mount("/third", Third)
    w:connect("/sub"):text("a")
    w:connect("/third"):text("b")
    assert.same({ "base a", "base b", "third b" }, heard)
    function Base.on_text() heard = {} end
    w:connect("/sub"):text("c")
    assert.same({}, heard)
  end)
end)

describe("on_binary", function()
  it("where it is missing has binary refused with 1003 before its payload", function()
    local w = one_room {}
    local peer = w:connect("/talk")
    peer:send(world.frame("binary", "", { length = 1000000 }))
    assert.equal(1003, (peer:close_frame()))
  end)

  it("is seen when it is added to a class or a room with clients, and when it goes", function()
    local w = one_room {}
    local heard = {}
    local function hear(_, _, data) heard[#heard + 1] = data end
    local peer = w:connect("/talk")
    w.Talk.on_binary = hear
    peer:frame("binary", "a")
    w.Talk.on_binary = nil
    w.room.on_binary = hear
    peer:frame("binary", "b")
    w.room.on_binary = nil
    peer:frame("binary", "c")
    assert.same({ "a", "b" }, heard)
    assert.equal(1003, (peer:close_frame()))
  end)

  it("that goes while a message is on its way closes with 1003", function()
    local w = one_room { on_binary = function() end }
    local peer = w:connect("/talk")
    peer:frame("binary", "a", { fin = false })
    w.Talk.on_binary = nil
    peer:frame("continuation", "b")
    assert.equal(1003, (peer:close_frame()))
  end)
end)

describe("on_json", function()
  it("is called instead of on_text, with the value", function()
    local heard = {}
    local w = one_room {
      on_text = function() heard[#heard + 1] = "text" end,
      on_json = function(_, _, value) heard[#heard + 1] = value end,
    }
    w:connect("/talk"):text('{"a":[1,2.5,null]}'):text("7"):text('"x"'):text("null")
    local null = w.moonroom.json.null
    assert.same({ { a = { 1, 2.5, null } }, 7, "x", null }, heard)
    assert.equal("integer", math.type(heard[2]))
  end)

  it("closes with 1007 for what isn't JSON", function()
    for _, text in ipairs { "", "{", "nonsense", '{"a":1} x', ("["):rep(200) } do
      local w = one_room { on_json = function() error("not called") end }
      assert.equal(1007, (w:connect("/talk"):text(text):close_frame()))
      assert.is_nil(w:log():find("not called", 1, true))
    end
  end)

  it("is named in an error of its own", function()
    local w = one_room { on_json = function() error("broken") end }
    assert.equal(1011, (w:connect("/talk"):text("1"):close_frame()))
    assert.is_truthy(w:log():find("where=on_json", 1, true))
  end)
end)

describe("check_message", function()
  it("is asked before each fragment's payload: kind, its length, the total", function()
    local list = {}
    local fields = noting(list, { "check_message", "on_text", "on_binary" })
    local w = one_room(fields)
    local peer = w:connect("/talk")
    peer:frame("text", "abc", { fin = false }):frame("ping", "x")
    peer:frame("continuation", "de", { fin = false }):frame("continuation", "")
    peer:frame("binary", "1234")
    assert.same({ "check_message(text, 3, 3)", "check_message(text, 2, 5)",
      "check_message(text, 0, 5)", "on_text(abcde)", "check_message(binary, 4, 4)",
      "on_binary(1234)" }, list)
  end)

  it("refuses with a code and a reason, before the payload has come", function()
    local left
    local w = one_room {
      check_message = function(_, _, kind, length)
        if length > 10 then return 1009, "too much " .. kind end
      end,
      on_leave = function(_, _, code, reason) left = { code, reason } end,
      on_text = function() error("not called") end,
    }
    local peer = w:connect("/talk"):send(world.frame("text", "", { length = 500000 }))
    assert.same({ 1009, "too much text", 1 }, { peer:close_frame() })
    assert.same({ 1009, "too much text" }, left)
  end)

  it("has its reason cut to 123 bytes at a character", function()
    local w = one_room { check_message = function() return 4000, ("é"):rep(100) end }
    assert.same({ 4000, ("é"):rep(61), 1 }, { w:connect("/talk"):text("x"):close_frame() })
  end)

  it("closes with 1011, and logs, where what it returns makes no sense", function()
    for _, answer in ipairs { 0, 999, 1005, 1006, 1015, 70000, 1000.5, "no", true, {} } do
      local w = one_room { check_message = function() return answer end }
      assert.equal(1011, (w:connect("/talk"):text("x"):close_frame()))
      assert.is_truthy(w:log():find("check_message returned", 1, true))
    end
    local w = one_room { check_message = function() return 4000, "\xff" end }
    assert.equal(1011, (w:connect("/talk"):text("x"):close_frame()))
    assert.is_truthy(w:log():find("not UTF-8", 1, true))
  end)

  it("that raises refuses the message, even where on_error lets the client stay", function()
    local heard
    local w = one_room {
      check_message = function() error("broken") end,
      on_error = function() end,
      on_text = function() heard = true end,
    }
    assert.equal(1011, (w:connect("/talk"):text("x"):close_frame()))
    assert.is_nil(heard)
  end)

  it("may close the client itself", function()
    local w = one_room {
      check_message = function(_, client) client:close(4001) end,
      on_text = function() error("not called") end,
    }
    local peer = w:connect("/talk"):text("x")
    assert.same({ 4001, "", 1 }, { peer:close_frame() })
    w = one_room { check_message = function(_, client) client:terminate() end }
    assert.is_true(w:connect("/talk"):text("x"):state().closed)
  end)

  it("is seen when it is added later, and when it goes", function()
    local w = one_room { on_text = function(_, client, text) client:send(text) end }
    local peer = w:connect("/talk"):text("a")
    local count = 0
    w.room.check_message = function() count = count + 1 end
    peer:text("b")
    w.room.check_message = nil
    peer:text("c")
    assert.same({ "a", "b", "c" }, peer:take())
    assert.equal(1, count)
  end)
end)

describe("on_pong", function()
  it("gets the data, and the round-trip time of the latest ping", function()
    local list = {}
    local w = one_room {
      on_text = function(_, client, text) client:ping(text) end,
      on_pong = function(_, _, data, rtt) list[#list + 1] = { data, rtt or "none" } end,
    }
    local peer = w:connect("/talk"):text("one")
    w:advance(0.5)
    peer:frame("pong", "one"):frame("pong", "one"):frame("pong")
    assert.same({ { "one", 0.5 }, { "one", "none" }, { "", "none" } }, list)
  end)
end)

describe("an ordinary request for a room's path", function()
  it("is answered with 426, and 404 where none is", function()
    local w = one_room {}
    local response = w:get("/talk")
    assert.same({ 426, "websocket", "Upgrade" },
      { response.status, response.headers.upgrade, response.headers.connection:match("Upgrade") })
    assert.equal(404, w:get("/nothing").status)
    assert.equal(405, w:get("/talk", { method = "POST" }).status)
  end)
end)
