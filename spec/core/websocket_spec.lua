-- A member's messages, pings and queue: src/core/websocket.c.

local noting = require "noting"
local world = require "world"

local frame, request_head = world.frame, world.request_head
local new, echoing, join, closes, fragments
  = noting.new, noting.echoing, noting.join, noting.closes, noting.fragments

-- Sends bytes to a new member. Returns its Close code, or nil, and what else it heard.
local function answer_to(w, bytes)
  local peer = join(w):send(bytes)
  local heard, code = {}, nil
  for _, one in ipairs(peer:frames()) do
    if one.kind == "close" then
      code = string.unpack(">I2", one.payload)
    else
      heard[#heard + 1] = one.payload
    end
  end
  return code, heard, peer
end

describe("max_message", function()
  it("takes a message of that size and refuses one byte more, at its header", function()
    local w = echoing { max_message = 100 }
    for _, kind in ipairs { "text", "binary" } do
      local code, heard = answer_to(w, frame(kind, ("x"):rep(100)))
      assert.same({ nil, ("x"):rep(100) }, { code, heard[1] })
      local header = frame(kind, "", { length = 101, key = "zero" })
      assert.equal(1009, (answer_to(w, header)))
      assert.is_nil((answer_to(w, header:sub(1, 1))))
    end
  end)

  it("counts the fragments before", function()
    local w = echoing { max_message = 100 }
    local _, heard = answer_to(w, fragments("text", ("a"):rep(60), ("b"):rep(40)))
    assert.equal(100, #heard[1])
    local begun = frame("text", ("a"):rep(60), { fin = false })
    assert.equal(1009, (answer_to(w, begun .. frame("continuation", "", { length = 41 }))))
    assert.is_nil((answer_to(w, begun .. frame("continuation", "", { length = 40 }))))
  end)

  it("refuses any length there is", function()
    local w = echoing { max_message = 100 }
    for _, length in ipairs { 126, 65535, 65536, 0x7fffffff, 0x100000000, math.maxinteger } do
      assert.equal(1009, (answer_to(w, frame("binary", "", { length = length, key = "zero" }))))
    end
  end)

  it("begins anew with each message", function()
    local w = echoing { max_message = 10 }
    local _, heard = answer_to(w, frame("text", ("x"):rep(10)):rep(5))
    assert.equal(5, #heard)
  end)

  it("is the room's own, as it was when the client joined", function()
    local w = echoing({ max_message = 10 }, { max_message = 20 })
    assert.is_nil((answer_to(w, frame("text", ("x"):rep(20)))))
    local before = join(w)
    w.room.max_message = 30
    assert.is_nil((answer_to(w, frame("text", ("x"):rep(30)))))
    before:text(("x"):rep(30))
    assert.equal(1009, (before:close_frame()))
  end)
end)

describe("max_frame", function()
  it("takes a frame of that size and refuses one byte more", function()
    local w = echoing { max_message = 100, max_frame = 10 }
    local ten = ("x"):rep(10)
    local _, heard = answer_to(w, fragments("text", ten, ten, ten))
    assert.equal(30, #heard[1])
    assert.equal(1009, (answer_to(w, frame("text", ten .. "y"))))
    assert.equal(1009, (answer_to(w, fragments("text", ten, ten .. "y"))))
  end)

  it("is max_message where it isn't set", function()
    local w = echoing { max_message = 200 }
    assert.is_nil((answer_to(w, frame("text", ("x"):rep(200)))))
  end)

  it("doesn't touch control frames", function()
    local w = echoing { max_frame = 1 }
    local code, heard = answer_to(w, frame("ping", ("p"):rep(125)))
    assert.same({ nil, ("p"):rep(125) }, { code, heard[1] })
  end)
end)

describe("max_fragments", function()
  it("takes a message of so many frames and refuses one more, empty ones too", function()
    local w = echoing { max_fragments = 3 }
    assert.is_nil((answer_to(w, fragments("text", "a", "", "c"))))
    assert.equal(1008, (answer_to(w, fragments("text", "", "", "", ""))))
    assert.is_nil((answer_to(w, fragments("text", "a", "b", "c"):rep(3))))
  end)

  it("doesn't count control frames", function()
    local w = echoing { max_fragments = 2 }
    local code, heard = answer_to(w, frame("text", "a", { fin = false })
      .. frame("ping", ""):rep(10) .. frame("continuation", "b"))
    assert.same({ nil, "ab" }, { code, heard[11] })
  end)
end)

describe("message_timeout", function()
  it("is 1008 for a message that isn't whole in time, and counts from its first byte", function()
    local message = fragments("text", "one", "two")
    for cut = 1, #message - 1 do
      local w = echoing { message_timeout = 60, ping_interval = 0 }
      local peer = join(w):send(message:sub(1, cut))
      w:advance(59)
      assert.same({}, closes(peer), cut)
      w:advance(2)
      assert.same({ { 1008, "the message took too long" } }, closes(peer), cut)
      assert.same({ { 1008, "the message took too long", false } }, w.leaves)
      assert.is_true(peer:state().shut)
    end
  end)

  it("isn't put off by dripping bytes or pings", function()
    local w = echoing { message_timeout = 60, ping_interval = 0 }
    local peer = join(w):send(frame("text", "a", { fin = false }))
    for _ = 1, 12 do
      w:advance(4.9)
      peer:send(frame("continuation", "b", { fin = false }) .. frame("ping", "p"))
    end
    assert.same({}, closes(peer))
    w:advance(2)
    assert.equal(1008, (closes(peer)[1] or {})[1])
  end)

  it("ends with the message", function()
    local w = echoing { message_timeout = 60, ping_interval = 0 }
    local peer = join(w)
    for _ = 1, 5 do
      peer:send(frame("text", "a", { fin = false }))
      w:advance(40)
      peer:send(frame("continuation", "b"))
    end
    assert.equal(5, #peer:take())
    w:advance(1000)
    assert.is_false(peer:state().closed)
  end)

  it("begins anew for a message that began with the end of another", function()
    local w = echoing { message_timeout = 60, ping_interval = 0 }
    local peer = join(w):send(frame("text", "a", { fin = false }))
    w:advance(40)
    peer:send(frame("continuation", "b") .. frame("text", "c", { fin = false }))
    w:advance(40)
    assert.same({}, closes(peer))
    w:advance(21)
    assert.equal(1, #closes(peer))
  end)

  it("holds for an unfinished control frame", function()
    local w = echoing { message_timeout = 60, ping_interval = 0 }
    local peer = join(w):send(frame("ping", "unfinished"):sub(1, 9))
    w:advance(61)
    assert.equal(1008, (closes(peer)[1] or {})[1])
  end)

  it("leaves the closing handshake its own time", function()
    local w = echoing { message_timeout = 3, close_timeout = 5 }
    local peer, client = join(w)
    peer:send(frame("text", "a", { fin = false }))
    client:close(1000, "mine")
    w:advance(4)
    assert.same({ { 1000, "mine" } }, closes(peer))
    peer:close(1000)
    assert.same({ { 1000, "mine", true } }, w.leaves)
  end)
end)

describe("what a room doesn't take", function()
  it("is 1003 for binary before its payload, where there is no on_binary", function()
    local w = new(nil, { on_text = function() end })
    assert.equal(1003, (answer_to(w, frame("binary", "", { length = 1000, key = "zero" }))))
    assert.is_nil((answer_to(w, frame("text", "fine"))))
  end)

  it("is asked of check_message before each fragment's payload", function()
    local asked = {}
    local w = new(nil, {
      on_text = function() end,
      check_message = function(_, _, kind, length, total)
        table.insert(asked, { kind, length, total })
        if total > 10 then return 3001, "too long for me" end
      end,
    })
    local peer = join(w):send(fragments("text", "12345", "", "67890"))
    assert.same({ { "text", 5, 5 }, { "text", 0, 5 }, { "text", 5, 10 } }, asked)
    peer:send(frame("text", "", { length = 11 }))
    assert.same({ { 3001, "too long for me" } }, closes(peer))
    assert.same({ { 3001, "too long for me", false } }, w.leaves)
  end)

  it("isn't asked of check_message after the client was closed in it", function()
    local asked = 0
    local w = new(nil, {
      on_text = function() error("not reached") end,
      check_message = function(_, client)
        asked = asked + 1
        client:close(1000)
      end,
    })
    local peer = join(w):send(frame("text", "a") .. frame("text", "b"))
    assert.equal(1, asked)
    assert.same({ { 1000, "" } }, closes(peer))
  end)
end)

describe("a ping of theirs", function()
  it("is answered in order, each one, among the messages", function()
    local w = echoing()
    local peer = join(w):send(frame("ping", "1") .. frame("text", "2") .. frame("ping", "")
      .. frame("ping", ("4"):rep(125)))
    local list = {}
    for index, one in ipairs(peer:frames()) do list[index] = one.kind .. ":" .. one.payload end
    assert.same({ "pong:1", "text:2", "pong:", "pong:" .. ("4"):rep(125) }, list)
  end)

  it("while output is stuck is kept, the latest only, and answered when it clears", function()
    local w = echoing()
    local peer = join(w)
    peer:faults { full = true }
    peer:text("stuck")
    for number = 1, 100 do peer:frame("ping", tostring(number)) end
    peer:faults {}
    peer:writable()
    local list = {}
    for index, one in ipairs(peer:frames()) do list[index] = one.kind .. ":" .. one.payload end
    assert.same({ "text:stuck", "pong:100" }, list)
    peer:frame("ping", "after")
    assert.equal("after", peer:frames()[1].payload)
  end)

  it("in the turn in which output clears doesn't overtake the kept one", function()
    local w = echoing()
    local peer = join(w)
    peer:faults { full = true }
    peer:text("stuck")
    peer:frame("ping", "kept")
    peer:faults {}
    peer.raw:writable()
    peer.raw:send(frame("ping", "new"))
    w:rest()
    local pongs = {}
    for _, one in ipairs(peer:frames()) do
      if one.kind == "pong" then pongs[#pongs + 1] = one.payload end
    end
    assert.same({ "new" }, pongs)
  end)

  it("that is kept costs one block, and goes with the connection", function()
    local w = echoing()
    local peer = join(w)
    peer:faults { full = true }
    peer:text("stuck")
    local _, before = w:memory()
    for number = 1, 10 do peer:frame("ping", tostring(number)) end
    local _, after = w:memory()
    assert.equal(before + 1, after)
    peer:reset()
    assert.is_true(peer:state().closed)
  end)

  it("that is kept isn't answered behind our Close", function()
    local w = echoing()
    local peer, client = join(w)
    peer:faults { full = true }
    peer:text("stuck")
    peer:frame("ping", "kept")
    client:close(1000)
    peer:faults {}
    peer:writable()
    local kinds = {}
    for index, one in ipairs(peer:frames()) do kinds[index] = one.kind end
    assert.same({ "text", "close" }, kinds)
  end)
end)

describe("a ping of ours", function()
  it("is answered by its pong with the time it took, and by no other", function()
    local pongs = {}
    local w = new(nil, { on_pong = function(_, _, data, rtt)
      table.insert(pongs, { data, rtt or "none" })
    end })
    local peer, client = join(w)
    client:ping("mine")
    w:advance(0.25)
    local sent = peer:frames()[1]
    assert.same({ "ping", "mine" }, { sent.kind, sent.payload })
    peer:frame("pong", "unasked")
    peer:frame("pong", "mine")
    peer:frame("pong", "mine")
    assert.same({ { "unasked", "none" }, { "mine", 0.25 }, { "mine", "none" } }, pongs)
    assert.equal(0.25, client.rtt)
  end)

  it("may be empty", function()
    local rtts = {}
    local w = new(nil, { on_pong = function(_, _, data, rtt) rtts[#rtts + 1] = { data, rtt } end })
    local peer, client = join(w)
    client:ping()
    w:advance(1)
    peer:frame("pong", "")
    assert.same({ { "", 1 } }, rtts)
  end)
end)

describe("send_queue", function()
  -- A member that reads nothing, with its client.
  local function slow(w)
    local peer, client = join(w)
    peer:faults { full = true }
    return peer, client
  end

  it("takes one message of any size into an empty queue", function()
    local w = echoing { send_queue = 10 }
    local peer, client = slow(w)
    assert.is_true(client:send(("x"):rep(100000)))
    w:rest()
    peer:faults {}
    peer:writable()
    assert.same({ ("x"):rep(100000) }, peer:take())
    assert.equal("open", client.ready_state)
  end)

  it("takes the first message in on_join: the response doesn't count", function()
    local w = new({ send_queue = 1 }, { on_join = function(_, client) client:send("welcome") end })
    assert.same({ "welcome" }, join(w):take())
  end)

  it("counts what was there before the new message", function()
    for _, edge in ipairs { { 10, true }, { 11, false } } do
      local w = echoing { send_queue = 11 }
      local _, client = slow(w)
      client:send(("x"):rep(edge[1] - 2)) -- a frame has two bytes more
      assert.equal(edge[1], client.buffered)
      assert.equal(edge[2], client:send(("y"):rep(1000)) or false)
    end
  end)

  it("beyond it drops what hasn't started, then sends Close 1013", function()
    local w = echoing { send_queue = 100, close_timeout = 5 }
    local peer, client = slow(w)
    client:send(("a"):rep(50))
    client:send(("b"):rep(50))
    assert.same({ nil, "closed" }, { client:send("c") })
    assert.same({ nil, "closed" }, { client:send("d") })
    assert.equal(0, #w.room)
    w:rest()
    peer:faults {}
    peer:writable()
    assert.same({ { 1013, "slow consumer" } }, closes(peer))
    peer:close(1013)
    assert.same({ { 1013, "slow consumer", true } }, w.leaves)
  end)

  it("beyond it finishes a frame that has begun, wherever it was cut", function()
    for taken = 1, 103 do
      local w = echoing { send_queue = 60 }
      local peer, client = join(w)
      peer:faults { piece = taken }
      client:send(("a"):rep(50))
      client:send(("b"):rep(49))
      w:rest()
      peer:faults { full = true }
      while client.ready_state == "open" do client:send("c") end
      peer:faults {}
      peer:writable()
      local list = {}
      for index, one in ipairs(peer:frames()) do list[index] = one.kind .. one.payload:sub(1, 1) end
      local expected = taken < 52 and { "texta", "close\x03" }
        or taken == 52 and { "texta", "close\x03" }
        or { "texta", "textb", "close\x03" }
      assert.same(expected, list, taken)
    end
  end)

  it("beyond it keeps the 101 whole, wherever it was cut", function()
    local expected
    for taken = 1, 140, 3 do
      local w = new({ send_queue = 30 }, { on_join = function(_, client)
        for _ = 1, 5 do client:send(("x"):rep(20)) end
      end })
      local peer = w:peer()
      peer:faults { piece = taken }
      peer.raw:send(request_head("/room"))
      for _ = 1, 200 do
        w:rest()
        peer:writable()
      end
      peer:read()
      expected = expected or peer.bytes
      assert.equal(expected, peer.bytes, taken)
      assert.equal(101, peer:response().status)
      assert.same({ { 1013, "slow consumer" } }, closes(peer))
    end
  end)

  it("beyond it keeps a file whole that is still on its way from before", function()
    local w = new({ send_queue = 30, write_stall = 100 }, { on_join = function(_, client)
      for _ = 1, 5 do client:send(("x"):rep(20)) end
    end })
    local text = ("\x81\x7e\xff\xff"):rep(100)
    w.kit.files(w.hub, { ["a.bin"] = text })
    local peer = w:peer()
    peer.raw:send("GET /a.bin HTTP/1.1\r\nHost: a\r\n\r\n" .. request_head("/room"))
    peer:faults { piece = 100 }
    for _ = 1, 50 do
      w:rest()
      peer:writable()
    end
    assert.equal(text, peer:response().body)
    assert.equal(101, peer:response().status)
    assert.same({ { 1013, "slow consumer" } }, closes(peer))
  end)

  it("beyond it is a reset after close_timeout where the peer goes on not reading", function()
    local w = echoing { send_queue = 100, close_timeout = 5 }
    local peer, client = slow(w)
    client:send(("a"):rep(200))
    client:send("b")
    w:advance(4.9)
    assert.is_false(peer:state().closed)
    w:advance(0.2)
    assert.is_true(peer:state().reset)
    assert.same({ { 1013, "slow consumer", false } }, w.leaves)
  end)

  it("is the room's own", function()
    local w = echoing({ send_queue = 10 }, { send_queue = 1000 })
    local _, client = slow(w)
    assert.is_true(client:send(("x"):rep(500)))
    assert.is_true(client:send(("x"):rep(500)))
    assert.same({ nil, "closed" }, { client:send("x") })
  end)

  it("counts pings of ours, and never a pong", function()
    local w = echoing { send_queue = 10 }
    local peer, client = slow(w)
    client:send(("x"):rep(20))
    w:rest()
    peer:frame("ping", "p")
    assert.equal("open", client.ready_state)
    assert.same({ nil, "closed" }, { client:ping("p") })
    assert.equal("closing", client.ready_state)
  end)
end)

describe("frames glued to the handshake", function()
  it("are served with it, in any split", function()
    local bytes = request_head("/room") .. frame("text", "first") .. frame("ping", "p")
    for cut = 1, #bytes do
      local w = echoing()
      local peer = w:peer()
      peer:send(bytes:sub(1, cut))
      peer:send(bytes:sub(cut + 1))
      assert.equal(101, peer:response().status)
      local list = {}
      for index, one in ipairs(peer:frames()) do list[index] = one.kind .. one.payload end
      assert.same({ "textfirst", "pongp" }, list)
    end
  end)

  it("are dropped where it is refused", function()
    local w = echoing()
    local peer = w:peer():send(request_head("/other") .. frame("text", "first"))
    assert.equal(404, peer:response().status)
    assert.same({}, peer:frames())
    assert.is_true(peer:state().shut)
  end)
end)
