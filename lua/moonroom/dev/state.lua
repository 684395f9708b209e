-- What the page shows of a running app: its routes, its rooms and who is in them.

local class = require "moonroom.class"
local core = require "moonroom.core"
local place = require "moonroom.place"
local rooms = require "moonroom.rooms"
local text = require "moonroom.dev.text"

local format = string.format
local array, clients_of = core.json.array, core.room_methods.clients

local most_rooms, most_clients, longest_name = 200, 100, 200

local function shown(value)
  return (text.cut(text.clean(tostring(value)), longest_name))
end

-- --- routes ------------------------------------------------------------------

-- A function at a place, which is named as below the directory of the scripts.
local function function_at(app, where)
  return where and "function at " .. place.below(app.dev.errors.directory, where) or "a function"
end

local function place_of(app, fn)
  if type(fn) ~= "function" then return "a " .. type(fn) end
  local info = debug.getinfo(fn, "S")
  return function_at(app, format("%s:%d", info.short_src, info.linedefined))
end

local function name_of(app, target)
  if rooms.is_room(target) then return class.class_of(target).name or "Room" end
  if app.is_room_class(target) then return target.name or "Room" end
  return place_of(app, target)
end

-- In the order in which they are asked.
local function routes_of(app)
  local list, dispatch = {}, app.public.dispatch
  for index, ask in ipairs(type(dispatch) == "table" and dispatch or {}) do
    list[#list + 1] = {
      pattern = format("dispatch[%d]", index), kind = "dispatch",
      target = shown(place_of(app, ask)),
    }
  end
  for _, mount in ipairs(app.registered.mounts) do
    list[#list + 1] = {
      pattern = shown(mount.pattern), target = shown(name_of(app, mount.target)), kind = "room",
      is_literal = mount.is_literal or nil,
    }
  end
  for _, handler in ipairs(app.http.handlers) do
    list[#list + 1] = {
      pattern = shown(handler.name), kind = "http",
      target = shown(function_at(app, handler.place)),
    }
  end
  return array(list)
end

-- --- rooms -------------------------------------------------------------------

local function describe_client(client, users)
  local name = client.name
  return {
    id = client.id, address = client.address, joined_at = client.joined_at,
    queued = client.buffered, user = users[client],
    name = (type(name) == "string" or type(name) == "number") and shown(name) or nil,
  }
end

local function describe_room(room, users)
  local list = {}
  for client in clients_of(room) do
    if #list == most_clients then break end
    list[#list + 1] = describe_client(client, users)
  end
  table.sort(list, function(a, b) return (a.joined_at or 0) < (b.joined_at or 0) end)
  return {
    path = shown(room.path or "(no path)"), class = shown(class.class_of(room).name or "Room"),
    count = #room, clients = array(list),
  }
end

-- users: a client's userdata -> the number of the page's user that it is.
local function rooms_of(app, users)
  local list = {}
  for room in app.rooms:all() do
    if #list == most_rooms then break end
    if not core.is_closed(room) then list[#list + 1] = describe_room(room, users) end
  end
  table.sort(list, function(a, b) return a.path < b.path end)
  return array(list)
end

local function describe(app, users)
  return { type = "app", routes = routes_of(app), rooms = rooms_of(app, users) }
end

return { describe = describe }
