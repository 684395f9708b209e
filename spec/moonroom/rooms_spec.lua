local raises_here = require "raises_here"
local world = require "world"

local function collect()
  collectgarbage()
  collectgarbage()
end

describe("Room(fields)", function()
  local moonroom, Talk
  before_each(function()
    moonroom = world.new().moonroom
    Talk = moonroom.Room:extend("Talk")
  end)

  it("needs fields that make sense, and says so at the caller's line", function()
    raises_here("a room's fields are a table, not a string", function() Talk "/x" end)
    raises_here("a room's path is a string of at most 255 bytes", function() Talk { path = 5 } end)
    raises_here("a room's path is a string", function() Talk { path = ("x"):rep(256) } end)
    raises_here("a room's params are a table, not a number", function() Talk { params = 5 } end)
    raises_here("cannot assign Talk.on_text", function() Talk { on_text = 5 } end)
    assert.equal(255, #Talk { path = "/" .. ("x"):rep(254) }.path)
    assert.is_nil(Talk().path)
  end)

  it("raises what init raises, and the room can't be found then", function()
    function Talk.init() error("no init") end
    assert.error_matches(function() Talk { path = "/x" } end, "no init")
    assert.is_nil(moonroom.room("/x"))
  end)
end)

describe("moonroom.mount", function()
  it("takes a room, a class of rooms or a function, and nothing else", function()
    local moonroom = world.new().moonroom
    for _, value in ipairs { 1, "room", true, {}, io.stdout } do
      local words = "on a room, a class of rooms, or a function, not on a " .. type(value)
      raises_here(words, function() moonroom.mount("/x", value) end)
    end
    raises_here("not on a nil", function() moonroom.mount("/x") end)
    raises_here("not on a class of clients", function() moonroom.mount("/x", moonroom.Client) end)
    moonroom.mount("/a", moonroom.Room)
    moonroom.mount("/b", moonroom.Room {})
    moonroom.mount("/c", print)
    moonroom.mount("/d", setmetatable({}, { __call = print }))
  end)

  it("takes a pattern, and says what is wrong with another one", function()
    local moonroom = world.new().moonroom
    raises_here("a pattern is a string, not a table", function() moonroom.mount({}, print) end)
    raises_here('pattern "x": ', function() moonroom.mount("x", print) end)
    raises_here('pattern "/:a/:a": ', function() moonroom.mount("/:a/:a", print) end)
  end)

  it("lets the first one mounted win", function()
    local heard
    local w = world.new(nil, function(moonroom)
      local function named(name)
        return moonroom.Room:extend(name, { on_join = function() heard = name end })
      end
      moonroom.mount("/a", named "A")
      moonroom.mount("/:any", named "Any")
      moonroom.mount("/b", named "B")
    end)
    for path, name in pairs { ["/a"] = "A", ["/b"] = "Any", ["/c"] = "Any" } do
      w:connect(path)
      assert.equal(name, heard)
    end
  end)

  it("makes one room of a class for each path, by its first request", function()
    local made = {}
    local w = world.new(nil, function(moonroom)
      local Talk = moonroom.Room:extend("Talk")
      function Talk:init() made[#made + 1] = self.path .. " " .. self.params.name end
      moonroom.mount("/:name", Talk)
    end)
    w:connect("/a%20b")
    w:connect("/a%20b")
    w:connect("/c")
    assert.same({ "/a%20b a b", "/c c" }, made)
    assert.same({ 2, 1 }, { #w.moonroom.room("/a%20b"), #w.moonroom.room("/c") })
  end)

  it("drops a made room when it empties under a parameter, keeps it under a literal", function()
    local w = world.new(nil, function(moonroom)
      local Talk = moonroom.Room:extend("Talk")
      moonroom.mount("/lobby", Talk)
      moonroom.mount("/:name", Talk)
    end)
    local lobby, other = w:connect("/lobby"), w:connect("/other")
    w.moonroom.room("/lobby").topic, w.moonroom.room("/other").topic = "kept", "dropped"
    lobby:reset()
    other:close(1000)
    w:advance(30)
    collect()
    assert.equal("kept", w.moonroom.room("/lobby").topic)
    assert.is_nil(w.moonroom.room("/other"))
    w:connect("/other")
    assert.is_nil(w.moonroom.room("/other").topic)
  end)

  it("keeps one room for a literal, however its path is percent-encoded", function()
    local w = world.new({ max_rooms = 2 }, function(moonroom)
      moonroom.mount("/lobby", moonroom.Room:extend("Talk"))
    end)
    for _, path in ipairs { "/lobby", "/%6cobby", "/%6Cobby", "/l%6Fbby", "/%6c%6f%62%62%79" } do
      assert.equal(101, w:connect(path).status)
    end
    assert.equal(5, #w.moonroom.room("/lobby"))
    assert.equal(1, w.app.rooms.made_count)
  end)

  it("makes a new room where the made one was closed", function()
    for _, pattern in ipairs { "/lobby", "/:name" } do
      local w = world.new({ ping_interval = 0 }, function(moonroom)
        moonroom.mount(pattern, moonroom.Room:extend("Talk"))
      end)
      w:connect("/lobby")
      local first = w.moonroom.room("/lobby")
      first:close()
      assert.is_nil(w.moonroom.room("/lobby"))
      assert.equal(101, w:connect("/lobby").status)
      w:advance(60)
      local second = w.moonroom.room("/lobby")
      assert.is_true(second ~= first and #second == 1)
      assert.equal(1, w.app.rooms.made_count)
    end
  end)

  it("asks a function: a room, a class, or nil to go on", function()
    local w = world.new(nil, function(moonroom)
      local Talk = moonroom.Room:extend("Talk")
      local room = Talk { path = "/own" }
      moonroom.mount("/:name", function(request)
        if request.params.name == "room" then return room end
        if request.params.name == "class" then return Talk end
      end)
      moonroom.mount("/last", Talk)
      moonroom.own = room
    end)
    local statuses = {}
    for index, path in ipairs { "/room", "/class", "/last", "/none" } do
      statuses[index] = w:connect(path).status
    end
    assert.same({ 101, 101, 101, 404 }, statuses)
    assert.same({ 1, 1 }, { #w.moonroom.own, #w.moonroom.room("/class") })
  end)

  it("answers 500 where the function fails or returns nonsense", function()
    local w = world.new(nil, function(moonroom)
      moonroom.mount("/fails", function() error("broken") end)
      moonroom.mount("/:x", function() return 5 end)
    end)
    assert.equal(500, w:connect("/fails").status)
    assert.is_truthy(w:log():find("broken", 1, true))
    assert.equal(500, w:connect("/y").status)
    assert.is_truthy(w:log():find('/:x\\" returned a number, not a room', 1, true))
  end)

  it("does not call the function for an ordinary request", function()
    local w = world.new(nil, function(moonroom)
      moonroom.mount("/x", function() error("asked") end)
    end)
    assert.equal(426, w:get("/x").status)
  end)

  it("makes at most max_rooms: 503 with Retry-After, and room again when one goes", function()
    local w = world.new({ max_rooms = 2 }, function(moonroom)
      moonroom.mount("/:name", moonroom.Room:extend("Talk"))
    end)
    local first = w:connect("/a")
    w:connect("/b")
    local refused = w:connect("/c")
    assert.same({ 503, "5" }, { refused.status, refused.headers["retry-after"] })
    assert.equal(101, w:connect("/b").status)
    first:reset()
    assert.equal(101, w:connect("/c").status)
  end)

  it("answers 404 where the path is too long for a room's name", function()
    local w = world.new(nil, function(moonroom)
      moonroom.mount("/:a/:b", moonroom.Room:extend("Talk"))
      moonroom.mount("/:a", moonroom.Room:extend("Talk"))
    end)
    assert.equal(101, w:connect("/" .. ("x"):rep(254)).status)
    assert.equal(404, w:connect("/" .. ("x"):rep(256)).status)
    assert.equal(404, w:connect("/" .. ("x"):rep(200) .. "/" .. ("y"):rep(200)).status)
  end)

  it("answers 500 for an error in init, and keeps no room", function()
    local w = world.new({ max_rooms = 1 }, function(moonroom)
      local Talk = moonroom.Room:extend("Talk")
      function Talk:init()
        if self.path == "/bad" then error("no init") end
      end
      moonroom.mount("/:name", Talk)
    end)
    for _ = 1, 3 do assert.equal(500, w:connect("/bad").status) end
    assert.is_truthy(w:log():find("no init", 1, true))
    assert.is_nil(w.moonroom.room("/bad"))
    assert.equal(101, w:connect("/good").status)
  end)

  it("keeps no room that nobody joined: refused, failed, gone", function()
    local w = world.new({ max_rooms = 1 }, function(moonroom)
      local User = moonroom.Client:extend("User")
      function User:init()
        if self.room.path == "/client" then error("no client") end
        if self.room.path == "/gone" then self:terminate() end
      end
      local Talk = moonroom.Room:extend("Talk", { Client = User })
      function Talk:on_accept()
        if self.path == "/refused" then return false end
        if self.path == "/failed" then error("broken") end
        if self.path == "/odd" then return 5 end
        if self.path == "/waits" then coroutine.yield() end
      end
      moonroom.mount("/:name", Talk)
    end)
    local statuses = {}
    for index, path in ipairs { "/refused", "/failed", "/odd", "/waits", "/client", "/gone" } do
      statuses[index] = w:connect(path).status or "none"
      assert.equal(0, w.app.rooms.made_count, path)
    end
    assert.same({ 403, 500, 500, 500, 500, "none" }, statuses)
  end)
end)

describe("moonroom.room", function()
  local w, moonroom, Talk
  before_each(function()
    w = world.new()
    moonroom = w.moonroom
    Talk = moonroom.Room:extend("Talk")
  end)

  it("finds a room that has the path, one that is mounted there, nil otherwise", function()
    local own, mounted = Talk { path = "/own" }, Talk {}
    moonroom.mount("/mounted", mounted)
    moonroom.mount("/class", Talk)
    assert.equal(own, moonroom.room("/own"))
    assert.equal(mounted, moonroom.room("/mounted"))
    assert.is_nil(moonroom.room("/class"))
    assert.is_nil(moonroom.room("/nothing"))
    assert.is_nil(moonroom.room(""))
  end)

  it("makes one where there is none: by a class, a function, or as it is mounted", function()
    moonroom.mount("/:name", Talk)
    local by_class = moonroom.room("/a", Talk)
    local by_function = moonroom.room("/b", function(path) return Talk { path = path } end)
    local as_mounted = moonroom.room("/c", true)
    assert.same({ "/a", "/b", "/c", "c" },
      { by_class.path, by_function.path, as_mounted.path, as_mounted.params.name })
    assert.equal(by_class, moonroom.room("/a", error))
    w:connect("/c")
    assert.equal(1, #as_mounted)
    assert.is_nil(moonroom.room("/x/y", true))
    assert.is_nil(moonroom.room("/n", function() end))
  end)

  it("forgets a room that nobody holds", function()
    moonroom.room("/a", Talk)
    collect()
    assert.is_nil(moonroom.room("/a"))
  end)

  it("raises for a path or a maker that makes no sense", function()
    raises_here("a room's path is a string, not a nil", function() moonroom.room() end)
    raises_here("a room's path is a string, not a table", function() moonroom.room({}) end)
    local long = ("x"):rep(256)
    raises_here("a room's path has at most 255", function() moonroom.room(long, Talk) end)
    raises_here("not by a number", function() moonroom.room("/a", 5) end)
    raises_here("not by a table", function() moonroom.room("/a", moonroom.Client) end)
    local function one() return 1 end
    raises_here('makes "/a" returned a number', function() moonroom.room("/a", one) end)
  end)

  it("made as it is mounted, and closed before anybody came, is none of the max_rooms", function()
    w = world.new({ max_rooms = 1 })
    w.moonroom.mount("/:name", w.moonroom.Room:extend("Talk"))
    w.moonroom.room("/a", true):close()
    w:rest()
    assert.equal(0, w.app.rooms.made_count)
    assert.equal(101, w:connect("/b").status)
  end)
end)

describe("moonroom.rooms", function()
  it("walks over all rooms, each once, while they come and go", function()
    local w = world.new()
    local moonroom = w.moonroom
    local Talk = moonroom.Room:extend("Talk")
    local held = Talk { path = "/held" }
    moonroom.mount("/mounted", Talk { path = "/mounted" })
    moonroom.mount("/:name", Talk)
    w:connect("/made")
    local seen = {}
    for room in moonroom.rooms() do
      seen[#seen + 1] = room.path
      room:close()
      moonroom.room("/new" .. #seen, Talk)
    end
    table.sort(seen)
    assert.same({ "/held", "/made", "/mounted" }, seen)
    assert.equal("/held", held.path)
  end)
end)
