-- Compares the declarations in meta.lua with what is really there, in both directions.

local core = require "moonroom.core"
local rules = require "moonroom.rules"
local test = require "moonroom.test"
local world = require "world"

local files = { "lua/moonroom/meta.lua" }
for _, name in ipairs(core.list_files("lua/moonroom/meta", ".lua")) do
  table.insert(files, "lua/moonroom/meta/" .. name)
end

local function each_line()
  local texts = {}
  for index, path in ipairs(files) do
    local file <close> = assert(io.open(path))
    texts[index] = file:read("a")
  end
  return table.concat(texts):gmatch("([^\n]*)\n")
end

-- What meta.lua and the files in meta/ declare: class -> { fields = set, methods = set }.
local function read_declarations()
  local classes = {}
  local class
  for line in each_line() do
    local name = line:match("^%-%-%-@class moonroom%.?([%w.]*)")
    if name then
      class = { fields = {}, methods = {} }
      classes[name == "" and "moonroom" or name] = class
      classes[name:match("[^.]*$")] = class -- what methods are declared for
    end
    local field = line:match("^%-%-%-@field ([%w_]+)%?? ")
    if field then class.fields[field] = true end
    local owner, method = line:match("^function ([%w_]+)[.:]([%w_]+)%(")
    if owner then classes[owner].methods[method] = true end
  end
  return classes
end

local function set(list)
  local result = {}
  for _, name in ipairs(list) do result[name] = true end
  return result
end

local function keys_of(source, filter)
  local result = {}
  for name, value in pairs(source) do
    if filter(value, name) then result[name] = true end
  end
  return result
end

local function union(...)
  local result = {}
  for _, one in ipairs { ... } do
    for name in pairs(one) do result[name] = true end
  end
  return result
end

local function is_function(value) return type(value) == "function" end
local function is_no_function(value) return type(value) ~= "function" end
local function any() return true end

-- The names that can be read and not assigned: those of the core's getters.
local function getters_of(object_rules)
  return keys_of(object_rules, function(rule) return rule == true end)
end

