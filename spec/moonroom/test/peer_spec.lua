local raises_here = require "raises_here"
local scripts = require "scripts"
local test = require "moonroom.test"

after_each(scripts.clean)

local function nothing() end

-- A room that echoes, and can be told what to do.
local echo = {
  on_text = function(_, client, text)
    local code = text:match("^close (%d+)$")
    if code then return client:close(tonumber(code), "as told") end
    if text == "ping" then return client:ping("there?") end
    if text == "terminate" then return client:terminate() end
    if text == "json" then return client:send { a = { 1, 2 } } end
    client:send(text)
  end,
  on_binary = function(_, client, data) client:send_binary(data) end,
}

local function connect(fields, options)
  local app = scripts.room(fields or echo)
  return app:connect("/", options), app
end

describe("a peer that connects", function()
  it("is open, with what the server answered and its client", function()
    local app = scripts.room { protocols = { "b" }, on_text = nothing }
    local peer = app:connect("/?name=ann", { protocols = { "a", "b" } })
    assert.same({ "open", 101, "b" }, { peer.state, peer.status, peer.protocol })
    assert.equal("websocket", peer.headers.upgrade)
    assert.equal("ann", peer.client.request.query.name)
    assert.equal(peer.client, app:room("/"):clients()())
  end)

  it("is seen by the app as it says", function()
    local peer = connect(nil, {
      headers = { Host = "chat.example", ["X-Odd"] = "yes" }, cookies = { a = "1", b = "2" },
      origin = "https://chat.example", address = "198.51.100.7", secure = true,
    })
    local request = peer.client.request
    assert.same({ "chat.example", "yes", "1", "2", "https://chat.example", "198.51.100.7", true }, {
      request.host, request.headers["x-odd"], request.cookies.a, request.cookies.b,
      request.origin, request.address, request.secure,
    })
    local other = connect().client.request
    assert.same({ "localhost", "192.0.2.1", false },
      { other.host, other.address, other.secure })
  end)

  it("has what TLS tells of it, where it says so", function()
    local app = scripts.room(echo)
    local function tls_of(options) return app:connect("/", options).client.request.tls end
    assert.is_nil(tls_of(nil))
    assert.is_nil(tls_of { secure = false })
    local bare = { version = "TLSv1.3", cipher = "TLS_AES_256_GCM_SHA384" }
    assert.same(bare, tls_of { secure = true })
    assert.same(bare, tls_of { tls = {} })
    local known = { server_name = "chat.example", subject = "CN=ann", fingerprint = ("0a"):rep(32) }
    local request = app:connect("/", { secure = true, tls = known }).client.request
    known.version, known.cipher = bare.version, bare.cipher
    assert.same(known, request.tls)
    assert.is_true(request.secure)
    assert.is_true(app:connect("/", { tls = {} }).client.request.secure)
  end)

  it("comes from a port of its own", function()
    local app = scripts.room(echo)
    assert.is_true(app:connect("/").client.request.port ~= app:connect("/").client.request.port)
  end)

  it("is refused with status, headers and body", function()
    local peer = connect { on_accept = function() return false, 401, "who?", { ["X-A"] = "b" } end }
    assert.same({ "refused", 401, "who?", "b" },
      { peer.state, peer.status, peer.body, peer.headers["x-a"] })
    assert.same({}, { peer.client, peer.close_code, peer.protocol })
    assert.equal("404 Not Found\n", scripts.room(nothing):connect("/").body)
  end)

  it("is connecting while on_accept waits", function()
    local waits
    local app = scripts.room(function(moonroom)
      local Room = moonroom.Room:extend("Room")
      function Room.on_accept(_, request)
        moonroom.sleep(5)
        return request.path ~= "/no"
      end
      moonroom.mount("/:any", Room)
      waits = moonroom
    end)
    assert.is_table(waits)
    local yes, no = app:connect("/yes"), app:connect("/no")
    assert.same({ "connecting", "connecting" }, { yes.state, no.state })
    assert.is_nil(yes.client)
    app:advance(4.9)
    assert.equal("connecting", yes.state)
    app:advance(0.1)
    assert.same({ "open", "refused" }, { yes.state, no.state })
    assert.is_userdata(yes.client)
  end)

  it("may be paused from the beginning, and then takes nothing before it resumes", function()
    local peer, app = connect(nil, { paused = true })
    assert.same({ "connecting", 1 }, { peer.state, #app:room("/") })
    peer:resume()
    assert.equal("open", peer.state)
  end)

  it("is closed where the server ends it without an answer", function()
    local app = scripts.room(echo, { handshake_timeout = 5 })
    local peer = app:connect("/", { headers = { Host = "a" }, faults = { full = true } })
    assert.equal("connecting", peer.state)
    peer:drop()
    assert.same({ "closed", 1006 }, { peer.state, peer.close_code })
  end)
end)

describe("a peer that is open", function()
  it("sends texts, numbers, tables as JSON, and binary data", function()
    local peer = connect()
    peer:send("hi")
    peer:send(5)
    peer:send { a = 1 }
    peer:send_binary("\xff")
    assert.same({ "hi", "5", '{"a":1}', "\xff" }, peer:take())
  end)

  it("sends messages of any size", function()
    local peer = connect()
    for _, size in ipairs { 0, 125, 126, 1024, 1025, 65535, 65536, 1048576 } do
      local text = ("x"):rep(size)
      peer:send(text)
      assert.is_true(peer:last() == text, size)
    end
  end)

  it("sends bytes as they are", function()
    local peer = connect()
    peer:raw("\x81")
    peer:raw("\x82\0\0\0\0h")
    peer:raw("i")
    assert.same({ "hi" }, peer:take())
    peer:raw("\x83\x80\0\0\0\0")
    assert.equal(1002, peer.close_code)
  end)

  it("may send text that is none", function()
    local peer = connect()
    peer:send("\xff")
    assert.equal(1007, peer.close_code)
  end)

  it("pings, and has the pong", function()
    local peer = connect()
    peer:ping("are you there?")
    peer:ping()
    assert.same({ "are you there?", "" }, peer:take("pong"))
  end)

  it("answers pings by itself", function()
    local pongs = {}
    local peer = connect {
      on_text = echo.on_text,
      on_pong = function(_, _, data) table.insert(pongs, data) end,
    }
    peer:send("ping")
    assert.same({ { "there?" }, { "there?" } }, { pongs, peer:take("ping") })
    peer:stop_answering()
    peer:send("ping")
    assert.same({ { "there?" }, { "there?" } }, { pongs, peer:take("ping") })
  end)

  it("takes what has come since the last time, by kind", function()
    local peer = connect()
    peer:send("one")
    peer:send_binary("two")
    peer:send("three")
    peer:ping("p")
    assert.same({ "two" }, peer:take("binary"))
    assert.same({ "p", "three" }, { peer:last("pong"), peer:last() })
    assert.same({ "one", "three" }, peer:take())
    assert.same({}, peer:take())
    assert.same({ "p" }, peer:take("pong"))
    assert.is_nil(peer:last())
    raises_here('a kind is "text", "binary"', function() peer:take("texts") end)
    raises_here('a kind is "text", "binary"', function() peer:last("") end)
  end)

  it("decodes JSON", function()
    local peer = connect()
    peer:send("json")
    peer:send("json")
    assert.same({ a = { 1, 2 } }, peer:last_json())
    assert.same({ { a = { 1, 2 } }, { a = { 1, 2 } } }, peer:take_json())
    assert.is_nil(peer:last_json())
    peer:send("null")
    peer:send("no JSON")
    raises_here("peer 1 at / was sent what is no JSON: ", function() peer:take_json() end)
    raises_here('"no JSON"', function() peer:last_json() end)
    assert.same({ "null", "no JSON" }, peer:take())
  end)

  it("refuses to send what it can't", function()
    local peer = connect()
    raises_here("a message is a string or a number or a table, not a nil",
      function() peer:send(nil) end)
    raises_here("the message is no JSON: ", function() peer:send { print } end)
    raises_here("binary data is a string, not a number", function() peer:send_binary(5) end)
    raises_here("what is sent raw is a string", function() peer:raw {} end)
    raises_here("a ping has at most 125 bytes, not 126", function() peer:ping(("x"):rep(126)) end)
    peer:ping(("x"):rep(125))
    raises_here("a reason has at most 123 bytes, not 124",
      function() peer:close(1000, ("x"):rep(124)) end)
    raises_here("a close code is a", function() peer:close(65536) end)
    raises_here("a close code is a", function() peer:close(-1) end)
    raises_here("a close code is a", function() peer:close(nil, "why") end)
    peer:close(1000, ("x"):rep(123))
  end)
end)

describe("a peer's end", function()
  local left
  local function leaving()
    left = {}
    return connect {
      on_text = echo.on_text,
      on_leave = function(_, _, ...) table.insert(left, { ... }) end,
    }
  end

  it("by its own Close is clean, with the code it sent", function()
    local peer = leaving()
    peer:close(3000, "bye")
    assert.same({ { 3000, "bye", true } }, left)
    assert.same({ "closed", 3000, "" }, { peer.state, peer.close_code, peer.close_reason })
    peer = leaving()
    peer:close()
    assert.same({ { 1005, "", true } }, left)
    assert.same({ "closed", 1005, "" }, { peer.state, peer.close_code, peer.close_reason })
  end)

  it("by the server's Close is answered", function()
    local peer = leaving()
    peer:send("close 4001")
    assert.same({ { 4001, "as told", true } }, left)
    assert.same({ "closed", 4001, "as told" }, { peer.state, peer.close_code, peer.close_reason })
    assert.same({ "\x0f\xa1as told" }, peer:take("close"))
  end)

  it("by the server's Close comes late where it doesn't answer", function()
    local peer, app = leaving()
    peer:stop_answering()
    peer:send("close 4001")
    assert.same({ "closed", 4001 }, { peer.state, peer.close_code })
    assert.same({ { 4001, "as told", false } }, (app:advance(5) or left))
  end)

  it("without a Close is 1006", function()
    local peer = leaving()
    peer:send("terminate")
    assert.same({ "closed", 1006, "" }, { peer.state, peer.close_code, peer.close_reason })
    peer = leaving()
    peer:drop()
    peer:drop()
    assert.same({ { 1006, "", false } }, left)
    assert.same({ "closed", 1006, "" }, { peer.state, peer.close_code, peer.close_reason })
  end)

  it("leaves what it has received to be taken", function()
    local peer = leaving()
    peer:send("hi")
    peer:drop()
    assert.same({ "hi" }, peer:take())
  end)

  it("lets nothing more be sent", function()
    local peer = leaving()
    peer:close()
    raises_here("peer 1 at / is closed: it can't send", function() peer:send("x") end)
    raises_here("peer 1 at / is closed: it can't send", function() peer:send_binary("x") end)
    raises_here("peer 1 at / is closed: it can't send", function() peer:ping() end)
    raises_here("peer 1 at / is closed: it can't send", function() peer:raw("x") end)
    raises_here("peer 1 at / is closed: it can't send", function() peer:close() end)
    local app = scripts.room(nothing)
    local refused = app:connect("/x")
    raises_here("peer 1 at /x is refused: it can't send", function() refused:send("x") end)
    local connecting = connect(nil, { paused = true })
    raises_here("is still connecting: it can't send", function() connecting:send("x") end)
    raises_here("is still connecting: drop it", function() connecting:close() end)
    local closing = connect()
    closing:pause()
    closing:close()
    assert.equal("open", closing.state)
    raises_here("has sent its Close: it can't send", function() closing:send("x") end)
    raises_here("has sent its Close", function() closing:close() end)
  end)
end)

describe("a slow peer", function()
  it("takes nothing while it is paused, and all of it then", function()
    local peer, app = connect()
    peer:pause()
    peer:send("one")
    peer:send("two")
    assert.same({}, peer:take())
    assert.is_true(peer.client.buffered > 0)
    app:advance(10)
    peer:resume()
    assert.same({ "one", "two" }, peer:take())
    assert.equal(0, peer.client.buffered)
  end)

  it("is dropped when it takes nothing for write_stall", function()
    local app = scripts.room(echo, { write_stall = 3 })
    local peer = app:connect("/")
    peer:pause()
    peer:send("one")
    app:advance(2.9)
    assert.equal("open", peer.state)
    app:advance(0.2)
    assert.same({ "closed", 1006 }, { peer.state, peer.close_code })
  end)

  it("is closed with 1013 when too much waits for it", function()
    local app = scripts.room(echo, { send_queue = "1k" })
    local peer = app:connect("/")
    peer:pause()
    for _ = 1, 10 do peer:send(("x"):rep(500)) end
    peer:resume()
    assert.equal(1013, peer.close_code)
  end)
end)

describe("a peer's faults", function()
  local text = ("0123456789"):rep(20)

  it("have the server's writes taken in pieces", function()
    for _, piece in ipairs { 1, 3, 1000 } do
      local peer = connect()
      peer:faults { write = piece }
      peer:send(text)
      assert.same({ text }, peer:take())
    end
  end)

  it("have what it sends come in pieces", function()
    for _, piece in ipairs { 1, 3, 1000 } do
      local peer = connect()
      peer:faults { read = piece }
      peer:send(text)
      assert.same({ text }, peer:take())
    end
  end)

  it("have nothing taken, until they are over", function()
    local peer = connect()
    peer:faults { full = true }
    peer:send(text)
    assert.same({}, peer:take())
    peer:faults {}
    assert.same({ text }, peer:take())
  end)

  it("hold from the handshake on where they are given to connect or to test.load", function()
    for _, faults in ipairs { { write = 1 }, { read = 1 }, { read = 2, write = 7 } } do
      assert.equal("open", connect(nil, { faults = faults }).state)
      local app = scripts.room(echo, { faults = faults })
      local peer = app:connect("/")
      peer:send(text)
      assert.same({ text }, peer:take())
    end
    local app = scripts.room(echo, { faults = { full = true } })
    assert.equal("connecting", app:connect("/").state)
    assert.equal("open", app:connect("/", { faults = {} }).state)
  end)

  it("are checked", function()
    local peer, app = connect()
    raises_here("there is no fault reads; did you mean read?",
      function() peer:faults { reads = 1 } end)
    raises_here("the fault write is a whole number from 1",
      function() peer:faults { write = 0 } end)
    raises_here("faults is a table, not a number", function() app:connect("/", { faults = 1 }) end)
  end)
end)

describe("a server that breaks the protocol", function()
  -- A peer whose wire hands it other bytes than the server's.
  local function hears(bytes)
    local peer, app = connect()
    local wire = peer.wire
    local take = wire.take
    function wire.take(self) return take(self) .. bytes end
    return function() peer:send("x") end, app
  end

  it("is found out at the step that shows it, by the peer's name", function()
    raises_here("peer 1 at / was sent a masked frame", (hears("\x81\x80\0\0\0\0")))
  end)

  it("is told of once, and the peer is gone", function()
    local step, app = hears("\x83\0")
    assert.has_error(step)
    app:advance(0)
    assert.equal(0, #app:room("/"))
  end)
end)

describe("a peer as text", function()
  it("is its number and path", function()
    local app = scripts.room(echo)
    app:connect("/")
    assert.equal("peer 2 at /?name=bob", tostring(app:connect("/?name=bob")))
  end)
end)

describe("a peer of an app that was stopped", function()
  it("keeps what it has, and can do nothing more", function()
    local app = test.load(function(moonroom) return moonroom.Room:extend("R", echo) end)
    local peer = app:connect("/")
    peer:send("hi")
    local client = peer.client
    app:stop()
    assert.same({ "closed", 1001, { "hi" } }, { peer.state, peer.close_code, peer:take() })
    assert.equal(client, peer.client)
    for _, step in ipairs { "pause", "resume", "drop", "stop_answering", "ping", "close" } do
      raises_here("the app has been stopped", function() peer[step](peer) end)
    end
    raises_here("the app has been stopped", function() peer:send("x") end)
    raises_here("the app has been stopped", function() peer:faults {} end)
  end)
end)
