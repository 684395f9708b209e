-- Which page and place a name is described at.

local function short_name(class) return class.name:match("[^.]+$") end

local function is_module(class) return class.name == "moonroom" end

-- Overridden rather than called: its description says so.
local function is_handler(fn) return (fn.text.lines[1] or ""):find("^Override") ~= nil end

-- What functions are written on that are no members of a part of moonroom.
local owners = { ["moonroom.test"] = "test", ["moonroom.test.Assertions"] = "assert.peer(peer)" }

-- What a call is written on: moonroom, moonroom.json, room; a class where it is overridden or
-- concerns classes.
local function owner_of(class, fn)
  if not fn.is_method then return owners[class.name] or class.name end
  local short = short_name(class)
  return (is_handler(fn) or short == "Class") and short or short:lower()
end

local function anchor(class, name) return short_name(class) .. (name and "." .. name or "") end

-- Adds a name that may be had in several places, and then leads nowhere.
local function add_ambiguous(links, seen, name, href)
  if seen[name] and seen[name] ~= href then
    links[name] = nil
  else
    links[name], seen[name] = href, href
  end
end

-- The ways in which a member of a class is written about: room:close, Room.close, moonroom.now.
local function add_member(links, seen, class, name, href)
  local short = short_name(class)
  for _, owner in ipairs { short, short:lower(), class.name } do
    for _, separator in ipairs { ".", ":" } do
      links[owner .. separator .. name] = links[owner .. separator .. name] or href
    end
  end
  if name:find("_", 1, true) then add_ambiguous(links, seen, name, href) end
end

local function add_class(links, seen, page, class)
  local href = page.href
  if not is_module(class) then
    links[class.name] = href .. "#" .. anchor(class)
    for _, list in ipairs { class.fields, class.functions } do
      for _, member in ipairs(list) do
        if member.name then
          add_member(links, seen, class, member.name, href .. "#" .. anchor(class, member.name))
        end
      end
    end
    return
  end
  for _, list in ipairs { class.functions, class.fields } do
    for _, member in ipairs(list) do
      local full = "moonroom." .. member.name
      links[full] = links[full] or href .. "#" .. anchor(class, member.name)
    end
  end
end

-- A table from names to addresses, of pages that have an href.
local function collect(pages)
  local links, seen = {}, {}
  for _, page in ipairs(pages) do
    for _, class in ipairs(page.classes) do add_class(links, seen, page, class) end
  end
  return links
end

return {
  collect = collect, anchor = anchor, short_name = short_name, is_module = is_module,
  is_handler = is_handler, owner_of = owner_of,
}
