-- The app of the hub that this Lua state runs; without a hub, one that only defines classes.

local core = require "moonroom.core"

return require("moonroom.app").new(core.hub(), debug.getregistry()["moonroom.config.app"])
