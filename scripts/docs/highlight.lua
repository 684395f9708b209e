-- Lua source as HTML, its words marked: keywords, strings, numbers, comments, what is printed
-- (--> value), and the acts of an example's peers (-- ann sends "hi").

local escape = require "docs.escape"

local keywords = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat
  return then true until while self]]):gmatch("%a+") do
  keywords[word] = true
end

local function mark(class, text) return ('<i class="%s">%s</i>'):format(class, escape(text)) end

local function word(text)
  if keywords[text] then return mark("k", text) end
  return escape(text)
end

-- Each a pattern, and the class of what it matches or a function that has the HTML of it.
local tokens = {
  { "^%-%->[^\n]*", "r" },
  { "^%-%-[^\n]*", "c" },
  { "^%[%[.-%]%]", "s" },
  { '^"[^"\n]*"', "s" },
  { "^'[^'\n]*'", "s" },
  { "^[%a_][%w_]*", word },
  { "^%d[%w.]*", "n" },
  { "^%s+", escape },
  { "^.", escape },
}

local function highlight_from(text, at)
  for _, token in ipairs(tokens) do
    local found = text:match(token[1], at)
    if found then
      local how = token[2]
      return type(how) == "function" and how(found) or mark(how, found), at + #found
    end
  end
end

-- A comment of a line's own that begins with a small letter or a number is an act.
local function is_act(line) return line:find("^%-%- [%l%d]") ~= nil end

local function highlight_lua(text)
  local html, at = {}, 1
  while at <= #text do html[#html + 1], at = highlight_from(text, at) end
  return table.concat(html)
end

-- The HTML of lines of a language; only Lua's are marked.
local function highlight(lines, language)
  if language ~= "lua" then return escape(table.concat(lines, "\n")) end
  local html, code = {}, {}
  local function end_code()
    if #code > 0 then html[#html + 1] = highlight_lua(table.concat(code, "\n")) end
    code = {}
  end
  for _, line in ipairs(lines) do
    if is_act(line) then
      end_code()
      html[#html + 1] = mark("a", line)
    else
      code[#code + 1] = line
    end
  end
  end_code()
  return table.concat(html, "\n")
end

return highlight
