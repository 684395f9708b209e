-- What echoes and broadcasts ask of the allocators, C's and Lua's.
local world = require "world"

local ECHOES = 1000
local MEMBERS = 1000
local MIB = 1 << 20

-- The bytes by which Lua's memory grows during act(), nothing being collected.
local function allocated(act)
  collectgarbage()
  collectgarbage("stop")
  local before = collectgarbage("count")
  local ok, why = pcall(act)
  local after = collectgarbage("count")
  collectgarbage("restart")
  assert(ok, why)
  return math.tointeger((after - before) * 1024)
end

local function send_often(w, peer, frame)
  for _ = 1, ECHOES do
    peer.raw:send(frame)
    w:rest()
  end
end

describe("a thousand echoes", function()
  local w, peer
  -- Longer than what Lua keeps once for all.
  local message = ("x"):rep(100)

  before_each(function()
    w = world.echo()
    peer = w:connect("/echo")
  end)

  local function expect_echoes(kind)
    local frames = peer:frames()
    assert.equal(ECHOES, #frames)
    assert.same({ kind, message }, { frames[ECHOES].kind, frames[ECHOES].payload })
  end

  for _, kind in ipairs { "text", "binary" } do
    local frame = world.frame(kind, message)

    it(("ask C's allocator for nothing: %s"):format(kind), function()
      send_often(w, peer, frame)
      expect_echoes(kind)
      local before = w:memory()
      send_often(w, peer, frame)
      assert.equal(before, (w:memory()))
      expect_echoes(kind)
    end)

    it(("ask Lua's allocator for one string each at most: %s"):format(kind), function()
      -- What the kit itself needs to hand over bytes, to no connection at all.
      local nobody = w:peer()
      nobody:reset()
      local of_kit = allocated(function() send_often(w, nobody, frame) end)
      local long = message .. message
      local of_strings = allocated(function()
        for _ = 1, ECHOES do long:sub(1, #message) end
      end)
      assert.is_true(of_strings > ECHOES * #message)

      send_often(w, peer, frame)
      expect_echoes(kind)
      local grown = allocated(function() send_often(w, peer, frame) end) - of_kit
      expect_echoes(kind)
      -- A few dozen bytes in all, not an echo, are the measurement's own.
      assert.is_true(grown // ECHOES <= of_strings // ECHOES,
        ("%d bytes for %d echoes, where strings take %d"):format(grown, ECHOES, of_strings))
    end)
  end
end)

for _, kind in ipairs { "room", "group" } do
  describe(("a broadcast to a thousand clients of a %s"):format(kind), function()
    local w, peers, audience
    local payload = ("m"):rep(MIB)

    -- While a peer is full nothing leaves any more: what is queued stays.
    local function fill(is_full)
      for _, peer in ipairs(peers) do
        peer:faults { full = is_full }
        if not is_full then peer.raw:writable() end
      end
      w:rest()
    end

    local function broadcast(text)
      assert.equal(MEMBERS, audience:broadcast(text))
      w:rest()
    end

    before_each(function()
      w = world.echo()
      peers = {}
      for i = 1, MEMBERS do peers[i] = w:connect("/echo") end
      audience = kind == "room" and w.room or w.moonroom.group()
      if kind == "group" then
        for client in w.room:clients() do audience:add(client) end
      end
      -- What queues and timers are made of is kept for the next time.
      fill(true)
      broadcast("the first time")
      fill(false)
      for _, peer in ipairs(peers) do assert.same({ "the first time" }, peer:take()) end
      fill(true)
    end)

    after_each(function() w, peers, audience = nil, nil, nil end)

    it("copies its payload once", function()
      local requests, blocks = w:memory()
      broadcast(payload)
      -- Beside it, each who is stuck has a note of that.
      assert.same({ requests + 1 + MEMBERS, blocks + 1 + MEMBERS }, { w:memory() })
    end)

    it("gives its payload back when all clients have it or are gone", function()
      broadcast(payload)
      for i = 2, MEMBERS do peers[i]:reset() end
      local _, before = w:memory()
      peers[1]:faults { full = false }
      peers[1]:writable()
      local _, after = w:memory()
      assert.equal(before - 2, after) -- the note too
      assert.is_true(payload == peers[1]:take()[1])
    end)

    -- Sanitizers and valgrind keep much beside what they are asked for.
    if not (os.getenv("MOONROOM_ASAN") or os.getenv("MOONROOM_VALGRIND")) then
      it("needs memory for its payload once", function()
        local function resident()
          collectgarbage()
          local status <close> = assert(io.open("/proc/self/status"))
          return status:read("a"):match("VmRSS:%s+(%d+) kB") * 1024
        end
        local before = resident()
        broadcast(payload)
        local grown = resident() - before
        assert.is_true(grown < 3 * MIB, grown .. " bytes")
      end)
    end
  end)
end
