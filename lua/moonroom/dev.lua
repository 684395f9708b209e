-- What `moonroom dev` has that a server for others has not.

local core = require "moonroom.core"

local Dev = {}
Dev.__index = Dev

-- Any origin of this machine, whatever the room says: a bundler serves the page from its own port.
function Dev:allows_origin(origin) return core.is_loopback_origin(origin) end

-- Dev's part of an app, which has a hub.
local function new(app)
  return setmetatable({ app = app }, Dev)
end

return { new = new }
