-- A loading of an app's scripts: all of it takes effect, or, where anything is wrong, nothing.
--
-- The scripts run beside what was loaded before. What they register is in a table of its own
-- (app.registered); what they could change of the rooms that live is kept, to be put back. Only
-- when they have run to their end do rooms and clients get their new classes. The core calls load,
-- then commit and finish, or roll_back (src/binding/reload.c).

local class = require "moonroom.class"
local core = require "moonroom.core"
local settling = require "moonroom.settling"

local strings = debug.getmetatable("")
local close_room = core.room_methods.close

local Loading = {}
Loading.__index = Loading

local function copy(source, mode)
  local result = {}
  for key, value in pairs(source) do result[key] = value end
  return mode and setmetatable(result, { __mode = mode }) or result
end

-- --- its beginning -----------------------------------------------------------

local function new(app)
  return setmetatable({
    app = app,
    classes = {}, -- key -> class that was made
    counts = {}, -- key -> how many classes have been made that would have it
    rooms_at_no_path = {}, -- place_key -> how many
    lived = {}, -- { object, methods, fields }: what rooms were and had before
    clients = {}, -- the same of clients
    made = {}, -- rooms that are new
    taken = {}, -- room that lived and was made again -> true
    told = {}, -- { room, old version } of those with a new class
  }, Loading)
end

