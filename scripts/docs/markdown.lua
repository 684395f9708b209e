-- A small Markdown: headings, paragraphs, lists of one level, tables, fenced code; within a text
-- `code`, **strong**, *emphasis* and [links](page.html). What it cannot read raises
-- "file:line: why".
--
-- block  { kind = "heading", level, text } | { kind = "paragraph", text } | { kind = "list",
--          is_ordered, items } | { kind = "table", rows } | { kind = "code", language, remark,
--          lines }, and
--          in each the line that it begins at
-- span   { kind = "text" | "code" | "strong" | "emphasis" | "link", text [, href] }

local function fail(path, line, message)
  error(("%s:%d: %s"):format(path, line, message), 0)
end

-- --- blocks ----------------------------------------------------------------

local function trim(text) return text:match("^%s*(.-)%s*$") end

local function cells_of(line)
  local cells = {}
  for cell in line:gsub("^|", ""):gmatch("([^|]*)|") do cells[#cells + 1] = trim(cell) end
  return cells
end

local function marker_of(line)
  local item = line:match("^%- +(.*)$")
  if item then return item, false end
  item = line:match("^%d+%. +(.*)$")
  return item, item ~= nil
end

local Reader = {}
Reader.__index = Reader

function Reader:line() return self.lines[self.at] end

function Reader:begin(kind)
  local block = { kind = kind, line = self.first + self.at - 1 }
  table.insert(self.blocks, block)
  return block
end

function Reader:read_code()
  local block = self:begin("code")
  block.language, block.remark = self:line():match("^```%s*(%w*)%s*(.-)%s*$")
  block.lines = {}
  self.at = self.at + 1
  while self:line() and not self:line():find("^```") do
    table.insert(block.lines, self:line())
    self.at = self.at + 1
  end
  if not self:line() then fail(self.path, block.line, "the code has no end") end
  self.at = self.at + 1
end

function Reader:read_heading()
  local block = self:begin("heading")
  local signs, text = self:line():match("^(#+) +(.*)$")
  if not signs then fail(self.path, block.line, "a heading has a blank behind its #") end
  block.level, block.text = #signs, trim(text)
  self.at = self.at + 1
end

function Reader:read_table()
  local block = self:begin("table")
  block.rows = {}
  while self:line() and self:line():find("^|") do
    if not self:line():find("^[|%s:-]+$") then
      table.insert(block.rows, cells_of(self:line()))
    end
    self.at = self.at + 1
  end
end

-- The text of a paragraph or an item, which goes on until something else begins.
function Reader:read_text(first)
  local texts = { trim(first) }
  self.at = self.at + 1
  while self:line() and self:line():find("%S") do
    local line = self:line()
    if line:find("^```") or line:find("^#") or line:find("^|") or marker_of(line) then break end
    table.insert(texts, trim(line))
    self.at = self.at + 1
  end
  return table.concat(texts, " ")
end

function Reader:read_list()
  local block = self:begin("list")
  block.items = {}
  local item, is_ordered = marker_of(self:line())
  block.is_ordered = is_ordered
  while item and is_ordered == block.is_ordered do
    table.insert(block.items, self:read_text(item))
    item, is_ordered = marker_of(self:line() or "")
  end
end

function Reader:read_block()
  local line = self:line()
  if not line:find("%S") then
    self.at = self.at + 1
  elseif line:find("^```") then
    self:read_code()
  elseif line:find("^#") then
    self:read_heading()
  elseif line:find("^|") then
    self:read_table()
  elseif marker_of(line) then
    self:read_list()
  else
    self:begin("paragraph").text = self:read_text(line)
  end
end

-- The blocks of lines, the first of which is the given one of the file.
local function read_lines(path, lines, first)
  local reader = setmetatable({ path = path, lines = lines, first = first, at = 1, blocks = {} },
    Reader)
  while reader:line() do reader:read_block() end
  return reader.blocks
end

local function read(path, text)
  local lines = {}
  for line in text:gmatch("([^\n]*)\n?") do lines[#lines + 1] = line end
  return read_lines(path, lines, 1)
end

-- --- spans -----------------------------------------------------------------

local forms = {
  { "code", "^`([^`]+)`()" },
  { "strong", "^%*%*(.-)%*%*()" },
  { "emphasis", "^%*(%S[^*]*)%*()" },
}

local function read_span(text, at)
  for _, form in ipairs(forms) do
    local inner, after = text:match(form[2], at)
    if inner then return { kind = form[1], text = inner }, after end
  end
  local inner, href, after = text:match("^%[([^%]]+)%]%(([^)%s]+)%)()", at)
  if inner then return { kind = "link", text = inner, href = href }, after end
end

local function spans(text)
  local list, plain, at = {}, 1, 1
  local function end_plain(last)
    if last >= plain then list[#list + 1] = { kind = "text", text = text:sub(plain, last) } end
  end
  while at do
    at = text:find("[`*%[]", at)
    local span, after
    if at then span, after = read_span(text, at) end
    if span then
      end_plain(at - 1)
      list[#list + 1] = span
      plain = after
    end
    at = after or at and at + 1
  end
  end_plain(#text)
  return list
end

return { read = read, read_lines = read_lines, spans = spans }
