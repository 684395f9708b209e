-- The short way into a room: it may never be one that the long way would not have led to.

local core = require "moonroom.core"
local one_room = require "one_room"
local scripts = require "scripts"
local world = require "world"

describe("a door", function()
  local enter, entered = core.enter, 0

  setup(function()
    function core.enter(...)
      local has_entered = enter(...)
      if has_entered then entered = entered + 1 end
      return has_entered
    end
  end)

  before_each(function() entered = 0 end)
  after_each(scripts.clean)
  teardown(function() core.enter = enter end)

  local function connect(w, path, origin)
    return w:connect(path, { headers = { Origin = origin } })
  end

  -- A world whose /talk has been found once, so that there is a door; its class.
  local function with_door(fields)
    local w = world.new(nil, function(moonroom, w)
      w.Talk = moonroom.Room:extend("Talk", fields)
      moonroom.mount("/talk", w.Talk)
    end)
    assert.equal(101, w:connect("/talk").status)
    assert.equal(0, entered)
    return w, w.Talk
  end

  it("leads the next ones into the same room, as the first", function()
    local heard = {}
    local w = with_door { on_join = function(room, client)
      heard[#heard + 1] = { room.path, #room, client.protocol, client.request.path, client.address,
        next(client.request.params) }
    end }
    for _ = 1, 3 do assert.equal(101, w:connect("/talk").status) end
    assert.equal(3, entered)
    assert.same({
      { "/talk", 1, nil, "/talk", "192.0.2.1" }, { "/talk", 2, nil, "/talk", "192.0.2.1" },
      { "/talk", 3, nil, "/talk", "192.0.2.1" }, { "/talk", 4, nil, "/talk", "192.0.2.1" },
    }, heard)
  end)

  it("is one of a room that was mounted, too", function()
    local w = one_room {}
    for _ = 1, 3 do assert.equal(101, w:connect("/talk").status) end
    assert.equal(2, entered)
  end)

  it("is for paths as they are mounted: no other one is kept", function()
    local w = with_door()
    for _, path in ipairs { "/%74alk", "/t%61lk" } do
      assert.equal(101, w:connect(path).status)
      assert.equal(101, w:connect(path).status)
    end
    assert.equal(0, entered)
    assert.equal(404, w:connect("/talk/").status)
    assert.same(5, #w.moonroom.room("/talk"))
  end)

  it("is no way to a path that the mount doesn't match", function()
    local w = world.new(nil, function(moonroom)
      moonroom.mount("/100%25", moonroom.Room:extend("Percent"))
    end)
    for _ = 1, 2 do
      assert.equal(404, w:connect("/100%25").status)
      assert.equal(101, w:connect("/100%2525").status)
    end
    assert.equal(0, entered)
  end)

  it("is none where a function has a say", function()
    local w = world.new(nil, function(moonroom)
      local Room, Client = moonroom.Room, moonroom.Client
      moonroom.mount("/function", function() return moonroom.room("/plain", true) end)
      moonroom.mount("/late", function() return nil end)
      moonroom.mount("/late", Room:extend("Late"))
      moonroom.mount("/plain", Room:extend("Plain"))
      moonroom.mount("/accept", Room:extend("Accept", { on_accept = function() end }))
      local Named = Client:extend { init = function() end }
      moonroom.mount("/init", Room:extend("Init", { Client = Named }))
      moonroom.mount("/origins", Room:extend("Origins", { origins = function() end }))
      moonroom.mount("/list", Room:extend("List", { origins = { "http://a.example" } }))
      moonroom.mount("/:name", Room:extend("Pattern"))
    end)
    for _, path in ipairs { "/function", "/late", "/accept", "/init", "/origins", "/list", "/x" } do
      for _ = 1, 3 do assert.equal(101, w:connect(path).status) end
      assert.equal(0, entered)
    end
  end)

  it("is none while moonroom.dispatch is asked", function()
    local w = with_door()
    local other = w.Talk { path = "/other" }
    w.moonroom.dispatch[1] = function() return other end
    assert.equal(101, w:connect("/talk").status)
    w.moonroom.dispatch = { function() return nil end }
    assert.equal(101, w:connect("/talk").status)
    assert.same({ 1, 2 }, { #other, #w.moonroom.room("/talk") })
    assert.equal(0, entered)
    w.moonroom.dispatch = {}
    assert.equal(101, w:connect("/talk").status)
    assert.equal(1, entered)
  end)

  describe("ends with what a script assigns to the", function()
    -- Assigns where there is a door, and returns the next answer, which isn't by it.
    local function change(w, target, name, value, offered)
      for _ = 1, 2 do assert.equal(101, w:connect("/talk").status) end
      local before = entered
      assert.is_true(before > 0)
      target[name] = value
      local peer = w:connect("/talk", { headers = { ["Sec-WebSocket-Protocol"] = offered } })
      assert.equal(before, entered)
      target[name], entered = nil, 0
      return peer
    end

    local function check(w, target)
      local inits = 0
      local function count() inits = inits + 1 end
      local Named = w.moonroom.Client:extend("Named", { init = count })
      local Plain = w.moonroom.Client:extend("Plain")
      assert.equal(418, change(w, target, "on_accept", function() return false, 418 end).status)
      assert.equal("b", change(w, target, "protocols", { "b" }, "a, b")
        .headers["sec-websocket-protocol"])
      assert.equal(503, change(w, target, "max_clients", 1).status)
      assert.is_truthy(w:log():find("Talk.max_clients", 1, true))
      assert.same({ 101, 1 }, { change(w, target, "Client", Named).status, inits })
      target.Client = Plain
      assert.same({ 101, 2 }, { change(w, Plain, "init", count).status, inits })
    end

    it("class", function()
      local w, Talk = with_door()
      check(w, Talk)
    end)

    it("room", function()
      local w = with_door()
      check(w, w.moonroom.room("/talk"))
    end)
  end)

  it("sees what is put into protocols", function()
    local w, Talk = with_door { protocols = {} }
    Talk.protocols[1] = "b"
    local peer = w:connect("/talk", { headers = { ["Sec-WebSocket-Protocol"] = "a, b" } })
    assert.equal("b", peer.headers["sec-websocket-protocol"])
    assert.equal(0, entered)
  end)

  it("asks for the Origin, each time", function()
    local w, Talk = with_door()
    assert.equal(101, connect(w, "/talk", "http://localhost:12345").status)
    assert.equal(403, connect(w, "/talk", "http://evil.example").status)
    assert.equal(1, entered)
    Talk.origins = "*"
    assert.equal(101, connect(w, "/talk", "http://evil.example").status)
    assert.equal(101, connect(w, "/talk", "http://evil.example").status)
    assert.equal(2, entered)
    Talk.origins = "same"
    assert.equal(403, connect(w, "/talk", "http://evil.example").status)
    assert.equal(2, entered)
  end)

  it("is shut where the room is full, and says the same", function()
    local w = with_door { max_clients = 2 }
    assert.equal(101, w:connect("/talk").status)
    assert.equal(1, entered)
    local peer = w:connect("/talk")
    assert.same({ 503, "5" }, { peer.status, peer.headers["retry-after"] })
    assert.is_truthy(w:log():find("the room has 2 clients", 1, true))
    assert.equal(1, entered)
  end)

  it("ends with its room", function()
    local w = with_door()
    local before = w.moonroom.room("/talk")
    before:close()
    assert.equal(101, w:connect("/talk").status)
    local after = w.moonroom.room("/talk")
    assert.is_true(before ~= after)
    assert.same({ 0, 1, 0 }, { #before, #after, entered })
    assert.equal(101, w:connect("/talk").status)
    assert.same({ 2, 1 }, { #after, entered })
  end)

  it("keeps no room that was closed", function()
    local w = with_door()
    local held = setmetatable({ w.moonroom.room("/talk") }, { __mode = "v" })
    held[1]:close()
    w:advance(10)
    collectgarbage()
    collectgarbage()
    assert.is_nil(held[1])
  end)

  it("ends with a reload", function()
    local script = [[
      local moonroom = require "moonroom"
      local Talk = moonroom.Room:extend("Talk")
      %s
      function Talk:on_text(client) client:send(client.name or "none") end
      moonroom.mount("/talk", Talk)
    ]]
    local app, path = scripts.app { ["init.lua"] = script:format("") }
    local function answer()
      local peer = app:connect("/talk")
      peer:send("who?")
      return peer:take()[1]
    end
    assert.same({ "none", "none", 1 }, { answer(), answer(), entered })
    local file <close> = assert(io.open(path .. "/init.lua", "w"))
    file:write((script:format([[
      Talk.Client = moonroom.Client:extend { init = function(self) self.name = "ann" end }]])))
    file:flush()
    assert.is_true(app:reload())
    assert.same({ "ann", "ann", 1 }, { answer(), answer(), entered })
  end)
end)
