local one_room = require "one_room"
local raises_here = require "raises_here"
local world = require "world"

-- A world and a client in its room; fields as in one_room.
local function joined(fields, options)
  local client
  local w = one_room(function(moonroom, w)
    local all = { on_join = function(_, joining) client = joining end }
    for key, value in pairs(fields and fields(moonroom, w) or {}) do all[key] = value end
    return all
  end, options)
  local peer = w:connect("/talk")
  return w, client, peer
end

local methods = {
  { "send", "hello" }, { "send", { 1 } }, { "send_binary", "\xff" }, { "ping", "are you there" },
  { "ping" }, { "broadcast", "all" }, { "broadcast_binary", "\xff" }, { "close" },
  { "close", 1000, "bye" }, { "terminate" },
}

local function call(client, method) return client[method[1]](client, table.unpack(method, 2)) end

describe("a client's request that no script has seen", function()
  it("is kept where it is asked for, and is no field of the client's", function()
    local w, client = joined()
    client.request.badge = "gold"
    client.name = "ann"
    collectgarbage()
    local fields = {}
    for key, value in pairs(client) do fields[key] = value end
    assert.same({ name = "ann" }, fields)
    client:terminate()
    w:rest()
    collectgarbage()
    assert.equal("gold", client.request.badge)
  end)

  local HEADERS = { ["User-Agent"] = "it", ["X-Odd"] = "1", ["Cache-Control"] = "no-cache" }

  it("is made when it is asked for, once", function()
    local _, client, peer = joined()
    client.request.badge = "gold"
    collectgarbage()
    assert.equal("gold", client.request.badge)
    assert.equal(client.request, client.request)
    peer:finish()
    assert.equal("gold", client.request.badge)
  end)

  it("says what was sent, also when its client has gone", function()
    local held = {}
    local w = one_room { on_join = function(_, client) held[1] = client end }
    local peer = w:connect("/talk?a=1", { headers = HEADERS })
    peer:finish()
    collectgarbage()
    local request = held[1].request
    held[1] = nil
    collectgarbage()
    collectgarbage()
    assert.same({ "/talk", "a=1", "GET", "it", "1", "no-cache", "websocket", "13", "192.0.2.1" },
      { request.path, request.query_string, request.method, request.headers["user-agent"],
        request.headers["x-odd"], request.headers["cache-control"], request.headers.upgrade,
        request.headers["sec-websocket-version"], request.address })
  end)

  it("has the params of a mount", function()
    local params
    local w = world.new()
    local Room = w.moonroom.Room:extend("Room")
    function Room.on_join(_, client) params = client.request.params end
    w.moonroom.mount("/rooms/:name", Room)
    w:connect("/rooms/attic")
    assert.same({ name = "attic" }, params)
  end)

  it("is the one that a script has seen, where one has", function()
    local seen, client
    local w = one_room {
      on_accept = function(_, request) seen = request end,
      on_join = function(_, joining) client = joining end,
    }
    w:connect("/talk")
    assert.equal(seen, client.request)
    local asked
    w = world.new()
    local Room = w.moonroom.Room:extend("Room")
    function Room.on_join(_, joining) client = joining end
    w.moonroom.mount("/asked", function(request)
      asked = request
      return Room
    end)
    w:connect("/asked")
    assert.equal(asked, client.request)
  end)
end)

