-- Where a room belongs that lives on over a reload: with a mount that would make it, or nowhere.

local class = require "moonroom.class"
local core = require "moonroom.core"

local function is_same(one, other) return class.latest(one) == class.latest(other) end

-- Whether a class is what a room is of.
local function is_of(room, room_class) return is_same(class.class_of(room), room_class) end

-- Whether the mounts would make a room of a class at a path, whether that is kept, and whether only
-- a function knows.
local function is_mounted(app, path, room_class)
  local mount = app.rooms:mount_at(path)
  if mount and app.is_room_class(mount.target) then
    return is_same(room_class, mount.target), mount.is_literal, false
  elseif mount and core.is_room(mount.target) then
    return false, nil, false
  end
  local is_asked = mount ~= nil or #app.public.dispatch > 0
  return is_asked and class.successor(room_class, app.classes) ~= nil, nil, is_asked
end

local function forget_made(rooms, room)
  local path = room.path
  if not path or rooms.made[path] ~= room then return end
  rooms.made[path], rooms.kept[path] = nil, nil
  rooms.made_count = rooms.made_count - 1
  rooms:stop_lingering(room)
end

local function note_made(rooms, room, is_kept, is_unsure)
  local path = room.path
  if rooms.made[path] ~= room then rooms.made_count = rooms.made_count + 1 end
  rooms.made[path], rooms.kept[path] = room, is_kept or nil
  rooms.unsure[room] = is_unsure or nil
end

-- Notes a room that no script has made again where a mount leads to it; whether that is so.
local function try_to_note(rooms, room)
  local path = room.path
  local other = path and rooms.made[path]
  if path == nil or other ~= nil and other ~= room then return false end
  local is_led_to, is_kept, is_unsure = is_mounted(rooms.app, path, class.class_of(room))
  if is_led_to then
    rooms.orphans[room] = nil
    note_made(rooms, room, is_kept, is_unsure)
  end
  return is_led_to
end

-- From here on it goes when nobody is in it any more.
local function leave(rooms, room)
  forget_made(rooms, room)
  rooms.orphans[room] = true
  rooms:close_orphan(room)
end

-- Whether the answer of a function that has waited over a reload may stand: where functions are
-- asked still. found: as Rooms:resolve has it.
local function may_stand(app, found)
  if core.is_room(found.target) then return not app.rooms.orphans[found.target] end
  local is_led_to, _, is_unsure = is_mounted(app, found.path, found.target)
  return is_led_to and is_unsure
end

return {
  is_of = is_of,
  try_to_note = try_to_note,
  leave = leave,
  forget_made = forget_made,
  may_stand = may_stand,
}
