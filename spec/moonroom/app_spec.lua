local app_module = require "moonroom.app"
local raises_here = require "raises_here"
local world = require "world"

describe("the public module", function()
  it("has the version, the classes, the settings and JSON", function()
    local moonroom = world.new().moonroom
    assert.is_truthy(moonroom.version:find("^%d+%.%d+%.%d+"))
    assert.same({ "Room", "Client" }, { moonroom.Room.name, moonroom.Client.name })
    assert.same({}, moonroom.config.app)
    assert.equal('[1,"a"]', moonroom.json.encode({ 1, "a" }))
  end)

  it("has the application's settings from config.lua", function()
    local settings = { motto = "hello" }
    assert.equal(settings, app_module.new(nil, settings).public.config.app)
  end)

  it("belongs to one hub: two apps know nothing of each other", function()
    local one, two = world.new(), world.new()
    one.moonroom.mount("/", one.moonroom.Room:extend("One"))
    assert.equal(101, one:connect("/").status)
    assert.equal(404, two:connect("/").status)
    local Room = one.moonroom.Room
    raises_here("is mounted on a room, a class", function() two.moonroom.mount("/", Room) end)
  end)

  it("lets classes be defined outside any app, and says so for the rest", function()
    local moonroom = app_module.new(nil).public
    local Talk = moonroom.Room:extend("Talk")
    raises_here("no app: making a room works in scripts that Moonroom runs", function() Talk {} end)
    raises_here("no app: mount works in scripts", function() moonroom.mount("/", Talk) end)
    raises_here("no app: making a room works", function() moonroom.room("/", Talk) end)
    raises_here("no app: group works in scripts", function() moonroom.group("news") end)
    assert.is_nil(moonroom.room("/"))
    for _, name in ipairs { "now", "sleep", "spawn", "promise", "after", "every" } do
      raises_here("no app: " .. name .. " works in scripts that Moonroom runs",
        function() moonroom[name](1, print) end)
    end
  end)
end)

describe("moonroom.token", function()
  it("is hexadecimal, of 16 bytes or as many as are asked for", function()
    local token = world.new().moonroom.token
    assert.is_truthy(token():find("^%x+$"))
    assert.same({ 32, 2, 128 }, { #token(), #token(1), #token(64) })
    assert.is_true(token() ~= token())
    raises_here("bad argument #1 to 'token'", function() token(0) end)
    raises_here("bad argument #1 to 'token'", function() token("many") end)
  end)
end)

describe("moonroom.dispatch", function()
  -- The status of a handshake at /x with these in the list, and the log.
  local function result(...)
    local w = world.new()
    w.moonroom.dispatch = { ... }
    return w:connect("/x").status, w:log()
  end

  it("is asked in order, before the mounts; the first answer wins", function()
    local asked = {}
    local w = world.new(nil, function(moonroom)
      local First, Second = moonroom.Room:extend("First") {}, moonroom.Room:extend("Second") {}
      moonroom.mount("/x", moonroom.Room:extend("Mounted"))
      for index, answer in ipairs { false, First, Second } do
        table.insert(moonroom.dispatch, function(request)
          asked[#asked + 1] = index .. request.path
          return answer or nil
        end)
      end
      moonroom.First = First
    end)
    assert.equal(101, w:connect("/x").status)
    assert.same({ "1/x", "2/x" }, asked)
    assert.equal(1, #w.moonroom.First)
  end)

  it("may answer with a class: one room for each path, dropped when it empties", function()
    local w = world.new(nil, function(moonroom)
      local Talk = moonroom.Room:extend("Talk")
      table.insert(moonroom.dispatch, function() return Talk end)
    end)
    local peers = { w:connect("/x"), w:connect("/x"), w:connect("/y") }
    assert.equal(2, #w.moonroom.room("/x"))
    assert.equal(1, #w.moonroom.room("/y"))
    for _, peer in ipairs(peers) do peer:reset() end
    w:advance(30)
    assert.is_nil(w.moonroom.room("/x"))
  end)

  it("goes on to the mounts after nil and false", function()
    for _, answer in ipairs { "nil", "false" } do
      local w = world.new(nil, function(moonroom)
        moonroom.mount("/x", moonroom.Room:extend("Talk"))
        table.insert(moonroom.dispatch, function()
          if answer == "false" then return false end
        end)
      end)
      assert.equal(101, w:connect("/x").status)
    end
  end)

  it("that fails or answers with nonsense makes it 500, and the log says why", function()
    local status, log = result(function() error("broken") end)
    assert.equal(500, status)
    assert.is_truthy(log:find("app_spec.lua:", 1, true) and log:find("broken", 1, true))
    for _, answer in ipairs { 1, "room", {}, print, true } do
      status, log = result(function() return answer end)
      assert.equal(500, status)
      assert.is_truthy(log:find("moonroom.dispatch[1] returned a " .. type(answer), 1, true))
    end
    status, log = result(42)
    assert.equal(500, status)
    assert.is_truthy(log:find("moonroom.dispatch[1] is a number, not a function", 1, true))
  end)

  it("that was replaced by something else makes it 500, for ordinary requests too", function()
    local w = world.new()
    w.moonroom.dispatch = "mine"
    assert.equal(500, w:connect("/x").status)
    assert.is_truthy(w:log():find("moonroom.dispatch is a list of functions", 1, true))
    assert.equal(500, w:get("/x").status)
  end)
end)

describe("a handshake for nothing", function()
  it("is answered with 404 and logged with what would allow it", function()
    local w = world.new()
    assert.equal(404, w:connect("/nowhere").status)
    assert.is_truthy(w:log():find("no room at /nowhere: neither moonroom.dispatch nor a mount", 1,
      true))
  end)
end)
