-- One accepted connection and its transport: src/core/connection.c.

local noting = require "noting"
local world = require "world"

local frame, request_head = world.frame, world.request_head
local echoing, sent_to, texts, plain
  = noting.echoing, noting.sent_to, noting.texts, noting.plain

describe("a connection's share of a turn", function()
  it("is messages_per_turn messages; the rest is served in the next turns, in order", function()
    local w = echoing { messages_per_turn = 3, ping_interval = 0 }
    local peer = w:connect("/room")
    peer.raw:send(texts(8))
    assert.equal(3, #w.heard)
    assert.equal(0, w.kit.turn(w.hub))
    assert.equal(3, #w.heard)
    assert.equal(0, w.kit.turn(w.hub))
    assert.equal(6, #w.heard)
    assert.equal(math.huge, w.kit.turn(w.hub))
    assert.same({ "1", "2", "3", "4", "5", "6", "7", "8" }, w.heard)
  end)

  it("is bytes_per_turn bytes of payload, and at least one message", function()
    local w = echoing { bytes_per_turn = 10 }
    local peer = w:connect("/room")
    local five, large = ("x"):rep(5), ("y"):rep(100)
    peer.raw:send(frame("text", five):rep(3) .. frame("text", large):rep(2))
    assert.equal(2, #w.heard)
    w.kit.turn(w.hub)
    w.kit.turn(w.hub)
    assert.same({ five, five, five, large }, w.heard)
    w.kit.turn(w.hub)
    assert.equal(5, #w.heard)
  end)

  it("counts control frames", function()
    local w = echoing { messages_per_turn = 2 }
    local peer = w:connect("/room")
    peer.raw:send(frame("ping", "a"):rep(3) .. frame("text", "b"))
    w.kit.turn(w.hub)
    assert.same({}, w.heard)
    w.kit.turn(w.hub)
    assert.same({ "b" }, w.heard)
  end)

  it("counts requests", function()
    local w = echoing { messages_per_turn = 2 }
    w.kit.files(w.hub, { empty = "" })
    local peer = w:peer()
    peer.raw:send(plain("/empty"):rep(2) .. request_head("/room") .. frame("text", "a"):rep(2))
    assert.equal(0, w.joins)
    w.kit.turn(w.hub)
    w.kit.turn(w.hub)
    assert.same({ 1, 1 }, { w.joins, #w.heard })
    w.kit.turn(w.hub)
    assert.same({ "a", "a" }, w.heard)
  end)

  it("is over exactly at its last message", function()
    local w = echoing { messages_per_turn = 2, ping_interval = 0 }
    local peer = w:connect("/room")
    peer.raw:send(texts(2))
    assert.is_true(peer:state().wants_read)
    assert.equal(math.huge, w.kit.turn(w.hub))
    assert.same({ "1", "2" }, w.heard)
  end)

  it("pauses reading as long as anything is kept", function()
    local w = echoing { messages_per_turn = 1 }
    local peer = w:connect("/room")
    peer.raw:send(texts(3))
    assert.is_false(peer:state().wants_read)
    w.kit.turn(w.hub)
    w.kit.turn(w.hub)
    assert.is_false(peer:state().wants_read)
    w.kit.turn(w.hub)
    assert.is_true(peer:state().wants_read)
    assert.equal(3, #w.heard)
  end)

  it("puts what comes in spite of a pause behind what is kept", function()
    local w = echoing { messages_per_turn = 1 }
    local peer = w:connect("/room")
    peer.raw:send(texts(2))
    peer.raw:send(texts(4, 3))
    w:rest()
    assert.same({ "1", "2", "3", "4" }, w.heard)
  end)

  it("goes round between two greedy peers, and nothing is lost", function()
    local w = echoing { messages_per_turn = 2 }
    local a, b = w:connect("/room"), w:connect("/room")
    local function greedy(letter)
      local list = {}
      for number = 1, 6 do list[number] = frame("text", letter .. number) end
      return table.concat(list)
    end
    a.raw:send(greedy("a"))
    b.raw:send(greedy("b"))
    w:rest()
    assert.same({ "a1", "a2", "b1", "b2", "a3", "a4", "b3", "b4", "a5", "a6", "b5", "b6" }, w.heard)
    assert.same({ "a1", "a2", "a3", "a4", "a5", "a6" }, a:take())
    assert.same({ "b1", "b2", "b3", "b4", "b5", "b6" }, b:take())
  end)

  it("doesn't hold up a peer with one message", function()
    local w = echoing { messages_per_turn = 2 }
    local greedy, modest = w:connect("/room"), w:connect("/room")
    greedy.raw:send(texts(100))
    modest.raw:send(frame("text", "hello"))
    w.kit.turn(w.hub)
    assert.same({ "1", "2", "hello" }, w.heard)
  end)

  it("leaves a message that is cut by it whole", function()
    local w = echoing { messages_per_turn = 1 }
    local peer = w:connect("/room")
    local all = texts(2) .. frame("text", "in ", { fin = false }) .. frame("continuation", "two")
    peer.raw:send(all:sub(1, -3))
    w:rest()
    peer:send(all:sub(-2))
    assert.same({ "1", "2", "in two" }, w.heard)
  end)

  it("goes with its connection", function()
    local w = echoing { messages_per_turn = 1 }
    local peer = w:connect("/room")
    peer.raw:send(texts(5))
    peer.raw:reset()
    w:rest()
    assert.same({ "1" }, w.heard)
    assert.same({ { 1006, "", false } }, w.leaves)
  end)
end)

describe("their end (FIN)", function()
  it("of a member without a Close is 1006, and TCP is closed in peace", function()
    local w = echoing()
    local peer = w:connect("/room")
    peer:finish()
    assert.same({ { 1006, "", false } }, w.leaves)
    assert.is_true(peer:state().closed)
    assert.is_false(peer:state().reset)
  end)

  it("is heard after all that came before it and is still kept", function()
    local w = echoing { messages_per_turn = 1 }
    local peer = w:connect("/room")
    peer.raw:send(texts(4))
    peer.raw:finish()
    assert.same({}, w.leaves)
    w:rest()
    assert.same({ "1", "2", "3", "4" }, w.heard)
    assert.same({ { 1006, "", false } }, w.leaves)
    assert.is_true(peer:state().closed)
  end)

  it("behind a kept Close is clean", function()
    local w = echoing { messages_per_turn = 1 }
    local peer = w:connect("/room")
    peer.raw:send(texts(2) .. frame("close", "\x03\xe8bye"))
    peer.raw:finish()
    w:rest()
    assert.same({ { 1000, "bye", true } }, w.leaves)
    assert.same({ 1000, "", 1 }, { peer:close_frame() })
    assert.is_true(peer:state().closed)
    assert.is_false(peer:state().reset)
  end)

  it("inside a message is 1006", function()
    local bytes = frame("text", "part", { fin = false }) .. frame("continuation", "rest")
    for cut = 1, #bytes - 1 do
      local w = echoing()
      local peer = w:connect("/room"):send(bytes:sub(1, cut))
      peer:finish()
      assert.same({ { 1006, "", false } }, w.leaves)
      assert.same({}, w.heard)
    end
  end)

  it("inside a request's head ends it without a word", function()
    local w = echoing()
    for cut = 0, 40, 8 do
      local peer = w:peer():send(request_head("/room"):sub(1, cut))
      peer:finish()
      assert.equal("", sent_to(peer))
      assert.is_true(peer:state().closed)
    end
    assert.equal(0, w.joins)
  end)

  it("before our FIN is answered by closing", function()
    local w = echoing()
    local peer = w:connect("/room")
    peer:faults { full = true }
    peer.raw:send(frame("close", "\x03\xe8"))
    peer.raw:finish()
    w:rest()
    assert.is_false(peer:state().closed)
    peer:faults {}
    peer:writable()
    assert.is_true(peer:state().closed)
    assert.is_false(peer:state().reset)
    assert.equal(1000, (peer:close_frame()))
  end)

  it("after our FIN closes TCP at once", function()
    local w = echoing()
    local peer = w:connect("/room", { secure = true }):close(1000)
    assert.is_true(peer:state().shut)
    assert.is_false(peer:state().closed)
    peer:finish()
    assert.is_true(peer:state().closed)
  end)

  it("leaves a half-closed peer its answers, one for each request", function()
    for _, messages_per_turn in ipairs { 1, 64 } do
      local w = echoing { messages_per_turn = messages_per_turn }
      w.kit.files(w.hub, { ["a.txt"] = "A", ["b.txt"] = ("B"):rep(70000), ["c.txt"] = "C" })
      local peer = w:peer()
      peer.raw:send(plain("/a.txt") .. plain("/b.txt") .. plain("/c.txt"))
      peer.raw:finish()
      local bodies = {}
      for index = 1, 3 do bodies[index] = peer:response().body end
      assert.same({ "A", ("B"):rep(70000), "C" }, bodies)
      assert.is_true(peer:state().closed)
      assert.is_false(peer:state().reset)
    end
  end)

  it("before a handshake could be answered ends it without a join", function()
    local w = echoing()
    w.kit.files(w.hub, { ["a.txt"] = "A" })
    local peer = w:peer()
    peer.raw:send(plain("/a.txt") .. request_head("/room"))
    peer.raw:finish()
    w:rest()
    assert.equal("A", peer:response().body)
    assert.equal("", sent_to(peer))
    assert.is_true(peer:state().closed)
    assert.equal(0, w.joins + #w.leaves)
    assert.is_nil(w:log():find("script failed", 1, true))
  end)
end)

describe("a reset", function()
  it("at every stage ends the connection, with a leave for a join", function()
    local stages = {
      { "before a byte", function() end, 0 },
      { "in a head", function(peer) peer:send("GET / HT") end, 0 },
      { "after a response", function(peer) peer:send(plain("/nothing")) end, 0 },
      { "in a file", function(peer)
        peer:faults { piece = 1000 }
        peer:send(plain("/large"))
      end, 0 },
      { "as a member", function(peer) peer:send(request_head("/room")) end, 1 },
      { "in a message", function(peer)
        peer:send(request_head("/room") .. frame("text", "part", { fin = false }))
      end, 1 },
      { "with kept messages", function(peer) peer.raw:send(request_head("/room") .. texts(9)) end,
        1 },
      { "while stuck", function(peer)
        peer:send(request_head("/room"))
        peer:faults { full = true }
        peer:send(texts(3))
      end, 1 },
      { "closing", function(peer, w)
        peer:send(request_head("/room"))
        for client in w.room:clients() do client:close(3000, "enough") end
      end, 1 },
      { "draining", function(peer)
        peer:send(request_head("/room"))
        peer:close(1000)
      end, 1 },
    }
    for _, stage in ipairs(stages) do
      local w = echoing { messages_per_turn = 2 }
      w.kit.files(w.hub, { large = ("x"):rep(100000) })
      local peer = w:peer()
      stage[2](peer, w)
      peer:reset()
      assert.same({ stage[1], stage[3], stage[3], true },
        { stage[1], w.joins, #w.leaves, peer:state().closed })
      assert.is_true(w.kit.is_empty(w.hub))
      assert.equal(0, #w.room)
    end
  end)

  it("is told from an end: the code is 1006 even while messages are kept", function()
    local w = echoing { messages_per_turn = 1 }
    local peer = w:connect("/room")
    peer.raw:send(texts(2) .. frame("close", "\x03\xe8"))
    peer:reset()
    assert.same({ { 1006, "", false } }, w.leaves)
  end)
end)

describe("output", function()
  it("is the same whatever a write takes", function()
    local function session(piece)
      local w = echoing()
      w.kit.files(w.hub, { ["page.html"] = ("page "):rep(30) })
      local peer = w:peer()
      peer:faults { piece = piece }
      peer:send(plain("/page.html"))
      peer:send(request_head("/room"))
      peer:send(texts(5) .. frame("ping", "p") .. frame("text", ("x"):rep(300)))
      peer:close(1001, "going")
      for _ = 1, 3000 do
        if not peer:state().wants_write then break end
        peer:writable()
      end
      assert.is_true(peer:state().shut)
      return sent_to(peer)
    end
    local whole = session(0)
    assert.is_true(#whole > 700)
    for _, piece in ipairs { 1, 2, 3, 5, 7, 64, 128, 129, 130, 500 } do
      assert.equal(whole, session(piece), piece)
    end
  end)

  it("is one write a turn, however much was queued", function()
    local w = echoing()
    local peer = w:connect("/room")
    local before = peer:state().writes
    peer:send(texts(50))
    assert.equal(before + 1, peer:state().writes)
    assert.equal(50, #peer:take())
  end)

  it("waits for the transport once it has taken less than all", function()
    local w = echoing()
    local peer = w:connect("/room")
    peer:faults { full = true }
    peer:send(texts(1))
    local writes = peer:state().writes
    assert.is_true(peer:state().wants_write)
    peer:send(texts(3, 2))
    assert.equal(writes, peer:state().writes)
    peer:faults {}
    peer:writable()
    assert.is_false(peer:state().wants_write)
    assert.same({ "1", "2", "3" }, peer:take())
  end)

  it("to a broken transport is a reset, and a leave with 1006", function()
    local w = echoing()
    local peer = w:connect("/room")
    peer:faults { broken = true }
    peer:send(texts(1))
    assert.is_true(peer:state().closed)
    assert.is_true(peer:state().reset)
    assert.same({ { 1006, "", false } }, w.leaves)
  end)

  it("of many spans goes out in one turn", function()
    local w = echoing()
    local peer = w:connect("/room")
    local data = {}
    for number = 1, 200 do data[number] = ("%05d"):format(number):rep(1000) end
    for _, one in ipairs(data) do peer.raw:send(frame("binary", one)) end
    w:rest()
    assert.same(data, peer:take())
  end)
end)

describe("a scripted conversation", function()
  -- A request for a file, a handshake, and frames of every kind.
  local script = plain("/a.txt") .. request_head("/room")
    .. frame("text", "one") .. frame("ping", "p1") .. frame("text", "t", { fin = false })
    .. frame("ping", "p2") .. frame("continuation", "", { fin = false })
    .. frame("continuation", "wo \xc3\xa4") .. frame("binary", "\0\xff")
    .. frame("text", ("long "):rep(30)) .. frame("pong", "") .. frame("close", "\x0b\xb8done")
    .. frame("text", "too late")

  local function run(pieces, options)
    local w = echoing(options)
    w.kit.files(w.hub, { ["a.txt"] = "file" })
    local peer = w:peer()
    for _, piece in ipairs(pieces) do peer:send(piece) end
    w:rest()
    return sent_to(peer), w.leaves
  end

  local expected, events = run { script }

  it("is answered whole", function()
    assert.truthy(expected:find("file", 1, true))
    assert.truthy(expected:find("\x88\x02\x0b\xb8$"))
    assert.same({ { 3000, "done", true } }, events)
  end)

  it("is answered the same for every split of it", function()
    for cut = 1, #script - 1 do
      local got, ended = run { script:sub(1, cut), script:sub(cut + 1) }
      assert.equal(expected, got, cut)
      assert.same(events, ended)
    end
  end)

  it("is answered the same byte by byte", function()
    local bytes = {}
    for at = 1, #script do bytes[at] = script:sub(at, at) end
    assert.equal(expected, (run(bytes)))
  end)

  it("is answered the same with the smallest shares", function()
    local options = { messages_per_turn = 1, bytes_per_turn = 1 }
    assert.equal(expected, (run({ script }, options)))
    for cut = 1, #script - 1, 11 do
      assert.equal(expected, (run({ script:sub(1, cut), script:sub(cut + 1) }, options)))
    end
  end)
end)
