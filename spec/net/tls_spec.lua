-- TLS over a transport in memory: src/net/tls.c.

local noting = require "noting"
local tls = require "tls"
local world = require "world"

local frame, request_head = world.frame, world.request_head
local VERSIONS = { "1.2", "1.3" }

local context
local function connect(w, options, path)
  return w:connect(path or "/room", tls.over(context, options))
end

local function client_of(version) return { min = version, max = version } end

before_each(function()
  tls.set_time(0)
  context = assert(tls.context())
end)

after_each(function()
  assert.is_true(tls.native.is_queue_empty())
end)

describe("TLS", function()
  for _, version in ipairs(VERSIONS) do
    it("shakes hands and echoes, TLS " .. version, function()
      local w = noting.echoing()
      local peer = connect(w, { client = client_of(version) })
      assert.equal(101, peer.status)
      assert.equal("TLSv" .. version, peer.raw.client:info().version)
      peer:text("hello")
      assert.same({ "hello" }, peer:take())
      assert.is_true(w.clients[1].request.secure)
    end)

    it("takes the client's stream byte by byte, TLS " .. version, function()
      local peer = connect(noting.echoing(), { client = client_of(version), cut = 1 })
      assert.equal(101, peer.status)
      peer:text("hello")
      assert.same({ "hello" }, peer:take())
    end)

    it("takes the client's stream split anywhere, TLS " .. version, function()
      local w = noting.echoing()
      local whole = connect(w, { client = client_of(version) }):text("hello")
      whole:take()
      local length = #whole.raw:sent()
      for at = 1, length - 1 do
        local peer = connect(w, { client = client_of(version), cut = tls.cut_at(at) })
        assert.equal(101, peer.status, at)
        peer:text("hello")
        assert.same({ "hello" }, peer:take(), at)
        peer:reset()
        w.clients = {}
      end
    end)
  end

  it("never puts plaintext on the wire", function()
    local peer = connect(noting.echoing())
    local secret = ("attack at dawn "):rep(2000)
    peer:frame("text", secret, { key = "zero" })
    assert.same({ secret }, peer:take())
    for _, stream in ipairs { peer.raw:sent(), peer.raw:received() } do
      assert.is_true(#stream > #secret)
      assert.is_nil(stream:find("attack at dawn", 1, true))
      assert.is_nil(stream:find("Sec-WebSocket", 1, true))
      local records, left = tls.records(stream)
      assert.equal(0, left)
      assert.equal(0x16, records[1].type)
      assert.equal(0x17, records[#records].type)
    end
  end)

  it("carries a mebibyte each way", function()
    for _, size in ipairs { 16383, 16384, 16385, 65536, 131072, 1048576 } do
      local w = noting.echoing { bytes_per_turn = 4 * 1048576 }
      local peer = connect(w, { cut = 131072 })
      local data = ("0123456789abcdef"):rep(size // 16 + 1):sub(1, size)
      peer:frame("binary", data)
      local got = peer:take()
      assert.equal(1, #got)
      assert.is_true(data == got[1])
    end
  end)

  it("hands on in one piece what came in one", function()
    local w = noting.echoing { bytes_per_turn = 4 * 1048576 }
    local peer = connect(w)
    peer:take()
    local before = noting.blocks(w)
    local requests = w:memory()
    -- A frame of seven records: had it come in seven pieces, the core would have had to keep some.
    peer.raw:send(frame("ping", "first") .. frame("close", "\x03\xe8" .. ("r"):rep(100))
      .. ("x"):rep(100000))
    assert.is_true(w:memory() - requests <= 3, w:memory() - requests)
    w:rest()
    assert.is_true(noting.blocks(w) <= before)
  end)

  it("puts several frames into one record", function()
    local w = noting.echoing()
    local peer = connect(w)
    peer:take()
    local before = #tls.records(peer.raw:received())
    peer:send(frame("text", "one") .. frame("text", "two") .. frame("text", ("3"):rep(1000))
      .. frame("ping", "four"))
    assert.same({ "one", "two", ("3"):rep(1000) }, peer:take())
    assert.equal(before + 1, #tls.records(peer.raw:received()))
  end)

  it("fills its records where there is much to write", function()
    local w = noting.echoing { bytes_per_turn = 4 * 1048576, messages_per_turn = 1000 }
    local peer = connect(w)
    peer:take()
    local before = #tls.records(peer.raw:received())
    local message = frame("binary", ("x"):rep(996))
    peer:send(message:rep(200))
    assert.equal(200, #peer:take())
    local count = #tls.records(peer.raw:received()) - before
    assert.is_true(count <= 17, count) -- 200,000 bytes
  end)

  it("writes to the transport once for each write to it", function()
    local w = noting.echoing()
    local peer = connect(w)
    local before = peer:state().writes
    peer:send(frame("text", "one") .. frame("binary", ("two"):rep(10000)) .. frame("text", "three"))
    assert.equal(before + 1, peer:state().writes)
    assert.equal(3, #peer:take())
  end)
end)

describe("what the transport doesn't take", function()
  for _, piece in ipairs { 1, 7, 1000 } do
    it(("leaves in pieces of %d, the handshake too"):format(piece), function()
      local w = noting.echoing()
      local over = tls.over(context)
      local wrap = over.wrap
      function over.wrap(raw)
        raw:faults { piece = piece }
        return wrap(raw)
      end
      local slow = w:peer(over)
      local function drain()
        for _ = 1, 20000 do
          if not slow:state().wants_write then return end
          slow.raw.raw:writable()
          w:rest()
        end
        error("it never ends")
      end
      local function settle()
        drain()
        slow:read()
        drain()
        slow:read()
      end
      for _ = 1, 4 do settle() end
      assert.equal("open", slow.raw.status)
      slow:send(request_head("/room"))
      settle()
      assert.equal(101, slow:response().status)
      slow:send(frame("text", "short") .. frame("binary", ("x"):rep(3000)))
      settle()
      assert.same({ "short", ("x"):rep(3000) }, slow:take())
      assert.equal(0, w.clients[1].buffered)
    end)
  end

  it("is kept and counted, and the rest stays in the queue", function()
    local w = noting.echoing { bytes_per_turn = 4 * 1048576 }
    local peer = connect(w)
    local client = w.clients[1]
    local function fill()
      peer:faults { full = true }
      peer:frame("binary", ("x"):rep(300000))
    end
    local function let_go()
      peer:faults {}
      peer:writable()
      return peer:take()
    end
    fill()
    peer:frame("text", "behind it")
    let_go()
    local before = noting.blocks(w)
    fill()
    -- 64 KiB are encrypted and held, 4 records of 22 bytes more; the rest waits as it is.
    assert.equal(300010 + 4 * 22, client.buffered)
    peer:frame("text", "behind it")
    assert.equal(300010 + 4 * 22 + 11, client.buffered)
    assert.is_true(peer:state().wants_write)
    local got = let_go()
    assert.equal(2, #got)
    assert.is_true(got[1] == ("x"):rep(300000))
    assert.equal("behind it", got[2])
    assert.equal(0, client.buffered)
    assert.is_false(peer:state().wants_write)
    assert.equal(before, noting.blocks(w))
  end)

  it("breaks the connection where the transport is broken", function()
    for _, full_first in ipairs { false, true } do
      local w = noting.echoing()
      local peer = connect(w)
      peer:faults { full = full_first, broken = not full_first }
      peer:text("lost")
      peer:faults { broken = true }
      peer:writable()
      assert.is_true(peer:state().closed)
      assert.same({ { 1006, "", false } }, w.leaves)
    end
  end)

  it("breaks a handshake where the transport is broken", function()
    local w = noting.echoing()
    local over = tls.over(context)
    local wrap = over.wrap
    function over.wrap(raw)
      raw:faults { broken = true }
      return wrap(raw)
    end
    local peer = w:peer(over)
    w:rest()
    assert.is_true(peer:state().closed)
  end)

  it("goes to write_stall where the peer never takes it", function()
    local w = noting.echoing { write_stall = 30, ping_interval = 0 }
    local peer = connect(w)
    peer:faults { full = true }
    peer:text("lost")
    for _ = 1, 29 do
      w:advance(1)
      peer:writable() -- which nothing comes of
    end
    assert.is_false(peer:state().closed)
    w:advance(2)
    assert.is_true(peer:state().closed)
    assert.is_true(peer:state().reset)
  end)

  it("that nobody waits for leaves all the same", function()
    local w = noting.echoing()
    local peer = connect(w)
    peer:faults { full = true }
    for _ = 1, 2 do
      peer.raw.client:key_update(true)
      peer.raw:push()
    end
    w:rest()
    assert.is_true(peer:state().wants_write)
    peer:faults {}
    peer:writable()
    assert.is_false(peer:state().wants_write)
    peer:text("on")
    assert.same({ "on" }, peer:take())
  end)

  it("is waited for by client:flush, if it is nothing of the client's", function()
    local flushed
    local w = noting.echoing({}, {
      on_text = function(_, client) flushed = { client:flush() } end,
    })
    local peer = connect(w)
    peer:faults { full = true }
    for _ = 1, 2 do
      peer.raw.client:key_update(true)
      peer.raw:push()
    end
    peer:text("and now?")
    assert.is_nil(flushed)
    peer:faults {}
    peer:writable()
    assert.same({ true }, flushed)
  end)

  it("and has no end breaks the connection, however the peer has it made", function()
    local w = noting.echoing { write_stall = 3600, ping_interval = 0 }
    local peer = connect(w)
    peer:faults { full = true }
    for second = 1, 300 do
      tls.set_time(second)
      for _ = 1, 90 do
        peer.raw.client:key_update(true)
        if not peer:state().closed then peer.raw:push() end
        w:rest()
      end
      if peer:state().closed then break end
    end
    assert.is_true(peer:state().closed)
  end)
end)

describe("the end", function()
  for _, version in ipairs(VERSIONS) do
    it("comes with Close and close_notify on both sides, TLS " .. version, function()
      local w = noting.echoing()
      local peer = connect(w, { client = client_of(version) })
      peer:close(1000, "bye")
      assert.equal(1000, (peer:close_frame()))
      assert.equal("closed", peer.raw.status)
      assert.is_true(peer:state().shut)
      assert.is_false(peer:state().closed)
      peer.raw.client:shutdown()
      peer.raw:push()
      w:rest()
      assert.is_true(peer:state().closed)
      assert.is_false(peer:state().reset)
      assert.same({ { 1000, "bye", true } }, w.leaves)
    end)

    it("without close_notify is 1006 and not clean, TLS " .. version, function()
      local w = noting.echoing()
      local peer = connect(w, { client = client_of(version) })
      peer.raw:send(frame("text", "whole") .. frame("text", "half of it"):sub(1, 8))
      peer:finish()
      assert.same({ "whole" }, w.heard)
      assert.same({ { 1006, "", false } }, w.leaves)
      assert.is_true(peer:state().closed)
    end)

    it("by close_notify without Close is 1006 and not clean, TLS " .. version, function()
      local w = noting.echoing()
      local peer = connect(w, { client = client_of(version) })
      peer.raw.client:write(frame("text", "last"))
      peer.raw.client:shutdown()
      peer.raw:push()
      w:rest()
      assert.same({ "last" }, w.heard)
      assert.same({ { 1006, "", false } }, w.leaves)
      peer:read()
      assert.equal("closed", peer.raw.status)
      assert.is_true(peer:state().closed)
      assert.is_false(peer:state().reset)
    end)
  end

  it("by a reset says no close_notify", function()
    local w = noting.echoing()
    local peer = connect(w)
    peer:take()
    w.clients[1]:terminate()
    w:rest()
    peer:read()
    assert.equal("open", peer.raw.status)
    assert.is_true(peer:state().reset)
  end)

  it("of what is still to be written comes behind it", function()
    local w = noting.echoing()
    local peer = connect(w)
    peer:faults { full = true }
    peer:text("first")
    peer:close(1000)
    assert.is_false(peer:state().shut)
    peer:faults { piece = 10 } -- the close_notify too goes in three
    for _ = 1, 100 do
      if not peer:state().shut then peer:writable() end
    end
    assert.is_true(peer:state().shut)
    local kinds = {}
    for _, one in ipairs(peer:frames()) do kinds[#kinds + 1] = one.kind end
    assert.same({ "text", "close" }, kinds)
    assert.equal("closed", peer.raw.status)
    assert.is_false(peer:state().wants_write)
  end)

  it("of the hub lets every client have its close_notify", function()
    local w = noting.echoing()
    local peer = connect(w)
    w.kit.drain(w.hub)
    w:advance(26)
    peer:read()
    assert.equal("closed", peer.raw.status)
  end)

  it("of an HTTP exchange is told by close_notify", function()
    local w = noting.echoing()
    local _, peer = w:get("/nothing", tls.over(context, { fields = "Connection: close\r\n" }))
    assert.equal("closed", peer.raw.status)
    assert.is_true(peer:state().shut)
  end)

  it("before the handshake needs no TLS", function()
    local w = noting.echoing()
    local peer = w:peer { layer = context:layer(), secure = true }
    peer:finish()
    assert.is_true(peer:state().closed)
    assert.equal("", peer.raw:take())
  end)

  it("within the handshake is quiet", function()
    local w = noting.echoing()
    local hello = tls.native.client {}
    hello:handshake()
    for _, ending in ipairs { "finish", "reset" } do
      local peer = w:peer { layer = context:layer(), secure = true }
      peer:send(hello:get():sub(1, 100))
      peer[ending](peer)
      assert.is_true(peer:state().closed)
    end
  end)
end)

describe("the handshake", function()
  it("takes handshake_timeout at most, however slowly it goes on", function()
    local w = noting.echoing { handshake_timeout = 10 }
    local hello = tls.native.client {}
    hello:handshake()
    local bytes = hello:get()
    local peer = w:peer { layer = context:layer(), secure = true }
    for at = 1, 9 do
      peer:send(bytes:sub(at, at))
      w:advance(1)
    end
    assert.is_false(peer:state().closed)
    w:advance(1.5)
    assert.is_true(peer:state().closed)
  end)

  it("is not over before its last byte, and the request not late for it", function()
    local w = noting.echoing { handshake_timeout = 10 }
    local peer = w:peer(tls.over(context))
    assert.equal("open", peer.raw.status)
    w:advance(11)
    assert.is_true(peer:state().closed)
  end)

  it("may come in one piece with the request", function()
    local w = noting.echoing()
    local client = tls.native.client { min = "1.3" }
    local peer = w:peer { layer = context:layer(), secure = true }
    client:handshake()
    peer:send(client:get())
    client:put(peer.raw:take())
    assert.is_true(client:handshake())
    client:write(request_head("/room") .. frame("text", "glued"))
    peer:send(client:get())
    client:put(peer.raw:take())
    local plain = client:read()
    assert.matches("^HTTP/1.1 101 ", plain)
    assert.same({ "glued" }, w.heard)
  end)

  it("is not hurt by errors that others have left behind", function()
    local w = noting.echoing()
    tls.native.poison()
    local peer = w:peer(tls.over(context, { cut = 50 }))
    assert.equal("open", peer.raw.status)
    tls.native.poison()
    peer:send(request_head("/room"))
    assert.equal(101, peer:response().status)
    tls.native.poison()
    peer:text("hello")
    assert.same({ "hello" }, peer:take())
    tls.native.poison()
    peer:close(1000)
    peer:take()
    assert.equal("closed", peer.raw.status)
  end)

  it("is not hurt by errors that a handler leaves behind while there is more to read", function()
    local w = noting.echoing({ messages_per_turn = 100 }, { on_text = tls.native.poison })
    local peer = connect(w)
    peer:send(frame("text", "wrong") .. frame("binary", ("x"):rep(200000)))
    assert.equal(200000, #(peer:take()[1] or ""))
    assert.equal("open", peer.raw.status)
  end)

  it("of many interleaves", function()
    local w = noting.echoing()
    local clients, peers = {}, {}
    for i = 1, 20 do
      clients[i] = tls.native.client(client_of(VERSIONS[i % 2 + 1]))
      peers[i] = w:peer { layer = context:layer(), secure = true }
    end
    for _ = 1, 3 do
      for i, client in ipairs(clients) do
        client:handshake()
        peers[i]:send(client:get())
        client:put(peers[i].raw:take())
      end
      peers[7]:reset() -- in the middle of it
    end
    for i, client in ipairs(clients) do
      if i ~= 7 then
        assert.is_true(client:handshake())
        client:write(request_head("/room"))
        peers[i]:send(client:get())
        client:put(peers[i].raw:take())
        assert.matches("^HTTP/1.1 101 ", (client:read()))
      end
    end
  end)
end)
