-- The app of the hub that this Lua state runs; without a hub, one that only defines classes.

return require("moonroom.app").new(require("moonroom.core").hub())
