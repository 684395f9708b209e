-- permessage-deflate on connections, against lua-zlib: src/core/compression.c.

local compressing = require "compressing"
local deflated = require "deflated"
local noting = require "noting"
local world = require "world"

local connect, send, take = compressing.connect, compressing.send, compressing.take
local noise = deflated.noise
local RSV1 = { rsv = 4 }

local TEXT = ("The quick brown fox jumps over the lazy dog. "):rep(30)
local BOTH = "permessage-deflate; client_max_window_bits"

local function echoing(options)
  options = options or {}
  if options.compression == nil then options.compression = true end
  return noting.echoing(options)
end

-- A message's echo, which must be the only thing that came: its size on the wire, or nil.
local function echo(peer, kind, message)
  send(peer, kind, message)
  local list = take(peer)
  assert.equal(1, #list)
  assert.equal(kind, list[1][1])
  assert(list[1][2] == message, "the echo differs")
  return list[1][3]
end

describe("compression", function()
  it("is off unless it is switched on", function()
    local w = noting.echoing()
    local peer = connect(w, "/room")
    assert.is_nil(peer.extensions)
    peer:frame("text", deflated.sender()("Hello"), RSV1)
    assert.same({ { 1002, "a reserved bit is set that no extension uses" } }, noting.closes(peer))
  end)

  it("is agreed on where the client offers it, without takeover by default", function()
    local w = echoing()
    assert.equal("permessage-deflate; server_no_context_takeover; client_no_context_takeover",
      connect(w, "/room").extensions)
    assert.is_nil(w:connect("/room").headers["sec-websocket-extensions"])
    assert.is_nil(connect(w, "/room", "x-webkit-deflate-frame").extensions)
  end)

  it("is a room's field, read when a client joins", function()
    local w = noting.echoing()
    assert.is_nil(connect(w, "/room").extensions)
    w.room.compression = true
    assert.is_string(connect(w, "/room").extensions)
    w.room.compression_takeover = true
    assert.equal("permessage-deflate", connect(w, "/room").extensions)
    w.room.compression = nil
    assert.is_nil(connect(w, "/room").extensions)
    w = echoing()
    w.room.compression = false
    assert.is_nil(connect(w, "/room").extensions)
  end)

  it("is what the answer says, and no handler may say otherwise", function()
    local w = echoing()
    for name, value in pairs {
      ["Sec-WebSocket-Extensions"] = "permessage-deflate", ["sec-websocket-extensions"] = "x",
    } do
      function w.room.on_accept() return { headers = { [name] = value } } end
      assert.equal(500, w:connect("/room").status)
    end
  end)

  it("keeps apart messages whose fragments come in turns over several connections", function()
    local w, peers, rests = echoing(), {}, {}
    for at = 1, 3 do
      local bytes = deflated.sender()(noise(40) .. TEXT .. at)
      peers[at], rests[at] = connect(w, "/room"), bytes:sub(31)
      peers[at]:frame("binary", bytes:sub(1, 30), { rsv = 4, fin = false })
    end
    peers[4] = connect(w, "/room")
    assert.is_number(echo(peers[4], "text", TEXT))
    for at = 3, 1, -1 do
      peers[at]:frame("continuation", rests[at])
      assert.equal(TEXT .. at, take(peers[at])[1][2]:sub(41))
    end
  end)

  it("echoes messages of any size and kind", function()
    local w = echoing { messages_per_turn = 1000 }
    local peer = connect(w, "/room", BOTH)
    for _, size in ipairs { 0, 1, 100, 511, 512, 513, 16383, 16384, 16385, 100000, 1048576 } do
      for _, kind in ipairs { "text", "binary" } do
        local message = TEXT:rep(size // #TEXT + 1):sub(1, size)
        local on_wire = echo(peer, kind, message)
        assert.equal(size >= 512, on_wire ~= nil)
        if on_wire then assert.is_true(on_wire < size) end
      end
    end
    assert.is_nil(echo(peer, "binary", noise(100000)))
    assert.same({}, w.leaves)
  end)

  it("looks back over all of a message, whatever its size", function()
    local w = echoing()
    local peer = connect(w, "/room")
    for _, half in ipairs { 256, 380, 900, 1900, 4000, 8100, 16000 } do
      local message = noise(half)
      assert.is_true(echo(peer, "binary", message .. message) < half * 1.1 + 100)
    end
  end)

  it("leaves what doesn't become smaller plain, and small messages", function()
    local w = echoing()
    local peer = connect(w, "/room")
    assert.is_nil(echo(peer, "binary", noise(2000)))
    assert.is_nil(echo(peer, "text", TEXT:sub(1, 511)))
    assert.is_number(echo(peer, "text", TEXT:sub(1, 512)))
    w.room.compression_min_size = 0
    peer = connect(w, "/room")
    assert.is_nil(echo(peer, "text", ""))
    assert.is_nil(echo(peer, "text", "ab"))
    assert.is_number(echo(peer, "text", ("a"):rep(20)))
  end)

  it("is never of control frames", function()
    local w = echoing { compression_min_size = 0 }
    local peer = connect(w, "/room")
    local client = w.clients[1]
    client:ping(("p"):rep(125))
    peer:frame("ping", ("q"):rep(125))
    client:close(1000, ("r"):rep(123))
    local list = take(peer)
    assert.equal(3, #list)
    for _, one in ipairs(list) do assert.is_nil(one[3]) end
  end)

  it("has no message refer to one before it, without takeover", function()
    local w = echoing()
    local peer = connect(w, "/room")
    local first = echo(peer, "text", TEXT)
    assert.equal(first, echo(peer, "text", TEXT))
    -- A message that does is refused.
    local send_on = deflated.sender()
    peer:frame("text", send_on(TEXT), RSV1)
    peer:frame("text", send_on(TEXT), RSV1)
    assert.equal(1007, noting.closes(peer)[1][1])
  end)

  it("has messages refer to those before them with takeover, with each window", function()
    for window_bits = 9, 15 do
      local w = echoing { compression_takeover = true, compression_window_bits = window_bits,
        compression_min_size = 0 }
      local peer = connect(w, "/room", BOTH)
      if window_bits < 15 then
        assert.matches("client_max_window_bits=" .. window_bits, peer.extensions)
      end
      local message = noise(180)
      for i = 1, 40 do
        echo(peer, "binary", noise(i * 97, i))
        echo(peer, "text", TEXT:sub(i))
        echo(peer, "binary", message)
        assert.is_true(echo(peer, "binary", message) < 40)
      end
      assert.same({}, w.leaves)
    end
  end)

  it("keeps to the windows that the client asks for", function()
    local w = echoing { compression_takeover = true }
    for bits = 9, 15 do
      local peer = connect(w, "/room",
        ("permessage-deflate; server_max_window_bits=%d; client_max_window_bits=%d"):format(bits,
          bits))
      assert.matches("server_max_window_bits=" .. bits, peer.extensions)
      for i = 1, 20 do echo(peer, "text", TEXT:sub(i) .. TEXT .. ("%d "):format(i):rep(300)) end
    end
    assert.same({}, w.leaves)
  end)

  it("with takeover may be of one side only", function()
    local w = echoing { compression_takeover = true }
    for _, side in ipairs { "server", "client" } do
      local peer = connect(w, "/room", ("permessage-deflate; %s_no_context_takeover"):format(side))
      assert.equal(("permessage-deflate; %s_no_context_takeover"):format(side), peer.extensions)
      local first = echo(peer, "text", TEXT)
      local second = echo(peer, "text", TEXT)
      assert.equal(side == "server", first == second)
    end
  end)

  it("with takeover loses no history for a message that doesn't become smaller", function()
    local w = echoing { compression_takeover = true, compression_min_size = 0 }
    local peer = connect(w, "/room")
    local message = noise(600)
    for i = 1, 10 do
      echo(peer, "text", TEXT:sub(i))
      assert.is_true(echo(peer, "binary", noise(300, i)) < 340)
      assert.is_true(echo(peer, "binary", message) < (i == 1 and 640 or 40))
      assert.is_nil(echo(peer, "text", ""))
    end
  end)

  it("comes byte by byte, in every split, in fragments", function()
    local w = echoing { messages_per_turn = 1000 }
    local peer = connect(w, "/room")
    local bytes = compressing.frame(peer, "text", TEXT)
    for cut = 1, #bytes - 1 do
      peer:send(bytes:sub(1, cut))
      peer:send(bytes:sub(cut + 1))
      assert.equal(TEXT, take(peer)[1][2])
    end
    for at = 1, #bytes do peer:send(bytes:sub(at, at)) end
    assert.equal(TEXT, take(peer)[1][2])
    local payload = deflated.sender()(TEXT)
    peer:frame("text", payload:sub(1, 10), { fin = false, rsv = 4 }):frame("ping", "p")
    peer:frame("continuation", payload:sub(11, 20), { fin = false }):frame("continuation",
      payload:sub(21))
    local list = take(peer)
    assert.same({ "pong", "p" }, list[1])
    assert.same({ "text", TEXT }, { list[2][1], list[2][2] })
  end)

  it("stays what was agreed when a client moves to a room with other options", function()
    local w = echoing()
    local peer = connect(w, "/room")
    local other = w.moonroom.Room { compression = false, compression_takeover = true,
      compression_min_size = 2000, on_text = function(_, client, text) client:send(text) end }
    w.clients[1]:move(other)
    assert.is_nil(echo(peer, "text", TEXT:sub(1, 1000)))
    local first = echo(peer, "text", TEXT:rep(2))
    assert.equal(first, echo(peer, "text", TEXT:rep(2)))
    local plain = w:connect("/room")
    plain:frame("text", deflated.sender()("Hello"), RSV1)
    assert.equal(1002, noting.closes(plain)[1][1])
  end)

  it("uses the level that is set", function()
    local sizes = {}
    for _, level in ipairs { 1, 9 } do
      local w = echoing { compression_level = level }
      sizes[level] = echo(connect(w, "/room"), "text", ("%s %s "):format(TEXT, noise(3)
        :gsub("[\x80-\xff]", "x")):rep(20))
    end
    assert.is_true(sizes[9] < sizes[1])
  end)
end)

describe("a compressed message that is refused", function()
  local function refused(w, bytes)
    local peer = connect(w, "/room")
    peer:send(type(bytes) == "function" and bytes(peer) or bytes)
    return noting.closes(peer)[1]
  end

  it("closes with 1007, 1002 or 1009, and spoils nothing for others", function()
    local w = echoing { max_message = 1048576 }
    local other = connect(w, "/room")
    local function bomb(size) return deflated.sender { level = 9 }(("\0"):rep(size)) end
    for _, case in ipairs {
      { 1007, "the compressed data is wrong", "\xff\xff\xff\xff" },
      { 1007, "the compressed data ends too early", deflated.sender()(noise(100)):sub(1, 60) },
      { 1007, "a text is not valid UTF-8", deflated.sender()("\xff") },
      { 1007, "a text ends inside a character", deflated.sender()(("x"):rep(20000) .. "\xc3") },
      { 1009, "the message is too big", bomb(1048577) },
      { 1009, "the message is too big", bomb(64 << 20) },
    } do
      local frame = world.frame("text", case[3], RSV1)
      assert.same({ case[1], case[2] }, refused(w, frame))
      echo(other, "text", TEXT)
    end
    assert.same({ 1002, "RSV1 is set on a frame that begins no message" },
      refused(w, world.frame("ping", "", RSV1)))
    for rsv = 1, 7 do
      if rsv ~= 4 then
        assert.equal(1002, refused(w, world.frame("text", "\0", { rsv = rsv }))[1])
      end
    end
    echo(other, "text", TEXT)
  end)

  it("is one byte too long; one of 1,048,576 bytes isn't", function()
    local w = echoing { compression_takeover = true }
    local peer = connect(w, "/room")
    echo(peer, "binary", ("\0"):rep(1048576))
    send(peer, "binary", ("\0"):rep(1048577))
    assert.same({ { 1009, "the message is too big" } }, noting.closes(peer))
  end)

  it("counts as what it is for a client's share of a turn", function()
    local w = echoing { bytes_per_turn = 100000 }
    local peer = connect(w, "/room")
    local bytes = compressing.frame(peer, "text", ("x"):rep(90000))
    peer.raw:send(bytes .. bytes .. bytes)
    assert.equal(2, #w.heard)
    w.kit.turn(w.hub)
    w:rest()
    assert.equal(3, #w.heard)
  end)
end)

describe("the share of a turn", function()
  -- A message of so many blocks of 1,000 bytes that nothing makes smaller, in frames of so many.
  local function frames(blocks, size)
    local data, list = deflated.stored(noise(995)):rep(blocks) .. "\0", {}
    for at = 1, #data, size do
      list[#list + 1] = world.frame(at == 1 and "binary" or "continuation",
        data:sub(at, at + size - 1), { rsv = at == 1 and 4 or 0, fin = at + size > #data })
    end
    return table.concat(list)
  end

  local function messages(w) return w.kit.metrics(w.hub).messages_in end

  it("counts what is compressed four times", function()
    local w = echoing { bytes_per_turn = 16000 }
    local peer = connect(w, "/room")
    peer.raw:send(frames(1, 2000):rep(12))
    for turn = 1, 3 do
      assert.is_true(messages(w) <= 4 * turn, turn)
      w.kit.turn(w.hub)
    end
    assert.equal(12, #take(peer))
  end)

  it("ends inside a message, however it comes", function()
    for _, size in ipairs { 500, 60000, 1000000 } do
      local w, turns = echoing { max_fragments = 10000 }, 0
      local peer = connect(w, "/room")
      peer.raw:send(frames(640, size))
      while messages(w) == 0 do
        w.kit.turn(w.hub)
        turns = turns + 1
      end
      assert.is_true(turns >= 640000 // (256 * 1024 // 4), size)
      assert.equal(1, #take(peer))
    end
  end)

  it("counts what isn't compressed as it is", function()
    local w = echoing { bytes_per_turn = 16000 }
    local peer = connect(w, "/room")
    peer.raw:send(world.frame("binary", noise(15000)) .. world.frame("text", "next"))
    assert.same({ "next" }, w.heard)
  end)
end)

describe("the memory of a compressed connection", function()
  local function traffic(peer, message)
    echo(peer, "text", message)
    peer:send(compressing.frame(peer, "text", message):sub(1, -2))
  end

  it("holds nothing of zlib's without takeover, idle or inside a message", function()
    local w = echoing()
    local first, second = connect(w, "/room"), connect(w, "/room")
    echo(first, "text", TEXT)
    local before = noting.blocks(w)
    echo(second, "text", TEXT)
    assert.equal(before, noting.blocks(w))
    -- The part of a message that has come, its parser, its deadline, and no more.
    traffic(second, TEXT)
    assert.equal(before + 3, noting.blocks(w))
    local plain = w:connect("/room")
    local with_plain = noting.blocks(w)
    connect(w, "/room")
    -- What was agreed on.
    assert.equal(with_plain - before - 3 + 1, noting.blocks(w) - with_plain)
    assert.equal(101, plain.status)
  end)

  it("that isn't whole stays compressed where others hold 16 MiB of what came of theirs", function()
    local w = echoing { max_message = 1048576 }
    local message = ("\0"):rep(1048576)
    local bytes = deflated.sender { level = 9 }(message)
    local function begin()
      local peer, before = connect(w, "/room"), noting.blocks(w)
      peer:frame("binary", bytes:sub(1, -3), { rsv = 4, fin = false })
      return peer, noting.blocks(w) - before
    end
    local function finish(peer)
      peer:frame("continuation", bytes:sub(-2))
      assert.is_true(take(peer)[1][2] == message)
    end
    local hoard = {}
    for at = 1, 16 do
      local peer, held = begin()
      hoard[at] = peer
      assert.is_true(held > 3)
    end
    local late = begin()
    late:frame("continuation", "", { fin = false })
    local more, held = begin()
    assert.equal(3, held)
    -- Each end of one of them gives its part back.
    finish(hoard[1])
    hoard[17], held = begin()
    assert.is_true(held > 3)
    hoard[2]:reset()
    hoard[18], held = begin()
    assert.is_true(held > 3)
    assert.equal(3, select(2, begin()))
    finish(late)
    finish(more)
    finish(hoard[17])
    finish(hoard[18])
  end)

  it("asks for nothing in the steady state", function()
    for _, takeover in ipairs { false, true } do
      local w = echoing { compression_takeover = takeover }
      local peer = connect(w, "/room")
      for _ = 1, 10 do echo(peer, "text", TEXT) end
      local requests = w:memory()
      for _ = 1, 10 do echo(peer, "text", TEXT) end
      assert.equal(requests, (w:memory()))
    end
  end)

  it("holds its own contexts with takeover, from the first compressed messages on", function()
    local w = echoing { compression_takeover = true }
    echo(connect(w, "/room"), "text", TEXT)
    local before = noting.blocks(w)
    local peer = connect(w, "/room")
    local idle = noting.blocks(w)
    peer:text("plain"):text(TEXT:sub(1, 100))
    take(peer)
    assert.equal(idle, noting.blocks(w))
    echo(peer, "text", TEXT)
    local busy = noting.blocks(w)
    assert.is_true(busy > idle + 4)
    echo(peer, "text", TEXT)
    assert.equal(busy, noting.blocks(w))
    peer:close(1000):finish()
    w.clients[#w.clients] = nil
    assert.equal(before, noting.blocks(w))
  end)

  it("is given back when the connection begins to drain", function()
    local w = echoing { compression_takeover = true }
    local peer = connect(w, "/room")
    echo(peer, "text", TEXT)
    local before = noting.blocks(w)
    peer:send(world.frame(3, ""))
    assert.is_true(noting.blocks(w) < before - 4)
    assert.is_false(peer:state().closed)
  end)

  it("that is large for one broadcast or message is given back by the next", function()
    local w = echoing { max_message = 4 << 20, compression_takeover = false }
    local peer = connect(w, "/room")
    echo(peer, "text", TEXT)
    echo(peer, "binary", noise(100000) .. ("x"):rep(1000))
    local requests = w:memory()
    echo(peer, "text", TEXT)
    -- The scratch was large, and is made again.
    assert.equal(requests + 1, (w:memory()))
    echo(peer, "text", TEXT)
    assert.equal(requests + 1, (w:memory()))
  end)
end)
