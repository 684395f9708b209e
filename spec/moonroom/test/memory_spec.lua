-- The transport in memory, as app.lua and peer.lua see it.

local handshake = require "moonroom.test.handshake"
local memory = require "moonroom.test.memory"
local raises_here = require "raises_here"

local worlds = {}

local function new(script, options)
  local world = memory.new(script, options or { hub = {} })
  worlds[#worlds + 1] = world
  return world
end

after_each(function()
  local stopping = worlds
  worlds = {}
  for _, world in ipairs(stopping) do
    if world.hub then world:stop() end
  end
end)

local function echo(moonroom)
  local Room = moonroom.Room:extend("Echo")
  function Room.on_text(_, client, text) client:send(text) end
  return Room
end

describe("a wire in memory", function()
  local world, wire, heard
  before_each(function()
    world, heard = new(echo), {}
    wire = world:connect {}
    function wire.heard() table.insert(heard, wire:take()) end
  end)

  it("carries bytes once the world settles, and says that something was heard", function()
    wire:send(handshake.request("/", {}))
    assert.same({}, heard)
    assert.is_nil(wire:client())
    world:settle()
    assert.equal(1, #heard)
    assert.matches("^HTTP/1.1 101 ", heard[1])
    assert.is_userdata(wire:client())
    world:settle()
    assert.equal(1, #heard)
  end)

  it("may send while it hears, in the same step", function()
    local rounds = 0
    function wire.heard()
      wire:take()
      rounds = rounds + 1
      if rounds < 5 then wire:send("\x81\x81\0\0\0\0x") end
    end
    wire:send(handshake.request("/", {}))
    world:settle()
    assert.equal(5, rounds)
  end)

  it("knows how the server has ended it", function()
    wire:send("nonsense\r\n\r\n")
    world:settle()
    assert.equal("end", wire:ended())
    local other = world:connect {}
    other:send(handshake.request("/", {}))
    world:settle()
    assert.is_nil(other:ended())
    other:client():terminate()
    world:settle()
    assert.equal("reset", other:ended())
  end)

  it("ends with a FIN behind what was sent, or with a reset", function()
    for how, echoed in pairs { finish = "\x81\1x", reset = "" } do
      local other = world:connect {}
      other:send(handshake.request("/", {}))
      world:settle()
      other:take()
      other:send("\x81\x81\0\0\0\0x")
      other[how](other)
      world:settle()
      assert.equal(echoed, other:take())
      assert.is_truthy(other:ended())
    end
  end)

  it("has back-pressure: a server that is busy reads no more", function()
    local seen = 0
    local busy = new(function(moonroom)
      local Room = moonroom.Room:extend("Busy")
      function Room.on_text()
        seen = seen + 1
        moonroom.sleep(1)
      end
      return Room
    end)
    local flood = busy:connect {}
    flood:send(handshake.request("/", {}))
    for _ = 1, 100 do
      flood:send("\x81\x81\0\0\0\0x")
      busy:settle()
    end
    assert.equal(1, seen)
    busy:advance(50)
    assert.equal(51, seen)
    busy:advance(50)
    assert.equal(100, seen)
  end)
end)

describe("a world in memory", function()
  it("tells how long it is until something is due", function()
    local world = new(function(moonroom) moonroom.after(5, print) end)
    world:settle()
    assert.equal(5, world:until_next())
    assert.equal(math.huge, new(function() end):until_next())
  end)

  it("raises where an app never comes to rest", function()
    local world = new(function(moonroom) moonroom.every(0, function() end) end)
    raises_here("the app has had 200000 turns at one moment and still has work",
      function() world:settle() end)
    assert.has_error(function() world:stop() end)
    assert.is_nil(world.hub)
  end)

  it("raises where an app and its peers answer each other for ever", function()
    local world = new(function(moonroom)
      local Room = moonroom.Room:extend("Endless")
      function Room.on_text(_, client) client:send("x") end
      return Room
    end)
    local wire = world:connect {}
    function wire.heard()
      wire:take()
      wire:send("\x81\x80\0\0\0\0")
    end
    wire:send(handshake.request("/", {}))
    raises_here("app and peers have answered each other 100000 times at one moment",
      function() world:settle() end)
  end)

  it("has the lines of the log, those of its end too", function()
    local world = new(function(moonroom)
      moonroom.log.info("one")
      local closing = setmetatable({}, { __close = function() moonroom.log.info("two") end })
      moonroom.spawn(function()
        local guard <close> = closing -- luacheck: ignore 211
        moonroom.sleep(1000)
      end)
    end)
    assert.matches("message=one\n$", world:take_log())
    assert.equal("", world:take_log())
    world:stop()
    assert.matches("message=two\n$", world:take_log())
    assert.equal("", world:take_log())
  end)

  it("has an inside, until it is stopped", function()
    local world = new(echo)
    assert.is_function(world.inside.moonroom.now)
    assert.equal(world.inside.environment, world.inside.environment._G)
    world:stop()
    assert.is_nil(world.inside)
  end)
end)
