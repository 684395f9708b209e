-- The globals that scripts see: tables of their own, so that what one loading of the scripts
-- changes is not seen by another, and modules that are loaded into these globals.

local function copy(source)
  local result = {}
  for key, value in pairs(source) do result[key] = value end
  return result
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
  local package, format, find, match = package, string.format, string.find, string.match
  local own = environment.package

  local function search_preload(name)
    local loader = own.preload[name]
    if loader then return loader, ":preload:" end
    return format("no field package.preload['%s']", name)
  end

  local function search_moonroom(name)
    if find(name, "^moonroom%.") then return function() return require(name) end end
  end

  local function search_lua(name)
    local path, why = package.searchpath(name, own.path)
    if not path then return why end
    local chunk, problem = loadfile(path, "t", environment)
    if chunk then return chunk, path end
    error(format("error loading module '%s' from file '%s':\n\t%s", name, path, problem), 0)
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
    path = path or package.searchpath(match(name, "^[^.]*"), own.cpath)
    if not path then return why end
    return require_c, path
  end

  return { search_preload, search_moonroom, search_lua, search_c }
end

local format = string.format

local function find_loader(own, name)
  local tried = {}
  for _, search in ipairs(own.searchers) do
    local loader, data = search(name)
    if type(loader) == "function" then return loader, data end
    if type(loader) == "string" then tried[#tried + 1] = "\n\t" .. loader end
  end
  error(format("module '%s' not found:%s", name, table.concat(tried)), 3)
end

-- enter(path) -> what is closed when the module has run.
local function new_require(own, enter)
  return function(name)
    local loaded = own.loaded[name]
    if loaded then return loaded end
    local loader, data = find_loader(own, name)
    local _ <close> = enter(data)
    local value = loader(name, data)
    if value ~= nil then own.loaded[name] = value end
    if own.loaded[name] == nil then own.loaded[name] = true end
    return own.loaded[name], data
  end
end

-- Makes require and its like for globals that have all the rest. options: path and cpath, or
-- package's; app, what require "moonroom" answers for.
local function add_modules(environment, options)
  local own = copy(package)
  environment.package = own
  own.loaded, own.preload = {}, copy(package.preload)
  own.path, own.cpath = options.path or package.path, options.cpath or package.cpath
  own.searchers = new_searchers(environment)
  for name, value in pairs(environment) do
    if type(value) == "table" then own.loaded[name] = value end
  end
  own.loaded.moonroom = options.app.public
  environment.require = new_require(own, options.app.enter)
  add_loading(environment)
end

-- --- the server's ------------------------------------------------------------

local libraries = {
  coroutine = true, debug = true, io = true, math = true, os = true, string = true, table = true,
  utf8 = true,
}

-- The globals for the app that a state is there for: the state's own, as they are now.
local function new(app)
  local environment = {}
  for name, value in pairs(_G) do
    environment[name] = libraries[name] and copy(value) or value
  end
  environment._G = environment
  add_modules(environment, { app = app })
  return environment
end

return { new = new, add_modules = add_modules }
