-- Loads a script directory, or a file, into the running app.

local app = require "moonroom.current"
local core = require "moonroom.core"
local log = require "moonroom.log"
local rooms = require "moonroom.rooms"

-- init.lua may take string's methods away before rooms/ is loaded.
local find, format, gsub = string.find, string.format, string.gsub

-- Runs a file, source text only. Errors carry the file and line of the script.
local function run(path)
  local chunk, why = loadfile(path, "t")
  if not chunk then
    if not find(why, ":%d+:") then why = path .. ": " .. why end
    error(why, 0)
  end
  return chunk()
end

local function exists(path)
  local file = io.open(path, "r")
  if file then file:close() end
  return file ~= nil
end

local function is_servable(value)
  return rooms.is_room(value) or app.is_room_class(value)
end

-- "a/b.lua" is served at /a/b, "index.lua" at /, "a/index.lua" at /a.
local function path_of(name)
  local path = gsub(name, "%.lua$", "")
  if path == "index" then return "/" end
  return "/" .. gsub(path, "/index$", "")
end

local function load_rooms(directory)
  local root = directory .. "/rooms"
  local names = core.list_files(root, ".lua")
  for _, name in ipairs(names) do
    local room = run(root .. "/" .. name)
    if not is_servable(room) then
      error(format("%s/%s: a file in rooms/ returns a Room class or a room, not a %s", root, name,
        type(room)), 0)
    end
    local ok, why = pcall(app.public.mount, path_of(name), room)
    if not ok then error(format("%s/%s: %s", root, name, why), 0) end
  end
  return #names
end

local function load_directory(directory)
  local main = directory .. "/init.lua"
  local has_main = exists(main)
  if has_main then run(main) end
  if load_rooms(directory) == 0 and not has_main then
    error(directory .. ": there is neither an init.lua nor a rooms/NAME.lua in it", 0)
  end
end

-- A file on its own returns a room, or mounts what it has itself.
local function load_file(path)
  if not exists(path) then error(path .. ": no such file or directory", 0) end
  local room = run(path)
  if is_servable(room) then
    app.public.mount("/", room)
  elseif room ~= nil then
    error(format("%s: a file that is served on its own returns a Room, not a %s", path,
      type(room)), 0)
  elseif #app.rooms.mounts == 0 and #app.public.dispatch == 0 then
    error(path .. ": it returned no Room, and neither mounted nor dispatches anything", 0)
  end
end

local function load(path)
  print = log.new_print(app.hub) -- luacheck: globals print
  if core.is_directory(path) then
    load_directory(path)
  else
    load_file(path)
  end
end

local function describe_target(target)
  return is_servable(target) and tostring(target) or "a function"
end

-- The routes, a line each, for people.
local function describe()
  local lines = {}
  for _, mount in ipairs(app.rooms.mounts) do
    lines[#lines + 1] = format("%-24s %s\n", mount.pattern, describe_target(mount.target))
  end
  local asked = #app.public.dispatch
  if asked > 0 then
    lines[#lines + 1] = format("%-24s %d function%s, asked before the mounts\n",
      "moonroom.dispatch", asked, asked == 1 and "" or "s")
  end
  for room in app.rooms:all() do
    lines[#lines + 1] = format("%-24s %s\n", "room", tostring(room))
  end
  if #lines == 0 then lines[1] = "no routes: nothing can connect\n" end
  return table.concat(lines)
end

return { load = load, describe = describe }
