-- Reads the lines of a server's log.

local escapes = { n = "\n", t = "\t", ['"'] = '"', ["\\"] = "\\" }

local function unescape(text)
  text = text:gsub("\\(.)(%x?%x?%x?%x?)", function(letter, digits)
    if letter == "x" and #digits >= 2 then
      return string.char(tonumber(digits:sub(1, 2), 16)) .. digits:sub(3)
    end
    if letter == "u" and #digits == 4 then return utf8.char(tonumber(digits, 16)) end
    return (escapes[letter] or "\\" .. letter) .. digits
  end)
  return text
end

-- The value that begins at a place, and where the next field may begin.
local function read_value(line, at)
  if line:sub(at, at) ~= '"' then
    local value = line:match("^[^ ]*", at)
    return value, at + #value
  end
  local last = at + 1
  while last <= #line and line:sub(last, last) ~= '"' do
    last = last + (line:sub(last, last) == "\\" and 2 or 1)
  end
  return unescape(line:sub(at + 1, last - 1)), last + 1
end

local function read_line(line)
  local time, level, rest = line:match("^(%S+) (%a+) +(.*)$")
  if not time then return { text = line } end
  local entry = {}
  local event, at = rest:match("^(.-)() [%w_]+=")
  while at do
    local key, from = rest:match("^ ([%w_]+)=()", at)
    if not key then break end
    entry[key], at = read_value(rest, from)
  end
  entry.time, entry.level, entry.event, entry.text = time, level, event or rest, line
  return entry
end

-- The entries of a text: { time, level, event, text (the line as it is), and its fields by name }.
local function parse(text)
  local entries = {}
  for line in text:gmatch("([^\n]+)\n") do entries[#entries + 1] = read_line(line) end
  return entries
end

return { parse = parse }
