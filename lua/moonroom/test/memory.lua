-- An app in this very Lua state, on the real core, with peers in memory and a clock that the spec
-- moves.
--
-- It is one of the transports that the kit's app and peers work over. A transport is a module with
-- new(script, options) -> world, where options are those of test.load. What a world has:
--   world:connect(options) -> wire   { address =, port =, secure =, tls =, paused =, faults = }
--   world:settle()                   runs until nothing is left to do at this moment
--   world:advance(seconds)           the same at each moment on the way
--   world:now() -> Unix time
--   world:reload() -> true | nil, error      loads the scripts again
--   world:take_log() -> string       the lines of the log since the last call
--   world:stop()                     ends it as TERM ends a server, and gives everything back
-- and, where the app is in this state, and only there:
--   world.inside                     { hub =, moonroom =, environment = }
--   world:until_next() -> seconds    until something is due by itself; math.huge where nothing is
-- What a wire has, the client's end of a connection:
--   wire:send(bytes)                 never waits
--   wire:take() -> bytes             what has come since the last call
--   wire:ended() -> nil | "end" | "reset"   whether the server has ended it, and how
--   wire:finish(), wire:reset()      FIN, RST
--   wire:pause(), wire:resume()      stops and goes on to take what the server sends
--   wire:stop_answering()            from now on nothing is sent but by send
--   wire:faults(faults)              { write =, read =, full = }, as for peers
--   wire:client()                    the server's userdata, where there is an inside
--   wire.heard                       set by whoever made it: the world calls it as soon as the wire
--                                    has something to take or has ended; it may send
-- An error of the world's is raised with raise.lua, at the spec's line.

local app_module = require "moonroom.app"
local core = require "moonroom.core"
local environment = require "moonroom.test.environment"
local loader = require "moonroom.loader"
local raise = require "moonroom.test.raise"

local kit = core.testkit.app

local default_start, default_seed, default_public = 1700000000, 1, "public"
local most_rounds = 100000

-- --- wires -------------------------------------------------------------------

local Wire = {}
Wire.__index = Wire

function Wire:send(bytes) self.raw:feed(bytes) end
function Wire:take() return self.raw:take() end
function Wire:finish() self.raw:finish() end
function Wire:reset() self.raw:reset() end
function Wire:stop_answering() end -- it sends nothing by itself
function Wire:client() return self.raw:client() end

function Wire:ended()
  local state = self.raw:state()
  if state.reset then return "reset" end
  return (state.closed or state.shut) and "end" or nil
end

local function apply_faults(wire)
  local wanted = wire.wanted
  wire.raw:faults {
    piece = wanted.write, read = wanted.read, full = wanted.full or wire.is_paused,
  }
end

function Wire:faults(faults)
  self.wanted = faults
  apply_faults(self)
end

function Wire:pause()
  self.is_paused = true
  apply_faults(self)
end

function Wire:resume()
  self.is_paused = false
  apply_faults(self)
end

-- --- the world ---------------------------------------------------------------

local World = {}
World.__index = World

function World:connect(options)
  local raw = kit.connect(self.hub, {
    address = options.address, port = options.port, secure = options.secure, tls = options.tls,
    flows = true,
  })
  local wire = setmetatable({ raw = raw, is_paused = options.paused or false }, Wire)
  wire:faults(options.faults or {})
  self.wires[raw:number()] = wire
  return wire
end

local function flow(world, till)
  local ok, news = pcall(kit.flow, world.hub, till)
  if not ok then raise("%s", news) end
  return news
end

local function hear(world, numbers)
  for _, number in ipairs(numbers) do
    local wire = world.wires[number]
    if wire.raw:state().closed then world.wires[number] = nil end
    if wire.heard then wire.heard() end
  end
end

local function run(world, till)
  local rounds, moment = 0, nil
  local news = flow(world, till)
  while news do
    hear(world, news)
    local now = kit.now(world.hub)
    rounds, moment = now == moment and rounds + 1 or 0, now
    if rounds == most_rounds then
      raise("app and peers have answered each other %d times at one moment", rounds)
    end
    news = flow(world, till)
  end
end

function World:settle() run(self, kit.now(self.hub)) end
function World:advance(seconds) run(self, kit.now(self.hub) + seconds) end
function World:until_next() return kit.turn(self.hub) end
function World:reload() return kit.reload(self.hub) end
function World:now() return kit.wall(self.hub) end

function World:take_log()
  local rest = self.rest
  self.rest = ""
  return self.hub and rest .. kit.log(self.hub) or rest
end

-- As the loop of the server does on TERM.
local function drain(world)
  local hub = world.hub
  local left = kit.option(hub, "shutdown_timeout")
  kit.drain(hub)
  world:settle()
  while not kit.is_empty(hub) and left > 0 do
    local wait = math.min(world:until_next(), left)
    world:advance(wait)
    left = left - wait
  end
  if not kit.is_empty(hub) then kit.reset(hub) end
  world:settle()
end

function World:stop()
  local ok, why = pcall(drain, self)
  self.rest = kit.log(self.hub) .. kit.free(self.hub)
  self.hub, self.inside, self.wires = nil, nil, {}
  if not ok then error(why, 0) end
end

-- --- loading -----------------------------------------------------------------

-- Where a script's modules are: its own directory, or that of its file.
local function directory_of(script)
  if type(script) ~= "string" then return nil end
  if script:find("[;?]") then
    raise("%s: Lua can't find modules below a path with ; or ? in it", script)
  end
  if core.is_directory(script) then return (script:gsub("(.)/+$", "%1")) end
  return script:match("^(.*[^/])/+[^/]*$") or script:match("^/") or "."
end

-- The hub, and the settings that config.lua has for the application.
local function new_hub(script, options)
  local has_config = type(script) == "string" and core.is_directory(script)
  local ok, hub, settings = pcall(kit.hub, options.hub, options.start or default_start,
    has_config and directory_of(script) or nil)
  if not ok and hub:find("config.lua:", 1, true) then error(hub, 0) end
  if not ok then raise("%s", hub) end
  return hub, settings
end

-- What a reload makes new is found anew.
local function new_inside(app)
  return setmetatable({ hub = app.hub }, {
    __index = function(_, key)
      if key == "moonroom" then return app.public end
      return key == "environment" and app.registered.environment or nil
    end,
  })
end

-- As a server does: who names a directory wants it served, the default may be lacking.
local function serve_files(hub, script)
  local is_directory = type(script) == "string" and core.is_directory(script)
  local name = kit.option(hub, "public")
  local is_default = name == default_public
  if name == "" or is_default and not is_directory then return end
  local path = name:match("^/") and name or (directory_of(script) or ".") .. "/" .. name
  if is_default and not core.is_directory(path) then return end
  local ok, why = pcall(kit.serve, hub, path)
  if not ok then raise("%s", why) end
end

local function load_scripts(world, script, options, settings)
  local app = app_module.new(world.hub, settings)
  local directory = directory_of(script)
  local function new_environment()
    return environment.new {
      app = app, seed = options.seed or default_seed, directory = directory,
    }
  end
  world.inside = new_inside(app)
  serve_files(world.hub, script)
  kit.load(world.hub, loader.load_into, app, script, new_environment)
end

-- options: app, seed and start as test.load's, and hub, a table of the core's options.
local function new(script, options)
  local hub, settings = new_hub(script, options)
  local world = setmetatable({ hub = hub, wires = {}, rest = "" }, World)
  local ok, why = pcall(load_scripts, world, script, options, options.app or settings)
  if not ok then
    kit.free(hub)
    error(tostring(why), 0)
  end
  return world
end

return { new = new }