-- Keeps what a room or a client is and has; from now on it has a copy.
local function keep(list, object)
  local fields = core.fields(object)
  local copied = fields and copy(fields)
  list[#list + 1] = { object = object, methods = core.methods(object), fields = fields }
  if copied then core.set_fields(object, copied) end
end

local function keep_all(loading)
  local app = loading.app
  for room in pairs(app.rooms.all_rooms) do keep(loading.lived, room) end
  for _, client in ipairs(core.clients(app.hub)) do keep(loading.clients, client) end
end

local function put_back(list)
  for index = 1, #list do
    local life = list[index]
    core.set_methods(life.object, life.methods)
    core.set_fields(life.object, life.fields)
  end
end

-- The first one: nothing lives yet.
local function begin_first(app)
  app.loading = new(app)
  return app.loading
end

-- settings: the application's, where they have been read again.
local function begin(app, settings)
  local rooms, loading = app.rooms, new(app)
  local registered, kept = app.new_registered(settings or app.settings), copy(app.kept)
  local made, stay, by_path = copy(rooms.made), copy(rooms.kept), copy(rooms.by_path, "v")
  loading.before = {
    registered = app.registered, settings = app.settings, kept = app.kept,
    strings = strings.__index, made = rooms.made, stay = rooms.kept, by_path = rooms.by_path,
    made_count = rooms.made_count,
  }
  app.loading, app.file, app.kept = loading, nil, kept
  app.settings = settings or app.settings
  rooms.made, rooms.kept, rooms.by_path = made, stay, by_path
  app.use(registered)
  keep_all(loading)
  return loading
end

-- --- rooms that are made while scripts run -----------------------------------

-- Among what rooms that have no path are told by their order: of a class, made by a file.
local function place_key(loading, key) return key .. "\n" .. (loading.app.file or "") end

-- The room that goes on as the one to be made: of the same class, at the same path, or, where they
-- have none, the same in order.
local function find_living(loading, room_class, path)
  local before = loading.before
  if path ~= nil then return before.by_path[path] or before.made[path] end
  local key = place_key(loading, class.key_of(room_class))
  local list = before.registered.rooms_at_no_path[key]
  return list and list[(loading.rooms_at_no_path[key] or 0) + 1]
end

local function is_same(loading, room, room_class)
  return not core.is_closed(room)
    and class.successor(class.class_of(room), loading.classes) == room_class
end

-- What is code or an option is new; what else the room has stays.
local function take_fields(room, fields)
  local own = core.fields(room)
  for key, value in pairs(fields) do
    local is_code = core.room_rules[key] ~= nil or type(value) == "function"
    if key ~= "path" and key ~= "params" and (is_code or not own or own[key] == nil) then
      room[key] = value
    end
  end
end

-- Where Class(fields) means a room that lives: that one, of its new class from here on.
function Loading:take(room_class, fields)
  local key = self.before and class.key_of(room_class)
  local room = key and find_living(self, room_class, fields.path)
  if not room or self.taken[room] or not is_same(self, room, room_class) then return nil end
  self.taken[room] = true
  self:note(room, key)
  core.set_methods(room, class.methods_of(room_class))
  take_fields(room, fields)
  return room
end

-- The same for one that a mount has made before. Returns whether it is of the class.
function Loading:renew(room, room_class)
  if class.class_of(room) == room_class then return true end
  local is_one = self.before ~= nil and is_same(self, room, room_class)
  if is_one then core.set_methods(room, class.methods_of(room_class)) end
  return is_one
end

function Loading:note_room(room)
  table.insert(self.made, room)
  self:note(room, class.key_of(class.class_of(room)))
end

function Loading:note(room, key)
  local registered = self.app.registered
  registered.rooms[room] = true
  if room.path ~= nil or not key then return end
  key = place_key(self, key)
  local count = (self.rooms_at_no_path[key] or 0) + 1
  self.rooms_at_no_path[key] = count
  local list = registered.rooms_at_no_path[key] or setmetatable({}, { __mode = "v" })
  registered.rooms_at_no_path[key] = list
  list[count] = room
end

-- --- its end -----------------------------------------------------------------

-- Who changes to which methods, in pairs; notes the rooms that are to be told.
local function list_changes(loading)
  local list = {}
  local function add(object, old)
    local new_class = class.successor(old, loading.classes)
    if not new_class then return false end
    list[#list + 1] = object
    list[#list + 1] = class.methods_of(new_class)
    return true
  end
  for _, life in ipairs(loading.lived) do
    if add(life.object, class.of_methods(life.methods)) then
      table.insert(loading.told, { life.object, life.methods.version })
    end
  end
  for _, life in ipairs(loading.clients) do add(life.object, class.of_methods(life.methods)) end
  return list
end

-- All that may fail comes first; the rest needs no memory, not even to call: that much was called
-- just before.
function Loading:commit()
  local list = list_changes(self)
  class.succeed {}
  core.switch {}
  class.succeed(self.classes)
  core.switch(list)
  self.app.classes = self.classes
  self.app.loaded, self.app.loading = self, nil
end

-- The latest room was made by a mount after all.
function Loading:leave_to_mount(room) self.taken[room] = nil end

-- Want of memory may have cut the beginning short, and may cut this short: then it is called again.
-- A room that is new is closed unheard: its on_close might write nothing over what another has
-- saved.
function Loading:roll_back()
  local app, before, rooms = self.app, self.before, self.app.rooms
  app.kept, app.settings = before.kept, before.settings
  rooms.made, rooms.kept, rooms.by_path = before.made, before.stay, before.by_path
  rooms.made_count = before.made_count
  strings.__index = before.strings
  app.use(before.registered)
  put_back(self.lived)
  put_back(self.clients)
  for index = 1, #self.made do
    rooms.ready[self.made[index]] = nil
    pcall(close_room, self.made[index])
  end
  app.loading = nil
end

-- A room that the scripts had made, or the mounts, and the scripts have not made again: a mount
-- leads to it, or it goes when nobody is in it.
local function settle_room(rooms, room)
  if settling.try_to_note(rooms, room) then
    rooms:emptied(room)
  else
    settling.leave(rooms, room)
  end
end

-- What has become of the rooms whose mounts are others now.
local function settle_rooms(loading)
  local rooms, registered = loading.app.rooms, loading.app.registered
  local list, mounted = copy(loading.before.registered.rooms), {}
  for _, mount in ipairs(registered.mounts) do mounted[mount.target] = true end
  for room in pairs(rooms.orphans) do list[room] = true end
  for _, room in pairs(rooms.made) do list[room] = true end
  for room in pairs(list) do
    if loading.taken[room] or mounted[room] then
      registered.rooms[room] = true
      rooms.orphans[room] = nil
      settling.forget_made(rooms, room)
    elseif not registered.rooms[room] and not core.is_closed(room) then
      settle_room(rooms, room)
    end
  end
end

function Loading:finish()
  settle_rooms(self)
  for _, pair in ipairs(self.told) do
    local room, version = pair[1], pair[2]
    if room.on_reload and not core.is_closed(room) then
      core.tell_reloaded(self.app.hub, room, version)
    end
  end
end

return { begin = begin, begin_first = begin_first }
