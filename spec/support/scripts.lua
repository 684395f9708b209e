-- Script directories that a spec file makes, and apps of them: `scripts.app(files, options)`. What
-- was made is stopped and removed by `scripts.clean()`, which belongs in after_each.

local program = require "program"
local test = require "moonroom.test"

local directories, apps = {}, {}

local function directory(files)
  local path = program.directory(files)
  directories[#directories + 1] = path
  return path
end

-- The app, and its directory's path.
local function app(files, options)
  local path = directory(files)
  local loaded = test.load(path, options)
  apps[#apps + 1] = loaded
  return loaded, path
end

-- An app of a function, or one with a room at / that is made of the fields.
local function room(fields, options)
  local script = fields
  if type(fields) == "table" then
    function script(moonroom) moonroom.mount("/", moonroom.Room:extend("Room", fields)) end
  end
  local loaded = test.load(script, options)
  apps[#apps + 1] = loaded
  return loaded
end

-- Raises what stopping the apps does.
local function clean()
  local stopping, made = apps, directories
  apps, directories = {}, {}
  for _, path in ipairs(made) do program.remove(path) end
  for _, one in ipairs(stopping) do one:stop() end
end

return { directory = directory, app = app, room = room, clean = clean }
