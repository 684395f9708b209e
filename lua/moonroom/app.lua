-- One app: the public module's table for a hub, and what stands behind it.

local class = require "moonroom.class"
local cookie = require "moonroom.cookie"
local core = require "moonroom.core"
local guard = require "moonroom.guard"
local http = require "moonroom.http"
local groups = require "moonroom.groups"
local log = require "moonroom.log"
local metric = require "moonroom.metric"
local rooms = require "moonroom.rooms"
local rules = require "moonroom.rules"
local signed = require "moonroom.signed"
local upgrade = require "moonroom.upgrade"

local function copy(table)
  local result = {}
  for key, value in pairs(table) do result[key] = value end
  return result
end

-- Room and Client, as classes of this app: objects are made for its hub.
local function new_classes(app)
  local client_methods = copy(core.client_methods)
  local room_methods = copy(core.room_methods)
  local client_kind, room_kind = { rules = core.client_rules, app = app }, {
    rules = core.room_rules, app = app, hub = app.hub,
  }

  function client_kind.construct()
    error("clients are made by connecting", 2)
  end

  function room_kind.construct(room_class, fields)
    return app.rooms:construct(room_class, fields, 2)
  end

  function app.make_client(request, room, client_class)
    return core.client(request, room, class.methods_of(client_class))
  end

  app.Client = class.new_base(client_kind, "Client", client_methods)
  rules.set_client_rules(core.client_rules, client_methods)
  rules.set_room_rules(core.room_rules, function(value)
    return class.rules_of(value) == core.client_rules
  end)
  rules.set_request_rules(core.request_rules)
  room_methods.Client = app.Client
  room_methods.origins = "same"
  room_methods.protocols = {}
  app.Room = class.new_base(room_kind, "Room", room_methods)
  function app.is_room_class(value) return class.is_class(value, room_kind) end
end

local function check_dispatch(app)
  if type(app.public.dispatch) ~= "table" then
    error("moonroom.dispatch is a list of functions; it has been replaced by a "
      .. type(app.public.dispatch))
  end
end

-- What waits or keeps time needs an app's hub. Outside any app it says so.
local function add_time(app, public)
  if app.hub then
    for name, wait in pairs(core.waits(app.hub)) do public[name] = wait end
    return
  end
  for _, name in ipairs { "now", "spawn", "after", "every", "sleep", "promise" } do
    public[name] = function() app.rooms:need_hub(name, 2) end
  end
end

-- A table that a reload of the scripts leaves alone.
local function keep(app, name, default)
  if type(name) ~= "string" then
    error("what is kept has a string as its name, not a " .. type(name), 3)
  end
  if default ~= nil and type(default) ~= "table" then
    error("what is kept is a table, not a " .. type(default), 3)
  end
  local kept = app.kept[name] or default or {}
  app.kept[name] = kept
  return kept
end

-- The module's table, but for what belongs to one loading of the scripts.
local function new_module(app)
  local public = {
    version = core.version,
    Room = app.Room,
    Client = app.Client,
    token = core.random,
    cookie = cookie,
    sleep = core.sleep,
    promise = core.promise,
    group = groups.new(app),
    json = core.json,
    log = log.new(app.hub),
    metric = metric.new(app),
  }
  function public.keep(name, default) return (keep(app, name, default)) end

  function public.reload()
    app.rooms:need_hub("reload", 2)
    return core.reload(app.hub)
  end

  function public.mount(pattern, target) app.rooms:mount(pattern, target, 3) end

  for name, method in pairs(http.methods) do
    public[name] = function(pattern, handler) app.http:add(method, pattern, handler, 2) end
  end

  function public.room(path, make)
    if type(path) ~= "string" then
      error("a room's path is a string, not a " .. type(path), 2)
    end
    local room = app.rooms:find(path)
    if room == nil and make ~= nil then room = app.rooms:make_at(path, make, 3) end
    return room
  end

  function public.rooms() return app.rooms:all() end

  function public.stats()
    app.rooms:need_hub("stats", 2)
    return core.stats(app.hub)
  end

  add_time(app, public)
  public.sign, public.verify = signed.new(app, app.hub and public.now)

  return public
end

-- What the scripts register, all of it: each loading of them begins with nothing.
local function new_registered(app, settings)
  local public = copy(app.module)
  public.dispatch = {}
  public.config = { app = settings }
  return {
    public = public, -- what require "moonroom" answers
    http = http.new(app), -- the handlers
    routes = core.routes(),
    doors = {}, -- path -> what doors.lua has noted of it
    mounts = {}, -- in the order of the patterns in routes: { pattern, target, is_literal, place }
    rooms = setmetatable({}, { __mode = "k" }), -- room that they have made -> true
    rooms_at_no_path = {}, -- reload's place_key -> rooms that have no path, in their order
  }
end

-- What a reload takes away from an app, and gives to it.
local function add_loading(app)
  function app.new_registered(settings) return new_registered(app, settings) end

  function app.use(registered)
    app.registered, app.public, app.http = registered, registered.public, registered.http
  end

  -- A file's code runs until what this returns is closed.
  local leave = { __close = function(scope) app.file = scope[1] end }
  function app.enter(file)
    local scope = setmetatable({ app.file }, leave)
    app.file = file
    return scope
  end
end

-- The app of a hub; without one (outside any app) classes can be defined, and that is all.
-- settings: the application's own, which config.lua has set.
local function new(hub, settings)
  local app = { hub = hub, settings = settings or {}, kept = {}, loaded = false, classes = {} }
  app.rooms = rooms.new(app)
  new_classes(app)
  app.module = new_module(app)
  add_loading(app)
  app.use(new_registered(app, app.settings))
  if not hub then return app end
  if core.is_dev(hub) then app.dev = require("moonroom.dev").new(app) end
  core.attach(hub, {
    upgrade = function(request)
      check_dispatch(app)
      upgrade.decide(app, request)
    end,
    request = function(request)
      check_dispatch(app)
      http.answer(app, request)
    end,
    wants_body = function(method, path) return app.http:find(method, path) ~= nil end,
    emptied = function(room) app.rooms:emptied(room) end,
    over = function(room) app.rooms:over(room) end,
    shutdown = function() app.rooms:close_all() end,
    stopped = guard.stopped,
    load = function(read)
      if not app.load then error("nothing was loaded that could be loaded again", 0) end
      app.load(read)
    end,
    commit = function() app.loading:commit() end,
    finish = function()
      local done = app.loaded
      app.loaded = false
      done:finish()
    end,
    roll_back = function()
      if app.loading then app.loading:roll_back() end
    end,
  })
  return app
end

return { new = new }
