-- Who is in a group, and when one has left it: src/core/group.c.

local crowd = require "crowd"
local noting = require "noting"
local world = require "world"

local frame, heard = world.frame, noting.heard

-- That many clients in a room and in a group.
local function gather(count, fields)
  local room, clients, peers, w = crowd(count, fields)
  local group = w.moonroom.group("all")
  for _, client in ipairs(clients) do assert.is_true(group:add(client)) end
  return group, clients, peers, w, room
end

describe("a member of groups", function()
  -- Each way to go: by the time that the first on_leave is called, nobody can be told any more.
  local ways = {
    ["closes"] = function(client) client:close() end,
    ["is terminated"] = function(client) client:terminate() end,
    ["is closed by its peer"] = function(_, peer) peer:close(1000) end,
    ["is left by its peer without a word"] = function(_, peer) peer:finish() end,
    ["is reset"] = function(_, peer) peer:reset() end,
    ["breaks the protocol"] = function(_, peer) peer:frame("text", "x", { key = false }) end,
    ["fails in a handler"] = function(_, peer) peer:text("fail") end,
    ["is in a room that is closed"] = function(client) client.room:close() end,
  }
  for way, go in pairs(ways) do
    it(("that %s is out of them at once, as out of its room"):format(way), function()
      local group, clients, peers, w, room = gather(1)
      local other = w.moonroom.group()
      other:add(clients[1])
      function room:on_text() error("failed") end
      local at_leave
      function room:on_leave(client)
        at_leave = { group:has(client), #group, #room, group:broadcast("late") }
      end
      go(clients[1], peers[1])
      assert.same({ 0, 0, 0 }, { #group, #other, #room })
      assert.is_nil(group:clients()())
      assert.equal(0, group:broadcast("late"))
      assert.same({}, peers[1]:take())
      w:advance(10)
      assert.same({ false, 0, 0, 0 }, at_leave)
      assert.same({ nil, "closed" }, { group:add(clients[1]) })
    end)
  end

  it("hears nothing behind its Close, sent in the same turn", function()
    local group, clients, peers = gather(2)
    group:broadcast("before")
    clients[1]:close()
    assert.equal(1, group:broadcast("after"))
    assert.same({ "before", "before,after" }, heard(peers))
  end)

  it("leaves the others, who still hear each other, whoever goes and in which order", function()
    local group, _, peers = gather(20)
    local expected = 20
    for _, index in ipairs { 1, 20, 10, 11, 2, 19, 3 } do
      peers[index]:reset()
      expected = expected - 1
      assert.same({ expected, expected }, { #group, group:broadcast(tostring(index)) })
    end
    assert.same({ "1", "20", "10", "11", "2", "19", "3" }, peers[5]:take())
  end)

  it("may leave one and stay in the others", function()
    local group, clients, peers, w = gather(3)
    local groups = { group }
    for at = 2, 4 do
      groups[at] = w.moonroom.group()
      for _, client in ipairs(clients) do groups[at]:add(client) end
    end
    groups[1]:remove(clients[1])
    groups[4]:remove(clients[1])
    groups[2]:remove(clients[2])
    for at, one in ipairs(groups) do one:broadcast(tostring(at)) end
    assert.same({ "2,3", "1,3,4", "1,2,3,4" }, heard(peers))
    clients[1]:terminate()
    for _, one in ipairs(groups) do one:broadcast("x") end
    assert.same({ "", "x,x,x", "x,x,x,x" }, heard(peers))
  end)

  it("that is too slow leaves in the middle of a broadcast, which reaches all others once",
    function()
      for slow = 1, 4 do
        local group, _, peers, w = gather(4, { send_queue = 50 })
        peers[slow]:faults { full = true }
        group:broadcast(("x"):rep(60))
        w:rest()
        assert.equal(3, group:broadcast("now"))
        assert.equal(3, #group)
        assert.equal(3, group:broadcast("later"))
        for index, peer in ipairs(peers) do
          if index ~= slow then assert.same({ ("x"):rep(60), "now", "later" }, peer:take()) end
        end
        peers[slow]:faults {}
        peers[slow]:writable()
        assert.same({ 1013, "slow consumer", 1 }, { peers[slow]:close_frame() })
      end
    end)

  it("may be all that is left, and too slow: the group empties under the broadcast", function()
    for _, filter in ipairs { false, function() return true end } do
      local group, _, peers, w = gather(3, { send_queue = 50 })
      for _, peer in ipairs(peers) do peer:faults { full = true } end
      group:broadcast(("x"):rep(60))
      w:rest()
      assert.equal(0, group:broadcast("now", filter or nil))
      assert.equal(0, #group)
      w:advance(10)
      for _, peer in ipairs(peers) do assert.is_true(peer:state().closed) end
    end
  end)

  it("is gone where memory fails for its message, and nobody else is", function()
    local group, _, peers, w = gather(4)
    w.kit.fail(w.hub, 3) -- the frame, the first one's chunk, the second one's
    assert.equal(3, group:broadcast("x"))
    w.kit.fail(w.hub)
    assert.equal(3, #group)
    w:rest()
    local closed = 0
    for _, peer in ipairs(peers) do
      if peer:state().closed then closed = closed + 1 else assert.same({ "x" }, peer:take()) end
    end
    assert.equal(1, closed)
  end)

  it("is told by the server's end, and not by its group after that", function()
    local group, _, peers, w = gather(3)
    w.kit.drain(w.hub)
    w:rest()
    assert.equal(0, group:broadcast("late"))
    for _, peer in ipairs(peers) do assert.same({ 1001, 1 }, { (peer:close_frame()), 1 }) end
  end)
end)

describe("a group", function()
  it("costs no memory for those who have left", function()
    local w = noting.new()
    local group = w.moonroom.group()
    local function round(go)
      for _ = 1, 10 do
        noting.join(w)
        group:add(w.clients[#w.clients])
      end
      for _, client in ipairs(w.clients) do go(client) end
      w:advance(10)
      w.clients = {}
      return noting.blocks(w)
    end
    local before = round(function(client) client:close() end) -- and what is kept for the next
    assert.equal(before, round(function(client) client:close() end))
    assert.equal(before, round(function(client) client:terminate() end))
    assert.equal(before, round(function(client)
      group:remove(client)
      client:terminate()
    end))
  end)

  it("may be left by a member whose message is being handled, with more behind it", function()
    local group, _, peers, _, room = gather(2)
    function room:on_text(client, text)
      if text == "leave" then group:remove(client) end
      group:broadcast(text, client)
    end
    peers[1]:send(frame("text", "leave") .. frame("text", "more"))
    peers[2]:text("hi")
    assert.same({ "", "leave,more" }, heard(peers))
  end)
end)
