-- Doors: paths by which a handshake gets into a room at once. Most of what upgrade.lua asks has the
-- same answer each time, where no function of the scripts' has a say in it: so it is kept, until a
-- class, a room or the routes change.

local class = require "moonroom.class"
local core = require "moonroom.core"

-- Whether nothing of the scripts' is asked or told before the 101.
local function is_plain(app, request, found, room)
  local origins = room.origins
  return found.is_door and request.path == found.path and not app.dev
    and (origins == "same" or origins == "*")
    and not room.on_accept and not class.methods_of(room.Client).init
end

-- Notes what a request has found that writes the path as its pattern does: the ways to write it are
-- many, and of a pattern with a percent sign, which stands for itself, the pattern is none.
local function note(app, request, found, room)
  local changes = core.changes(app.hub)
  if not is_plain(app, request, found, room) then return end
  app.registered.doors[found.path] = {
    room = room,
    client_methods = class.methods_of(room.Client),
    protocols = room.protocols,
    takes_any = room.origins == "*",
    changes = changes,
  }
end

-- Returns whether the request has been answered; else it goes the long way, and is refused there
-- where it has to be.
local function enter(app, request)
  local door = app.registered.doors[request.path]
  if not door or app.public.dispatch[1] ~= nil or door.protocols[1] ~= nil then return false end
  return core.enter(request, door.room, door.client_methods, door.takes_any, door.changes)
end

return { note = note, enter = enter }
