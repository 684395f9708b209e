-- The network of the test kit: bytes that go on by themselves.

local app_module = require "moonroom.app"
local handshake = require "moonroom.test.handshake"
local kit = require("moonroom.core").testkit.app

-- A hub with an echoing room at /, and its moonroom.
local function new(fields)
  local hub = kit.hub()
  local moonroom = app_module.new(hub).public
  fields = fields or { on_text = function(_, client, text) client:send(text) end }
  moonroom.mount("/", moonroom.Room:extend("Room", fields))
  return hub, moonroom
end

local function join(hub, options)
  options = options or {}
  options.flows = true
  local peer = kit.connect(hub, options)
  peer:feed(handshake.request("/", {}))
  return peer
end

-- Runs until nothing is left to do; returns how often there was news.
local function settle(hub)
  local times = 0
  while kit.flow(hub, kit.now(hub)) do times = times + 1 end
  return times
end

local message = "\x81\x81\0\0\0\0x" -- a client's "x"

describe("a peer that flows", function()
  it("has a number, from 1 on; one that doesn't has none", function()
    local hub = new()
    local one, two = join(hub), join(hub)
    assert.same({ 1, 2, 0 }, { one:number(), two:number(), kit.connect(hub):number() })
  end)

  it("is read in the next turn, and in the news as it has something to take", function()
    local hub = new()
    local one, two = join(hub), join(hub)
    assert.equal("", one:take())
    local news = kit.flow(hub, kit.now(hub))
    assert.same({ 1, 2 }, news)
    assert.matches("^HTTP/1.1 101", one:take())
    assert.is_nil(kit.flow(hub, kit.now(hub)))
    two:feed(message)
    assert.same({ 2 }, kit.flow(hub, kit.now(hub)))
    assert.equal("\x81\1x", two:take():sub(-3))
  end)

  it("is in the news as it is closed, once", function()
    local hub = new()
    local peer = join(hub)
    settle(hub)
    peer:client():terminate()
    assert.same({ 1 }, kit.flow(hub, kit.now(hub)))
    assert.is_true(peer:state().closed)
    assert.is_nil(kit.flow(hub, kit.now(hub)))
    assert.is_nil(peer:client())
  end)

  it("isn't in the news for what the time has yet to bring", function()
    local hub, moonroom = new()
    local peer = join(hub)
    settle(hub)
    peer:take()
    moonroom.after(5, function() peer:client():send("x") end)
    local start = kit.now(hub)
    assert.is_nil(kit.flow(hub, start + 4))
    assert.equal(start + 4, kit.now(hub))
    assert.same({ 1 }, kit.flow(hub, start + 10))
    assert.equal(start + 5, kit.now(hub))
  end)

  it("is read as the core can read it, in pieces of so many bytes", function()
    local hub = new()
    local peer = join(hub)
    peer:faults { read = 1 }
    for _ = 1, 10 do peer:feed(message) end
    settle(hub)
    assert.equal(("\x81\1x"):rep(10), peer:take():match("\r\n\r\n(.*)$"))
  end)

  it("ends behind what it has sent", function()
    local hub = new()
    local peer = join(hub)
    peer:feed(message)
    peer:finish()
    settle(hub)
    assert.equal("\x81\1x", peer:take():sub(-3))
    assert.is_true(peer:state().closed)
  end)

  it("takes what is written in pieces, but nothing while it is full", function()
    local hub = new()
    local peer = join(hub)
    settle(hub)
    peer:take()
    peer:faults { piece = 1 }
    peer:feed(message)
    assert.is_true(settle(hub) >= 3)
    assert.equal("\x81\1x", peer:take())
    peer:faults { full = true }
    peer:feed(message)
    assert.equal(0, settle(hub))
    peer:faults {}
    assert.equal(1, settle(hub))
  end)

  it("may be forgotten at any time", function()
    local hub = new()
    for _ = 1, 3 do
      local peer = join(hub)
      settle(hub)
      peer:feed(message)
      peer = nil -- luacheck: ignore 311
      collectgarbage()
    end
    join(hub)
    collectgarbage()
    settle(hub)
    local peer = join(hub)
    settle(hub)
    peer:client():terminate()
    kit.turn(hub)
    peer = nil -- luacheck: ignore 311
    collectgarbage()
    assert.equal(0, settle(hub))
  end)
end)

describe("a handler", function()
  it("can't turn or free the hub that runs it", function()
    local hub
    local outcomes = {}
    hub = new { on_text = function()
      outcomes = { kit.is_running(), (pcall(kit.flow, hub, 0)), (pcall(kit.free, hub)) }
    end }
    local peer = join(hub)
    peer:feed(message)
    settle(hub)
    assert.same({ true, false, false }, outcomes)
    assert.is_false(kit.is_running())
  end)
end)

describe("a hub that is freed while scripts hold it", function()
  it("is ended for all that they hold, and can't be used", function()
    local hub, moonroom = new()
    local peer = join(hub)
    settle(hub)
    local client = peer:client()
    local request, room = client.request, client.room
    local timer = moonroom.after(5, print)
    moonroom.log.info("last words")
    assert.matches("last words", kit.free(hub))
    assert.same({ "closed", "/", 0 }, { client.ready_state, request.path, #room })
    assert.is_true(peer:state().closed)
    assert.is_nil(timer.left)
    for _, name in ipairs { "turn", "now", "drain", "free", "log", "timers", "connect" } do
      assert.error_matches(function() kit[name](hub) end, "the app has ended")
    end
    -- luacheck: ignore 311
    client, request, room, timer, hub, moonroom = nil, nil, nil, nil, nil, nil
    collectgarbage()
    collectgarbage()
    peer:feed("x")
  end)

  it("has its waits cancelled, those too that wake as others are cancelled", function()
    local hub, moonroom = new()
    local promise, events = moonroom.promise(), {}
    moonroom.spawn(function()
      local guard <close> = setmetatable({}, { -- luacheck: ignore 211
        __close = function() promise:resolve() end,
      })
      moonroom.sleep(5)
    end)
    for index = 1, 2 do
      moonroom.spawn(function()
        local guard <close> = setmetatable({}, { -- luacheck: ignore 211
          __close = function() events[index] = "closed" end,
        })
        promise:wait()
        events[index] = "woken"
      end)
    end
    kit.free(hub)
    assert.same({ "closed", "closed" }, events)
  end)
end)

describe("the kit's hub", function()
  it("takes options as texts, and the time at its start", function()
    local hub = kit.hub({ max_message = "4k", shutdown_timeout = 3, log_level = "warn" }, 5.5)
    assert.same({ 4096, 3, "warn", 5.5 }, {
      kit.option(hub, "max_message"), kit.option(hub, "shutdown_timeout"),
      kit.option(hub, "log_level"), kit.wall(hub),
    })
    assert.has_error(function() kit.hub { max_message = "4x" } end)
    assert.has_error(function() kit.option(hub, "nothing") end)
  end)

  it("has a random state of its own each time", function()
    local one, two = kit.math(), kit.math()
    one.randomseed(5)
    two.randomseed(5)
    local first = one.random(1000000)
    math.randomseed(5)
    one.random()
    assert.equal(first, two.random(1000000))
  end)
end)
