-- Loads scripts into an app, and lists the routes that they have made.

local class = require "moonroom.class"
local core = require "moonroom.core"
local environments = require "moonroom.environment"
local globals = require "moonroom.globals"
local log = require "moonroom.log"
local place = require "moonroom.place"
local reload = require "moonroom.reload"
local review = require "moonroom.review"
local rules = require "moonroom.rules"
local sandbox = require "moonroom.sandbox"

local strings = debug.getmetatable("")
-- init.lua may take string's methods away before rooms/ is loaded.
local find, format, gsub, sub = string.find, string.format, string.gsub, string.sub

-- --- errors ----------------------------------------------------------------

-- What is raised as one of these is told as it is, without a traceback.
local Failure = {}

function Failure.__tostring(failure) return failure.text end

local function fail(text, ...)
  error(setmetatable({ text = format(text, ...) }, Failure))
end

local function is_failure(value) return debug.getmetatable(value) == Failure end

local function text_of(value)
  local ok, text = pcall(tostring, value)
  return ok and text or format("(error object is a %s value)", type(value))
end

-- The traceback as far as the scripts go: below them is this file, which runs them.
local function script_traceback()
  local own = "\t" .. debug.getinfo(1, "S").short_src .. ":"
  local lines, last = {}, 0
  for line in string.gmatch(debug.traceback(nil, 3), "[^\n]+") do
    if sub(line, 1, #own) == own then break end
    lines[#lines + 1] = line
    if find(line, "^\t[^%[(]") then last = #lines end
  end
  return last > 0 and "\n" .. table.concat(lines, "\n", 1, last) or ""
end

local function to_failure(value)
  if is_failure(value) then return value end
  return setmetatable({ text = text_of(value) .. script_traceback() }, Failure)
end

-- --- files -----------------------------------------------------------------

-- In a traceback it is then a main chunk, and no local.
local function call(chunk) return chunk() end

-- Runs a file, source text only. Errors carry the file and line of the script.
local function run(app, path, environment)
  local chunk, why = loadfile(path, "t", environment)
  if not chunk then fail("%s%s", find(why, ":%d+:") and "" or path .. ": ", why) end
  local _ <close> = app.enter(path)
  return (call(chunk))
end

local function exists(path)
  local file = io.open(path, "r")
  if file then file:close() end
  return file ~= nil
end

local is_servable = review.is_servable

-- What a file has returned instead of a room, in words.
local function words_for(value)
  if value == nil then return "nil (is `return` missing?)" end
  if class.is_class(value) then return "a class of clients" end
  return "a " .. type(value)
end

-- "a/b.lua" is served at /a/b, "index.lua" at /, "a/index.lua" at /a.
local function path_of(name)
  local path = gsub(name, "%.lua$", "")
  if path == "index" then return "/" end
  return "/" .. gsub(path, "/index$", "")
end

local function load_rooms(app, directory, environment)
  local root = directory .. "/rooms"
  local names = core.list_files(root, ".lua")
  for _, name in ipairs(names) do
    local room = run(app, root .. "/" .. name, environment)
    if not is_servable(app, room) then
      fail("%s/%s: a file in rooms/ returns a Room class or a room, not %s", root, name,
        words_for(room))
    end
    local ok, why = pcall(app.public.mount, path_of(name), room)
    if not ok then fail("%s/%s: %s", root, name, why) end
    app.rooms:set_place(root .. "/" .. name)
  end
  return #names
end

local function load_directory(app, directory, environment)
  local main = directory .. "/init.lua"
  local has_main = exists(main)
  if has_main then run(app, main, environment) end
  if load_rooms(app, directory, environment) == 0 and not has_main then
    fail("%s: there is neither an init.lua nor a rooms/NAME.lua in it", directory)
  end
end

local function has_routes(app)
  local dispatch = app.public.dispatch
  return #app.registered.mounts > 0 or type(dispatch) ~= "table" or next(dispatch) ~= nil
end

-- A file on its own returns a room, or mounts what it has itself.
local function load_file(app, path, environment)
  if not exists(path) then fail("%s: no such file or directory", path) end
  local room = run(app, path, environment)
  if is_servable(app, room) then
    app.public.mount("/", room)
    app.rooms:set_place(path)
  elseif room ~= nil then
    fail("%s: a file that is served on its own returns a Room, not %s", path, words_for(room))
  elseif not has_routes(app) then
    fail("%s: it returned no Room (is `return` missing?), and neither mounted nor dispatches "
      .. "anything", path)
  end
end

-- A function gets what require "moonroom" answers; a room that it returns is served at /.
local function load_function(app, script, where)
  local _ <close> = app.enter(where)
  local room = script(app.public)
  if not is_servable(app, room) then return end
  app.public.mount("/", room)
  app.rooms:set_place(nil)
end

-- --- routes ----------------------------------------------------------------

local function check_dispatch(app, where)
  local dispatch = app.public.dispatch
  if type(dispatch) ~= "table" then
    fail("%s: moonroom.dispatch is a list of functions; it has been replaced by a %s", where,
      type(dispatch))
  end
  for key, ask in pairs(dispatch) do
    if not rules.is_callable(ask) then
      fail("%s: moonroom.dispatch[%s] is a %s, not a function", where, text_of(key), type(ask))
    end
  end
end

local function load_any(app, script, new_environment)
  local environment = new_environment(app)
  environment.print = log.new_print(app.hub)
  app.registered.environment = environment
  local where = script
  if type(script) == "function" then
    local info = debug.getinfo(script, "S")
    where = format("%s:%d", info.short_src, info.linedefined)
    load_function(app, script, where)
  elseif core.is_directory(script) then
    app.directory = gsub(script, "(.)/+$", "%1")
    load_directory(app, script, environment)
  else
    load_file(app, script, environment)
  end
  check_dispatch(app, where)
  review.warn(app)
end

local function load_protected(app, script, new_environment)
  local ok, why = xpcall(load_any, to_failure, app, script, new_environment)
  if not ok then error(is_failure(why) and why or to_failure(why)) end
end

-- Has the app load the same again; the core begins it, and brings it to its end.
local function add_reload(app, script, new_environment)
  function app.load(settings)
    reload.begin(app, settings)
    load_protected(app, script, new_environment)
  end
end

-- Loads a directory, a file or a function into an app; files see what new_environment(app) returns
-- as their globals. Raises what people can read as it is: a table whose text says file and line,
-- with a traceback where it was a script that raised.
local function load_into(app, script, new_environment)
  reload.begin_first(app)
  load_protected(app, script, new_environment)
  app.loading = nil
  core.loaded(app.hub)
  add_reload(app, script, new_environment)
end

-- The methods of strings are those of the scripts' own string.
local function new_environment(app)
  local made = environments.new(app)
  strings.__index = made.string
  return made
end

-- The same into the running app.
local function load(path)
  local app = require "moonroom.current"
  if app.dev then app.dev:set_script(path) end
  load_into(app, path, new_environment)
end

-- The same in a state that is there for nothing else: what scripts shouldn't have is gone from it.
local function serve(path)
  local app = require "moonroom.current"
  sandbox.apply_to_state(_G)
  app.own_globals = globals.names_of(_G)
  load(path)
end

-- Warns of undeclared globals in what serve has loaded from there.
local function warn_of_globals(path)
  local app = require "moonroom.current"
  for _, text in ipairs(globals.undeclared(path, app.own_globals,
    app.registered.environment)) do
    core.log(app.hub, "warn", "script", text)
  end
end

-- The routes of an app (the running one), a line each, for people.
local function describe(app)
  app = app or require "moonroom.current"
  local lines, hidden = {}, review.hidden_mounts(app)
  local hidden_handlers = review.hidden_handlers(app.http)
  for index, mount in ipairs(app.registered.mounts) do
    local by = hidden[index]
    lines[#lines + 1] = format("%-24s %s%s\n", mount.pattern, review.words_for(app, mount.target),
      by and format(", never reached: %s is mounted before it", by.pattern) or "")
  end
  for index, handler in ipairs(app.http.handlers) do
    local by, at = hidden_handlers[index], handler.place
    lines[#lines + 1] = format("%-24s %s%s\n", handler.name,
      at and "function at " .. place.below(app.directory, at) or "a function",
      by and format(", never reached: %s comes before it", by.name) or "")
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

return {
  load = load,
  serve = serve,
  load_into = load_into,
  describe = describe,
  warn_of_globals = warn_of_globals,
}
