-- The globals of an app: copies of Lua's own tables, a clock and chance that belong to the app, and
-- modules that are loaded into these globals.
--
-- Two things can't be separated. All strings of a Lua state have one metatable, and its methods are
-- those of the spec's `string`: what an app changes in its own `string` table is seen by
-- string.rep(x, 2), and not by x:rep(2). Modules in C have one copy a state, so they are shared.

local core = require "moonroom.core"

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

-- --- loading -----------------------------------------------------------------

local function add_loading(environment)
  function environment.load(chunk, name, mode, ...)
    if select("#", ...) == 0 then return load(chunk, name, mode, environment) end
    return load(chunk, name, mode, ...)
  end

  function environment.loadfile(path, mode, ...)
    if select("#", ...) == 0 then return loadfile(path, mode, environment) end
    return loadfile(path, mode, ...)
  end

  function environment.dofile(path)
    local chunk, why = loadfile(path, nil, environment)
    if not chunk then error(why, 0) end
    return chunk()
  end
end

-- Searches as Lua's own require does, but for modules of Moonroom's.
local function new_searchers(environment)
  local package = package
  local own = environment.package

  local function search_preload(name)
    local loader = own.preload[name]
    if loader then return loader, ":preload:" end
    return ("no field package.preload['%s']"):format(name)
  end

  local function search_moonroom(name)
    if name:find("^moonroom%.") then return function() return require(name) end end
  end

  local function search_lua(name)
    local path, why = package.searchpath(name, own.path)
    if not path then return why end
    local chunk, problem = loadfile(path, "t", environment)
    if chunk then return chunk, path end
    error(("error loading module '%s' from file '%s':\n\t%s"):format(name, path, problem), 0)
  end

  local function require_c(name)
    local path = package.cpath
    package.cpath = own.cpath
    local ok, module = pcall(require, name)
    package.cpath = path
    if not ok then error(module, 0) end
    return module
  end

  local function search_c(name)
    local path, why = package.searchpath(name, own.cpath)
    path = path or package.searchpath(name:match("^[^.]*"), own.cpath)
    if not path then return why end
    return require_c, path
  end

  return { search_preload, search_moonroom, search_lua, search_c }
end

local function find_loader(own, name)
  local tried = {}
  for _, search in ipairs(own.searchers) do
    local loader, data = search(name)
    if type(loader) == "function" then return loader, data end
    if type(loader) == "string" then tried[#tried + 1] = "\n\t" .. loader end
  end
  error(("module '%s' not found:%s"):format(name, table.concat(tried)), 3)
end

local function new_require(own)
  return function(name)
    local loaded = own.loaded[name]
    if loaded then return loaded end
    local loader, data = find_loader(own, name)
    local value = loader(name, data)
    if value ~= nil then own.loaded[name] = value end
    if own.loaded[name] == nil then own.loaded[name] = true end
    return own.loaded[name], data
  end
end

-- Where the modules of a script directory are, before everything else: as the server has it.
local function new_package(directory)
  local own = copy(package)
  own.loaded, own.preload = {}, copy(package.preload)
  if directory then
    local lib, modules = directory .. "/lib/", directory .. "/lua_modules/"
    own.path = table.concat({
      lib .. "?.lua", lib .. "?/init.lua", modules .. "share/lua/5.4/?.lua",
      modules .. "share/lua/5.4/?/init.lua", package.path,
    }, ";")
    own.cpath = modules .. "lib/lua/5.4/?.so;" .. package.cpath
  end
  return own
end

-- --- all together ------------------------------------------------------------

-- By name: a spec may have globals of its own.
local basics = {
  "assert", "collectgarbage", "error", "getmetatable", "ipairs", "next", "pairs", "pcall",
  "rawequal", "rawget", "rawlen", "rawset", "select", "setmetatable", "tonumber", "tostring",
  "type", "warn", "xpcall",
}
local libraries = { "string", "table", "utf8", "io", "debug" }

-- The globals for an app. options: hub; seed, an integer; directory of scripts, or nil; moonroom,
-- what require "moonroom" answers.
local function new(options)
  local environment = {}
  for _, name in ipairs(basics) do environment[name] = _G[name] end
  environment._G, environment._VERSION = environment, _VERSION
  for _, name in ipairs(libraries) do environment[name] = copy(_G[name]) end
  environment.os, environment.math = new_os(options.hub), new_math(options.seed)
  environment.warn = sandbox.new_warn(function(message)
    core.log(options.hub, "warn", "warning", message)
  end)
  environment.coroutine = copy(coroutine)
  for name, value in pairs(core.coroutine) do environment.coroutine[name] = value end
  local own = new_package(options.directory)
  environment.package = own
  own.searchers = new_searchers(environment)
  for name, value in pairs(environment) do
    if type(value) == "table" then own.loaded[name] = value end
  end
  own.loaded.moonroom = options.moonroom
  environment.require = new_require(own)
  add_loading(environment)
  sandbox.apply(environment)
  return environment
end

return { new = new }
