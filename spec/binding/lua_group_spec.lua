local crowd = require "crowd"
local noting = require "noting"
local one_room = require "one_room"
local raises_here = require "raises_here"
local world = require "world"

local MOST = 128

local function collect()
  for _ = 1, 3 do collectgarbage() end
end

-- Whether something of which only a weak table knows is there still.
local function exists(weak)
  collect()
  return next(weak) ~= nil
end

local function weakly(value) return setmetatable({ [value] = true }, { __mode = "k" }) end

describe("a group", function()
  it("says its name and how many clients it has", function()
    local _, clients, _, w = crowd(3)
    local named, nameless = w.moonroom.group("news"), w.moonroom.group()
    assert.same({ "group news, 0 clients", "group, 0 clients" },
      { tostring(named), tostring(nameless) })
    for _, client in ipairs(clients) do named:add(client) end
    nameless:add(clients[1])
    assert.same({ "group news, 3 clients", "group, 1 client" },
      { tostring(named), tostring(nameless) })
    assert.same({ "news", 3, 1 }, { named.name, #named, #nameless })
    assert.is_nil(nameless.name)
  end)

  it("is the same for the same name, and another one for another", function()
    local moonroom = world.new().moonroom
    local news = moonroom.group("news")
    assert.is_true(rawequal(news, moonroom.group("news")))
    assert.is_false(rawequal(news, moonroom.group("News")))
    assert.is_false(rawequal(moonroom.group(), moonroom.group()))
    assert.is_false(rawequal(news, world.new().moonroom.group("news")))
  end)

  it("may be named by any string of at most 255 bytes", function()
    local group = world.new().moonroom.group
    for _, name in ipairs { "", "a\0b", "\xff", ("x"):rep(255) } do
      assert.equal(name, group(name).name)
      assert.equal(("group %s, 0 clients"):format(name), tostring(group(name)))
    end
    raises_here("a group's name has at most 255 bytes", function() group(("x"):rep(256)) end)
    raises_here("a group's name is a string, not a number", function() group(1) end)
    raises_here("a group's name is a string, not a table", function() group {} end)
    raises_here("a group's name is a string, not a boolean", function() group(false) end)
  end)

  it("has no fields of a script's", function()
    local group = world.new().moonroom.group("news")
    raises_here("cannot assign name: a group has no fields", function() group.name = "x" end)
    raises_here("cannot assign color: a group has no fields", function() group.color = "red" end)
    raises_here("cannot assign add: a group has no fields", function() group.add = print end)
    assert.is_nil(group.color)
    assert.is_nil(group[1])
  end)

  it("raises where its methods are called on anything else", function()
    local room, clients, _, w = crowd(1)
    local group, client = w.moonroom.group(), clients[1]
    for name in pairs(require("moonroom.core").group_methods) do
      for _, wrong in ipairs { room, client, {}, "group", 1, io.stdout } do
        assert.error_matches(function() group[name](wrong, client) end,
          "bad argument #1 to '.*' %(moonroom.Group expected, got")
      end
    end
  end)
end)

describe("group:add", function()
  it("takes a client in, whom the group has once however often it is added", function()
    local room, clients, peers, w = crowd(2)
    local group = w.moonroom.group()
    assert.is_false(group:has(clients[1]))
    for _ = 1, 3 do assert.is_true(group:add(clients[1])) end
    assert.same({ true, false, 1, 2 },
      { group:has(clients[1]), group:has(clients[2]), #group, #room })
    assert.equal(1, group:broadcast("hi"))
    assert.same({ { "hi" }, {} }, { peers[1]:take(), peers[2]:take() })
  end)

  it("raises for what is no client of this app", function()
    local room, clients, _, w = crowd(1)
    local _, others = crowd(1)
    local group = w.moonroom.group()
    raises_here("bad argument #1 to 'add' (moonroom.Client expected", function() group:add() end)
    raises_here("bad argument #1 to 'add'", function() group:add(room) end)
    raises_here("bad argument #1 to 'add'", function() group:add("ann") end)
    raises_here("the client belongs to another app", function() group:add(others[1]) end)
    others[1]:terminate()
    raises_here("the client belongs to another app", function() group:add(others[1]) end)
    assert.is_true(group:add(clients[1]))
  end)

  it("raises in Client:init, and works in on_join", function()
    local ok, why
    local group
    local w = one_room(function(moonroom)
      group = moonroom.group()
      local Client = moonroom.Client:extend("Early")
      function Client:init() ok, why = pcall(function() group:add(self) end) end
      return { Client = Client, on_join = function(_, client) group:add(client) end }
    end)
    w:connect("/talk")
    assert.is_false(ok)
    assert.truthy(why:find("init must not join a group: the client hasn't joined yet", 1, true))
    assert.equal(1, #group)
  end)

  it("refuses a client that closes or has closed", function()
    local _, clients, _, w = crowd(2)
    local group = w.moonroom.group()
    clients[1]:close()
    assert.equal("closing", clients[1].ready_state)
    clients[2]:terminate()
    for _, client in ipairs(clients) do
      assert.same({ nil, "closed" }, { group:add(client) })
      assert.same({ nil, "closed" }, { group:remove(client) })
      assert.is_false(group:has(client))
    end
    w:advance(10)
    assert.equal("closed", clients[1].ready_state)
    for _, client in ipairs(clients) do assert.same({ nil, "closed" }, { group:add(client) }) end
  end)

  it("takes a client into 128 groups and no more, until it leaves one", function()
    local _, clients, _, w = crowd(2)
    local client, groups = clients[1], {}
    for at = 1, MOST do
      groups[at] = w.moonroom.group()
      assert.is_true(groups[at]:add(client))
    end
    local another = w.moonroom.group("another")
    assert.same({ nil, "too many groups" }, { another:add(client) })
    assert.same({ 0, false }, { #another, another:has(client) })
    assert.is_true(groups[1]:add(client))
    assert.is_true(another:add(clients[2]))
    assert.is_true(groups[MOST // 2]:remove(client))
    assert.is_true(another:add(client))
    assert.same({ nil, "too many groups" }, { groups[MOST // 2]:add(client) })
    client:terminate()
    for _, group in ipairs(groups) do assert.equal(0, #group) end
    assert.equal(1, #another)
  end)
end)

describe("group:remove", function()
  it("takes a client out, who hears the group no more and stays in the room", function()
    local room, clients, peers, w = crowd(2)
    local group = w.moonroom.group()
    for _, client in ipairs(clients) do group:add(client) end
    assert.is_true(group:remove(clients[1]))
    assert.same({ 1, 2, false }, { #group, #room, group:has(clients[1]) })
    assert.equal(1, group:broadcast("x"))
    assert.same({ {}, { "x" } }, { peers[1]:take(), peers[2]:take() })
  end)

  it("says so where the client isn't in it, and raises for what is no client", function()
    local _, clients, _, w = crowd(2)
    local _, others = crowd(1)
    local group = w.moonroom.group()
    group:add(clients[2])
    assert.same({ nil, "not in the group" }, { group:remove(clients[1]) })
    assert.same({ nil, "not in the group" }, { group:remove(others[1]) })
    assert.is_false(group:has(others[1]))
    raises_here("bad argument #1 to 'remove'", function() group:remove {} end)
    raises_here("bad argument #1 to 'has'", function() group:has() end)
  end)

  it("may be called in a walk over the clients", function()
    local _, clients, _, w = crowd(10)
    local group = w.moonroom.group()
    for _, client in ipairs(clients) do group:add(client) end
    local seen = 0
    for client in group:clients() do
      seen = seen + 1
      group:remove(client)
      group:remove(clients[client.name % 10 + 1])
    end
    assert.equal(0, #group)
    assert.is_true(seen >= 5 and seen < 10)
    for _, client in ipairs(clients) do assert.is_true(group:add(client)) end
  end)
end)

describe("a named group", function()
  it("goes when it is empty and nobody holds it", function()
    local w = world.new()
    local weak = weakly(w.moonroom.group("news"))
    local before = select(2, w:memory())
    assert.is_false(exists(weak))
    assert.equal(before - 1, (select(2, w:memory())))
    assert.equal("news", w.moonroom.group("news").name)
  end)

  it("stays while it is held", function()
    local w = world.new()
    local news = w.moonroom.group("news")
    collect()
    assert.is_true(rawequal(news, w.moonroom.group("news")))
  end)

  it("stays while it has clients, though nobody holds it", function()
    local _, clients, peers, w = crowd(2)
    local weak = weakly(w.moonroom.group("news"))
    for _, client in ipairs(clients) do w.moonroom.group("news"):add(client) end
    assert.is_true(exists(weak))
    assert.is_true(weak[w.moonroom.group("news")])
    clients[1]:terminate()
    assert.is_true(exists(weak))
    assert.equal(1, w.moonroom.group("news"):broadcast("x"))
    assert.same({ "x" }, peers[2]:take())
  end)

  it("goes when its last client leaves it, is closed, or is lost", function()
    local function last(leave)
      local _, clients, peers, w = crowd(1)
      local weak = weakly(w.moonroom.group("news"))
      w.moonroom.group("news"):add(clients[1])
      assert.is_true(exists(weak))
      leave(clients[1], peers[1], w)
      assert.is_false(exists(weak))
      assert.equal(0, #w.moonroom.group("news"))
    end
    last(function(client, _, w) w.moonroom.group("news"):remove(client) end)
    last(function(client) client:close() end)
    last(function(client) client:terminate() end)
    last(function(_, peer) peer:reset() end)
    last(function(_, peer) peer:close() end)
  end)

  it("is kept anew when somebody joins it again", function()
    local _, clients, _, w = crowd(1)
    local weak = weakly(w.moonroom.group("news"))
    for _ = 1, 3 do
      w.moonroom.group("news"):add(clients[1])
      w.moonroom.group("news"):remove(clients[1])
      w.moonroom.group("news"):add(clients[1])
      assert.is_true(exists(weak))
    end
    w.moonroom.group("news"):remove(clients[1])
    assert.is_false(exists(weak))
  end)

  it("isn't kept by a client that couldn't be added", function()
    local _, clients, _, w = crowd(1)
    local weak = weakly(w.moonroom.group("news"))
    for nth = 1, 2 do -- the membership, the array of members
      local news = w.moonroom.group("news")
      w.kit.fail(w.hub, nth)
      assert.error_matches(function() news:add(clients[1]) end, "not enough memory")
      w.kit.fail(w.hub)
      assert.same({ 0, false }, { #news, news:has(clients[1]) })
    end
    assert.is_false(exists(weak))

    local full = {}
    for at = 1, MOST do
      full[at] = w.moonroom.group()
      full[at]:add(clients[1])
    end
    weak = weakly(w.moonroom.group("news"))
    assert.same({ nil, "too many groups" }, { w.moonroom.group("news"):add(clients[1]) })
    assert.is_false(exists(weak))
  end)

  it("is one though a finalizer asks for it while it is made", function()
    local moonroom = world.new().moonroom
    local theirs
    collectgarbage("stop")
    setmetatable({}, { __gc = function() theirs = moonroom.group("news") end })
    collectgarbage("incremental", 200, 100, 60) -- the next step is a whole cycle
    collectgarbage("restart")
    local ours = moonroom.group("news")
    collectgarbage("incremental", 200, 100, 13)
    assert.is_truthy(theirs)
    assert.is_true(rawequal(ours, theirs))
  end)
end)

describe("a group without a name", function()
  it("is an ordinary value: when it is collected its clients have left it", function()
    local _, clients, _, w = crowd(2)
    collect()
    local before = select(2, w:memory())
    local weak = weakly(w.moonroom.group())
    for _ = 1, MOST do
      local group = w.moonroom.group()
      for _, client in ipairs(clients) do assert.is_true(group:add(client)) end
      weak[group] = true
    end
    assert.is_false(exists(weak))
    assert.equal(before, (select(2, w:memory())))
    for _ = 1, MOST do assert.is_true(w.moonroom.group():add(clients[1])) end
  end)

  it("is kept by a walk over its clients", function()
    local _, clients, _, w = crowd(2)
    local function walk()
      local group = w.moonroom.group()
      for _, client in ipairs(clients) do group:add(client) end
      return group:clients()
    end
    local seen = 0
    for _ in walk() do
      collect()
      seen = seen + 1
    end
    assert.equal(2, seen)
  end)
end)

describe("a group whose app has gone", function()
  it("is kept from that by being held", function()
    local group
    local function hold_the_group_alone()
      local _, clients, _, w = crowd(1)
      group = w.moonroom.group("news")
      group:add(clients[1])
    end
    hold_the_group_alone()
    collect()
    assert.equal(1, #group)
    assert.equal(1, group:broadcast("x"))
  end)

  it("is empty and closed for a finalizer that runs after its hub's", function()
    local seen = {}
    local function lose_all(name)
      local holder = setmetatable({}, {
        __gc = function(self)
          local group, client = self.group, self.client
          seen[name or ""] = { #group, group.name or "", group:broadcast("x"),
            group:broadcast("x", print), group:clients()() or "nobody", tostring(group),
            select(2, group:add(client)), select(2, group:remove(client)), group:has(client) }
        end,
      })
      local _, clients, _, w = crowd(2)
      holder.group, holder.client = w.moonroom.group(name), clients[1]
      for _, client in ipairs(clients) do holder.group:add(client) end
    end
    lose_all("news")
    lose_all()
    collect()
    assert.same({
      news = { 0, "news", 0, 0, "nobody", "group news, 0 clients", "closed", "closed", false },
      [""] = { 0, "", 0, 0, "nobody", "group, 0 clients", "closed", "closed", false },
    }, seen)
  end)

  it("may be joined until then by finalizers", function()
    local tried = 0
    local function lose_all()
      local _, clients, _, w = crowd(2)
      local news, nameless = w.moonroom.group("news"), w.moonroom.group()
      local function try()
        tried = tried + 1
        for _, client in ipairs(clients) do
          news:add(client)
          nameless:add(client)
        end
        for _, client in ipairs(clients) do news:remove(client) end
        for _, client in ipairs(clients) do news:add(client) end
        news:broadcast("x")
      end
      setmetatable({}, { __gc = try })
      setmetatable({}, { __gc = try })
    end
    lose_all()
    collect()
    assert.equal(2, tried)
  end)
end)

describe("memory that fails", function()
  local MEMBERS = 12 -- more than the first array of members holds

  local function empty(group)
    for client in group:clients() do assert(group:remove(client)) end
  end

  local function session(w)
    local news, nameless = w.moonroom.group("news"), w.moonroom.group()
    w.nameless = nameless
    for client in w.room:clients() do
      news:add(client)
      nameless:add(client)
    end
    for client in news:clients() do assert(nameless:has(client)) end
    assert(nameless:broadcast { kind = "news" })
    news:broadcast("x", function() return true end)
    empty(news)
    empty(nameless)
  end

  local function fill(w)
    for _ = #w.room + 1, MEMBERS do noting.join(w) end
  end

  local function new()
    local w = noting.new()
    fill(w)
    return w
  end

  -- Runs a session in which it fails. Returns what was raised; nil: nothing. Nothing is collected
  -- meanwhile: Lua drops a finalizer that finds no memory, be it of a hub of another spec's.
  local function survives(w, fail)
    collectgarbage("stop")
    fail()
    local ok, why = pcall(session, w)
    w.kit.fail_lua()
    w.kit.fail(w.hub)
    collectgarbage("restart")
    w:rest()
    empty(w.moonroom.group("news"))
    if w.nameless then empty(w.nameless) end
    fill(w)
    session(w)
    w:rest()
    assert.equal(MEMBERS, #w.room)
    return not ok and tostring(why) or nil
  end

  -- The blocks that are left when all clients are gone.
  local function left(w)
    w.clients, w.nameless = {}, nil
    w.kit.reset(w.hub)
    w:rest()
    collect()
    return noting.blocks(w)
  end

  -- Fails at each place in turn. Returns at how many that was raised.
  local function sweep(w, fail)
    local raised = 0
    for nth = 1, 50 do
      local why = survives(w, function() fail(nth) end)
      if why then
        assert.truthy(why:find("not enough memory", 1, true), why)
        raised = raised + 1
      end
    end
    return raised
  end

  local function untouched()
    local w = new()
    session(w)
    w:rest()
    return left(w)
  end

  it("in Lua raises, and leaves the groups as usable as before", function()
    local w = new()
    -- Lua collects its garbage and asks a second time.
    assert.is_true(sweep(w, function(nth) w.kit.fail_lua(nth, 2) end) > 20)
    assert.equal(untouched(), left(w))
  end)

  it("in C raises or ends one client, and leaves the groups as usable as before", function()
    for count = 1, 3 do
      local w = new()
      assert.is_true(sweep(w, function(nth) w.kit.fail(w.hub, nth, count) end) > 20)
      assert.equal(untouched(), left(w))
    end
  end)
end)