describe("meta.lua declares", function()
  local declared = read_declarations()
  local moonroom = world.new().moonroom

  it("the module's functions and fields", function()
    assert.same(keys_of(moonroom, is_function), declared.moonroom.methods)
    assert.same(keys_of(moonroom, is_no_function), declared.moonroom.fields)
  end)

  it("json, log and config", function()
    assert.same(keys_of(moonroom.json, is_function), declared.json.methods)
    assert.same(keys_of(moonroom.json, is_no_function), declared.json.fields)
    assert.same(keys_of(moonroom.log, any), declared.log.methods)
    assert.same(keys_of(moonroom.config, any), declared.config.fields)
  end)

  it("what every class has", function()
    assert.same(set { "extend", "is" }, declared.Class.methods)
    assert.same(set { "name", "super" }, declared.Class.fields)
  end)

  it("a room's methods and handlers", function()
    local real = union(keys_of(core.room_methods, any), set(rules.handlers), set { "init" })
    assert.same(real, declared.Room.methods)
    assert.same(union(real, declared.Class.methods),
      union(keys_of(moonroom.Room, is_function), set(rules.handlers), set { "init" }))
  end)

  it("a room's fields and options", function()
    local own = keys_of(moonroom.Room, function(value) return not is_function(value) end)
    assert.same(set { "Client", "origins", "protocols" }, own)
    assert.same(union(getters_of(core.room_rules), own, set(core.room_options())),
      declared.Room.fields)
  end)

  it("a client's methods and fields", function()
    assert.same(union(keys_of(core.client_methods, any), set { "init" }), declared.Client.methods)
    assert.same(getters_of(core.client_rules), declared.Client.fields)
  end)

  it("what tasks, promises and timers have", function()
    local objects = {
      Task = moonroom.spawn(function() end),
      Promise = moonroom.promise(),
      Timer = moonroom.after(1, print),
    }
    for name, object in pairs(objects) do
      for method in pairs(declared[name].methods) do assert.is_function(object[method], method) end
    end
    for _, name in ipairs { "Task", "Promise" } do
      assert.same(keys_of(debug.getmetatable(objects[name]).__index, any), declared[name].methods)
    end
    assert.same(set { "left" }, declared.Timer.fields)
    assert.is_number(objects.Timer.left)
  end)

  it("the metrics' kinds and methods", function()
    assert.same(keys_of(moonroom.metric, any), declared.metric.methods)
    assert.same(keys_of(core.counter_methods, any), declared.Counter.methods)
    assert.same(keys_of(core.gauge_methods, any), declared.Gauge.methods)
    assert.same(keys_of(core.histogram_methods, any), declared.Histogram.methods)
  end)

  it("a group's methods, and its name", function()
    local group = moonroom.group("news")
    assert.same(keys_of(core.group_methods, any), declared.Group.methods)
    for method, fn in pairs(core.group_methods) do assert.equal(fn, group[method]) end
    assert.same({ name = true }, declared.Group.fields)
    assert.equal("news", group.name)
  end)

  it("the test kit's functions and assertions, its apps' and peers' methods and fields", function()
    local apps, peers = require "moonroom.test.app", require "moonroom.test.peer"
    local inner = set { "check", "finish", "need_inside", "settle" }
    assert.same(keys_of(require "moonroom.test", is_function), declared.test.methods)
    assert.same(keys_of(apps.methods, function(_, name) return not inner[name] end),
      declared["test.App"].methods)
    assert.same(keys_of(peers.methods, any), declared["test.Peer"].methods)
    assert.same(keys_of(require("moonroom.test.http").methods, any),
      declared["test.Response"].methods)
    assert.same(keys_of(require("moonroom.test.assertions").assertions, any),
      declared["test.Assertions"].methods)
    local app = test.load(function(m) m.mount("/", m.Room:extend("R", { protocols = { "p" } })) end)
    local open, refused = app:connect("/", { protocols = { "p" } }), app:connect("/x")
    open:close(1000)
    for name in pairs(declared["test.Peer"].fields) do
      assert.is_true(open[name] ~= nil or refused[name] ~= nil, name)
    end
    app:stop()
  end)

  it("the test kit's options and records", function()
    local function fields(name) return declared["test." .. name].fields end
    local function nothing() end
    local checks = {
      LoadOptions = function(options) test.load(nothing, options) end,
      ConnectOptions = function(options) test.load(nothing):connect("/", options) end,
      RequestOptions = function(options) test.load(nothing):request("GET", "/", options) end,
      Simulation = function(options) test.simulate(options) end,
      Faults = function(options) test.load(nothing, { faults = options }) end,
    }
    for name, call in pairs(checks) do
      local _, why = pcall(call, { [""] = 1 })
      local known = set {}
      local list = assert(why:match("these are ([%w_, ]+)"), why)
      for word in list:gmatch("[%w_]+") do known[word] = true end
      for _, option in ipairs(name == "LoadOptions" and core.testkit.options.table() or {}) do
        known[option.name] = nil
      end
      assert.same(known, fields(name), name)
    end
    local app = test.load(function(m) m.after(1, error) end)
    app:post("/", "")
    local response = app:get("/", { headers = { Accept = "*/*" } })
    response.json = "" -- is read from the body
    for name in pairs(fields "Response") do assert.is_true(response[name] ~= nil, name) end
    app:advance(0)
    assert.same(keys_of(app:timers()[1], any), fields "TimerEntry")
    app:advance(1)
    assert.same(set { "where", "error", "traceback", "path" },
      union(keys_of(app:errors()[1], any), set { "path" }))
    assert.same(set { "where", "error", "traceback", "path" }, fields "Failure")
    local entry = app:log()[1]
    for name in pairs(fields "LogEntry") do assert.is_string(entry[name], name) end
    app:stop()
  end)

  it("a request's fields", function()
    assert.same({ form = true, json = true }, declared.Request.methods)
    assert.same(getters_of(core.request_rules),
      union(declared.Request.fields, declared.Request.methods))
  end)

  it("nothing twice, and is Lua", function()
    local seen = {}
    for line in each_line() do
      local name = line:match("^function (%S+)%(")
      if name then
        assert.is_nil(seen[name], name)
        seen[name] = true
      end
    end
    for _, path in ipairs(files) do dofile(path) end
  end)
end)
