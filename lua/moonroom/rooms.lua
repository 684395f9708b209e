-- The rooms of an app: what the mounts have made, and finding them by path.

local class = require "moonroom.class"
local core = require "moonroom.core"
local guard = require "moonroom.guard"
local place = require "moonroom.place"
local rules = require "moonroom.rules"
local settling = require "moonroom.settling"

local format = string.format

local max_path = 255

local Rooms = {}
Rooms.__index = Rooms

local function new(app)
  return setmetatable({
    app = app, -- what is mounted is in app.registered
    made = {}, -- path -> a room that a mount has made
    made_count = 0,
    making = {}, -- path -> a promise of the room, while its init waits
    ending = {}, -- path -> { room, promise } of a made room, while its on_close waits
    awaited = {}, -- room -> how many requests for it are being answered
    lingering = {}, -- made room that is empty -> the timer that drops it
    ready = setmetatable({}, { __mode = "k" }), -- room whose init is over -> true
    all_rooms = setmetatable({}, { __mode = "k" }), -- room -> true, from its beginning on
    orphans = {}, -- room that a reload has left without a mount -> true, until it empties
    -- room that a reload has left to a function, whose answer isn't known -> true
    unsure = setmetatable({}, { __mode = "k" }),
    has_shut = false, -- the server stops: what is made from here on is closed at once
    after = app.hub and core.waits(app.hub, true).after,
    kept = {}, -- path -> true where a made room stays when it empties
    by_path = setmetatable({}, { __mode = "v" }), -- every room that has a path
  }, Rooms)
end

-- A script's class may have a close of its own.
local is_room, close_room = core.is_room, core.room_methods.close

function Rooms:need_hub(what, level)
  if not self.app.hub then
    error(format("no app: %s works in scripts that Moonroom runs", what), level + 1)
  end
end

