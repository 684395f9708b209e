-- One message for many, plain and compressed: src/core/broadcast.c.

local compressing = require "compressing"
local deflated = require "deflated"
local noting = require "noting"

local connect, send, take = compressing.connect, compressing.send, compressing.take
local noise = deflated.noise

local TEXT = ("The quick brown fox jumps over the lazy dog. "):rep(30)

local function offer(bits, more)
  return ("permessage-deflate; server_max_window_bits=%d%s"):format(bits, more or "")
end

local function echoing(options)
  options = options or {}
  options.compression = true
  return noting.echoing(options)
end

-- How many messages are compressed during act().
local function deflations(w, act)
  local before = w.kit.deflations(w.hub)
  act()
  return w.kit.deflations(w.hub) - before
end

-- What came of a broadcast: that one message, and its size on the wire or nil.
local function only(peer, kind, message)
  local list = take(peer)
  assert.equal(1, #list)
  assert.equal(kind, list[1][1])
  assert(list[1][2] == message, "another message came")
  return list[1][3]
end

describe("a broadcast", function()
  it("to 500 is compressed once", function()
    local w, peers = echoing(), {}
    for at = 1, 500 do peers[at] = connect(w, "/room") end
    assert.equal(1, deflations(w, function()
      assert.equal(500, w.room:broadcast(TEXT))
      w:rest()
    end))
    for _, peer in ipairs(peers) do assert.is_number(only(peer, "text", TEXT)) end
  end)

  it("reaches each as it has agreed: plain, or compressed for its window", function()
    local w, peers = echoing { compression_takeover = true }, {}
    for bits = 9, 15 do
      peers[#peers + 1] = connect(w, "/room", offer(bits))
      peers[#peers + 1] = connect(w, "/room", offer(bits, "; server_no_context_takeover"))
      peers[#peers + 1] = w:connect("/room")
    end
    local message = TEXT .. noise(20000):gsub("[\x80-\xff]", "x") .. TEXT
    -- A short one fills no window but the smallest: that will do for all.
    for text, count in pairs { [message] = 7, [TEXT:sub(1, 700)] = 2 } do
      assert.equal(count, deflations(w, function() w.room:broadcast(text) end))
      w:rest()
      for at, peer in ipairs(peers) do
        local is_compressed = at % 3 ~= 0
        assert.equal(is_compressed, only(peer, "text", text) ~= nil)
      end
    end
  end)

  it("makes only what somebody needs", function()
    local w = echoing()
    local function requests(act)
      w:rest()
      local before = w:memory()
      act()
      return w:memory() - before
    end
    local plain = w:connect("/room")
    assert.equal(0, deflations(w, function() w.room:broadcast(TEXT) end))
    only(plain, "text", TEXT)
    plain:close(1000):finish()
    local peer = connect(w, "/room")
    for _ = 1, 2 do
      w.room:broadcast(TEXT)
      only(peer, "text", TEXT)
    end
    -- The compressed frame, and no plain one.
    assert.equal(1, requests(function() w.room:broadcast(TEXT) end))
    assert.equal(0, deflations(w, function()
      w.room:broadcast(TEXT, w.clients[2])
      w.room:broadcast(TEXT, function() return false end)
    end))
  end)

  it("that is small, or doesn't become smaller, goes out plain to all", function()
    local w = echoing()
    local peers = { connect(w, "/room"), connect(w, "/room"), w:connect("/room") }
    assert.equal(0, deflations(w, function() w.room:broadcast(TEXT:sub(1, 511)) end))
    w:rest()
    for _, peer in ipairs(peers) do assert.is_nil(only(peer, "text", TEXT:sub(1, 511))) end
    local data = noise(2000)
    assert.equal(1, deflations(w, function() w.room:broadcast_binary(data) end))
    w:rest()
    for _, peer in ipairs(peers) do assert.is_nil(only(peer, "binary", data)) end
  end)

  it("goes by the smallest size of each member's own room, in a group", function()
    local w = echoing()
    local group = w.moonroom.group()
    local peer, other = connect(w, "/room"), connect(w, "/room")
    w.clients[2]:move(w.moonroom.Room { compression_min_size = 5000 })
    group:add(w.clients[1])
    group:add(w.clients[2])
    assert.equal(1, deflations(w, function() group:broadcast(TEXT) end))
    w:rest()
    assert.is_number(only(peer, "text", TEXT))
    assert.is_nil(only(other, "text", TEXT))
  end)

  it("with a filter is compressed once for those that it chooses", function()
    local w, peers = echoing(), {}
    for at = 1, 6 do peers[at] = at % 2 == 0 and connect(w, "/room") or w:connect("/room") end
    local chosen = { [w.clients[1]] = true, [w.clients[2]] = true, [w.clients[4]] = true }
    assert.equal(1, deflations(w, function()
      assert.equal(3, w.room:broadcast(TEXT, function(client) return chosen[client] end))
    end))
    w:rest()
    assert.is_nil(only(peers[1], "text", TEXT))
    assert.is_number(only(peers[2], "text", TEXT))
    assert.is_number(only(peers[4], "text", TEXT))
    for _, at in ipairs { 3, 5, 6 } do assert.same({}, take(peers[at])) end
  end)

  it("comes between messages of a client's own with takeover, in any order and window", function()
    for bits = 9, 15 do
      local w = echoing { compression_takeover = true }
      local peer = connect(w, "/room", offer(bits))
      local other = connect(w, "/room", offer(15))
      for round = 1, 30 do
        local own, shared = TEXT .. noise(round):gsub("[\x80-\xff]", "y"), TEXT:sub(round)
        if round % 3 ~= 0 then
          send(peer, "text", own)
          only(peer, "text", own)
        end
        if round % 4 ~= 0 then
          w.room:broadcast(shared)
          w:rest()
          only(peer, "text", shared)
          only(other, "text", shared)
        end
      end
      assert.same({}, w.leaves)
    end
  end)

  it("has the next message of a client's own refer to nothing", function()
    local w = echoing { compression_takeover = true }
    local peer = connect(w, "/room")
    local function echo()
      send(peer, "text", TEXT)
      return only(peer, "text", TEXT)
    end
    local first, second = echo(), echo()
    assert.is_true(second < first)
    w.room:broadcast(TEXT)
    w:rest()
    only(peer, "text", TEXT)
    assert.equal(first, echo())
    assert.equal(second, echo())
  end)

  it("raises where there is no memory for it, and who can be told is", function()
    local w = echoing()
    local peer, plain = connect(w, "/room"), w:connect("/room")
    w.room:broadcast(TEXT)
    w:rest()
    only(peer, "text", TEXT)
    only(plain, "text", TEXT)
    local failures = 0
    for nth = 1, 10 do
      w.kit.fail(w.hub, nth)
      local ok, why = pcall(w.room.broadcast, w.room, TEXT)
      w.kit.fail(w.hub)
      w:rest()
      if not ok then
        failures = failures + 1
        assert.matches("not enough memory", why)
      end
      for _, one in ipairs { peer, plain } do
        for _, message in ipairs(take(one)) do assert.equal(TEXT, message[2]) end
      end
    end
    assert.is_true(failures > 0 and failures < 10)
    assert.same({}, w.leaves)
  end)
end)
