-- Errors of handlers for the page: the traceback, and the lines of the scripts around each place.

local core = require "moonroom.core"
local text = require "moonroom.dev.text"

local find, gmatch, gsub, match, sub = string.find, string.gmatch, string.gsub, string.match,
  string.sub

local most_errors, most_places, lines_around = 50, 8, 4
local longest_line = 400

-- The script that a name in a traceback means, if it is one of the directory's: Lua shortens long
-- ones to "..." and their end. An error's text may name any file; others are not read.
local function script_of(directory, name)
  local root = directory .. "/"
  name = gsub(name, "//+", "/")
  local tail = match(name, "^%.%.%.(.*)$")
  if not tail and sub(name, 1, #root) ~= root then return nil end
  for _, script in ipairs(core.list_files(directory, ".lua")) do
    local path = root .. script
    if path == name or tail and sub(path, -#tail) == tail then return path, script end
  end
end

-- The lines around one of a file: { number =, text = }.
local function lines_near(path, wanted)
  local file = io.open(path, "r")
  if not file then return nil end
  local lines, number = {}, 0
  for line in file:lines() do
    number = number + 1
    if number > wanted + lines_around then break end
    if number >= wanted - lines_around then
      lines[#lines + 1] = { number = number, text = text.clean(sub(line, 1, longest_line)) }
    end
  end
  file:close()
  return lines
end

local function add_place(places, seen, directory, name, number)
  local key = name .. ":" .. number
  if seen[key] or #places == most_places then return end
  seen[key] = true
  local path, script = script_of(directory, name)
  local lines = path and lines_near(path, tonumber(number))
  if lines then
    places[#places + 1] = { file = script, line = tonumber(number), lines = lines }
  end
end

-- The places in scripts that an error's text and its traceback name, the innermost first.
local function places_of(directory, message, traceback)
  local places, seen = {}, {}
  local name, number = match(message, "^([^\n:]+%.lua):(%d+):")
  if name then add_place(places, seen, directory, name, number) end
  for line in gmatch(traceback, "[^\n]+") do
    name, number = match(line, "^\t([^\n:]+%.lua):(%d+): in ")
    if name then add_place(places, seen, directory, name, number) end
  end
  return places
end

local Errors = {}
Errors.__index = Errors

-- Keeps the latest. directory: that of the scripts, or nil.
local function new(directory)
  return setmetatable({ directory = directory, list = {}, count = 0 }, Errors)
end

-- Adds one and returns it, as the page gets it. time: Unix time.
function Errors:add(time, message, traceback, where, path)
  local starts = find(traceback, "\nstack traceback:", 1, true)
  local ends = find(message, "\nstack traceback:", 1, true)
  self.count = self.count + 1
  local entry = {
    id = self.count, time = time, where = where, path = text.clean(path),
    message = text.clean(ends and sub(message, 1, ends - 1) or message),
    traceback = text.clean(starts and sub(traceback, starts + 1) or ""),
    places = core.json.array(self.directory
      and places_of(self.directory, message, traceback) or {}),
  }
  table.insert(self.list, entry)
  if #self.list > most_errors then table.remove(self.list, 1) end
  return entry
end

function Errors:clear() self.list = {} end

-- Forgets what went wrong in one place, such as "reload". Returns whether there was anything.
function Errors:forget(where)
  local list = {}
  for _, entry in ipairs(self.list) do
    if entry.where ~= where then list[#list + 1] = entry end
  end
  local has_changed = #list < #self.list
  self.list = list
  return has_changed
end

return { new = new }
