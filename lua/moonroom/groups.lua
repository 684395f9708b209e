-- The groups of an app, found by name.

local core = require "moonroom.core"

local max_name = 255

local function check_name(name, level)
  if type(name) ~= "string" then
    error("a group's name is a string, not a " .. type(name), level + 1)
  elseif #name > max_name then
    error(("a group's name has at most %d bytes"):format(max_name), level + 1)
  end
end

-- moonroom.group for an app. What nobody holds and nobody is in is forgotten.
local function new(app)
  local named = setmetatable({}, { __mode = "v" })
  return function(name)
    app.rooms:need_hub("group", 2)
    if name == nil then return (core.group(app.hub)) end
    check_name(name, 2)
    local group = named[name]
    if group then return group end
    group = core.group(app.hub, name)
    -- A finalizer that ran just now may have asked for it too.
    group = named[name] or group
    named[name] = group
    return group
  end
end

return { new = new }
