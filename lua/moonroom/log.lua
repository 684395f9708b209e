-- moonroom.log, and what becomes of print.

local core = require "moonroom.core"

-- Lua 5.4's print: tostring of each argument, tabs between.
local function join(...)
  local texts = table.pack(...)
  for index = 1, texts.n do texts[index] = tostring(texts[index]) end
  return table.concat(texts, "\t")
end

-- A text that doesn't fit its arguments is the mistake of whoever logs.
local function format(text, ...)
  text = tostring(text)
  if select("#", ...) == 0 then return text end
  local ok, message = pcall(string.format, text, ...)
  if not ok then error(message, 3) end
  return message
end

local function new(hub)
  local log = {}
  for _, level in ipairs { "debug", "info", "warn", "error" } do
    log[level] = function(text, ...)
      local message = format(text, ...)
      if hub then core.log(hub, level, "script", message) end
    end
  end
  return log
end

-- A print that writes to the hub's log.
local function new_print(hub)
  return function(...) core.log(hub, "info", "print", join(...)) end
end

return { new = new, new_print = new_print }
