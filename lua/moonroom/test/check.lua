-- Checks of what a spec hands to the kit.

local raise = require "moonroom.test.raise"
local spelling = require "moonroom.spelling"

-- Raises for a key that isn't among the names. what: "option of connect".
local function names(given, known, what)
  for key in pairs(given) do
    local found = false
    for _, name in ipairs(known) do found = found or name == key end
    if not found then
      local meant = type(key) == "string" and spelling.nearest(key, known)
      raise("there is no %s %s; %s", what, tostring(key), meant and "did you mean " .. meant .. "?"
        or "these are " .. table.concat(known, ", "))
    end
  end
end

-- Raises for a value that is of none of the types. what: "a path".
local function type_of(value, what, ...)
  for _, name in ipairs { ... } do
    if type(value) == name then return value end
  end
  raise("%s is a %s, not a %s", what, table.concat({ ... }, " or a "), type(value))
end

-- A number from 0 up.
local function seconds(value)
  if type(value) ~= "number" or not (value >= 0 and value < math.huge) then
    raise("seconds are a number from 0 up, not %s", tostring(value))
  end
  return value
end

-- A whole number from a least one up.
local function count(value, least, what)
  if math.type(value) ~= "integer" or value < least then
    raise("%s is a whole number from %d up, not %s", what, least, tostring(value))
  end
  return value
end

-- The path of a request, with its query.
local function path(value)
  type_of(value, "a path", "string")
  if not value:find("^/[\x21-\x7e\x80-\xff]*$") then
    raise("a path begins with a slash and has no blanks or controls, unlike %q", value)
  end
end

return { path = path, names = names, type_of = type_of, seconds = seconds, count = count }
