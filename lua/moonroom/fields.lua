-- The fields that scripts add to a response: checked, so that none splits it.

local core = require "moonroom.core"

local format, lower = string.format, string.lower

local writable = { string = true, number = true, boolean = true }

local function add(lines, name, value, who)
  if not writable[type(value)] then
    error(format("%s's header field %s is a %s, not a string or a list of strings", who, name,
      type(value)), 0)
  end
  local ok, line = pcall(core.field, name, tostring(value))
  if not ok then error(format("%s's %s", who, line), 0) end
  lines[#lines + 1] = line
end

local function names_of(headers, own, who)
  local names = {}
  for name in pairs(headers) do
    if type(name) ~= "string" then
      error(format("%s's headers have the name %s, which is no string", who, tostring(name)), 0)
    end
    if own[lower(name)] then
      error(format("%s set the header field %s, which the server itself sets", who, name), 0)
    end
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

-- { name = value } as response fields; a list of values makes several of them. own: the names (in
-- lower case) that are not the script's. who: the handler, as its script knows it.
local function of(headers, own, who)
  if headers == nil then return "" end
  if type(headers) ~= "table" then
    error(format("%s's headers are a table, not a %s", who, type(headers)), 0)
  end
  local lines = {}
  for _, name in ipairs(names_of(headers, own, who)) do
    local value = headers[name]
    for _, item in ipairs(type(value) == "table" and value or { value }) do
      add(lines, name, item, who)
    end
  end
  return table.concat(lines)
end

-- Whether the headers have a field of that name (in lower case), and what it is.
local function find(headers, wanted)
  for name, value in pairs(headers or {}) do
    if type(name) == "string" and lower(name) == wanted then return value end
  end
end

return { of = of, find = find }
