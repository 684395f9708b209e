-- The closing handshake, and every other end of a member: src/core/websocket.c.

local noting = require "noting"
local world = require "world"

local frame = world.frame
local new, echoing, join, closes, fragments
  = noting.new, noting.echoing, noting.join, noting.closes, noting.fragments

describe("an error of the peer", function()
  it("is answered with one Close and a FIN, and what comes behind it is dropped", function()
    local w = echoing()
    for _, wrong in ipairs {
      { 1002, frame("text", "a", { key = false }) },
      { 1002, frame("text", "a", { rsv = 4 }) },
      { 1002, frame(3, "") },
      { 1002, frame("continuation", "a") },
      { 1002, frame("ping", "a", { fin = false }) },
      { 1002, frame("text", "a", { fin = false }) .. frame("text", "b") },
      { 1007, frame("text", "\xff") },
      { 1007, frame("text", "", { fin = false, length = 100 }) .. "\x37\xfa\x21\x3d" .. "\xff" },
      { 1007, frame("text", "\xc3") },
      { 1002, frame("close", "a") },
      { 1002, frame("close", "\x03\xed") },
      { 1007, frame("close", "\x03\xe8\xff") },
    } do
      w.leaves = {}
      local peer = join(w):send(wrong[2] .. frame("text", "behind") .. frame("close", "\x03\xe8"))
      peer:send(frame("ping", "later"))
      local list = closes(peer)
      assert.same({ 1, wrong[1] }, { #list, (list[1] or {})[1] })
      assert.is_true(peer:state().shut)
      assert.same({ wrong[1], false }, { w.leaves[1][1], w.leaves[1][3] })
      peer:finish()
      assert.same({ true, 1 }, { peer:state().closed, #w.leaves })
    end
  end)

  it("after our Close keeps our code, and isn't clean", function()
    local w = echoing()
    local peer, client = join(w)
    client:close(3000, "mine")
    peer:send(frame(3, ""))
    assert.same({ { 3000, "mine" } }, closes(peer))
    assert.same({ { 3000, "mine", false } }, w.leaves)
    assert.is_true(peer:state().shut)
  end)
end)

describe("a closing that the peer begins", function()
  it("echoes the code without the reason, and tells on_leave both", function()
    for _, code in ipairs { 1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999 } do
      local w = echoing()
      local peer = join(w):close(code, "because")
      assert.same({ { code, "" } }, closes(peer))
      assert.same({ { code, "because", true } }, w.leaves)
      assert.is_true(peer:state().shut)
      peer:finish()
      assert.same({ true, false }, { peer:state().closed, peer:state().reset })
      assert.equal(1, #w.leaves)
    end
  end)

  it("without a code is answered without one, and is 1005", function()
    local w = echoing()
    local peer = join(w):frame("close", "")
    local list = peer:frames()
    assert.same({ 1, "close", "" }, { #list, list[1].kind, list[1].payload })
    assert.same({ { 1005, "", true } }, w.leaves)
  end)

  it("takes a reason of 123 bytes", function()
    local w = echoing()
    local reason = ("r"):rep(123)
    join(w):close(1000, reason)
    assert.same({ { 1000, reason, true } }, w.leaves)
  end)

  it("handles what came before it, in the same bytes, and nothing behind it", function()
    local w = echoing()
    local peer = join(w):send(frame("text", "a") .. frame("ping", "b") .. frame("close", "\x03\xe8")
      .. frame("text", "c"))
    local kinds = {}
    for index, one in ipairs(peer:frames()) do kinds[index] = one.kind .. one.payload end
    assert.same({ "texta", "pongb", "close\x03\xe8" }, kinds)
  end)

  it("may come inside a fragmented message", function()
    local w = echoing()
    local peer = join(w):send(frame("text", "a", { fin = false })):close(1001)
    assert.same({ { 1001, "" } }, closes(peer))
    assert.same({ { 1001, "", true } }, w.leaves)
  end)

  it("may come cut anywhere", function()
    local bytes = frame("close", "\x03\xe8reason")
    for cut = 1, #bytes - 1 do
      local w = echoing()
      local peer = join(w):send(bytes:sub(1, cut))
      assert.same({}, w.leaves)
      peer:send(bytes:sub(cut + 1))
      assert.same({ { 1000, "" } }, closes(peer))
      assert.same({ { 1000, "reason", true } }, w.leaves)
    end
  end)
end)

describe("after both Closes TCP", function()
  local function is_closed(peer)
    local state = peer:state()
    return state.shut and state.closed and not state.reset
  end

  it("is closed at once, whoever began", function()
    local w = echoing()
    assert.is_true(is_closed(join(w):close(1000)))
    local peer, client = join(w)
    client:close(3000)
    assert.is_false(peer:state().closed)
    assert.is_true(is_closed(peer:close(3000)))
    assert.equal(2, #w.leaves)
  end)

  it("is closed once our Close has left", function()
    local w = echoing()
    local peer = join(w)
    peer:faults { full = true }
    peer:close(1000)
    assert.is_false(peer:state().closed)
    peer:faults {}
    peer:writable()
    assert.is_true(is_closed(peer))
    assert.same({ { 1000, "" } }, closes(peer))
  end)

  it("waits for their FIN where a pong may still come, which a reset would answer", function()
    local w = echoing { ping_interval = 10, pong_timeout = 10 }
    local silent = join(w)
    w:advance(10)
    silent:close(1000)
    local asked, asking = join(w)
    asking:ping("?")
    asked:close(1000)
    for _, peer in ipairs { asked, silent } do
      assert.same({ true, false }, { peer:state().shut, peer:state().closed })
      peer:finish()
      assert.is_true(is_closed(peer))
    end
  end)

  it("waits for the end of TLS, which has a Close of its own", function()
    local w = echoing()
    local peer = w:connect("/room", { secure = true }):close(1000)
    assert.same({ true, false }, { peer:state().shut, peer:state().closed })
    peer:finish()
    assert.is_true(is_closed(peer))
  end)
end)

describe("a closing that we begin", function()
  it("waits for their Close, then ends with FIN, and keeps our code and reason", function()
    local w = echoing()
    local peer, client = join(w)
    assert.is_true(client:close(3333, "enough"))
    assert.equal("closing", client.ready_state)
    assert.equal(0, #w.room)
    assert.same({ { 3333, "enough" } }, closes(peer))
    assert.same({}, w.leaves)
    assert.is_false(peer:state().shut)
    peer:close(1000, "theirs")
    assert.same({ { 3333, "enough", true } }, w.leaves)
    assert.is_true(peer:state().shut)
    assert.same({}, closes(peer))
  end)

  it("drops data that comes before their Close, and answers no ping", function()
    local heard = 0
    local w = new(nil, { on_text = function() heard = heard + 1 end, on_pong = function()
      heard = heard + 1
    end })
    local peer, client = join(w)
    client:close()
    peer:send(frame("text", "a") .. frame("ping", "b") .. frame("pong", "c")
      .. fragments("text", "d", "e"))
    peer:close(1000)
    assert.equal(0, heard)
    assert.same({ { 1000, "" } }, closes(peer))
    assert.same({ { 1000, "", true } }, w.leaves)
  end)

  it("stays clean for a message in flight that only this room's limits allow", function()
    local w = echoing({ max_message = 100 }, { max_message = 1000 })
    local peer, client = join(w)
    local message = frame("text", ("x"):rep(900))
    peer:send(message:sub(1, 50))
    client:close(1000)
    peer:send(message:sub(51) .. frame("text", ("y"):rep(1000)))
    peer:close(1000)
    assert.same({ { 1000, "", true } }, w.leaves)
  end)

  it("is over after close_timeout, and 'clean' says that theirs didn't come", function()
    local w = echoing { close_timeout = 5 }
    local peer, client = join(w)
    client:close(1000, "bye")
    w:advance(4.9)
    assert.same({}, w.leaves)
    w:advance(0.2)
    assert.same({ { 1000, "bye", false } }, w.leaves)
    assert.same({ true, false }, { peer:state().closed, peer:state().reset })
  end)

  it("is over with their FIN", function()
    local w = echoing()
    local peer, client = join(w)
    client:close(1000, "bye")
    peer:finish()
    assert.same({ { 1000, "bye", false } }, w.leaves)
    assert.is_true(peer:state().closed)
  end)

  it("is a reset after close_timeout where the peer doesn't read", function()
    local w = echoing { close_timeout = 5 }
    local peer, client = join(w)
    peer:faults { full = true }
    client:close(1000)
    w:advance(5.1)
    assert.is_true(peer:state().reset)
    assert.same({ { 1000, "", false } }, w.leaves)
  end)

  it("happens once", function()
    local w = echoing()
    local peer, client = join(w)
    client:close(1000)
    assert.same({ nil, "closed" }, { client:close(1001) })
    assert.same({ nil, "closed" }, { client:send("more") })
    assert.same({ nil, "closed" }, { client:ping() })
    assert.same({ { 1000, "" } }, closes(peer))
  end)

  it("crosses theirs in peace: the code is of the one that we knew first", function()
    local w = echoing()
    local peer, client = join(w)
    client:close(3000, "ours")
    peer.raw:send(frame("close", "\x0f\xa0theirs"))
    w:rest()
    assert.same({ { 3000, "ours" } }, closes(peer))
    assert.same({ { 3000, "ours", true } }, w.leaves)
  end)

  it("from a handler that their Close follows is the first", function()
    local w = new(nil, { on_text = function(_, client) client:close(3001, "word") end })
    local peer = join(w):send(frame("text", "x") .. frame("close", "\x03\xe8"))
    assert.same({ { 3001, "word" } }, closes(peer))
    assert.same({ { 3001, "word", true } }, w.leaves)
  end)

  it("cuts a reason to 123 bytes at a character, also for on_leave", function()
    local w = echoing()
    local peer, client = join(w)
    client:close(1000, ("x"):rep(122) .. "\xc3\xa4")
    assert.same({ { 1000, ("x"):rep(122) } }, closes(peer))
    peer:close(1000)
    assert.same({ { 1000, ("x"):rep(122), true } }, w.leaves)
    local other, second = join(w)
    second:close(1000, ("x"):rep(121) .. "\xc3\xa4")
    assert.same({ { 1000, ("x"):rep(121) .. "\xc3\xa4" } }, closes(other))
  end)

  it("in on_join is a join and a leave", function()
    local w = new(nil, { on_join = function(_, client) client:close(4000, "no") end })
    local peer = w:connect("/room")
    assert.equal(101, peer.status)
    assert.same({ { 4000, "no" } }, closes(peer))
    peer:close(4000)
    assert.same({ 1, { { 4000, "no", true } } }, { w.joins, w.leaves })
  end)

  it("by terminate is a reset and 1006, once", function()
    local w = echoing()
    local peer, client = join(w)
    assert.is_true(client:terminate())
    assert.same({ nil, "closed" }, { client:terminate() })
    w:rest()
    assert.is_true(peer:state().reset)
    assert.same({ { 1006, "", false } }, w.leaves)
  end)

  it("by terminate while closing keeps the code", function()
    local w = echoing()
    local peer, client = join(w)
    client:close(1000, "bye")
    client:terminate()
    w:rest()
    assert.is_true(peer:state().reset)
    assert.same({ { 1000, "bye", false } }, w.leaves)
  end)
end)

describe("every way to go", function()
  it("is one leave for one join", function()
    local close = frame("close", "\x03\xe8")
    local events = {
      close = function(peer) peer.raw:send(close) end,
      wrong = function(peer) peer.raw:send(frame(3, "")) end,
      finish = function(peer) peer.raw:finish() end,
      reset = function(peer) peer.raw:reset() end,
      broken = function(peer, client)
        peer:faults { broken = true }
        client:send("x")
      end,
      ours = function(_, client) client:close(1000) end,
      terminate = function(_, client) client:terminate() end,
      room = function(_, _, w) w.room:close() end,
      drain = function(_, _, w) w.kit.drain(w.hub) end,
      wait = function(_, _, w) w:advance(10) end,
    }
    local function go(first, second, has_turn_between)
      local w = echoing()
      local peer, client = join(w)
      events[first](peer, client, w)
      if has_turn_between then w.kit.turn(w.hub) end
      events[second](peer, client, w)
      peer:faults {}
      client:close()
      w:advance(20)
      assert.same({ first, second, 1, true, 0 },
        { first, second, #w.leaves, peer:state().closed, #w.room })
      local _, _, count = peer:close_frame()
      assert.is_true(count <= 1)
    end
    for first in pairs(events) do
      for second in pairs(events) do
        go(first, second, false)
        go(first, second, true)
      end
    end
  end)
end)
