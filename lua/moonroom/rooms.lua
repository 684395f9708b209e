-- The rooms of an app: mounts, what they have made, and finding them by path.

local class = require "moonroom.class"
local core = require "moonroom.core"
local rules = require "moonroom.rules"

local max_path = 255

local Rooms = {}
Rooms.__index = Rooms

local function new(app)
  return setmetatable({
    app = app,
    routes = core.routes(),
    mounts = {}, -- in the order of the patterns in routes: { pattern, target, is_literal }
    made = {}, -- path -> a room that a mount has made
    made_count = 0,
    by_path = setmetatable({}, { __mode = "v" }), -- every room that has a path
  }, Rooms)
end

local function is_room(value) return debug.getmetatable(value) ~= nil and core.is_room(value) end

function Rooms:need_hub(what, level)
  if not self.app.hub then
    error(("no app: %s works in scripts that Moonroom runs"):format(what), level + 1)
  end
end

-- Class(fields): path and params are set before init, the other fields as assignments.
function Rooms:construct(methods, fields, level)
  self:need_hub("making a room", level)
  if fields ~= nil and type(fields) ~= "table" then
    error(("a room's fields are a table, not a %s"):format(type(fields)), level)
  end
  local path, params = fields and fields.path, fields and fields.params or {}
  if path ~= nil and (type(path) ~= "string" or #path > max_path) then
    error(("a room's path is a string of at most %d bytes"):format(max_path), level)
  end
  local room = core.room(self.app.hub, methods, path, params)
  for key, value in pairs(fields or {}) do
    if key ~= "path" and key ~= "params" then room[key] = value end
  end
  if path then self.by_path[path] = room end
  if room.init then room:init() end
  return room
end

function Rooms:mount(pattern, target, level)
  self:need_hub("mount", level)
  if type(pattern) ~= "string" then
    error(("a pattern is a string, not a %s"):format(type(pattern)), level)
  end
  local is_good = is_room(target) or self.app.is_room_class(target) or rules.is_callable(target)
  if not is_good then
    error(("%q is mounted on a room, a class of rooms, or a function, not on a %s"):format(
      pattern, class.is_class(target) and "class of clients" or type(target)), level)
  end
  local ok, why = pcall(self.routes.add, self.routes, pattern)
  if not ok then error(why, level) end
  table.insert(self.mounts, {
    pattern = pattern,
    target = target,
    is_literal = self.routes:is_literal(pattern),
  })
end

function Rooms:find(path)
  local room = self.made[path] or self.by_path[path]
  if room then return room end
  local index = self.routes:match(path)
  local target = index and self.mounts[index].target
  return is_room(target) and target or nil
end

-- moonroom.room(path, make): make is a class, a function(path) -> room, or true for the mounts.
function Rooms:make_at(path, make, level)
  self:need_hub("making a room", level)
  if make == true then
    local index, params = self.routes:match(path)
    make = index and self.mounts[index].target
    if self.app.is_room_class(make) then
      return self:make(make, path, params, self.mounts[index].is_literal)
    end
    return nil
  end
  if self.app.is_room_class(make) then return make { path = path } end
  local room = make(path)
  if room ~= nil and not is_room(room) then
    error(("the function that makes %q returned a %s, not a room"):format(path, type(room)), level)
  end
  return room
end

-- The room that a mounted class has at a path, made now where it isn't there yet.
-- Returns nil, "max_rooms" where no more may be made.
function Rooms:make(room_class, path, params, is_kept)
  local room = self.made[path]
  if room then return room end
  if self.made_count >= core.max_rooms(self.app.hub) then return nil, "max_rooms" end
  room = room_class { path = path, params = params }
  self.made[path] = room
  self.made_count = self.made_count + 1
  self.kept = self.kept or {}
  self.kept[path] = is_kept or nil
  return room
end

-- A made room that has emptied goes, unless its pattern is literal.
function Rooms:emptied(room)
  local path = room.path
  if path and self.made[path] == room and not self.kept[path] and #room == 0 then
    self.made[path] = nil
    self.made_count = self.made_count - 1
    if self.by_path[path] == room then self.by_path[path] = nil end
  end
end

-- What a dispatch or mount function answered, checked.
local function check_target(self, target, where)
  if target == nil or target == false then return nil end
  if is_room(target) or self.app.is_room_class(target) then return target end
  error(("%s returned a %s, not a room"):format(where, type(target)), 0)
end

local function ask_dispatch(self, request)
  for index, ask in ipairs(self.app.public.dispatch) do
    local room = check_target(self, ask(request), ("moonroom.dispatch[%d]"):format(index))
    if room then return { target = room, params = {} } end
  end
end

-- Who answers for a request: { target = room | class, params, is_literal }, or nil. A function's
-- own answer is asked for only where `asks_functions`.
function Rooms:resolve(request, asks_functions)
  local found = ask_dispatch(self, request)
  if found then return found end
  local index, params = self.routes:match(request.path)
  while index do
    local mount = self.mounts[index]
    local target = mount.target
    core.set_params(request, params)
    if not is_room(target) and not self.app.is_room_class(target) and asks_functions then
      target = check_target(self, target(request), ("the function mounted on %q"):format(
        mount.pattern))
    end
    if target then return { target = target, params = params, is_literal = mount.is_literal } end
    index, params = self.routes:match(request.path, index + 1)
  end
end

function Rooms:all()
  local list, seen = {}, {}
  local function add(room)
    if room and not seen[room] then
      seen[room] = true
      list[#list + 1] = room
    end
  end
  for _, mount in ipairs(self.mounts) do add(is_room(mount.target) and mount.target) end
  for _, room in pairs(self.made) do add(room) end
  for _, room in pairs(self.by_path) do add(room) end
  local index = 0
  return function()
    index = index + 1
    return list[index]
  end
end

return { new = new, is_room = is_room, max_path = max_path }