describe("a client's fields", function()
  it("say who it is, where, and since when", function()
    local w, client = joined()
    assert.equal(w.room, client.room)
    assert.equal("/talk", client.request.path)
    assert.equal("192.0.2.1", client.address)
    assert.equal("open", client.ready_state)
    assert.equal(0, client.buffered)
    assert.equal(1700000000, client.joined_at)
    assert.is_nil(client.rtt)
    assert.is_nil(client.protocol)
    assert.equal("string", type(client.id))
  end)

  it("have an id of its own, also in another hub", function()
    local seen = {}
    for _ = 1, 2 do
      local w = one_room { on_join = function(_, client) seen[client.id] = true end }
      for _ = 1, 50 do w:connect("/talk") end
    end
    local count = 0
    for _ in pairs(seen) do count = count + 1 end
    assert.equal(100, count)
  end)

  it("have the subprotocol that was agreed on, in init not yet", function()
    local before
    local w = one_room(function(moonroom)
      local User = moonroom.Client:extend("User")
      function User:init() before = self.protocol end
      return {
        protocols = { "v2" }, Client = User,
        on_join = function(_, client) client:send(client.protocol) end,
      }
    end)
    local peer = w:connect("/talk", { headers = { ["Sec-WebSocket-Protocol"] = "v1, v2" } })
    assert.same({ "v2" }, peer:take())
    assert.is_nil(before)
  end)

  it("count the bytes that wait for a slow peer", function()
    local w, client, peer = joined()
    peer:faults { full = true }
    assert.is_true(client:send("12345"))
    assert.is_true(client.buffered >= 7)
    peer:faults {}
    w:rest()
    peer:writable()
    assert.equal(0, client.buffered)
    assert.same({ "12345" }, peer:take())
  end)

  it("have the round-trip time, once a ping was answered", function()
    local w, client, peer = joined()
    client:ping("x")
    w:advance(0.25)
    peer:frame("pong", "other")
    assert.is_nil(client.rtt)
    peer:frame("pong", "x")
    assert.equal(0.25, client.rtt)
  end)

  it("tell its state as it goes: connecting, open, closing, closed", function()
    local states, client = {}, nil
    local w = one_room(function(moonroom)
      local User = moonroom.Client:extend("User")
      function User:init()
        client = self
        states[#states + 1] = self.ready_state
      end
      return {
        Client = User,
        on_join = function() states[#states + 1] = client.ready_state end,
        on_text = function()
          client:close()
          states[#states + 1] = client.ready_state
        end,
        on_leave = function() states[#states + 1] = client.ready_state end,
      }
    end)
    local peer = w:connect("/talk")
    peer:text("go")
    peer:close(1000)
    peer:finish()
    assert.same({ "connecting", "open", "closing", "closing" }, states)
    assert.equal("closed", client.ready_state)
  end)
end)

describe("a closed client", function()
  local ways = {
    ["that closed"] = function(_, client) client:close() end,
    ["whose peer closed"] = function(peer) peer:close(1000) end,
    ["whose peer is gone"] = function(peer) peer:reset() end,
    ["that was terminated"] = function(_, client) client:terminate() end,
  }
  for name, close in pairs(ways) do
    it(name .. " answers each method with nil, closed", function()
      local w, client, peer = joined()
      close(peer, client)
      for _, method in ipairs(methods) do
        local cuts_short = method[1] == "terminate" and client.ready_state == "closing"
        if not cuts_short then
          assert.same({ n = 2, nil, "closed" }, table.pack(call(client, method)))
        end
      end
      w:advance(60)
      assert.equal("closed", client.ready_state)
      for _, method in ipairs(methods) do
        assert.same({ n = 2, nil, "closed" }, table.pack(call(client, method)))
      end
    end)
  end

  it("keeps its own fields and who it was, as long as it is held", function()
    local w, client, peer = joined()
    local id = client.id
    client.name = "ann"
    client.request.badge = "gold"
    peer:reset()
    w:advance(60)
    collectgarbage()
    collectgarbage()
    assert.same({ "ann", id, "closed", 0, 1700000000, "192.0.2.1", "gold", "/talk" },
      { client.name, client.id, client.ready_state, client.buffered, client.joined_at,
        client.address, client.request.badge, client.request.path })
    assert.equal(w.room, client.room)
    client.name = "bea"
    assert.equal("bea", client.name)
    assert.equal(("Client %s in /talk (closed)"):format(id), tostring(client))
  end)

  it("has its arguments checked all the same", function()
    local _, client, peer = joined()
    peer:reset()
    raises_here("bad argument #1 to 'send'", function() client:send(nil) end)
    raises_here("bad argument #1 to 'close'", function() client:close(1005) end)
  end)

  it("is collected when nobody holds it", function()
    local seen = setmetatable({}, { __mode = "k" })
    local w = one_room { on_join = function(_, client) seen[client] = true end }
    local peer = w:connect("/talk")
    collectgarbage()
    collectgarbage()
    assert.is_truthy(next(seen))
    peer:close(1000):finish()
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(seen))
    assert.equal(0, #w.room)
  end)

  it("may be used by a finalizer that runs after its hub's, as may its request", function()
    local heard
    local function lose_all()
      local holder = setmetatable({}, {
        __gc = function(self)
          local client = self.client
          heard = { client.ready_state, client.name, client:send("x") or "not sent",
            pcall(function() return client.request.path end) }
        end,
      })
      local w = one_room {
        on_join = function(_, client)
          client.name = "ann"
          client.request.badge = "gold"
          holder.client = client
        end,
      }
      w:connect("/talk")
    end
    lose_all()
    collectgarbage()
    collectgarbage()
    assert.same({ "closed", "ann", "not sent", false }, { table.unpack(heard, 1, 4) })
    assert.is_truthy(heard[5]:find("the request has been collected", 1, true))
  end)
end)

describe("client:send", function()
  it("sends a string as text, a number as its text, a table as JSON", function()
    local _, client, peer = joined()
    assert.is_true(client:send("hé"))
    assert.is_true(client:send(12))
    assert.is_true(client:send({ 1, "a" }))
    assert.is_true(client:send(""))
    local frames = peer:frames()
    local texts = {}
    for index, frame in ipairs(frames) do
      assert.equal("text", frame.kind)
      texts[index] = frame.payload
    end
    assert.same({ "hé", "12", '[1,"a"]', "" }, texts)
  end)

  it("answers nil and why for what can't be sent, and sends nothing", function()
    local _, client, peer = joined()
    assert.same({ nil, "invalid UTF-8" }, { client:send("\xff\xfe") })
    local ok, why = client:send({ "\xff" })
    assert.is_nil(ok)
    assert.equal("string", type(why))
    local loop = {}
    loop[1] = loop
    ok, why = client:send(loop)
    assert.is_nil(ok)
    assert.equal("string", type(why))
    assert.same({}, peer:frames())
    assert.equal("open", client.ready_state)
  end)

  it("raises for anything else", function()
    local _, client = joined()
    for _, value in ipairs { true, print, io.stdout, coroutine.create(print), client } do
      raises_here("bad argument #1 to 'send' (string (text) or", function() client:send(value) end)
    end
    raises_here("bad argument #1 to 'send_binary'", function() client:send_binary({}) end)
    raises_here("bad argument #1 to 'ping'", function() client:ping({}) end)
  end)

  it("never waits and never fails for a slow peer, until the queue is full", function()
    local left
    local w, client, peer = joined(function()
      return {
        send_queue = 1000,
        on_leave = function(_, _, code, reason) left = { code, reason } end,
      }
    end)
    peer:faults { full = true }
    for _ = 1, 10 do assert.is_true(client:send(("x"):rep(100))) end
    assert.same({ nil, "closed" }, { client:send("x") })
    assert.equal("closing", client.ready_state)
    w:advance(10)
    assert.same({ 1013, "slow consumer" }, left)
  end)
end)

describe("client:ping", function()
  it("sends a ping with at most 125 bytes", function()
    local _, client, peer = joined()
    client:ping()
    client:ping(("x"):rep(125))
    local frames = peer:frames()
    assert.same({ "ping", "", "ping" }, { frames[1].kind, frames[1].payload, frames[2].kind })
    assert.equal(125, #frames[2].payload)
    raises_here("at most 125 bytes", function() client:ping(("x"):rep(126)) end)
  end)
end)

describe("client:broadcast", function()
  it("reaches everybody in the room but this one", function()
    local w, client, peer = joined()
    local first = client
    local other, third = w:connect("/talk"), w:connect("/talk")
    assert.equal(2, first:broadcast("text"))
    assert.equal(2, first:broadcast({ 1 }))
    assert.equal(2, first:broadcast_binary("\xff"))
    assert.same({}, peer:take())
    assert.same({ "text", "[1]", "\xff" }, other:take())
    assert.same({ "text", "[1]", "\xff" }, third:take())
  end)

  it("checks its message as the room's does, at the caller's line", function()
    local _, client = joined()
    assert.same({ nil, "invalid UTF-8" }, { client:broadcast("\xff") })
    raises_here("bad argument #1 to 'broadcast' (string (text)", function() client:broadcast() end)
    raises_here("bad argument #1 to 'broadcast_binary'", function() client:broadcast_binary(1) end)
  end)
end)

describe("client:close", function()
  it("sends the code and reason, 1000 where none is given", function()
    local _, client, peer = joined()
    assert.is_true(client:close())
    assert.same({ 1000, "", 1 }, { peer:close_frame() })
    for _, code in ipairs { 1000, 1001, 1002, 1003, 1007, 1008, 1011, 1012, 1014, 3000, 4999 } do
      _, client, peer = joined()
      assert.is_true(client:close(code, "because"))
      assert.same({ code, "because", 1 }, { peer:close_frame() })
    end
  end)

  it("raises for a code that may not be sent, and nothing is", function()
    local _, client, peer = joined()
    for _, code in ipairs { 0, -1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65536 + 1000,
      70000, math.maxinteger, math.mininteger } do
      raises_here("bad argument #1 to 'close' (not a close code", function() client:close(code) end)
    end
    raises_here("bad argument #1 to 'close'", function() client:close("bye") end)
    raises_here("bad argument #1 to 'close'", function() client:close(1000.5) end)
    assert.same({}, peer:frames())
    assert.equal("open", client.ready_state)
  end)

  it("cuts a reason to 123 bytes at a character, and raises for one that isn't UTF-8", function()
    local _, client, peer = joined()
    raises_here("bad argument #2 to 'close'", function() client:close(1000, "\xff") end)
    raises_here("bad argument #2 to 'close'", function() client:close(1000, {}) end)
    client:close(1000, ("é"):rep(62))
    assert.same({ 1000, ("é"):rep(61), 1 }, { peer:close_frame() })
    _, client, peer = joined()
    client:close(1000, ("x"):rep(124))
    assert.same({ 1000, ("x"):rep(123), 1 }, { peer:close_frame() })
  end)

  it("takes the client out of its room at once, on_leave comes later", function()
    local order = {}
    local w = one_room {
      on_text = function(room, client)
        client:close(4000, "enough")
        order[#order + 1] = "closed, " .. #room
        for _ in room:clients() do order[#order + 1] = "still there" end
      end,
      on_leave = function(_, _, code, reason, clean)
        order[#order + 1] = ("left %d %s %s"):format(code, reason, clean)
      end,
    }
    w:connect("/talk"):text("go"):close(4000)
    assert.same({ "closed, 0", "left 4000 enough true" }, order)
  end)
end)

describe("client:terminate", function()
  it("cuts a closing handshake short", function()
    local _, client, peer = joined()
    client:close()
    assert.is_true(client:terminate())
    assert.same({ nil, "closed" }, { client:terminate() })
    assert.equal("closed", client.ready_state)
    peer:read()
    assert.is_true(peer:state().closed)
  end)

  it("ends the connection without a closing handshake: 1006", function()
    local left
    local w, client, peer = joined(function()
      return { on_leave = function(_, _, ...) left = { ... } end }
    end)
    assert.is_true(client:terminate())
    assert.equal(0, #w.room)
    w:rest()
    assert.same({ 1006, "", false }, left)
    assert.same({ true, true }, { peer:state().closed, peer:state().reset })
    assert.same({}, peer:frames())
  end)
end)

describe("Client:init", function()
  local function with_init(init)
    local client
    local w = one_room(function(moonroom)
      local User = moonroom.Client:extend("User")
      User.init = function(self, request)
        client = self
        return init(self, request)
      end
      return { Client = User }
    end)
    return w, w:connect("/talk"), function() return client end
  end

  it("gets the request, with what on_accept left in it, and the room", function()
    local seen
    local w = one_room(function(moonroom)
      local User = moonroom.Client:extend("User")
      function User:init(request)
        seen = { request.badge, self.request == request, self.room.path }
      end
      return { Client = User, on_accept = function(_, request) request.badge = "gold" end }
    end)
    w:connect("/talk")
    assert.same({ "gold", true, "/talk" }, seen)
  end)

  it("must not send: an error that says where to do it, and 500", function()
    for _, method in ipairs { "send", "send_binary", "ping", "broadcast", "broadcast_binary" } do
      local w, peer = with_init(function(self) self[method](self, "hello") end)
      assert.equal(500, peer.status)
      assert.is_truthy(w:log():find("init must not send", 1, true))
      assert.equal(0, #w.room)
    end
  end)

  it("may terminate: no response, no on_join", function()
    local w, peer = with_init(function(self) assert(self:terminate()) end)
    assert.is_nil(peer.status)
    assert.is_true(peer:state().closed)
    assert.equal(0, #w.room)
    assert.is_true(w.kit.is_empty(w.hub))
  end)

  it("that fails answers 500, and the client is closed and in no room", function()
    local w, peer, client = with_init(function() error("no name") end)
    assert.equal(500, peer.status)
    assert.is_nil(peer.body:find("no name", 1, true))
    assert.is_truthy(w:log():find("no name", 1, true))
    assert.equal(0, #w.room)
    peer:finish()
    assert.equal("closed", client().ready_state)
    assert.same({ nil, "closed" }, { client():send("x") })
  end)
end)

describe("tostring of a client", function()
  it("says class, id, room and state", function()
    local w, client, peer = joined(function(moonroom)
      return { Client = moonroom.Client:extend("User") }
    end)
    local id = client.id
    assert.equal(("User %s in /talk (open)"):format(id), tostring(client))
    client:close()
    assert.equal(("User %s in /talk (closing)"):format(id), tostring(client))
    peer:reset()
    w:rest()
    assert.equal(("User %s in /talk (closed)"):format(id), tostring(client))
  end)

  it("leaves out the path of a room that has none", function()
    local client
    local w = world.new(nil, function(moonroom)
      local Room = moonroom.Room:extend("Room")
      function Room.on_join(_, joining) client = joining end
      moonroom.mount("/", Room {})
    end)
    w:connect("/")
    assert.equal(("Client %s (open)"):format(client.id), tostring(client))
  end)
end)
