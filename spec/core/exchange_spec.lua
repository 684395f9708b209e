-- Requests and what answers them: src/core/exchange.c, respond.c, upgrade.c, send_file.c.

local noting = require "noting"
local world = require "world"

local frame, request_head = world.frame, world.request_head
local plain, blocks = noting.plain, noting.blocks

-- A world with an echoing room at /echo and some files.
local function new(options, files)
  local w = world.echo(options)
  w.kit.files(w.hub, files or {
    ["a.txt"] = "A", ["b.html"] = "<b>", empty = "", ["large.bin"] = ("large"):rep(50000),
  })
  return w
end

-- Sends bytes to a new peer. Returns the response and the peer.
local function ask(w, bytes)
  local peer = w:peer():send(bytes)
  return peer:response(), peer
end

local function status_of(w, bytes) return (ask(w, bytes) or {}).status end

-- Lets a peer read on for as long as the core has something to write.
local function read_on(peer)
  for _ = 1, 10000 do
    if not peer:state().wants_write then return end
    peer:writable()
  end
  error("no end to it")
end

describe("a head", function()
  it("may have max_header bytes and no more", function()
    local w = new { max_header = 300 }
    local head = plain("/a.txt", "X: \r\n")
    local function padded(size)
      return plain("/a.txt", "X: " .. ("x"):rep(size - #head) .. "\r\n")
    end
    assert.equal(200, status_of(w, padded(300)))
    assert.equal(431, status_of(w, padded(301)))
    assert.equal(431, status_of(w, padded(3000):sub(1, 301)))
  end)

  it("may have a target of max_target bytes and no more", function()
    local w = new { max_target = 50 }
    assert.equal(404, status_of(w, plain("/" .. ("x"):rep(49))))
    assert.equal(414, status_of(w, plain("/" .. ("x"):rep(50))))
  end)

  it("may have max_fields fields and no more", function()
    local w = new { max_fields = 5 }
    assert.equal(200, status_of(w, plain("/a.txt", ("X: y\r\n"):rep(4))))
    assert.equal(431, status_of(w, plain("/a.txt", ("X: y\r\n"):rep(5))))
  end)

  it("is refused for what is wrong in it, and the connection closed", function()
    local w = new()
    for _, wrong in ipairs {
      { 400, "GET / HTTP/1.1\r\n\r\n" },
      { 400, "GET /\r\n\r\n" },
      { 400, plain("/", "Host: b\r\n") },
      { 505, "GET / HTTP/1.0\r\nHost: a\r\n\r\n" },
      { 400, "\0" },
    } do
      local response, peer = ask(w, wrong[2] .. plain("/a.txt"))
      assert.same({ wrong[1], "close", true },
        { response.status, response.headers.connection, peer:state().shut })
      assert.same("", peer.bytes)
      peer:finish()
      assert.is_true(peer:state().closed)
    end
  end)

  it("is answered the same for every split of it", function()
    local w = new()
    local head = plain("/a.txt", "Accept: */*\r\n")
    local whole = ask(w, head)
    for cut = 1, #head - 1 do
      local peer = w:peer():send(head:sub(1, cut))
      assert.is_nil(peer:response())
      peer:send(head:sub(cut + 1))
      assert.same(whole, peer:response(), cut)
    end
  end)

  it("that is wrong is refused at the byte that is, in a second request too", function()
    local w = new()
    local peer = w:peer():send(plain("/a.txt"))
    assert.equal(200, peer:response().status)
    peer:send("GET /a.txt HTTP/1.1\r\nBad Name")
    assert.equal(400, peer:response().status)
    assert.is_true(peer:state().shut)
  end)
end)

describe("a request", function()
  it("of an unknown method is 501, of another than GET and HEAD 405 with Allow", function()
    local w = new()
    assert.equal(501, status_of(w, plain("/a.txt", "", "BREW")))
    for _, method in ipairs { "POST", "PUT", "DELETE", "PATCH", "OPTIONS" } do
      local response, peer = ask(w, plain("/a.txt", "", method))
      assert.same({ 405, "GET, HEAD" }, { response.status, response.headers.allow })
      assert.is_false(peer:state().shut)
    end
  end)

  it("for nothing is 404, for a room 426 with Upgrade, and the connection is kept", function()
    local w = new()
    local peer = w:peer()
    peer:send(plain("/none") .. plain("/echo") .. plain("/a.txt"))
    assert.equal(404, peer:response().status)
    local response = peer:response()
    assert.same({ 426, "websocket", "Upgrade, keep-alive" }, { response.status,
      response.headers.upgrade, response.headers.connection })
    assert.equal(200, peer:response().status)
    assert.is_false(peer:state().shut)
  end)

  it("is answered with the time, but for a 101", function()
    local w = new()
    local function date(path) return (ask(w, plain(path))).headers.date end
    for second, path in pairs { [20] = "/a.txt", [21] = "/none", [22] = "/echo" } do
      w = new()
      w:advance(second - 20 + 0.5)
      assert.equal(("Tue, 14 Nov 2023 22:13:%d GMT"):format(second), date(path))
    end
    local before = date "/a.txt"
    w:advance(1)
    assert.not_equal(before, date "/a.txt")
    local peer = w:peer():send(world.request_head("/echo"))
    assert.is_nil(peer:response().headers.date)
  end)

  it("that is refused with 204 or 304 gets no body, whatever the script says", function()
    for _, status in ipairs { 204, 304 } do
      local w = world.new(nil, function(moonroom)
        local Room = moonroom.Room:extend("Refusing")
        function Room.on_accept() return false, status, "a body" end
        moonroom.mount("/", Room)
      end)
      local peer = w:peer()
      peer:send(world.request_head("/"))
      assert.equal(status, peer:response().status)
      assert.equal("", peer.bytes)
    end
  end)

  it("for a room, that is the last one, is 426 with Upgrade and close", function()
    local response, peer = ask(new(), plain("/echo", "Connection: close\r\n"))
    assert.same({ 426, "Upgrade, close" }, { response.status, response.headers.connection })
    assert.is_true(peer:state().shut)
  end)

  it("may have a body of max_body bytes, which is dropped, and no more", function()
    local w = new { max_body = 10 }
    assert.equal(200, status_of(w, plain("/a.txt", "Content-Length: 10\r\n") .. ("x"):rep(10)))
    assert.equal(413, status_of(w, plain("/a.txt", "Content-Length: 11\r\n")))
    assert.equal(413, status_of(w, plain("/a.txt", "Content-Length: 99999999999999999\r\n")))
    assert.equal(400, status_of(w, plain("/a.txt", "Content-Length: -1\r\n")))
  end)

  it("with a body is the last: the body isn't taken for a request", function()
    local w = new()
    for _, body in ipairs { "Content-Length: 100\r\n", "Transfer-Encoding: chunked\r\n" } do
      for _, path in ipairs { "/a.txt", "/large.bin", "/none", "/echo" } do
        local response, peer = ask(w, plain(path, body) .. plain("/b.html"))
        assert.equal("close", response.headers.connection:match("close"))
        peer:send(plain("/b.html"))
        assert.same({ "", true }, { peer.bytes, peer:state().shut })
      end
    end
  end)

  it("of HEAD has the fields of GET and no body", function()
    local w = new()
    for _, path in ipairs { "/a.txt", "/large.bin", "/empty", "/none", "/echo" } do
      local get = ask(w, plain(path))
      local peer = w:peer()
      peer.is_head = true
      peer:send(plain(path, "", "HEAD"))
      local head = peer:response()
      assert.same({ get.status, get.headers }, { head.status, head.headers })
      assert.equal("", peer.bytes)
    end
  end)

  it("leaves the connection for another, unless it asks to close", function()
    local w = new()
    local response, peer = ask(w, plain("/a.txt"))
    assert.equal("A", response.body)
    assert.is_false(peer:state().shut)
    peer:send(plain("/b.html", "Connection: close\r\n"))
    assert.same({ "<b>", true }, { peer:response().body, peer:state().shut })
  end)

  it("behind others is answered in its turn", function()
    local w = new()
    local paths = { "/a.txt", "/large.bin", "/b.html", "/empty", "/large.bin", "/a.txt" }
    local bodies = { "A", ("large"):rep(50000), "<b>", "", ("large"):rep(50000), "A" }
    local script = ""
    for _, path in ipairs(paths) do script = script .. plain(path) end
    for cut = 1, #script, 9 do
      local peer = w:peer()
      peer:send(script:sub(1, cut))
      peer:send(script:sub(cut + 1))
      for index = 1, #paths do assert.equal(bodies[index], peer:response().body) end
    end
  end)

  it("that comes while a file is sent waits for it, and isn't read on behind", function()
    local w = new()
    local peer = w:peer()
    peer:faults { piece = 30000 }
    peer:send(plain("/large.bin"))
    peer:send(plain("/a.txt"))
    assert.is_false(peer:state().wants_read)
    peer:send(request_head("/echo") .. frame("text", "hello"))
    read_on(peer)
    assert.equal(250000, #peer:response().body)
    assert.equal("A", peer:response().body)
    assert.equal(101, peer:response().status)
    assert.same({ "hello" }, peer:take())
    assert.is_true(peer:state().wants_read)
  end)

  it("isn't read while the answer before is stuck: who only asks doesn't fill our memory",
    function()
      local w = new { messages_per_turn = 8 }
      local peer = w:peer()
      peer:faults { full = true }
      local before = blocks(w)
      for _ = 1, 20 do peer:send(plain("/a.txt"):rep(100)) end
      assert.is_true(blocks(w) - before <= 4)
      assert.is_true(w.kit.turn(w.hub) > 1)
      assert.is_false(peer:state().wants_read)
      peer:faults {}
      peer:writable()
      local count = 0
      while peer:response() do count = count + 1 end
      assert.equal(2000, count)
      assert.is_true(peer:state().wants_read)
    end)

  it("half of which came before the answer before got stuck is still read", function()
    local w = new()
    local peer = w:peer()
    local second = plain("/b.html")
    peer:faults { full = true }
    peer:send(plain("/a.txt") .. second:sub(1, 10))
    peer:send(second:sub(11))
    peer:send(plain("/a.txt"))
    peer:faults {}
    peer:writable()
    assert.same({ "A", "<b>", "A" },
      { peer:response().body, peer:response().body, peer:response().body })
  end)

  it("doesn't spin while it waits", function()
    local w = new()
    local peer = w:peer()
    peer:faults { full = true }
    peer:send(plain("/large.bin") .. plain("/a.txt"))
    assert.is_true(w.kit.turn(w.hub) > 1)
    peer:send(plain("/a.txt"))
    assert.is_true(w.kit.turn(w.hub) > 1)
  end)
end)

describe("a handshake", function()
  it("that is refused is answered once and closed, with the rule in the log", function()
    local w = new()
    for _, wrong in ipairs {
      { 405, "handshake", { method = "POST" } },
      { 400, "handshake", { headers = { ["Sec-WebSocket-Key"] = "short" } } },
      { 426, "handshake", { headers = { ["Sec-WebSocket-Version"] = "12" } } },
      { 400, "handshake", { more = { "Content-Length: 5" } } },
      { 403, "origins", { headers = { Origin = "http://evil.example" } } },
      { 404, "dispatch", {}, "/none" },
    } do
      w:log()
      local peer = w:connect(wrong[4] or "/echo", wrong[3])
      assert.equal(wrong[1], peer.status)
      assert.is_true(peer:state().shut)
      assert.truthy(w:log():find(("status=%d rule=%s "):format(wrong[1], wrong[2]), 1, true))
      peer:send(request_head("/echo"))
      assert.is_nil(peer:response())
    end
    assert.same({}, w.events)
  end)

  it("beyond max_clients is 503 with Retry-After, until one goes", function()
    local w = new { max_clients = 2 }
    local first, second = w:connect("/echo"), w:connect("/echo")
    assert.same({ 101, 101 }, { first.status, second.status })
    local third = w:connect("/echo")
    assert.equal(503, third.status)
    assert.truthy(tonumber(third.headers["retry-after"]))
    assert.equal(200, w:get("/a.txt").status)
    first:close(1000):finish()
    assert.equal(101, w:connect("/echo").status)
    assert.equal(503, w:connect("/echo").status)
  end)

  it("may follow requests on the same connection", function()
    local w = new()
    local peer = w:peer():send(plain("/a.txt") .. request_head("/echo") .. frame("text", "x"))
    assert.equal("A", peer:response().body)
    assert.equal(101, peer:response().status)
    assert.same({ "x" }, peer:take())
  end)

  it("may be answered with fields of more than 4 KiB", function()
    local w = world.new(nil, function(moonroom)
      local Room = moonroom.Room:extend("Wordy")
      function Room.on_accept() return { headers = { ["X-Long"] = ("x"):rep(6000) } } end
      function Room.on_join(_, client) client:send("hi") end
      moonroom.mount("/", Room)
    end)
    local peer = w:connect("/")
    assert.same({ 101, 6000 }, { peer.status, #peer.headers["x-long"] })
    assert.same({ "hi" }, peer:take())
  end)

  it("in a closed room is 503", function()
    local w = new()
    w.room:close()
    local peer = w:connect("/echo")
    assert.same({ 503, true }, { peer.status, peer:state().shut })
    assert.equal(0, #w.room)
  end)
end)

describe("a file", function()
  it("of any size comes whole, with its type and length", function()
    for _, size in ipairs { 1, 4047, 4048, 65535, 65536, 65537, 131072, 300001 } do
      local text = ("%x"):format(size):rep(size):sub(1, size)
      local w = new(nil, { ["f.html"] = text })
      local response = ask(w, plain("/f.html"))
      assert.equal(200, response.status)
      assert.equal(tostring(size), response.headers["content-length"])
      assert.equal("text/html; charset=utf-8", response.headers["content-type"])
      assert.is_true(text == response.body, size)
    end
  end)

  it("that is empty is 200 without a byte", function()
    local w = new()
    local response, peer = ask(w, plain("/empty"))
    assert.same({ 200, "0", "" },
      { response.status, response.headers["content-length"], response.body })
    assert.is_false(peer:state().shut)
  end)

  it("is queued a piece at a time, however large it is and however slow its reader", function()
    local w = new(nil, { large = ("x"):rep(3000000) })
    local peer = w:peer()
    peer:faults { piece = 50000 }
    local _, before = w:memory()
    peer:send(plain("/large"))
    local most, read = 0, 0
    while peer:state().wants_write do
      local _, now = w:memory()
      most = math.max(most, now - before)
      peer:writable()
      peer:read()
      read = read + #peer.bytes
      peer.bytes = ""
    end
    assert.is_true(read > 3000000)
    assert.is_true(most <= 8, most)
  end)

  it("goes out a piece a turn, so that a fast reader keeps nobody waiting", function()
    local w = new(nil, { large = ("x"):rep(10 * 65536) })
    local greedy, other = w:peer(), w:connect("/echo")
    greedy.raw:send(plain("/large"))
    local turns = 0
    repeat
      turns = turns + 1
      other.raw:send(frame("text", "x"))
    until w.kit.turn(w.hub) > 0
    assert.is_true(turns >= 10 and turns <= 12, turns)
    assert.equal(turns, #other:take())
    assert.equal(10 * 65536, #greedy:response().body)
  end)

  it("that has become shorter ends in a reset: its length was promised", function()
    local w = new(nil, { shrunk = { ("x"):rep(70000), 100000 }, gone = { "", 10 } })
    for _, path in ipairs { "/shrunk", "/gone" } do
      local _, peer = ask(w, plain(path))
      assert.same({ true, true }, { peer:state().closed, peer:state().reset })
    end
    assert.equal(404, status_of(w, plain("/none")))
  end)

  it("that has become longer is sent as long as it was", function()
    local w = new(nil, { grown = { ("x"):rep(100000), 70000 }, filled = { "text", 0 } })
    local response, peer = ask(w, plain("/grown") .. plain("/filled"))
    assert.equal(70000, #response.body)
    response = peer:response()
    assert.same({ 200, "", "" }, { response.status, response.body, peer.bytes })
  end)

  it("to who reads nothing is a reset after write_stall, not before", function()
    local w = new { write_stall = 3, handshake_timeout = 1 }
    local peer = w:peer()
    peer:faults { piece = 10000 }
    peer:send(plain("/large.bin"))
    w:advance(2.9)
    assert.is_false(peer:state().closed)
    peer:writable()
    w:advance(2.9)
    assert.is_false(peer:state().closed)
    w:advance(0.2)
    assert.is_true(peer:state().reset)
  end)

  it("may take longer than a handshake, and no turn spins meanwhile", function()
    local w = new { write_stall = 30, handshake_timeout = 1 }
    local peer = w:peer()
    peer:faults { piece = 10000 }
    peer:send(plain("/large.bin"))
    for _ = 1, 10 do
      w:advance(2)
      assert.is_true(w.kit.turn(w.hub) > 1)
      peer:writable()
    end
    read_on(peer)
    assert.equal(250000, #peer:response().body)
    w:advance(1.1)
    assert.is_true(peer:state().closed)
  end)

  it("to a peer that has broken off ends at once", function()
    local w = new()
    local peer = w:peer()
    peer:faults { piece = 10000 }
    peer:send(plain("/large.bin"))
    peer:faults { broken = true }
    peer:writable()
    assert.is_true(peer:state().closed)
    assert.is_true(w.kit.is_empty(w.hub))
  end)
end)

describe("a refusal's line", function()
  it("has no query, which may hold secrets, but says that there was one", function()
    local w = require("noting").echoing()
    local function target(asked)
      w:connect(asked)
      return w:log():match(" request refused [^\n]* target=(%S+) ")
    end
    assert.equal("/none?...", target("/none?token=hunter2&user=me"))
    assert.equal("/none?...", target("/none?"))
    assert.equal("/none", target("/none"))
  end)

  it("is cut where the path is long", function()
    local w = require("noting").echoing()
    w:connect("/" .. ("x"):rep(8000) .. "?token=hunter2")
    local log = w:log()
    assert.is_nil(log:find("hunter2", 1, true))
    assert.is_truthy(log:find("request refused", 1, true))
  end)
end)
