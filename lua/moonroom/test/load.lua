-- test.load: an app from a script and options.

local apps = require "moonroom.test.app"
local check = require "moonroom.test.check"
local core = require "moonroom.core"
local peers = require "moonroom.test.peer"
local place = require "moonroom.test.place"
local raise = require "moonroom.test.raise"

-- Loaded now: a spec may change the directory, which a path of Lua's may be seen from.
local has_luv = pcall(require, "luv")
local transports = {
  memory = require "moonroom.test.memory",
  tcp = has_luv and require "moonroom.test.tcp",
}

local own_options = { "app", "faults", "seed", "start", "transport" }

local function split(options)
  local names, hub = { table.unpack(own_options) }, {}
  for _, option in ipairs(core.testkit.options.table()) do
    table.insert(names, option.name)
    hub[option.name] = options[option.name]
  end
  check.names(options, names, "option")
  return hub
end

local function check_options(options)
  check.type_of(options, "options", "table")
  check.type_of(options.app or {}, "the option app", "table")
  check.type_of(options.start or 0, "the option start", "number")
  if options.seed ~= nil then check.count(options.seed, math.mininteger, "the option seed") end
  if options.faults then peers.check_faults(options.faults) end
  local transport = options.transport or "memory"
  if transport == "tcp" and not has_luv then
    raise('the transport "tcp" needs the module luv (Debian: lua-luv)')
  end
  if not transports[transport] then raise("there is no transport %s", tostring(transport)) end
  return transport
end

local function name_of(script)
  if type(script) == "string" then return script end
  local info = debug.getinfo(script, "S")
  return ("of the function at %s:%d"):format(info.short_src, info.linedefined)
end

local function load(script, options)
  if script == nil then script = place.directory() end
  check.type_of(script, "what is loaded", "string", "function")
  options = options == nil and {} or options
  local transport = check_options(options)
  local world = transports[transport].new(script, {
    app = options.app, seed = options.seed, start = options.start, hub = split(options),
  })
  local app = apps.new(world, name_of(script), options.faults)
  app:settle()
  return app
end

return load
