-- What becomes of compressed connections where memory fails: src/core/compression.c.

local compressing = require "compressing"
local deflated = require "deflated"
local world = require "world"

local TEXT = ("The quick brown fox jumps over the lazy dog. "):rep(30)
local LONG = deflated.noise(9000):gsub("[\x80-\xff]", "x")

describe("where memory fails, compression", function()
  local function new_world(takeover)
    return world.new({
      compression = true, compression_takeover = takeover, ping_interval = 0,
    }, function(moonroom, w)
      local Room = moonroom.Room:extend("All")
      w.joins, w.leaves, w.codes = 0, 0, {}
      function Room.on_join() w.joins = w.joins + 1 end
      function Room.on_text(_, client, text) client:send(text) end
      function Room:on_binary(_, data) pcall(self.broadcast_binary, self, data) end
      function Room.on_leave(_, _, code)
        w.leaves = w.leaves + 1
        w.codes[code] = true
      end
      w.room = Room { path = "/all" }
      moonroom.mount("/all", w.room)
    end)
  end

  -- Talks with a peer that may be closed at any time; whatever does come must be right.
  local function talk(peer, kind, message)
    if peer:state().closed or peer:state().shut then return end
    compressing.send(peer, kind, message)
  end

  local function check(peer)
    for _, one in ipairs(compressing.take(peer)) do
      local kind, message = one[1], one[2]
      assert(kind == "close" or message == TEXT or message == LONG or message == LONG .. TEXT,
        "something else came")
    end
  end

  local head = world.request_head("/all",
    { headers = { ["Sec-WebSocket-Extensions"] = "permessage-deflate" } })

  local function new_peer(w, takeover)
    local peer = w:peer()
    peer:send(head)
    local response = peer:response()
    if not response or response.status ~= 101 then return nil end
    peer.deflate = deflated.sender { takeover = takeover }
    peer.inflate = deflated.receiver { takeover = takeover }
    return peer
  end

  -- Two peers talk while the nth allocation fails, and count - 1 after it. Returns those who came.
  local function converse(w, takeover, nth, count)
    w.kit.fail(w.hub, nth, count)
    local peers = { new_peer(w, takeover), (new_peer(w, takeover)) }
    for _, kind in ipairs { "text", "binary" } do
      for _, peer in pairs(peers) do
        for _, message in ipairs { TEXT, LONG, LONG .. TEXT } do
          talk(peer, kind, message)
          check(peer)
        end
      end
    end
    w.kit.fail(w.hub)
    return peers
  end

  -- A session in which the nth allocation fails and count - 1 after it. Returns how many there
  -- were, and how many blocks it left.
  local function session(takeover, nth, count)
    local w = new_world(takeover)
    local before = w:memory()
    local peers = converse(w, takeover, nth, count)
    local after = w:memory()
    for _, peer in pairs(peers) do
      talk(peer, "text", TEXT)
      check(peer)
      if not peer:state().closed then peer:close(1000):finish() end
    end
    w:advance(60)
    assert.equal(w.joins, w.leaves, nth)
    for code in pairs(w.codes) do assert.is_true(code == 1000 or code == 1006 or code == 1011) end
    assert.is_true(w.kit.is_empty(w.hub))
    collectgarbage()
    return after - before, (select(2, w:memory())), w.codes
  end

  for _, takeover in ipairs { false, true } do
    it(("crashes and leaks nothing at the Nth allocation, %s takeover"):format(
      takeover and "with" or "without"), function()
      local requests, most = session(takeover, 0, 0)
      assert.is_true(requests > 25, requests)
      local codes = {}
      for nth = 1, requests do
        local _, left, seen = session(takeover, nth, 1)
        -- What failed may have taken, and left, a segment of the other size.
        assert.is_true(left <= most + 1,
          ("allocation %d: %d blocks, not %d"):format(nth, left, most))
        for code in pairs(seen) do codes[code] = true end
      end
      assert.is_true(codes[1011])
      for nth = 1, requests, 3 do session(takeover, nth, 5) end
    end)

    it(("leaves no more after a hundred failures again, %s takeover"):format(
      takeover and "with" or "without"), function()
      local w = new_world(takeover)
      local function blocks_after(nth)
        for _, peer in pairs(converse(w, takeover, nth, 1)) do
          if not peer:state().closed then peer:close(1000):finish() end
        end
        w:advance(60)
        collectgarbage()
        return (select(2, w:memory()))
      end
      -- The first time may leave a spare segment of another size.
      local first
      for nth = 1, 100 do first = blocks_after(nth) end
      for nth = 1, 100 do assert.equal(first, blocks_after(nth), nth) end
    end)
  end
end)
