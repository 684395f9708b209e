-- What an example says that it prints: `print(value) --> text`; blanks and tabs are alike.

local function tidy(text) return (text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", "")) end

-- Reads what lines say, the first of which is the given one of the file.
local function read(lines, first)
  local printed = { expected = {} }
  for index, text in ipairs(lines) do
    local value = text:match("%-%->%s*(.*)$")
    if value then printed.expected[first + index - 1] = { text = tidy(value) } end
  end
  return printed
end

-- The print that the example gets.
local function new_print(printed)
  return function(...)
    local texts = table.pack(...)
    for index = 1, texts.n do texts[index] = tostring(texts[index]) end
    local line = debug.getinfo(2, "l").currentline
    local expected, got = printed.expected[line], tidy(table.concat(texts, " "))
    if not expected then return end
    expected.is_seen = true
    if expected.text ~= got then
      printed.wrong = printed.wrong
        or { line, ("prints %s, not %s"):format(got, expected.text) }
    end
  end
end

-- The line and the words of what is wrong once the example has run, or nil.
local function find_fault(printed)
  if printed.wrong then return table.unpack(printed.wrong) end
  for line, expected in pairs(printed.expected) do
    if not expected.is_seen then return line, "nothing is printed" end
  end
end

return { read = read, new_print = new_print, find_fault = find_fault }
