-- What a connection owns, and what becomes of it without memory: src/core/connection.c.

local noting = require "noting"
local world = require "world"

local frame, request_head = world.frame, world.request_head
local echoing, plain, blocks = noting.echoing, noting.plain, noting.blocks

describe("an idle connection", function()
  it("owns no buffer after traffic of any kind, in any split", function()
    local w = echoing { messages_per_turn = 2, max_control_frames = 100000 }
    local peer = w:connect("/room")
    local traffic = frame("text", "hi") .. frame("ping", "p") .. frame("pong", "q")
      .. frame("text", "a", { fin = false }) .. frame("ping", "") .. frame("continuation", "b")
      .. frame("binary", ("x"):rep(3000)) .. frame("text", "")
    peer:send(traffic)
    local before = blocks(w)
    for cut = 1, #traffic - 1, 7 do
      peer:send(traffic:sub(1, cut))
      peer:send(traffic:sub(cut + 1))
      assert.equal(before, blocks(w), cut)
    end
  end)

  it("owns no buffer after a message that ends its share", function()
    local w = echoing { messages_per_turn = 1 }
    local peer = w:connect("/room"):text("warm"):text(("w"):rep(500)) -- a segment of either size
    peer:take()
    local before = blocks(w)
    local message = frame("text", ("x"):rep(500))
    peer.raw:send(message:sub(1, 100))
    peer.raw:send(message:sub(101))
    w:rest()
    assert.equal(before, blocks(w))
    assert.same({ ("x"):rep(500) }, peer:take())
  end)

  it("owns nothing of its handshake but the request", function()
    local function after(pieces)
      local w = echoing()
      w:connect("/room"):text("warm")
      local before = blocks(w)
      local peer, head = w:peer(), request_head("/room")
      for at = 1, #head, pieces do peer:send(head:sub(at, at + pieces - 1)) end
      assert.equal(101, peer:response().status)
      return blocks(w) - before
    end
    assert.equal(after(10000), after(1))
  end)

  it("that waits for a request owns what one that has just come does", function()
    local w = echoing()
    w.kit.files(w.hub, { ["a.txt"] = ("a"):rep(100000) })
    local warm = w:get("/a.txt", { fields = "Connection: close\r\n" })
    assert.equal(200, warm.status)
    w:advance(10)
    local before = blocks(w)
    local fresh = w:peer()
    local bare = blocks(w) - before
    fresh:reset()
    assert.equal(before, blocks(w))
    local response, peer = w:get("/a.txt")
    assert.equal(200, response.status)
    assert.is_false(peer:state().closed)
    assert.equal(before + bare, blocks(w))
  end)

  it("leaves nothing behind when it goes", function()
    local w = echoing()
    local function session()
      local peer = w:connect("/room"):text("hi")
      peer:close(1000, "bye"):finish()
      assert.is_true(peer:state().closed)
      w.clients = {}
    end
    session()
    local before = blocks(w)
    for _ = 1, 20 do session() end
    assert.equal(before, blocks(w))
  end)
end)

describe("where memory fails", function()
  local function new_world()
    local w = world.new({ messages_per_turn = 4, ping_interval = 0 }, function(moonroom, w)
      local Room = moonroom.Room:extend("All")
      w.joins, w.leaves = 0, 0
      function Room.on_join() w.joins = w.joins + 1 end
      function Room:on_text(_, text) pcall(self.broadcast, self, text) end
      function Room.on_binary(_, client, data) client:send_binary(data) end
      function Room.on_pong(_, client) client:send("pong") end
      function Room.on_leave() w.leaves = w.leaves + 1 end
      function Room.on_error() end
      w.room = Room { path = "/all" }
      moonroom.mount("/all", w.room)
    end)
    w.kit.files(w.hub, { ["a.txt"] = ("file"):rep(40000) })
    w:rest()
    return w
  end

  local head = request_head("/all")
  local ping = frame("ping", "half")
  -- What is sent by which peer, or done.
  local steps = {
    { 1, head:sub(1, 50) }, { 1, head:sub(51) }, { 2, head .. frame("text", "glued") },
    { 3, plain("/a.txt") .. plain("/nothing") .. head }, { 4, "GET /\r\n\r\n" },
    { 1, frame("text", ("x"):rep(5000)) },
    { 1, frame("text", "frag", { fin = false }) .. frame("ping", "in between") },
    { 1, frame("continuation", "ment") }, { 2, ping:sub(1, 8) }, { 2, ping:sub(9) },
  }
  for index = 5, 14 do
    steps[#steps + 1] = { index, head .. frame("text", ("grown"):rep(index)) }
  end
  for size = 1000, 9000, 1000 do steps[#steps + 1] = { 2, frame("binary", ("b"):rep(size)) } end
  for _, step in ipairs {
    { 1, faults = { full = true } },
    { 1, frame("ping", "stuck") .. frame("ping", "stuck again") .. frame("text", "to all") },
    { 1, faults = {} },
    { action = function(w)
      for client in w.room:clients() do client:ping("ours") end
    end },
    { 1, frame("pong", "ours") .. frame("close", "\x03\xe8reason") },
    { action = function(w) w.room:close(1001, "the room closes") end },
    { 2, frame("close", "\x03\xe9") },
  } do steps[#steps + 1] = step end

  local function take_step(w, peers, step)
    if step.action then
      step.action(w)
    else
      local peer = peers[step[1]] or w:peer()
      peers[step[1]] = peer
      if step.faults then
        peer:faults(step.faults)
        peer:writable()
      else
        peer.raw:send(step[2])
      end
    end
    w:rest()
  end

  -- A session with everything in it, in which the nth allocation fails and count - 1 after it.
  -- Returns how many there were, and how many blocks it left.
  local function session(nth, count)
    local w, peers = new_world(), {}
    local before = w:memory()
    w.kit.fail(w.hub, nth, count)
    for _, step in ipairs(steps) do take_step(w, peers, step) end
    w.kit.fail(w.hub)
    local after = w:memory()
    w:advance(60)
    for index, peer in pairs(peers) do
      assert.is_true(peer:state().closed, ("allocation %d, peer %d"):format(nth, index))
    end
    assert.equal(w.joins, w.leaves, nth)
    assert.is_true(w.kit.is_empty(w.hub))
    collectgarbage()
    local _, left = w:memory()
    return after - before, left
  end

  it("at the Nth allocation of a session, nothing crashes or leaks, every connection ends",
    function()
      local requests, most = session(0, 0)
      assert.is_true(requests > 80)
      -- What the whole session leaves is its room and spare chunks: one that failed has no more.
      for nth = 1, requests do
        local _, left = session(nth, 1)
        assert.is_true(left <= most, ("allocation %d: %d blocks, not %d"):format(nth, left, most))
      end
    end)

  it("for a while, or from some allocation on, nothing crashes, every connection ends", function()
    for nth = 1, 80, 3 do session(nth, 5) end
    for nth = 1, 80, 9 do session(nth, math.maxinteger) end
  end)

  it("a new connection is closed, and the next one works", function()
    local w = echoing()
    for nth = 1, 3 do
      w.kit.fail(w.hub, nth)
      local peer = w:peer():send(request_head("/room"))
      w.kit.fail(w.hub)
      assert.is_true(peer:state().closed or peer:state().shut or peer:response() ~= nil)
    end
    assert.equal(101, w:connect("/room").status)
  end)
end)
