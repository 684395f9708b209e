-- Errors of handlers for the page: the traceback, and the lines of the scripts around each place.

local core = require "moonroom.core"
local text = require "moonroom.dev.text"

local find, gmatch, gsub, match, sub = string.find, string.gmatch, string.gsub, string.match,
  string.sub

local most_errors, most_places, lines_around = 50, 8, 4
local most_names = 64 -- that are looked at, of one error
local longest_line, longest_file, most_text = 400, 1048576, 8192

-- --- scripts -------------------------------------------------------------------

-- As the watch has it (src/net/watch.c).
local left_out = { node_modules = true, lua_modules = true }
local left_out_at_root = { public = true, spec = true }

-- Whether a path below the directory is one that a server might load. An error's text may name any
-- file; others are not read.
local function is_script(path)
  if not find(path, "%.lua$") or left_out_at_root[match(path, "^([^/]*)/")] then return false end
  for segment in gmatch(path .. "/", "([^/]*)/") do
    if segment == "" or sub(segment, 1, 1) == "." or left_out[segment] then return false end
  end
  return true
end

local function open(directory, script)
  local file = is_script(script) and io.open(directory .. "/" .. script, "r")
  if not file then return nil end
  local size = file:seek("end")
  if size and size <= longest_file and file:seek("set") then return file end
  file:close()
end

-- What of a name's end, as Lua shortens long ones, may lie below the root.
local function ends_below(root, tail)
  local list = {}
  for at in gmatch(tail, "()/") do
    if sub(root, -at) == sub(tail, 1, at) then list[#list + 1] = sub(tail, at + 1) end
  end
  return list
end

-- Opens the script that a name in a traceback means, if it is one of the directory's. Returns it
-- and its path below that.
local function open_named(directory, name)
  local root = directory .. "/"
  name = gsub(name, "//+", "/")
  local tail = match(name, "^%.%.%.(.*)$")
  if not tail and sub(name, 1, #root) ~= root then return nil end
  for _, script in ipairs(tail and ends_below(root, tail) or { sub(name, #root + 1) }) do
    local file = open(directory, script)
    if file then return file, script end
  end
end

-- The lines around one of a file, which it closes: { number =, text = }.
local function lines_near(file, wanted)
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
  local key, line = name .. ":" .. number, tonumber(number)
  if seen[key] or #places == most_places or seen.count == most_names then return end
  seen[key], seen.count = true, seen.count + 1
  local file, script = open_named(directory, name)
  if file then
    places[#places + 1] = { file = text.clean(script), line = line, lines = lines_near(file, line) }
  end
end

-- The places in scripts that an error's text and its traceback name, the innermost first.
local function places_of(directory, message, traceback)
  local places, seen = {}, { count = 0 }
  local name, number = match(message, "^([^\n:]+%.lua):(%d+):")
  if name then add_place(places, seen, directory, name, number) end
  for line in gmatch(traceback, "[^\n]+") do
    name, number = match(line, "^\t([^\n:]+%.lua):(%d+): in ")
    if name then add_place(places, seen, directory, name, number) end
  end
  return places
end

-- What is shown of a text that may be anything, and of any length.
local function shown(what)
  local start, is_cut = text.cut(what, most_text)
  start = text.cut(text.clean(start), most_text)
  return is_cut and start .. "\n..." or start
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
    id = self.count, time = time, where = shown(where), path = shown(path),
    message = shown(ends and sub(message, 1, ends - 1) or message),
    traceback = shown(starts and sub(traceback, starts + 1) or ""),
    places = core.json.array(self.directory
      and places_of(self.directory, message, starts and sub(traceback, starts) or "") or {}),
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
