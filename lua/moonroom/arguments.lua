-- Checks of what scripts hand to functions.

local spelling = require "moonroom.spelling"

local format = string.format

-- A table of options, or nil for none; `known` has their names as its keys. what: the function's
-- name. Returns a table. Raises at a level for a key that isn't known.
local function options(given, known, what, level)
  if given == nil then return {} end
  if type(given) ~= "table" then
    error(format("%s's options are a table, not a %s", what, type(given)), level + 1)
  end
  for key in pairs(given) do
    if type(key) ~= "string" or known[key] == nil then
      local names = {}
      for name in pairs(known) do names[#names + 1] = name end
      table.sort(names)
      local meant = type(key) == "string" and spelling.nearest(key, names)
      error(format("%s has no option %s; %s", what, tostring(key), meant
        and format("did you mean %s?", meant) or "it has " .. table.concat(names, ", ")), level + 1)
    end
  end
  return given
end

return { options = options }
