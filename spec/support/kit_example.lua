-- Runs an example of the test kit: the code of a spec, which is given describe, it, before_each,
-- after_each, assert and test. What it prints is checked as in other examples, and each app that it
-- loads is stopped at its end, so that no handler's error stays unnoticed.
--
-- An example whose first line is a file's name, as "-- hello/init.lua", is saved in the current
-- directory; if it is no spec, that is all.

local apps = require "moonroom.test.app"
local luassert = require "luassert"
local printed = require "printed"
local program = require "program"
local test = require "moonroom.test"

-- --- describe and it -------------------------------------------------------

local Group = {}
Group.__index = Group

local function new_group(outer)
  return setmetatable({ outer = outer, before = {}, after = {} }, Group)
end

local function run_all(group, name)
  for _, fn in ipairs(group[name]) do fn() end
end

function Group:before_each()
  if self.outer then self.outer:before_each() end
  run_all(self, "before")
end

function Group:after_each()
  run_all(self, "after")
  if self.outer then self.outer:after_each() end
end

local function run_spec(spec)
  spec.group:before_each()
  local ok, why = pcall(spec.fn)
  local is_tidy, problem = pcall(spec.group.after_each, spec.group)
  if not ok then error(why, 0) end
  if not is_tidy then error(problem, 0) end
end

-- The words that group specs; the list gets them as they are read.
local function new_words(list)
  local group = new_group()
  return {
    describe = function(_, fn)
      group = new_group(group)
      fn()
      group = group.outer
    end,
    it = function(_, fn) table.insert(list, { group = group, fn = fn }) end,
    before_each = function(fn) table.insert(group.before, fn) end,
    after_each = function(fn) table.insert(group.after, 1, fn) end,
  }
end

-- --- the example -----------------------------------------------------------

local function load_example(path, lines, first, environment)
  local source = ("\n"):rep(first - 1) .. table.concat(lines, "\n")
  local chunk, why = load(source, "@" .. path, "t", environment)
  if not chunk then error(why, 0) end
  return chunk
end

-- luassert raises a table with a message.
local function text_of(why)
  return tostring(type(why) == "table" and why.message or why)
end

-- Calls the function, then stops the apps that were loaded meanwhile.
local function run_with_apps(fn)
  local new, made = apps.new, {}
  function apps.new(...)
    local app = new(...)
    table.insert(made, app)
    return app
  end
  local ok, why = pcall(fn)
  apps.new = new
  for _, app in ipairs(made) do
    local is_quiet, problem = pcall(app.stop, app)
    if ok and not is_quiet then ok, why = false, problem end
  end
  if not ok then error(text_of(why), 0) end
end

local function name_of(lines) return (lines[1] or ""):match("^%-%- ([%w_/]+%.lua)$") end

-- Runs the lines, the first of which is the given one of the file. Raises what is wrong, as a text.
local function run(path, lines, first)
  local name = name_of(lines)
  if name then program.write(name, table.concat(lines, "\n") .. "\n") end
  local said, specs = printed.read(lines, first), {}
  local environment = new_words(specs)
  environment.assert, environment.test, environment.print = luassert, test, printed.new_print(said)
  local chunk = load_example(path, lines, first, setmetatable(environment, { __index = _G }))
  if name and not name:find("_spec%.lua$") then return end
  run_with_apps(function()
    chunk()
    for _, spec in ipairs(specs) do run_spec(spec) end
  end)
  local line, fault = printed.find_fault(said)
  if line then error(("%s:%d: %s"):format(path, line, fault), 0) end
end

-- A text without the places in it, and without tracebacks.
local function without_places(text)
  return (text:gsub("[%w_/.]+:%d+: ", ""):gsub("\nstack traceback:.-\nthe steps:", "\nthe steps:")
    :gsub("\nstack traceback:.*$", ""))
end

-- Runs lines that fail with the text, which is also lines; where it says that they do is left open.
local function fail(path, lines, first, text)
  local ok, why = pcall(run, path, lines, first)
  if ok then error(("%s:%d: it does not fail"):format(path, first), 0) end
  local got, expected = without_places(why), without_places(table.concat(text, "\n"))
  if got ~= expected then
    error(("%s:%d: it fails with\n%s"):format(path, first, got), 0)
  end
end

return { run = run, fail = fail }
