-- One worker's world and its turn: src/core/hub.c.

local noting = require "noting"
local world = require "world"

local frame, request_head, plain = world.frame, world.request_head, noting.plain

local function new(options)
  local w = world.echo(options)
  w.kit.files(w.hub, { ["a.txt"] = "A", large = ("x"):rep(300000) })
  return w
end

describe("max_pending_handshakes", function()
  it("keeps so many; beyond them the oldest goes", function()
    local w = new { max_pending_handshakes = 3 }
    local peers = {}
    for index = 1, 3 do peers[index] = w:peer() end
    w:rest()
    assert.is_false(peers[1]:state().closed)
    for index = 4, 5 do peers[index] = w:peer() end
    w:rest()
    local closed = {}
    for index, peer in ipairs(peers) do closed[index] = peer:state().closed end
    assert.same({ true, true, false, false, false }, closed)
    assert.is_true(peers[1]:state().reset)
    assert.truthy(w:log():find("max_pending_handshakes", 1, true))
    for index = 3, 5 do
      peers[index]:send(request_head("/echo"))
      assert.equal(101, peers[index]:response().status)
    end
  end)

  it("doesn't count members", function()
    local w = new { max_pending_handshakes = 1 }
    for _ = 1, 5 do assert.equal(101, w:connect("/echo").status) end
    local last = w:peer()
    w:connect("/echo")
    assert.is_true(last:state().closed)
    assert.equal(6, #w.room)
  end)

  it("spares who is being answered", function()
    local w = new { max_pending_handshakes = 2 }
    local loading = w:peer()
    loading:faults { full = true }
    loading:send(plain("/large"))
    local taking = w:peer()
    taking:faults { full = true }
    taking:send(plain("/none"))
    local silent = { w:peer(), w:peer(), w:peer() }
    w:rest()
    local closed = {}
    for index, peer in ipairs { loading, taking, table.unpack(silent) } do
      closed[index] = peer:state().closed
    end
    assert.same({ false, false, true, false, false }, closed)
    for _, peer in ipairs { loading, taking } do
      peer:faults {}
      peer:writable()
    end
    assert.equal(300000, #loading:response().body)
    assert.equal(404, taking:response().status)
  end)

  it("lets go first who waits for another request, without a reset", function()
    local w = new { max_pending_handshakes = 3 }
    local asking, idle, again = w:peer():send("GET"), w:peer(), w:peer()
    assert.equal("A", w:get("/a.txt", { peer = idle }).body)
    assert.equal("A", w:get("/a.txt", { peer = again }).body)
    again:send("GET /a")
    w:peer()
    w:rest()
    assert.same({ true, false }, { idle:state().closed, idle:state().reset })
    assert.same({ false, false }, { asking:state().closed, again:state().closed })
    w:peer()
    w:rest()
    assert.same({ true, false }, { asking:state().closed, again:state().closed })
  end)

  it("lets go first who has had a last answer and doesn't end", function()
    local w = new { max_pending_handshakes = 2 }
    local silent, answered = w:peer(), w:peer()
    assert.equal("A", w:get("/a.txt", { peer = answered, fields = "Connection: close\r\n" }).body)
    assert.same({ false, true }, { answered:state().closed, answered:state().shut })
    w:peer()
    w:rest()
    assert.same({ true, false }, { answered:state().closed, silent:state().closed })
  end)

  it("and max_clients bound all: answers that nobody takes keep nobody out", function()
    local w = new { max_pending_handshakes = 2, max_clients = 3 }
    local takers = {}
    for index = 1, 5 do
      takers[index] = w:peer()
      takers[index]:faults { full = true }
      takers[index]:send(plain("/large"))
      assert.is_false(takers[index]:state().closed)
    end
    local newest = w:peer()
    w:rest()
    assert.same({ true, false }, { takers[1]:state().closed, takers[2]:state().closed })
    assert.equal(1, w.kit.metrics(w.hub).max_clients)
    assert.equal(101, newest:send(request_head("/echo")):response().status)
  end)

  it("where it drops who is sent a file too many, the oldest download goes", function()
    local w = new()
    w.kit.set_max_downloads(w.hub, 2)
    local takers = {}
    for index = 1, 3 do
      takers[index] = w:peer()
      takers[index]:faults { full = true }
      takers[index]:send(plain("/large"))
    end
    w:rest()
    assert.same({ true, false, false, 2 }, { takers[1]:state().closed, takers[2]:state().closed,
      takers[3]:state().closed, w.kit.open_files(w.hub) })
    assert.matches("download dropped rule=descriptors address=", w:log(), 1, true)
    takers[2]:faults {}
    takers[2]:writable()
    assert.equal(300000, #takers[2]:response().body)
    assert.equal("A", w:get("/a.txt").body)
    assert.is_false(takers[3]:state().closed)
  end)

  it("of one always leaves the newest its chance", function()
    local w = new { max_pending_handshakes = 1 }
    for _ = 1, 100 do w:peer() end
    local peer = w:peer():send(request_head("/echo"))
    assert.equal(101, peer:response().status)
  end)
end)

describe("a turn", function()
  it("says that nothing waits for time", function()
    local w = new { ping_interval = 0 }
    assert.equal(math.huge, w.kit.turn(w.hub))
    local peer = w:connect("/echo")
    assert.equal(math.huge, w.kit.turn(w.hub))
    peer:text("hi")
    assert.equal(math.huge, w.kit.turn(w.hub))
  end)

  it("says when the next deadline is", function()
    local w = new {
      handshake_timeout = 10, message_timeout = 60, close_timeout = 5, ping_interval = 0,
    }
    local peer = w:peer()
    assert.equal(10, w.kit.turn(w.hub))
    w:advance(4)
    assert.equal(6, w.kit.turn(w.hub))
    peer:send(request_head("/echo"))
    assert.equal(math.huge, w.kit.turn(w.hub))
    peer:send(frame("text", "a", { fin = false }))
    assert.equal(60, w.kit.turn(w.hub))
    for client in w.room:clients() do client:close() end
    assert.equal(5, w.kit.turn(w.hub))
    w:advance(5)
    assert.equal(math.huge, w.kit.turn(w.hub))
  end)

  it("says 0 as long as work is left", function()
    local w = new { messages_per_turn = 1 }
    local peer = w:connect("/echo")
    peer.raw:send(frame("text", "a"):rep(4))
    local zeros = 0
    while w.kit.turn(w.hub) == 0 do zeros = zeros + 1 end
    assert.equal(3, zeros)
    assert.equal(4, #peer:take())
  end)

  it("serves timers before messages that wait", function()
    local heard = {}
    local w = world.new({ messages_per_turn = 1, handshake_timeout = 1 }, function(moonroom)
      local Room = moonroom.Room:extend("All")
      function Room.on_text(_, _, text) table.insert(heard, text) end
      moonroom.mount("/", Room)
    end)
    local silent, talker = w:peer(), w:connect("/")
    talker.raw:send(frame("text", "a"):rep(100))
    w:advance(1)
    assert.is_true(silent:state().closed)
    assert.equal(100, #heard)
  end)

  it("has every deadline expire, many at a time", function()
    local w = new { handshake_timeout = 10 }
    local peers = {}
    for index = 1, 200 do
      peers[index] = w:peer()
      if index == 100 then w:advance(1) end
    end
    w:advance(9)
    for index, peer in ipairs(peers) do assert.equal(index <= 100, peer:state().closed) end
    w:advance(1)
    for _, peer in ipairs(peers) do assert.is_true(peer:state().closed) end
    assert.is_true(w.kit.is_empty(w.hub))
  end)

  it("runs the leaves that a leave brings about", function()
    local left = {}
    local w = world.new(nil, function(moonroom)
      local Room = moonroom.Room:extend("Falling")
      function Room.on_join(room, client) client.number = #room end
      function Room.on_leave(room, client)
        table.insert(left, client.number)
        local other = room:clients()()
        if other then other:terminate() end
      end
      moonroom.mount("/", Room { path = "/" })
    end)
    local peers = {}
    for index = 1, 5 do peers[index] = w:connect("/") end
    peers[1].raw:reset()
    w.kit.turn(w.hub)
    table.sort(left)
    assert.same({ 1, 2, 3, 4, 5 }, left)
    assert.is_true(w.kit.is_empty(w.hub))
  end)
end)

describe("hub_accept", function()
  it("closes the transport where there is no memory", function()
    local w = new()
    for nth = 1, 2 do
      w.kit.fail(w.hub, nth)
      local peer = w:peer()
      w.kit.fail(w.hub)
      assert.equal(peer:state().closed, peer:state().reset)
      peer:send(request_head("/echo"))
      assert.is_true(peer:state().closed or peer:response().status == 101)
      assert.is_true(nth > 1 or peer:state().closed)
    end
  end)

  it("tells who it is", function()
    local w = new()
    local seen
    function w.room:on_join(client)
      seen = { client.address, client.request.port, client.request.secure }
    end
    w:peer({ address = "2001:db8::1", port = 65535, secure = true }):send(request_head("/echo"))
    assert.same({ "2001:db8::1", 65535, true }, seen)
  end)

  it("cuts an address that is longer than any", function()
    local w = new()
    local seen
    function w.room:on_join(client) seen = client.address end
    w:peer({ address = ("f"):rep(100) }):send(request_head("/echo"))
    assert.equal(("f"):rep(45), seen)
  end)
end)

describe("draining", function()
  it("tells every client 1001, and who has said nothing goes", function()
    local w = new()
    local members, silent = { w:connect("/echo"), w:connect("/echo") }, w:peer()
    w.kit.drain(w.hub)
    w:rest()
    for _, peer in ipairs(members) do
      assert.same({ 1001, "the server is shutting down", 1 }, { peer:close_frame() })
      peer:close(1001):finish()
    end
    assert.is_true(silent:state().closed)
    assert.is_true(w.kit.is_empty(w.hub))
    assert.same({ 2, true }, { #w.events, w.events[1].clean })
  end)

  it("of many clients takes turns", function()
    local w = new()
    local peers = {}
    for index = 1, 600 do peers[index] = w:connect("/echo") end
    w.kit.drain(w.hub)
    local function told()
      local count = 0
      for _, peer in ipairs(peers) do
        if #peer.raw:take() > 0 then count = count + 1 end
      end
      return count
    end
    assert.same({ 0, 256 }, { w.kit.turn(w.hub), told() })
    assert.same({ 0, 256 }, { w.kit.turn(w.hub), told() })
    w.kit.turn(w.hub)
    assert.same({ 88, 0 }, { told(), #w.room })
    assert.is_true(w.kit.turn(w.hub) > 0)
    w:advance(5)
    assert.is_true(w.kit.is_empty(w.hub))
    assert.equal(600, #w.events)
  end)

  it("answers a handshake with 503 and Retry-After, one that has begun too", function()
    local w = new()
    local begun = w:peer():send(request_head("/echo"):sub(1, 30))
    w.kit.drain(w.hub)
    w:rest()
    assert.is_false(begun:state().closed)
    begun:send(request_head("/echo"):sub(31))
    local fresh = w:connect("/echo")
    local response = begun:response()
    for _, got in ipairs { response, fresh } do
      assert.equal(503, got.status)
      assert.truthy(got.headers["retry-after"])
    end
    assert.equal(426, w:connect("/echo", { headers = { ["Sec-WebSocket-Version"] = "8" } }).status)
    w:advance(2)
    assert.is_true(w.kit.is_empty(w.hub))
    assert.equal(0, #w.events)
  end)

  it("ends with handshakes that are never finished", function()
    local w = new { handshake_timeout = 10 }
    local begun = w:peer():send("GET")
    w.kit.drain(w.hub)
    w:advance(12.1)
    assert.is_true(begun:state().closed)
    assert.is_true(w.kit.is_empty(w.hub))
  end)

  it("lets an answer that is on its way arrive, then closes", function()
    local w = new()
    local peer = w:peer()
    peer:faults { piece = 20000 }
    peer:send(plain("/large"))
    w.kit.drain(w.hub)
    w:rest()
    for _ = 1, 20 do peer:writable() end
    assert.equal(300000, #peer:response().body)
    assert.is_true(peer:state().shut)
  end)

  it("lets a short answer that is stuck arrive", function()
    local w = new()
    local peer = w:peer()
    peer:faults { full = true }
    peer:send(plain("/a.txt"))
    w.kit.drain(w.hub)
    w:rest()
    assert.is_false(peer:state().closed)
    peer:faults {}
    peer:writable()
    assert.equal("A", peer:response().body)
    assert.is_true(peer:state().shut)
  end)

  it("closes behind each answer", function()
    local w = new()
    w.kit.drain(w.hub)
    local response, peer = w:get("/a.txt")
    assert.same({ "A", true }, { response.body, peer:state().shut })
  end)

  it("leaves who is closing already alone", function()
    local w = new()
    local peer = w:connect("/echo")
    for client in w.room:clients() do client:close(3000, "mine") end
    w.kit.drain(w.hub)
    w:rest()
    assert.same({ 3000, "mine", 1 }, { peer:close_frame() })
    peer:close(3000)
    assert.same({ { code = 3000, reason = "mine", clean = true } }, w.events)
  end)

  it("ends although nobody answers", function()
    local w = new { close_timeout = 5 }
    local peers = { w:connect("/echo"), w:connect("/echo") }
    peers[2]:faults { full = true }
    w.kit.drain(w.hub)
    w:advance(4.9)
    assert.is_false(w.kit.is_empty(w.hub))
    w:advance(0.2)
    assert.is_true(w.kit.is_empty(w.hub))
    assert.same({ false, true }, { peers[1]:state().reset, peers[2]:state().reset })
  end)
end)

describe("a reset of all", function()
  it("ends every connection at every stage, each join with a leave", function()
    local w = new { messages_per_turn = 1 }
    local peers = {
      w:peer(), w:peer():send("GET"), w:connect("/echo"), w:connect("/echo"):close(1000),
      w:peer(), w:connect("/echo"),
    }
    peers[5]:faults { full = true }
    peers[5]:send(plain("/large"))
    peers[6].raw:send(frame("text", "x"):rep(10))
    w.kit.reset(w.hub)
    for _, peer in ipairs(peers) do assert.is_true(peer:state().closed) end
    assert.is_true(w.kit.is_empty(w.hub))
    assert.equal(3, #w.events)
    assert.equal(math.huge, w.kit.turn(w.hub))
    assert.equal(101, w:connect("/echo").status)
  end)

  it("of a hub that has nothing does nothing", function()
    local w = new()
    w.kit.reset(w.hub)
    assert.is_true(w.kit.is_empty(w.hub))
  end)
end)

describe("a hub that is freed", function()
  it("takes its connections, rooms and their handlers with it", function()
    local weak = setmetatable({}, { __mode = "k" })
    do
      local w = new { messages_per_turn = 1 }
      weak[w.hub], weak[w.room] = true, true
      local member, stuck = w:connect("/echo"), w:connect("/echo")
      stuck:faults { full = true }
      stuck:text("x")
      member.raw:send(frame("text", "y"):rep(5))
      w:peer():send("GET /")
    end
    for _ = 1, 3 do collectgarbage() end
    assert.is_nil(next(weak))
  end)
end)
