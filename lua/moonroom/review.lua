-- What of an app's routes looks like a mistake, once its scripts have been loaded.

local class = require "moonroom.class"
local core = require "moonroom.core"
local rooms = require "moonroom.rooms"
local rules = require "moonroom.rules"

-- It runs after scripts have been loaded, which may take string's methods away.
local find, format, gsub = string.find, string.format, string.gsub

-- --- mounts ------------------------------------------------------------------

local function is_servable(app, value)
  return rooms.is_room(value) or app.is_room_class(value)
end

-- A path that a pattern matches, and of the other patterns only those that match all that it does:
-- a parameter's place is taken by what no script would write out.
local function sample_of(pattern)
  return (gsub(gsub(pattern, "%%", "%%25"), "/:[^/]*", "/\1"))
end

-- For the index of each mount that an earlier one hides, the earlier one. A function hides nothing,
-- since it may answer with nil.
local function hidden_mounts(app)
  local hidden, mounts, routes = {}, app.registered.mounts, app.registered.routes
  for index, mount in ipairs(mounts) do
    local path = sample_of(mount.pattern)
    local earlier = routes:match(path)
    while earlier and earlier < index and not is_servable(app, mounts[earlier].target) do
      earlier = routes:match(path, earlier + 1)
    end
    hidden[index] = earlier and earlier < index and mounts[earlier] or nil
  end
  return hidden
end

local function prefix(place) return place and place .. ": " or "" end

-- A room, a class of them or a function, in words.
local function words_for(app, target)
  return is_servable(app, target) and tostring(target) or "a function"
end

local function tell_hidden(app, told)
  local hidden = hidden_mounts(app)
  for index, mount in ipairs(app.registered.mounts) do
    local by = hidden[index]
    if by then
      told[#told + 1] = format("%s%s at %s is never reached: %s is mounted before it%s",
        prefix(mount.place), words_for(app, mount.target), mount.pattern, by.pattern,
        by.place and ", at " .. by.place or "")
    end
  end
end

-- --- handlers of plain HTTP --------------------------------------------------

-- For the index of each handler that an earlier one of its method hides, the earlier one.
local function hidden_handlers(http)
  local hidden, handlers, routes = {}, http.handlers, http.routes
  for index, handler in ipairs(handlers) do
    local path = sample_of(handler.pattern)
    local earlier = routes:match(path)
    while earlier and earlier < index and handlers[earlier].method ~= handler.method do
      earlier = routes:match(path, earlier + 1)
    end
    hidden[index] = earlier and earlier < index and handlers[earlier] or nil
  end
  return hidden
end

local function tell_hidden_handlers(app, told)
  local hidden = hidden_handlers(app.http)
  for index, handler in ipairs(app.http.handlers) do
    local by = hidden[index]
    if by then
      told[#told + 1] = format("%sthe handler of %s is never reached: %s comes before it%s",
        prefix(handler.place), handler.name, by.name, by.place and ", at " .. by.place or "")
    end
  end
end

-- --- rooms -------------------------------------------------------------------

-- on_error is everybody's.
local function has_handler(object, base)
  for _, name in ipairs(rules.handlers) do
    if object[name] ~= nil and object[name] ~= base[name] then return true end
  end
  return false
end

-- A field that is meant for a handler has been told of already.
local function has_slip(room_class)
  while room_class do
    for key in pairs(room_class) do
      if type(key) == "string" and find(key, "^on_?%a") and key ~= "on_error" then return true end
    end
    room_class = room_class.super
  end
  return false
end

-- A class of whose handlers none has been written. One whose init does something, or a bare Room,
-- may well be spoken in without ever being spoken to.
local function is_idle(app, object, room_class)
  return room_class ~= app.Room and object.init == nil and not has_handler(object, app.Room)
    and not has_slip(room_class)
end

-- Each class of rooms that something is mounted on or has been made of, with an object of it and
-- the mount, where there is one.
local function each_class(app, tell)
  local seen = {}
  local function once(object, mount)
    local room_class = rooms.is_room(object) and class.class_of(object) or object
    if not seen[room_class] then tell(object, room_class, mount) end
    seen[room_class] = true
  end
  for _, mount in ipairs(app.registered.mounts) do
    if is_servable(app, mount.target) then once(mount.target, mount) end
  end
  for room in app.rooms:all() do once(room) end
end

local function tell_idle(app, told)
  each_class(app, function(object, room_class, mount)
    if not is_idle(app, object, room_class) then return end
    told[#told + 1] = format("%s%s has no handlers: what its clients send is not heard",
      prefix(class.place_of(room_class) or mount and mount.place), room_class.name)
  end)
end

-- Sentences, each beginning with a file and line where these are known.
local function find_mistakes(app)
  local told = {}
  tell_hidden(app, told)
  tell_hidden_handlers(app, told)
  tell_idle(app, told)
  return told
end

local function warn(app)
  for _, text in ipairs(find_mistakes(app)) do core.log(app.hub, "warn", "script", text) end
end

return { hidden_handlers = hidden_handlers, hidden_mounts = hidden_mounts,
         is_servable = is_servable, warn = warn, words_for = words_for }
