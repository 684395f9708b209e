-- Raises at the spec's line: the nearest one that isn't the kit's own.

local own = debug.getinfo(1, "S").source:match("^(.*/)[^/]*$")
local public = own:gsub("/$", ".lua") -- moonroom/test.lua

local function is_own(source)
  return source:sub(1, #own) == own or source == public
end

-- The level of the nearest frame of Lua's that isn't the kit's, for error called by the caller.
local function spec_level()
  local level = 2
  while true do
    local info = debug.getinfo(level, "Sl")
    if not info then return 0 end
    if info.what ~= "C" and not is_own(info.source) then return level - 1 end
    level = level + 1
  end
end

return function(text, ...)
  error(select("#", ...) > 0 and text:format(...) or text, spec_level())
end
