-- Answers that TLS has taken, and the transport below has not: src/net/tls_output.c.

local noting = require "noting"
local tls = require "tls"

local context

before_each(function()
  tls.set_time(0)
  context = assert(tls.context())
end)

describe("what is held for members that read nothing", function()
  -- Three of them, who have had a broadcast of 40,000 bytes.
  local function told(limit)
    local w = noting.echoing { send_queues = limit, ping_interval = 0, write_stall = 100 }
    local peers = {}
    for index = 1, 3 do
      peers[index] = w:connect("/room", tls.over(context))
      peers[index]:faults { full = true }
    end
    assert.equal(3, w.room:broadcast(("x"):rep(40000)))
    w:rest()
    return w, peers
  end

  local function count(w) return w.kit.metrics(w.hub).send_queues end

  it("counts in send_queues, each for itself, though the message was one", function()
    local w, peers = told(100000)
    assert.equal(1, count(w))
    assert.equal(2, #w.room)
    assert.is_true(peers[1]:state().reset)
  end)

  it("counts no more once it has left, or who has it has gone", function()
    local w, peers = told(150000)
    peers[1]:faults {}
    peers[1]:writable()
    assert.same({ ("x"):rep(40000) }, peers[1]:take())
    w.clients[2]:terminate()
    for _, peer in ipairs { peers[1], peers[3] } do peer:faults { full = true } end
    assert.equal(2, w.room:broadcast(("y"):rep(40000)))
    w:rest()
    assert.equal(0, count(w))
    assert.equal(2, w.room:broadcast(("z"):rep(40000)))
    w:rest()
    assert.equal(1, w.room:broadcast("on"))
    assert.equal(1, count(w))
  end)
end)

describe("an answer of which the end is still held", function()
  -- All of it has been encrypted, and none has left.
  local function ask(options)
    local w = noting.echoing(options)
    local peer = w:peer(tls.over(context))
    peer:read()
    peer:faults { full = true }
    peer:send(noting.plain("/nothing"))
    return w, peer
  end

  local function assert_comes(peer)
    assert.is_false(peer:state().closed)
    peer:faults {}
    peer:writable()
    assert.equal(404, assert(peer:response()).status)
  end

  it("isn't cut off by the peer's FIN", function()
    local _, peer = ask()
    peer:finish()
    assert_comes(peer)
  end)

  it("isn't cut off by handshake_timeout, which is the next request's", function()
    local w, peer = ask { handshake_timeout = 10 }
    w:advance(11)
    assert_comes(peer)
  end)

  it("isn't cut off by the shutdown", function()
    local w, peer = ask()
    w.kit.drain(w.hub)
    w:rest()
    assert_comes(peer)
  end)

  it("is nobody's who asks, or is idle, where handshakes are dropped", function()
    local w, peer = ask { max_pending_handshakes = 1 }
    local others = { w:peer(), w:peer() }
    w:rest()
    assert_comes(peer)
    assert.is_true(others[1]:state().closed)
  end)

  it("is none where it is the handshake's, which handshake_timeout ends all the same", function()
    local w = noting.echoing { handshake_timeout = 10 }
    local hello = tls.native.client {}
    hello:handshake()
    local peer = w:peer { layer = context:layer(), secure = true }
    peer:faults { full = true }
    peer:send(hello:get())
    assert.is_true(peer:state().wants_write)
    w:advance(11)
    assert.is_true(peer:state().closed)
  end)

  it("goes to write_stall where nobody takes it, asked or not", function()
    local w, peer = ask { handshake_timeout = 10, write_stall = 30 }
    for _ = 1, 29 do w:advance(1) end
    assert.is_false(peer:state().closed)
    w:advance(2)
    assert.is_true(peer:state().reset)
    peer = w:peer(tls.over(context))
    peer:send(noting.plain("/nothing"))
    assert.equal(404, peer:response().status)
    peer:faults { full = true }
    for _ = 1, 2 do
      peer.raw.client:key_update(true)
      peer.raw:push()
    end
    for _ = 1, 39 do w:advance(1) end
    assert.is_false(peer:state().closed)
    w:advance(2)
    assert.is_true(peer:state().reset)
  end)
end)
