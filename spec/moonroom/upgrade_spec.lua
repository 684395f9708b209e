local one_room = require "one_room"
local world = require "world"

local function with_header(name, value) return { headers = { [name] = value } } end

describe("origins", function()
  local function statuses(origins, list)
    local w = one_room { origins = origins }
    local result = {}
    for index, origin in ipairs(list) do
      result[index] = w:connect("/talk", with_header("Origin", origin)).status
    end
    return result, w
  end

  it("same takes the Host's, case and default port apart, and whoever names none", function()
    assert.same({ 101, 101, 403, 403, 403, 403, 403 }, (statuses(nil, {
      "http://localhost:12345", "http://LOCALHOST:12345", "http://localhost", "http://evil.example",
      "http://localhost:12345.evil.example", "http://evil.localhost:12345", "null",
    })))
    assert.equal(101, one_room {}:connect("/talk").status)
  end)

  it("* takes any", function()
    assert.same({ 101, 101 }, (statuses("*", { "https://evil.example", "null" })))
  end)

  it("as a list take those in it, without case, whole", function()
    local allowed = { "https://a.example", "http://b.example:8080" }
    assert.same({ 101, 101, 101, 403, 403, 403, 403 }, (statuses(allowed, {
      "https://a.example", "https://A.Example", "http://b.example:8080", "http://a.example",
      "https://a.example.evil", "http://b.example", "http://localhost:12345",
    })))
    assert.same({ 403 }, (statuses({}, { "http://localhost:12345" })))
  end)

  it("as a function take what it says, with the request", function()
    local seen
    local function check(origin, request)
      seen = { origin, request.path }
      return origin == "https://a.example" and "yes"
    end
    assert.same({ 101, 403 }, (statuses(check, { "https://a.example", "https://b.example" })))
    assert.same({ "https://b.example", "/talk" }, seen)
    assert.same({ 500 }, (statuses(error, { "https://a.example" })))
  end)

  it("that refuse say in the log what would allow it", function()
    local _, w = statuses(nil, { "https://evil.example" })
    local log = w:log()
    assert.is_truthy(log:find("rule=origins", 1, true))
    for _, words in ipairs { "https://evil.example", "localhost:12345",
      [[Talk.origins = {\"https://evil.example\"} would allow it]] } do
      assert.is_truthy(log:find(words, 1, true), words)
    end
    _, w = statuses(nil, { "null" })
    assert.is_truthy(w:log():find([[Talk.origins = \"*\" would allow it]], 1, true))
    _, w = statuses(function() end, { "https://a.example" })
    assert.is_truthy(w:log():find("the function Talk.origins says no", 1, true))
  end)

  it("survive an Origin of odd bytes and great length", function()
    local _, w = statuses(nil, { ("x"):rep(5000), "http://a\xff\xfe", 'http://"quoted"' })
    for line in w:log():gmatch("[^\n]+") do assert.is_true(#line < 1500) end
  end)

  it("are read from the class before a room is made", function()
    local made = 0
    local w = world.new(nil, function(moonroom)
      local Talk = moonroom.Room:extend("Talk")
      function Talk.init() made = made + 1 end
      moonroom.mount("/:name", Talk)
    end)
    assert.equal(403, w:connect("/x", with_header("Origin", "http://evil")).status)
    assert.equal(0, made)
    w:connect("/x")
    w.moonroom.room("/x").origins = "*"
    assert.equal(101, w:connect("/x", with_header("Origin", "http://evil")).status)
  end)
end)

describe("max_clients of a room", function()
  it("answers 503 with Retry-After, before on_accept, until somebody leaves", function()
    local asked = 0
    local w = one_room { max_clients = 2, on_accept = function() asked = asked + 1 end }
    local first = w:connect("/talk")
    w:connect("/talk")
    local third = w:connect("/talk")
    assert.same({ 503, "5", 2 }, { third.status, third.headers["retry-after"], asked })
    assert.is_truthy(w:log():find("rule=max_clients", 1, true))
    first:reset()
    assert.equal(101, w:connect("/talk").status)
  end)
end)

describe("protocols", function()
  local function agreed(list, offer)
    local peer = one_room { protocols = list }:connect("/talk",
      with_header("Sec-WebSocket-Protocol", offer))
    assert.equal(101, peer.status)
    return peer.headers["sec-websocket-protocol"]
  end

  it("are chosen in the room's order, from what was offered", function()
    assert.equal("v2", agreed({ "v3", "v2", "v1" }, "v1, v2"))
    assert.is_nil(agreed({ "v3" }, "v1, v2"))
    assert.is_nil(agreed({}, "v1"))
    assert.is_nil(agreed({ "V1" }, "v1"))
  end)
end)

describe("on_accept", function()
  local function answering(...)
    local results = table.pack(...)
    local w = one_room {
      protocols = { "v1" },
      on_accept = function() return table.unpack(results, 1, results.n) end,
    }
    return w:connect("/talk", with_header("Sec-WebSocket-Protocol", "v1, v2")), w
  end

  it("accepts with nothing, nil and true", function()
    for _, peer in ipairs { (answering()), (answering(nil)), (answering(true)), (answering({})) } do
      assert.same({ 101, "v1" }, { peer.status, peer.headers["sec-websocket-protocol"] })
    end
  end)

  it("accepts with a subprotocol and header fields of its choice", function()
    local headers = { ["X-One"] = 1, ["X-Two"] = { "a", "b" } }
    local peer = answering { protocol = "v2", headers = headers }
    assert.same({ 101, "v2", "1", "a, b" }, { peer.status, peer.headers["sec-websocket-protocol"],
      peer.headers["x-one"], peer.headers["x-two"] })
    assert.is_nil((answering { protocol = "" }).headers["sec-websocket-protocol"])
  end)

  it("refuses with false: 403, or a status, a body and header fields", function()
    local peer, w = answering(false)
    assert.equal(403, peer.status)
    assert.is_truthy(w:log():find("rule=on_accept", 1, true))
    peer = answering(false, 401, "who are you?", { ["WWW-Authenticate"] = "Basic" })
    assert.same({ 401, "who are you?", "Basic" },
      { peer.status, peer.body, peer.headers["www-authenticate"] })
    assert.equal("close", peer.headers.connection)
    assert.is_true(peer:state().shut)
    assert.equal(0, #w.room)
  end)

  it("that answers with nonsense makes it 500, and the log says why", function()
    local cases = {
      { "on_accept returned a string", "yes" }, { "on_accept returned a number", 1 },
      { "on_accept returned a function", print },
      { "which the client did not offer", { protocol = "v3" } },
      { "which the client did not offer", { protocol = 5 } },
      { "on_accept's headers are a table, not a string", { headers = "X: 1" } },
      { "header field", { headers = { ["X"] = "a\r\nSet-Cookie: b" } } },
      { "header field", { headers = { ["a b"] = "c" } } },
      { "with the status 101", false, 101 }, { "with the status 600", false, 600 },
      { "with the status 403.5", false, 403.5 }, { "with the status no", false, "no" },
      { "on_accept's body is a string, not a table", false, 403, {} },
      { "unknown key protocols; did you mean protocol?", { protocols = { "v1" } } },
      { "unknown key header; did you mean headers?", { header = { ["X-One"] = 1 } } },
      { "unknown key status; it may have protocol and headers", { status = 401 } },
      { "unknown key 1; it may have protocol and headers", { "v1" } },
      { "on_accept's headers are a table", false, 403, "no", "X: 1" },
    }
    for _, case in ipairs(cases) do
      local peer, w = answering(table.unpack(case, 2))
      assert.equal(500, peer.status, case[1])
      local log = w:log()
      assert.is_truthy(log:find(case[1], 1, true), case[1])
      assert.is_truthy(log:find("Talk.on_accept", 1, true), case[1])
      assert.equal(0, #w.room)
    end
  end)

  it("may not set what says how the connection goes on", function()
    for _, name in ipairs { "Connection", "Content-Length", "Transfer-Encoding", "UPGRADE",
      "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol" } do
      local peer, w = answering { headers = { [name] = "x" } }
      assert.equal(500, peer.status)
      assert.is_truthy(w:log():find("which the server itself sets", 1, true))
      assert.equal(500, (answering(false, 403, "no", { [name] = "x" })).status)
    end
  end)

  it("finds a client that is gone: nothing follows", function()
    local w, peer
    local joined = 0
    w = one_room {
      on_accept = function() peer.raw:reset() end,
      on_join = function() joined = joined + 1 end,
    }
    peer = w:peer()
    peer:send(world.request_head("/talk"))
    assert.same({ 0, 0 }, { joined, #w.room })
    assert.is_true(w.kit.is_empty(w.hub))
  end)
end)

describe("an ordinary request", function()
  it("is answered with a file, with 426 where a room is, else with 404", function()
    local w = one_room {}
    w.kit.files(w.hub, { ["index.html"] = "<p>hello", ["talk"] = "a file" })
    assert.same({ 200, "<p>hello" }, { w:get("/").status, w:get("/").body })
    assert.equal(200, w:get("/talk").status)
    assert.equal(404, w:get("/none").status)
    w.kit.files(w.hub, {})
    local response = w:get("/talk")
    assert.same({ 426, "websocket" }, { response.status, response.headers.upgrade })
  end)

  it("that is neither GET nor HEAD is answered with 405 and Allow, or 404", function()
    local response = one_room {}:get("/talk", { method = "DELETE" })
    assert.same({ 405, "GET, HEAD" }, { response.status, response.headers.allow })
    assert.equal(404, one_room {}:get("/none", { method = "DELETE" }).status)
  end)
end)
