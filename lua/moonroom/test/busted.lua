-- busted's settings under `moonroom test DIR`: DIR/.busted, if there is one, with paths seen from
-- DIR; else nothing but DIR/spec to run. The current directory's .busted is somebody else's.

local lfs = require "lfs"

local directory = assert(os.getenv("MOONROOM_TEST_DIR"))

local function is_absolute(path) return path:find("^/") ~= nil end

local function below(path)
  return is_absolute(path) and path or directory .. "/" .. path:gsub("^%./+", "")
end

-- As short as it can be said from the current directory: busted prints it.
local function shown(path)
  local here = lfs.currentdir() .. "/"
  return path:sub(1, #here) == here and path:sub(#here + 1) or path
end

local function root(path) return shown(below(path)) end

local function search_path(paths)
  return (paths:gsub("[^;]+", below))
end

local function file(name) return name:find("%.lua$") and below(name) or name end

-- What to do with the settings that hold paths.
local PATHS = {
  ROOT = root, lpath = search_path, cpath = search_path, helper = file, output = file,
}

local function set_paths(task)
  for name, change in pairs(PATHS) do
    local value = task[name]
    if type(value) == "string" then
      task[name] = change(value)
    elseif type(value) == "table" then
      for index, one in ipairs(value) do value[index] = change(one) end
    end
  end
end

local function settings_of_directory()
  local path = directory .. "/.busted"
  if not lfs.attributes(path) then return {} end
  local settings = assert(loadfile(path))()
  if type(settings) ~= "table" then error(path .. " must return a table", 0) end
  return settings
end

local settings = settings_of_directory()
for _, task in pairs(settings) do
  if type(task) == "table" then set_paths(task) end
end
settings._all = settings._all or {}
settings._all.ROOT = settings._all.ROOT or { root("spec") }
return settings
