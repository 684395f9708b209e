-- Where a LuaLS type ends in a text: what stands behind it is a name or a description.

local read_type

-- The position behind a pattern that stands at a position, blanks before it passed over; or nil.
local function behind(text, at, pattern)
  return text:match("^%s*" .. pattern .. "()", at)
end

-- A list up to its closing bracket; read_item(text, at) gives the position behind an item.
local function read_list(text, at, read_item, close)
  local done = behind(text, at, close)
  while not done do
    at = read_item(text, at)
    if not at then return nil end
    done = behind(text, at, close)
    at = not done and behind(text, at, ",")
    if not done and not at then return nil end
  end
  return done
end

local function read_parameter(text, at)
  local name = behind(text, at, "[%a_][%w_]*%??") or behind(text, at, "%.%.%.")
  local colon = name and behind(text, name, ":")
  if colon then return read_type(text, colon) end
  return name
end

local function read_field(text, at)
  local colon = behind(text, at, "[%a_][%w_]*%??%s*:") or behind(text, at, "%b[]%s*:")
  return read_type(text, colon or at)
end

local function read_function(text, at)
  local parameters = read_list(text, at, read_parameter, "%)")
  local colon = parameters and behind(text, parameters, ":")
  if colon then return read_type(text, colon) end
  return parameters
end

local function read_named(text, at)
  local name = behind(text, at, "[%a_][%w_.]*") or behind(text, at, "%.%.%.")
  local arguments = name and text:match("^<()", name)
  if arguments then return read_list(text, arguments, read_type, ">") end
  return name
end

local function read_unit(text, at)
  local literal = behind(text, at, '"[^"]*"') or behind(text, at, "%-?%d+")
  if literal then return literal end
  local inner = behind(text, at, "fun%(")
  if inner then return read_function(text, inner) end
  inner = behind(text, at, "{")
  if inner then return read_list(text, inner, read_field, "}") end
  inner = behind(text, at, "%(")
  if inner then
    local within = read_type(text, inner)
    return within and behind(text, within, "%)")
  end
  return read_named(text, at)
end

local function read_suffixes(text, at)
  local suffix = text:match("^%[%]()", at) or text:match("^%?()", at)
  while suffix do
    at = suffix
    suffix = text:match("^%[%]()", at) or text:match("^%?()", at)
  end
  return at
end

function read_type(text, at)
  at = read_unit(text, at)
  if not at then return nil end
  at = read_suffixes(text, at)
  local bar = behind(text, at, "|")
  if bar then return read_type(text, bar) end
  return at
end

-- Splits "string|nil name of it" into "string|nil" and "name of it"; nil where no type is read.
local function split(text)
  local last = read_type(text, 1)
  if not last or not text:find("^%s", last) and last <= #text then return nil end
  return text:sub(1, last - 1), text:match("^%s*(.-)%s*$", last)
end

return { split = split }
