-- Globals that a script directory's files use and nobody has declared: most of them are a missing
-- `local` or a slip of the pen, which Lua tells only where it runs into nil.

local bytecode = require "moonroom.bytecode"
local core = require "moonroom.core"
local spelling = require "moonroom.spelling"

-- It runs after scripts have been loaded, which may take functions away.
local format, load_file, sort = string.format, loadfile, table.sort

local function names_of(globals)
  local names = {}
  for name in next, globals do
    if type(name) == "string" then names[name] = true end
  end
  return names
end

local function is_file(path)
  local file = io.open(path, "r")
  if file then file:close() end
  return file ~= nil
end

-- The files that a server of that path has loaded, or may load yet.
local function files_of(path)
  local files = {}
  if not core.is_directory(path) then return { path } end
  if is_file(path .. "/init.lua") then files[1] = path .. "/init.lua" end
  for _, part in ipairs { "/rooms/", "/lib/" } do
    for _, name in ipairs(core.list_files(path .. part, ".lua")) do
      files[#files + 1] = path .. part .. name
    end
  end
  return files
end

-- All uses of globals in the files, each with its file; and what can't be compiled.
local function uses_in(files)
  local uses, broken = {}, {}
  for _, file in ipairs(files) do
    local chunk, why = load_file(file, "t")
    if not chunk then broken[#broken + 1] = why end
    for _, use in ipairs(chunk and bytecode.globals_of(chunk) or {}) do
      use.file = file
      uses[#uses + 1] = use
    end
  end
  return uses, broken
end

local function names_that(uses, is_set)
  local names = {}
  for _, use in ipairs(uses) do
    if use.is_set == is_set then names[use.name] = true end
  end
  return names
end

local function sorted(names)
  local list = {}
  for name in pairs(names) do list[#list + 1] = name end
  sort(list)
  return list
end

local function describe(use, candidates)
  local where = format("%s:%d: ", use.file, use.line)
  if use.is_set then
    return format("%ssets the global %s (is `local` missing?)", where, use.name)
  end
  local meant = spelling.nearest(use.name, candidates, #use.name > 4 and 2 or 1)
  return format("%sreads the global %s, which nothing sets%s", where, use.name,
    meant and format("; did you mean %s?", meant) or "")
end

-- What of a script directory (or of one file) uses undeclared globals, each a sentence that begins
-- with file and line; files that can't be compiled likewise. own: names of Lua's own globals. One
-- that a file sets is told there, not again where it is read; what is among globals by now has been
-- set in some other way, as C modules do.
local function undeclared(path, own, globals)
  local uses, told = uses_in(files_of(path))
  local set, there, candidates = names_that(uses, true), names_of(globals), sorted(own)
  local seen = {}
  for _, use in ipairs(uses) do
    local is_told = use.is_set and not own[use.name]
      or not use.is_set and not own[use.name] and not set[use.name] and not there[use.name]
    local text = is_told and describe(use, candidates)
    if text and not seen[text] then
      seen[text] = true
      told[#told + 1] = text
    end
  end
  return told
end

return { names_of = names_of, undeclared = undeclared }
