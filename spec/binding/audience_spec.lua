-- What rooms and groups have in common: clients(), broadcast(), broadcast_binary().

local crowd = require "crowd"
local raises_here = require "raises_here"

local function names(audience)
  local list = {}
  for client in audience:clients() do list[#list + 1] = client.name end
  table.sort(list)
  return list
end

-- Whoever joins the room is in the group too.
local function group_of(room, w)
  local group = w.moonroom.group()
  for client in room:clients() do group:add(client) end
  function room:on_join(client) group:add(client) end
  return group
end

for _, kind in ipairs { "room", "group" } do
  -- A world with that many clients, whose names are their order, in a room or group.
  local function gather(count, fields)
    local room, clients, peers, w = crowd(count, fields)
    return kind == "room" and room or group_of(room, w), clients, peers, w
  end

  describe(kind .. ":clients", function()
    it("walks over everybody, each once", function()
      local audience = gather(5)
      assert.same({ 1, 2, 3, 4, 5 }, names(audience))
      assert.equal(5, #audience)
    end)

    it("walks over nothing in an empty audience", function()
      assert.same({}, names(gather(0)))
    end)

    it("is safe when all are closed on the way: each gets one Close", function()
      local audience, _, peers = gather(20)
      local count = 0
      for client in audience:clients() do
        client:close(4000)
        count = count + 1
      end
      assert.same({ 20, 0 }, { count, #audience })
      for _, peer in ipairs(peers) do
        local code, _, closes = peer:close_frame()
        assert.same({ 4000, 1 }, { code, closes })
      end
    end)

    it("passes over those who have left since it began", function()
      local audience, clients = gather(6)
      local seen = {}
      for client in audience:clients() do
        seen[#seen + 1] = client.name
        for _, other in ipairs(clients) do
          if other ~= client then other:terminate() end
        end
      end
      assert.equal(1, #seen)
      assert.same(seen, names(audience))
    end)

    it("leaves out who joins on the way", function()
      local audience, _, _, w = gather(3)
      local count = 0
      for _ in audience:clients() do
        w:connect("/talk")
        count = count + 1
      end
      assert.same({ 3, 6 }, { count, #audience })
    end)

    it("may be walked by two at a time, and asked again at its end", function()
      local audience = gather(3)
      local pairs_seen = 0
      for _ in audience:clients() do
        for _ in audience:clients() do pairs_seen = pairs_seen + 1 end
      end
      assert.equal(9, pairs_seen)
      local walk = audience:clients()
      for _ = 1, 3 do assert.is_truthy(walk()) end
      for _ = 1, 3 do assert.is_nil(walk()) end
    end)

    it("survives finalizers that close clients while it makes its list", function()
      local audience, clients = gather(50)
      collectgarbage("generational")
      for _, client in ipairs(clients) do
        setmetatable({}, { __gc = function() client:terminate() end })
        audience:clients()
        audience:broadcast("x", function() return true end)
      end
      collectgarbage("incremental")
      collectgarbage()
      assert.equal(0, #audience)
    end)
  end)

  describe(kind .. ":broadcast", function()
    it("reaches everybody, and returns how many that is", function()
      local audience, _, peers = gather(3)
      assert.equal(3, audience:broadcast("hello"))
      assert.equal(3, audience:broadcast({ a = 1 }))
      assert.equal(3, audience:broadcast_binary("\xff"))
      for _, peer in ipairs(peers) do assert.same({ "hello", '{"a":1}', "\xff" }, peer:take()) end
      assert.equal(0, (gather(0)):broadcast("hello"))
    end)

    it("leaves out one client", function()
      local audience, clients, peers = gather(3)
      assert.equal(2, audience:broadcast("hello", clients[2]))
      assert.same({ 1, 0, 1 }, { #peers[1]:take(), #peers[2]:take(), #peers[3]:take() })
      peers[2]:reset()
      assert.equal(2, audience:broadcast("again", clients[2]))
    end)

    it("leaves nobody out for a client of another audience", function()
      local audience = gather(3)
      local _, others = gather(1)
      assert.equal(3, audience:broadcast("hello", others[1]))
    end)

    it("asks a filter about each one, which may be anything callable", function()
      local audience, _, peers = gather(4)
      local function odd(client) return client.name % 2 == 1 end
      assert.equal(2, audience:broadcast("odd", odd))
      assert.equal(2, audience:broadcast_binary("odd", setmetatable({}, {
        __call = function(_, client) return odd(client) end,
      })))
      local counts = {}
      for index, peer in ipairs(peers) do counts[index] = #peer:take() end
      assert.same({ 2, 0, 2, 0 }, counts)
    end)

    it("raises what a filter raises, and sends nothing then", function()
      local audience, _, peers = gather(3)
      local asked = 0
      local function refuse()
        asked = asked + 1
        error("not you", 0)
      end
      assert.same({ false, "not you" }, { pcall(audience.broadcast, audience, "x", refuse) })
      assert.equal(1, asked)
      for _, peer in ipairs(peers) do assert.same({}, peer:frames()) end
    end)

    it("is named by the error of a filter that wants to wait", function()
      local audience, _, peers, w = gather(1)
      local ok, why
      local function broadcast() audience:broadcast("x", function() w.moonroom.sleep(1) end) end
      w.moonroom.spawn(function() ok, why = pcall(broadcast) end)
      assert.is_false(ok)
      assert.truthy(why:find("inside broadcast", 1, true), why)
      w:advance(2)
      assert.same({}, peers[1]:frames())
    end)

    it("is safe with a filter that closes, or broadcasts itself", function()
      local audience, clients, peers = gather(5)
      assert.equal(1, audience:broadcast("x", function(client)
        if client.name == 3 then return true end
        client:close()
        clients[5]:terminate()
        return true
      end))
      assert.same({ "x" }, peers[3]:take())
      local depth = 0
      audience:broadcast("outer", function()
        depth = depth + 1
        if depth < 5 then audience:broadcast("inner", function() return true end) end
        return true
      end)
      assert.same({ "inner", "outer" }, peers[3]:take())
    end)

    it("raises for what is neither a message nor a filter", function()
      local audience = gather(1)
      raises_here("bad argument #1 to 'broadcast'", function() audience:broadcast() end)
      raises_here("bad argument #1 to 'broadcast'", function() audience:broadcast(print) end)
      raises_here("bad argument #1 to 'broadcast_binary'",
        function() audience:broadcast_binary {} end)
      raises_here("bad argument #2 to 'broadcast' (client",
        function() audience:broadcast("x", 1) end)
      raises_here("bad argument #2 to 'broadcast'", function() audience:broadcast("x", {}) end)
      raises_here("bad argument #2 to 'broadcast'",
        function() audience:broadcast("x", audience) end)
      assert.same({ nil, "invalid UTF-8" }, { audience:broadcast("\xff") })
      assert.same({ nil, "invalid UTF-8" }, { audience:broadcast("\xff", print) })
    end)

    it("encodes once, however many hear it", function()
      local audience, _, _, w = gather(40)
      audience:broadcast("warm")
      w:rest()
      local requests = w:memory()
      audience:broadcast(("x"):rep(5000))
      assert.equal(requests + 1, (w:memory()))
      w:rest()
      assert.equal(requests + 1, (w:memory()))
    end)

    it("only queues: a handler that broadcasts isn't called by its own message", function()
      local calls = 0
      local audience, _, peers, w = gather(3)
      function w.room:on_text(_, text)
        calls = calls + 1
        audience:broadcast(text)
      end
      peers[1]:text("hello")
      assert.same({ 1, 3 }, { calls, #audience })
      for _, peer in ipairs(peers) do assert.same({ "hello" }, peer:take()) end
    end)

    it("reaches the others when one is too slow", function()
      local audience, clients, peers, w = gather(3, { send_queue = 1000 })
      peers[2]:faults { full = true }
      for _ = 1, 20 do
        audience:broadcast(("x"):rep(100))
        w:rest()
      end
      assert.same({ 2, 20, 20 }, { #audience, #peers[1]:take(), #peers[3]:take() })
      assert.equal("closing", clients[2].ready_state)
    end)
  end)
end
