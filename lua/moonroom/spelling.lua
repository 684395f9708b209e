-- Names that a script most likely meant otherwise, and what it meant.

local core = require "moonroom.core"
local rules = require "moonroom.rules"

-- It runs whenever a script assigns, and scripts may take string's methods away.
local byte, find, format, gsub, lower = string.byte, string.find, string.format, string.gsub,
  string.lower
local abs, min = math.abs, math.min

local most_edits, most_cached = 2, 1000

-- Edits (insert, drop, replace, swap neighbours) from one word to the other; beyond the most that
-- count it is not worked out.
local function distance(word, name)
  local before, last, row = {}, {}, {}
  for j = 0, #name do last[j] = j end
  for i = 1, #word do
    local a = byte(word, i)
    row[0] = i
    local least = i
    for j = 1, #name do
      local b = byte(name, j)
      row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a == b and 0 or 1))
      local is_swap = i > 1 and j > 1 and a == byte(name, j - 1) and b == byte(word, i - 1)
      if is_swap then row[j] = min(row[j], before[j - 2] + 1) end
      least = min(least, row[j])
    end
    if least > most_edits then return least end
    before, last, row = last, row, before
  end
  return last[#name]
end

-- The nearest of the names, at most so many edits away (two), or nil.
local function nearest(word, names, most)
  local least, found = (most or most_edits) + 1, nil
  for _, name in ipairs(names) do
    if abs(#word - #name) < least then
      local edits = distance(word, name)
      if edits < least then least, found = edits, name end
    end
  end
  return found
end

-- What other servers call their handlers.
local others = {
  on_message = "on_text or on_json", on_data = "on_text or on_binary",
  on_binary_message = "on_binary", on_text_message = "on_text", on_connect = "on_join",
  on_connection = "on_join", on_disconnect = "on_leave",
}

-- Not for this version, but no slip either: what other versions of Moonroom ask for.
local later = {
  load_timeout = true, per_ip = true,
  Client = true, init = true, path = true, params = true,
}

local function new_names()
  local names = { options = core.room_options(), handlers = {}, known = {} }
  for _, name in ipairs { "origins", "protocols" } do table.insert(names.options, name) end
  for _, list in ipairs { names.options, rules.handlers } do
    for _, name in ipairs(list) do names.known[name] = true end
  end
  for _, name in ipairs(rules.handlers) do table.insert(names.handlers, name) end
  for name in pairs(others) do table.insert(names.handlers, name) end
  table.sort(names.handlers)
  return names
end

local function suggest(kind, meant)
  if meant then return format("is no %s; did you mean %s?", kind, meant) end
  return format("is no %s: Moonroom never calls it", kind)
end

local function think(names, name)
  if names.known[name] or later[name] then return false end
  local plain = lower(gsub(name, "%u", "_%0")) -- onMessage
  local meant = nearest(plain, names.handlers)
  meant = others[meant] or meant
  if meant or find(name, "^on_") or find(name, "^check_") then return suggest("handler", meant) end
  -- A script's own short word ("lines") is easily two edits away from an option's, and one ("date")
  -- from a short one's.
  meant = nearest(name, names.options, #name > 6 and 2 or 1)
  if meant and #meant < 5 then meant = nil end
  return meant and suggest("option", meant) or false
end

-- A function(name) that tells why a room's or its class's field of that name looks like a slip, or
-- false. A name is thought about once.
local function new_adviser()
  local names, cache, count
  return function(name)
    names = names or new_names()
    if not cache or count == most_cached then cache, count = {}, 0 end
    local known = cache[name]
    if known == nil then
      known = think(names, name)
      cache[name], count = known, count + 1
    end
    return known
  end
end

return { nearest = nearest, new_adviser = new_adviser }
