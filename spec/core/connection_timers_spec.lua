-- The deadlines of a connection: src/core/connection.c.

local noting = require "noting"
local world = require "world"

local request_head = world.request_head
local echoing, sent_to, texts, plain
  = noting.echoing, noting.sent_to, noting.texts, noting.plain

describe("write_stall", function()
  it("resets a member that takes no byte for so long", function()
    local w = echoing { write_stall = 3 }
    local peer = w:connect("/room")
    peer:faults { full = true }
    peer:send(texts(1))
    w:advance(2.9)
    assert.is_false(peer:state().closed)
    w:advance(0.2)
    assert.is_true(peer:state().reset)
    assert.same({ { 1006, "", false } }, w.leaves)
  end)

  it("begins anew with each byte that is taken", function()
    local w = echoing { write_stall = 3, ping_interval = 0 }
    local peer = w:connect("/room")
    peer:faults { piece = 1 }
    peer:send(texts(1))
    for _ = 1, 2 do
      w:advance(2.5)
      peer:writable()
      assert.is_false(peer:state().closed)
    end
    assert.same({ "1" }, peer:take())
    w:advance(100)
    assert.is_false(peer:state().closed)
  end)

  it("isn't put off by a transport that says it can and takes nothing", function()
    local w = echoing { write_stall = 3 }
    local peer = w:connect("/room")
    peer:faults { full = true }
    peer:send(texts(1))
    w:advance(2)
    peer:writable()
    w:advance(1.5)
    assert.is_true(peer:state().reset)
  end)

  it("leaves nothing behind when it has been dropped", function()
    local w = echoing { write_stall = 1, handshake_timeout = 10 }
    w.kit.files(w.hub, { ["a.txt"] = ("a"):rep(100) })
    local peer = w:peer()
    peer:faults { piece = 50 }
    peer:send(plain("/a.txt"))
    peer:faults {}
    peer:writable()
    assert.equal(200, peer:response().status)
    w:advance(5)
    assert.is_false(peer:state().closed)
    peer:send(plain("/a.txt"))
    assert.equal(200, peer:response().status)
  end)

  it("that has been dropped doesn't cut a closing short", function()
    local w = echoing { write_stall = 1, close_timeout = 5 }
    local peer = w:connect("/room")
    peer:faults { full = true }
    peer:send(texts(1))
    peer:faults {}
    peer:writable()
    for client in w.room:clients() do client:close(1000) end
    w:advance(4.9)
    assert.is_false(peer:state().closed)
    w:advance(0.2)
    assert.is_true(peer:state().closed)
  end)
end)

describe("handshake_timeout", function()
  it("is absolute: dripping bytes don't put it off, and get 408", function()
    local w = echoing { handshake_timeout = 10 }
    local head = request_head("/room")
    local peer = w:peer()
    for at = 1, 99 do
      peer:send(head:sub(at, at))
      w:advance(0.1)
    end
    assert.equal("", sent_to(peer))
    w:advance(0.2)
    local response = peer:response()
    assert.equal(408, response.status)
    assert.equal("close", response.headers.connection)
    assert.is_true(peer:state().shut)
    peer:send(head:sub(100))
    assert.equal(0, w.joins)
    w:advance(2)
    assert.is_true(peer:state().closed)
  end)

  it("closes who has said nothing without a word", function()
    local w = echoing { handshake_timeout = 10 }
    local peer = w:peer()
    w:advance(9.9)
    assert.is_false(peer:state().closed)
    w:advance(0.2)
    assert.is_true(peer:state().closed)
    assert.is_false(peer:state().reset)
    assert.equal("", sent_to(peer))
  end)

  it("doesn't touch a member", function()
    local w = echoing { handshake_timeout = 10, ping_interval = 0 }
    local peer = w:connect("/room")
    assert.equal(math.huge, w.kit.turn(w.hub))
    w:advance(1000)
    assert.is_false(peer:state().closed)
  end)

  it("runs anew for the next request on a connection", function()
    local w = echoing { handshake_timeout = 10 }
    w.kit.files(w.hub, { empty = "" })
    local peer = w:peer()
    for _ = 1, 3 do
      w:advance(9)
      peer:send(plain("/empty"))
      assert.equal(200, peer:response().status)
    end
    w:advance(10.1)
    assert.is_true(peer:state().closed)
  end)

  it("waits for who is still reading the answer before", function()
    local w = echoing { handshake_timeout = 2, write_stall = 30 }
    w.kit.files(w.hub, { ["a.txt"] = ("a"):rep(1000) })
    local peer = w:peer()
    peer:faults { piece = 100 }
    peer:send(plain("/a.txt"))
    for _ = 1, 30 do
      w:advance(1)
      peer:writable()
    end
    assert.equal(("a"):rep(1000), peer:response().body)
  end)
end)

describe("draining", function()
  it("closes TCP two seconds after our FIN at the latest", function()
    local w = echoing()
    local peer = w:connect("/room", { secure = true }):close(1000)
    assert.is_true(peer:state().shut)
    w:advance(1.9)
    assert.is_false(peer:state().closed)
    w:advance(0.2)
    assert.is_true(peer:state().closed)
    assert.is_false(peer:state().reset)
  end)

  it("drops all that still comes", function()
    local w = echoing()
    local peer = w:connect("/room", { secure = true }):close(1000)
    peer:take()
    for _ = 1, 100 do peer:send(texts(10)) end
    assert.is_true(peer:state().wants_read)
    assert.same({}, w.heard)
    assert.equal("", sent_to(peer))
  end)

  it("of a member that doesn't read is a reset after close_timeout", function()
    local w = echoing { close_timeout = 5 }
    local peer = w:connect("/room")
    peer:faults { full = true }
    peer:close(1000)
    assert.is_false(peer:state().shut)
    w:advance(4.9)
    assert.is_false(peer:state().closed)
    w:advance(0.2)
    assert.is_true(peer:state().reset)
    assert.same({ { 1000, "", true } }, w.leaves)
  end)

  it("takes close_timeout in all, however late their Close came", function()
    local w = echoing { close_timeout = 5 }
    local peer = w:connect("/room")
    for client in w.room:clients() do client:close(1000) end
    w:advance(4)
    peer:close(1000)
    assert.is_true(peer:state().shut)
    w:advance(1.1)
    assert.is_true(peer:state().closed)
    assert.same({ { 1000, "", true } }, w.leaves)
  end)

  it("takes the room's own close_timeout", function()
    local w = echoing({ close_timeout = 5 }, { close_timeout = 1 })
    local peer = w:connect("/room")
    peer:faults { full = true }
    peer:close(1000)
    w:advance(1.1)
    assert.is_true(peer:state().reset)
  end)

  it("of a response takes as long as the peer goes on reading", function()
    local w = echoing { close_timeout = 1, write_stall = 30 }
    w.kit.files(w.hub, { ["a.txt"] = ("a"):rep(1000) })
    local peer = w:peer()
    peer:faults { piece = 100 }
    peer:send("GET /a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    for _ = 1, 20 do
      w:advance(5)
      peer:writable()
    end
    assert.equal(("a"):rep(1000), peer:response().body)
    assert.is_true(peer:state().closed)
    assert.is_false(peer:state().reset)
  end)
end)
