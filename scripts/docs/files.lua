-- The files that the manual is made of, in the order of its contents.

local declarations = {
  "room", "client", "request", "group", "time", "class", "tools", "metric", "stats", "test",
  "test_app", "test_peer", "test_assertions",
}
local guides = {
  "rooms", "http", "files", "waiting", "classes", "handlers", "limits", "metrics", "reload",
  "restart", "tls", "dev", "testing",
}

local function list(directory, extension)
  local pipe <close> = assert(io.popen(("ls '%s'"):format(directory), "r"))
  local names = {}
  for name in pipe:lines() do
    names[#names + 1] = name:match("^(.+)%." .. extension .. "$")
  end
  return names
end

-- Names as the order has them, those that it doesn't know behind it.
local function sort(names, order)
  local places = {}
  for place, name in ipairs(order) do places[name] = place end
  table.sort(names, function(a, b)
    local place, other = places[a] or #order + 1, places[b] or #order + 1
    if place ~= other then return place < other end
    return a < b
  end)
  return names
end

local function paths(names, format)
  for index, name in ipairs(names) do names[index] = format:format(name) end
  return names
end

local function declaration_paths()
  local names = paths(sort(list("lua/moonroom/meta", "lua"), declarations),
    "lua/moonroom/meta/%s.lua")
  table.insert(names, 1, "lua/moonroom/meta.lua")
  return names
end

local function guide_paths()
  return paths(sort(list("scripts/docs/guides", "md"), guides), "scripts/docs/guides/%s.md")
end

-- The text of the first page.
local first = "scripts/docs/index.md"

local function read(path)
  local file <close> = assert(io.open(path, "r"))
  return file:read("a")
end

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
end

return {
  declarations = declaration_paths, guides = guide_paths, first = first, read = read,
  write = write,
}
