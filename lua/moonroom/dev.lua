-- What `moonroom dev` has that a server for others has not: a page to try the app at /__dev, with
-- users inside the server, and what went wrong in handlers.

local core = require "moonroom.core"
local errors = require "moonroom.dev.errors"
local page = require "moonroom.dev.page"
local session = require "moonroom.dev.session"

local socket_path = "/__dev/socket"
local seconds_a_look = 0.25 -- at the rooms and their clients

local Dev = {}
Dev.__index = Dev

-- --- who may come ------------------------------------------------------------

-- Any origin of this machine, whatever the room says: a bundler serves the page from its own port.
-- Only the page itself talks to its socket.
function Dev:allows_origin(target, origin)
  return target ~= self.room and core.is_loopback_origin(origin)
end

-- The page's socket, for the developer alone: to everybody else nothing is there.
function Dev:resolve(request)
  if request.path ~= socket_path or not core.is_developers(request) then return nil end
  self.room = self.room or self:make_room()
  return { target = self.room, path = socket_path, params = {} }
end

-- Answers a request for the page. Returns whether it was one.
function Dev:answer(request) -- luacheck: ignore self
  return core.is_developers(request) and page.answer(request)
end

-- --- the socket --------------------------------------------------------------

-- What the app allows its clients is not the page's matter.
local limits = {
  origins = "same", max_message = 1048576, max_frame = 1048576, max_clients = 0,
  rate = { messages = 0, bytes = 0 },
}

-- Without a path it is in no list of rooms.
function Dev:make_room()
  local dev = self
  local Client = self.app.Client:extend("DevClient")
  local Room = self.app.Room:extend("DevRoom", { Client = Client })
  for name, value in pairs(limits) do Room[name] = value end

  function Client:init(request)
    self.session = session.new(dev, self)
    self.session.host = request.host
  end

  function Client:look() self.session:tell_state() end

  function Room:on_join(client) -- luacheck: ignore self
    client.session:begin()
    client:every(seconds_a_look, "look")
  end

  function Room:on_json(client, command) client.session:hear(command) end -- luacheck: ignore self
  function Room:on_leave(client) client.session:finish() end -- luacheck: ignore self

  return self.app.rooms:construct(Room, {}, 1)
end

function Dev:tell_all(what)
  if self.room then self.room:broadcast(what) end
end

-- --- the users' network ------------------------------------------------------

-- The users hear for themselves; what goes wrong for one is none of the others' business.
local function hear(dev, numbers)
  for _, number in ipairs(numbers) do
    local user = dev.users[number]
    if user then
      local ok, why = pcall(user.hear, user)
      if not ok then core.log(dev.app.hub, "error", "dev", tostring(why)) end
      if user.raw:state().closed then dev.users[number] = nil end
    end
  end
end

function Dev:world()
  local hub = self.app.hub
  self.network = self.network or core.network(hub, function(numbers) hear(self, numbers) end)
  return { hub = hub, network = self.network, now = core.waits(hub, true).now }
end

function Dev:follow(user) self.users[user.raw:number()] = user end

-- --- what went wrong ---------------------------------------------------------

local function add_error(dev, message, traceback, where, path)
  local entry = dev.errors:add(core.waits(dev.app.hub, true).now(), message, traceback, where, path)
  dev:tell_all { type = "error", error = entry }
end

local function tell_errors(dev)
  dev:tell_all { type = "errors", errors = core.json.array(dev.errors.list) }
end

function Dev:clear_errors()
  self.errors:clear()
  tell_errors(self)
end

-- The scripts were loaded again, or couldn't be: why says where, with a traceback.
function Dev:reloaded(ok, why)
  self.news = { ok = ok, time = core.waits(self.app.hub, true).now() }
  self:tell_all { type = "reload", news = self.news }
  if not ok then return add_error(self, why, why, "reload", "") end
  if self.errors:forget("reload") then tell_errors(self) end
end

-- Says which script is served: a directory, or a file in one.
function Dev:set_script(path)
  self.script = path
  local directory = core.is_directory(path) and path or string.match(path, "^(.*)/[^/]*$") or "."
  self.errors.directory = #directory > 1 and string.gsub(directory, "/+$", "") or directory
end

-- Dev's part of an app, which has a hub.
local function new(app)
  local dev = setmetatable({ app = app, users = {}, errors = errors.new(nil) }, Dev)
  core.on_failure(app.hub, function(...) add_error(dev, ...) end)
  core.on_reload(app.hub, function(...) dev:reloaded(...) end)
  return dev
end

return { new = new }
