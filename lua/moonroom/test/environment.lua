-- The globals of an app: copies of Lua's own tables, a clock and chance that belong to the app, and
-- modules that are loaded into these globals.
--
-- Two things can't be separated. All strings of a Lua state have one metatable, and its methods are
-- those of the spec's `string`: what an app changes in its own `string` table is seen by
-- string.rep(x, 2), and not by x:rep(2). Modules in C have one copy a state, so they are shared.

local core = require "moonroom.core"
local environments = require "moonroom.environment"
local sandbox = require "moonroom.sandbox"

local kit = core.testkit.app

local function copy(source)
  local result = {}
  for key, value in pairs(source) do result[key] = value end
  return result
end

-- --- the clock, and chance ---------------------------------------------------

local function new_os(hub)
  local own, start = copy(os), kit.now(hub)
  local function now() return kit.wall(hub) // 1 | 0 end
  function own.clock() return kit.now(hub) - start end
  function own.time(...)
    if ... == nil then return now() end
    return os.time(...)
  end
  function own.date(format, time) return os.date(format or "%c", time or now()) end
  return own
end

local function new_math(seed)
  local own = kit.math()
  local randomseed = own.randomseed
  function own.randomseed(...)
    if select("#", ...) == 0 then return randomseed(seed) end
    return randomseed(...)
  end
  randomseed(seed)
  return own
end

-- --- modules -----------------------------------------------------------------

-- Where the modules of a script directory are, before everything else: as the server has it.
local function paths_of(directory)
  if not directory then return package.path, package.cpath end
  local lib, modules = directory .. "/lib/", directory .. "/lua_modules/"
  return table.concat({
    lib .. "?.lua", lib .. "?/init.lua", modules .. "share/lua/5.4/?.lua",
    modules .. "share/lua/5.4/?/init.lua", package.path,
  }, ";"), modules .. "lib/lua/5.4/?.so;" .. package.cpath
end

-- --- all together ------------------------------------------------------------

-- By name: a spec may have globals of its own.
local basics = {
  "assert", "collectgarbage", "error", "getmetatable", "ipairs", "next", "pairs", "pcall",
  "rawequal", "rawget", "rawlen", "rawset", "select", "setmetatable", "tonumber", "tostring",
  "type", "warn", "xpcall",
}
local libraries = { "string", "table", "utf8", "io", "debug" }

-- The globals for an app. options: app; seed, an integer; directory of scripts, or nil.
local function new(options)
  local environment, hub = {}, options.app.hub
  for _, name in ipairs(basics) do environment[name] = _G[name] end
  environment._G, environment._VERSION = environment, _VERSION
  for _, name in ipairs(libraries) do environment[name] = copy(_G[name]) end
  environment.os, environment.math = new_os(hub), new_math(options.seed)
  environment.warn = sandbox.new_warn(function(message)
    core.log(hub, "warn", "warning", message)
  end)
  environment.coroutine = copy(coroutine)
  for name, value in pairs(core.coroutine) do environment.coroutine[name] = value end
  local path, cpath = paths_of(options.directory)
  environments.add_modules(environment, { app = options.app, path = path, cpath = cpath })
  sandbox.apply(environment)
  return environment
end

return { new = new }