local function check_fields(room_class, fields, level)
  if type(fields) ~= "table" then
    error("a room's fields are a table, not a " .. type(fields), level + 1)
  end
  local path, params = fields.path, fields.params
  if path ~= nil and (type(path) ~= "string" or #path > max_path) then
    error(format("a room's path is a string of at most %d bytes", max_path), level + 1)
  end
  if params ~= nil and type(params) ~= "table" then
    error("a room's params are a table, not a " .. type(params), level + 1)
  end
  for key, value in pairs(fields) do
    if key ~= "path" and key ~= "params" then
      class.check_field(room_class, key, value, level + 2)
    end
  end
end

local shutdown_reason = "the server is shutting down"

-- Closed when a room's init has come to its end: what one that failed has begun, as timers, stops.
-- What it begins is the room's: a reload, after which init isn't called again, leaves it alone.
local function new_beginning(self, room)
  local hub, stays = self.app.hub, false
  local beginning = guard.new(function()
    core.set_stays(hub, stays)
    if not self.ready[room] then close_room(room) end
  end)
  stays = core.set_stays(hub, true)
  return beginning
end

-- Class(fields): path and params are set before init, the other fields as assignments.
function Rooms:construct(room_class, fields, level)
  fields = fields == nil and {} or fields
  self:need_hub("making a room", level)
  check_fields(room_class, fields, level)
  local loading = self.app.loading
  room_class = class.latest(room_class)
  local room = loading and loading:take(room_class, fields)
  if room then return room end
  room = core.room(self.app.hub, class.methods_of(room_class), fields.path, fields.params or {})
  self.all_rooms[room] = true
  if loading then loading:note_room(room) end
  for key, value in pairs(fields) do
    if key ~= "path" and key ~= "params" then room[key] = value end
  end
  local _ <close> = new_beginning(self, room)
  if room.init then room:init() end
  self.ready[room] = true
  if fields.path then self.by_path[fields.path] = room end
  if self.has_shut then close_room(room, 1001, shutdown_reason) end
  return room
end

function Rooms:mount(pattern, target, level)
  self:need_hub("mount", level)
  if type(pattern) ~= "string" then
    error("a pattern is a string, not a " .. type(pattern), level)
  end
  local is_good = is_room(target) or self.app.is_room_class(target)
    or not class.is_class(target) and rules.is_callable(target)
  if not is_good then
    error(format("%q is mounted on a room, a class of rooms, or a function, not on a %s", pattern,
      class.is_class(target) and "class of clients" or type(target)), level)
  end
  local registered = self.app.registered
  local ok, why = pcall(registered.routes.add, registered.routes, pattern)
  if not ok then error(why, level) end
  table.insert(registered.mounts, {
    pattern = pattern,
    target = target,
    is_literal = registered.routes:is_literal(pattern),
    place = place.of_call(level + 1),
  })
end

-- The latest mount was made for what is there, such as a file: no script has called mount.
function Rooms:set_place(place_of_it)
  local mounts = self.app.registered.mounts
  mounts[#mounts].place = place_of_it
end

-- Whoever asks for the path of a room that was closed gets a new one.
function Rooms:made_at(path)
  local room = self.made[path]
  if room == nil or not core.is_closed(room) then return room end
  self:drop(path)
end

-- Want of memory may cut it short anywhere: what is not closed yet is still known.
function Rooms:drop(path)
  local room = self.made[path]
  close_room(room, 1001)
  self.made[path], self.kept[path] = nil, nil
  self.made_count = self.made_count - 1
  self.app.registered.doors[path] = nil
  if self.by_path[path] == room then self.by_path[path] = nil end
  self:stop_lingering(room)
  if room.on_close and not core.is_over(room) then
    self.ending[path] = { room = room, promise = core.promise() }
  end
end

-- The first mount that matches a path, and the parameters; or nil.
function Rooms:mount_at(path)
  local registered = self.app.registered
  local index, params = registered.routes:match(path)
  return registered.mounts[index], params
end

function Rooms:find(path)
  local room = self:made_at(path) or self.by_path[path]
  if room and not core.is_closed(room) then return room end
  local mount = self:mount_at(path)
  return mount and is_room(mount.target) and mount.target or nil
end

local function make_as_mounted(self, path)
  local mount, params = self:mount_at(path)
  if not mount or not self.app.is_room_class(mount.target) then return nil end
  return self:make(mount.target, mount.is_literal and mount.pattern or path, params,
    mount.is_literal)
end

-- What the mounts would make at a path, as the first one that matches has it.
function Rooms:make_as_mounted(path)
  local room, why = make_as_mounted(self, path)
  if why == "reloaded" then room = self:find(path) or make_as_mounted(self, path) end
  return room
end

-- moonroom.room(path, make): make is a class, a function(path) -> room, or true for the mounts.
function Rooms:make_at(path, make, level)
  self:need_hub("making a room", level)
  if #path > max_path then
    error(format("a room's path has at most %d bytes", max_path), level)
  end
  if make == true then return self:make_as_mounted(path) end
  if self.app.is_room_class(make) then
    return self:construct(make, { path = path }, level)
  end
  if class.is_class(make) or not rules.is_callable(make) then
    error("a room is made by a class of rooms, a function or true, not by a " .. type(make), level)
  end
  local room = make(path)
  if room ~= nil and not is_room(room) then
    error(format("the function that makes %q returned a %s, not a room", path, type(room)), level)
  end
  return room
end

function Rooms:may_make()
  local hub = self.app.hub
  if self.made_count >= core.max_rooms(hub) and core.take_missed(hub) then
    for _, room in pairs(self.made) do self:emptied(room) end
  end
  local is_full = self.made_count >= core.max_rooms(hub)
  local deserted = is_full and not self.app.loading and next(self.lingering)
  if deserted then self:drop(deserted.path) end
  return not is_full or deserted ~= nil
end

-- Closed when the room is made or its init has failed: whoever waits for it goes on. It is entered
-- last, since one that want of memory cut short would never be closed.
local function new_making(self, path)
  local promise = core.promise()
  local making = guard.new(function(making)
    self.making[path] = nil
    promise:resolve(making.room or nil)
  end)
  self.making[path] = promise
  return making
end

-- Scripts that are being loaded can't wait.
local function wait_for(self, promise, path, why)
  if self.app.loading then
    error(format("the room at %q can't be had while scripts are loaded: %s", path, why), 0)
  end
  return promise:wait()
end

local function wait_for_room(self, path)
  local room = wait_for(self, self.making[path], path, "it is being made, and its init waits")
  if not room then error("the room's init failed for the request that came first", 0) end
end

-- Where want of memory kept on_close from being called, nobody has said that it is over.
local function wait_for_end(self, path)
  local ending = self.ending[path]
  if not core.is_over(ending.room) then
    wait_for(self, ending.promise, path, "one is ending there, and its on_close waits")
  end
  if self.ending[path] == ending then self.ending[path] = nil end
end

-- Waits for the end of a room, since what it saves is what the next one loads, or for one that is
-- being made. Returns whether there was something to wait for: then there may be more.
local function wait_at(self, path)
  local room = self:made_at(path)
  if self.ending[path] then
    wait_for_end(self, path)
    return true
  end
  if room or not self.making[path] then return false end
  wait_for_room(self, path)
  return true
end

-- The room that is at a path as one of a class. Where a reload has left there what a function may
-- have meant, or scripts that are being loaded mean another one, that goes when it empties.
function Rooms:made_as(room_class, path)
  local room, loading = self:made_at(path), self.app.loading
  if not room then return nil end
  room_class = class.latest(room_class)
  if loading then
    if loading:renew(room, room_class) then return room end
    self.made[path], self.kept[path] = nil, nil -- a copy, while they are loaded
    self.made_count = self.made_count - 1
    return nil
  end
  local is_unsure = self.unsure[room]
  self.unsure[room] = nil
  if not is_unsure or settling.is_of(room, room_class) then return room end
  settling.leave(self, room)
end

-- Makes one, and notes it where it belongs once its init is over: that may have waited over a
-- reload, and the mount that it was made for may be gone.
local function make_now(self, room_class, path, params, is_kept)
  local making <close> = new_making(self, path)
  local registered = self.app.registered
  local room = self:construct(room_class, { path = path, params = params }, 1)
  making.room = room
  if self.app.registered ~= registered then
    if settling.try_to_note(self, room) then return room end
    settling.leave(self, room)
    return nil, "reloaded"
  end
  if self.app.loading then self.app.loading:leave_to_mount(room) end
  self.kept[path] = is_kept or nil
  self.made[path] = room
  self.made_count = self.made_count + 1
  return room
end

-- The room that a mounted class has at a path, made now where it isn't there yet. Returns nil,
-- "max_rooms" where no more may be made; nil, "reloaded" where it has waited over a reload: what
-- the path leads to is to be asked anew.
function Rooms:make(room_class, path, params, is_kept)
  local registered = self.app.registered
  while wait_at(self, path) do
    if self.app.registered ~= registered then return nil, "reloaded" end
  end
  local room = self:made_as(room_class, path)
  if room then return room end
  if not self:may_make() then return nil, "max_rooms" end
  return make_now(self, class.latest(room_class), path, params, is_kept)
end

-- --- the end of a room -----------------------------------------------------

-- Whether a made room is one to drop when nobody is in it: its pattern is not literal.
function Rooms:is_deserted(room)
  local path = room.path
  return path and self.made[path] == room and not self.kept[path] and core.guests(room) == 0
    and not self.awaited[room]
end

function Rooms:stop_lingering(room)
  local timer = self.lingering[room]
  self.lingering[room] = nil
  if timer then timer:stop() end
end

local function lapse(self, room)
  self.lingering[room] = nil
  if self:is_deserted(room) then self:drop(room.path) end
end

function Rooms:let_linger(room, seconds)
  local timer = self.lingering[room]
  if timer then
    timer:restart(seconds)
  else
    self.lingering[room] = self.after(seconds, lapse, self, room)
  end
end

-- A made room in which nobody is any more goes when its linger has passed; one in which nobody
-- has ever been, since the request that made it was refused, at once.
function Rooms:emptied(room)
  local path = room.path
  if self.orphans[room] then return self:close_orphan(room) end
  if path and self.made[path] == room and core.is_closed(room) then return self:drop(path) end
  if not self:is_deserted(room) then return end
  local _, is_visited = core.guests(room)
  local seconds = is_visited and (room.linger or core.linger(self.app.hub)) or 0
  if seconds > 0 then
    self:let_linger(room, seconds)
  else
    self:drop(path)
  end
end

-- Nobody gets into an orphan any more: it goes with the last of those who are in it.
function Rooms:close_orphan(room)
  if core.guests(room) > 0 or self.awaited[room] then return end
  self.orphans[room] = nil
  close_room(room, 1001)
end

-- A request for the room is being answered: it stays until release.
function Rooms:hold(room)
  self.awaited[room] = (self.awaited[room] or 0) + 1
  self:stop_lingering(room)
end

function Rooms:release(room)
  local count = self.awaited[room] - 1
  self.awaited[room] = count > 0 and count or nil
  self:emptied(room)
end

-- Closed when on_close has come to its end, error or not: whoever asks for the path goes on.
local function new_ending(self, room)
  return guard.new(function()
    local ending = room.path and self.ending[room.path]
    if not ending or ending.room ~= room then return end
    self.ending[room.path] = nil
    ending.promise:resolve()
  end)
end

-- A room was closed, and everybody's on_leave is over.
function Rooms:over(room)
  self.orphans[room] = nil
  if room.path and self.made[room.path] == room then self:drop(room.path) end
  local _ <close> = new_ending(self, room)
  if self.ready[room] and room.on_close then room:on_close() end
end

-- The server stops, and every client has been told.
function Rooms:close_all()
  self.has_shut = true
  for room in pairs(self.ready) do close_room(room, 1001, shutdown_reason) end
end

-- --- who answers -----------------------------------------------------------

-- What a dispatch or mount function answered, checked.
local function check_target(self, target, where)
  if target == nil or target == false then return nil end
  if is_room(target) or self.app.is_room_class(target) then return target end
  error(format("%s returned a %s, not a room", where, type(target)), 0)
end

local function ask_dispatch(self, request)
  for index, ask in ipairs(self.app.public.dispatch) do
    local where = format("moonroom.dispatch[%d]", index)
    if not rules.is_callable(ask) then
      error(format("%s is a %s, not a function", where, type(ask)), 0)
    end
    local room = check_target(self, ask(core.shown(request)), where)
    if room then return { target = room, path = request.path, params = {} } end
  end
end

-- A literal pattern has one room, however its path is percent-encoded in a request.
local function found_at(mount, target, request, params, is_first)
  return {
    target = target,
    path = mount.is_literal and mount.pattern or request.path,
    params = params,
    is_literal = mount.is_literal,
    is_door = is_first and mount.is_literal and target == mount.target,
  }
end

-- Who answers for a request: { target = room | class, path, params, is_literal, is_door }, or nil;
-- and the app.registered that this is of. is_door: whoever asks for that path gets the same. A
-- function's own answer is asked for only where `asks_functions`.
function Rooms:resolve(request, asks_functions)
  local registered = self.app.registered
  local found = ask_dispatch(self, request)
  if found then return found, registered end
  registered = self.app.registered
  local routes, mounts = registered.routes, registered.mounts
  local index, params = routes:match(request.path)
  local first = index
  while index do
    local mount = mounts[index]
    local target = mount.target
    core.set_params(request, params)
    if not is_room(target) and not self.app.is_room_class(target) and asks_functions then
      target = check_target(self, target(core.shown(request)), format("the function mounted on %q",
        mount.pattern))
    end
    if target then
      return found_at(mount, target, request, params, index == first), registered
    end
    index, params = routes:match(request.path, index + 1)
  end
  return nil, registered
end

function Rooms:all()
  local list, seen = {}, {}
  local function add(room)
    if room and not seen[room] then
      seen[room] = true
      list[#list + 1] = room
    end
  end
  for _, mount in ipairs(self.app.registered.mounts) do
    add(is_room(mount.target) and mount.target)
  end
  for _, room in pairs(self.made) do add(room) end
  for _, room in pairs(self.by_path) do add(room) end
  local index = 0
  return function()
    index = index + 1
    return list[index]
  end
end

return { new = new, is_room = is_room, max_path = max_path }
