-- Reads the LuaLS declarations of a file: classes with their fields and functions, and what is said
-- of them. A declaration that it cannot read raises "file:line: why".
--
-- page      { path, title, intro, classes }
-- class     { name, parent, line, text, fields, functions }
-- field     { name, type, is_optional, text, line }, or for all keys of a type { key, type, text,
--           line }
-- function  { name, is_method, line, text, parameters, results }
-- parameter { name, type, is_optional, text, line }; a result has type, name (or nil) and text
-- text      { lines, line }: Markdown, and the number of its first line

local types = require "docs.types"

local Reader = {}
Reader.__index = Reader

function Reader:fail(line, message, ...)
  error(("%s:%d: "):format(self.path, line) .. message:format(...), 0)
end

-- --- annotations -----------------------------------------------------------

local function split_type(reader, tag, text)
  local type, rest = types.split(text)
  if not type then reader:fail(tag.line, "@%s: no type can be read in %q", tag.name, text) end
  return type, rest
end

local annotations = {}

-- These are for editors alone.
function annotations.meta() end
function annotations.generic() end

function annotations.class(reader, tag, block)
  local name, parent = tag.text:match("^([%w_.]+)%s*:%s*([%w_.]+)$")
  name = name or tag.text:match("^[%w_.]+$")
  if not name then reader:fail(tag.line, "@class: no name can be read in %q", tag.text) end
  block.class = {
    name = name,
    parent = parent,
    line = tag.line,
    text = block.text,
    fields = {}, functions = {},
  }
  table.insert(reader.page.classes, block.class)
end

-- "[string] integer how often": what is at every key of that type.
local function read_index(reader, tag, key, rest)
  if types.split(key) ~= key then reader:fail(tag.line, "@field: %q is no type", key) end
  local type, text = split_type(reader, tag, rest)
  return { key = key, type = type, text = text, line = tag.line }
end

local function read_field(reader, tag)
  local name, optional, rest = tag.text:match("^([%a_][%w_]*)(%??)%s+(.*)$")
  if not name then reader:fail(tag.line, "@field: no name can be read in %q", tag.text) end
  local type, text = split_type(reader, tag, rest)
  return {
    name = name, type = type, is_optional = optional == "?", text = text, line = tag.line,
  }
end

function annotations.field(reader, tag, block)
  if not block.class then reader:fail(tag.line, "@field: there is no @class before it") end
  local key, rest = tag.text:match("^%[(.-)%]%s+(.*)$")
  table.insert(block.class.fields,
    key and read_index(reader, tag, key, rest) or read_field(reader, tag))
end

-- For editors alone: the class's text says what calling an object, or its length, is.
function annotations.operator(reader, tag, block)
  if not block.class then reader:fail(tag.line, "@operator: there is no @class before it") end
  local result = tag.text:match("^%a+%b()%s*:%s*(.*)$") or tag.text:match("^%a+%s*:%s*(.*)$")
  if not result then reader:fail(tag.line, "@operator: %q cannot be read", tag.text) end
  split_type(reader, tag, result)
end

function annotations.param(reader, tag, block)
  local name, optional, rest = tag.text:match("^([%a_][%w_]*)(%??)%s+(.*)$")
  if not name then
    name, optional, rest = tag.text:match("^(%.%.%.)(%??)%s+(.*)$")
  end
  if not name then reader:fail(tag.line, "@param: no name can be read in %q", tag.text) end
  local type, text = split_type(reader, tag, rest)
  table.insert(block.parameters, {
    name = name, type = type, is_optional = optional == "?", text = text, line = tag.line,
  })
end

annotations["return"] = function(reader, tag, block)
  local type, rest = split_type(reader, tag, tag.text)
  local name, text = rest:match("^(%S+)%s*(.*)$")
  table.insert(block.results, { type = type, name = name, text = text or "" })
end

-- --- blocks of comments ----------------------------------------------------

local function new_block(line)
  return {
    line = line, text = { lines = {}, line = line }, tags = {}, parameters = {}, results = {},
  }
end

local function read_tags(reader, block)
  for _, tag in ipairs(block.tags) do
    local read = annotations[tag.name]
    if not read then reader:fail(tag.line, "the annotation @%s is unknown", tag.name) end
    read(reader, tag, block)
  end
end

local function add_text(reader, block, number, text)
  if block.fence then
    if text:find("^```") then block.fence = nil end
  elseif text:find("^```") then
    if #block.tags > 0 then
      reader:fail(number, "an example stands before the annotations, not behind them")
    end
    block.fence = number
  end
  local tag = block.tags[#block.tags]
  if tag then
    tag.text = tag.text .. " " .. text:match("^%s*(.-)%s*$")
  else
    table.insert(block.text.lines, text)
  end
end

function Reader:add_comment(number, text)
  self.block = self.block or new_block(number)
  local block = self.block
  local name, rest = text:match("^@(%a+)%s*(.-)%s*$")
  if name and not block.fence then
    table.insert(block.tags, { name = name, text = rest, line = number })
  else
    add_text(self, block, number, text)
  end
end

-- Ends the block of comments that a line of code, or nothing, follows.
function Reader:take_block()
  local block = self.block
  self.block = nil
  if not block then return nil end
  if block.fence then self:fail(block.fence, "the example has no end") end
  read_tags(self, block)
  return block
end

-- --- code ------------------------------------------------------------------

local function has_words(text)
  for _, line in ipairs(text.lines) do
    if line:find("^```") then return false end
    if line:find("%a") then return true end
  end
  return false
end

local function names_of(list)
  local names = {}
  for name in list:gmatch("[^%s,]+") do names[#names + 1] = name end
  return names
end

local function check_parameters(reader, declared, names, line)
  local documented = {}
  for _, parameter in ipairs(declared) do documented[parameter.name] = parameter end
  for index, name in ipairs(names) do
    local parameter = declared[index]
    if not documented[name] then reader:fail(line, "the parameter %s is not documented", name) end
    if parameter.name ~= name then
      reader:fail(parameter.line, "@param %s stands where %s is meant", parameter.name, name)
    end
  end
  local more = declared[#names + 1]
  if more then reader:fail(more.line, "@param %s: there is no such parameter", more.name) end
end

-- A method's self is declared where its type matters, as extend's does.
local function without_self(parameters)
  if parameters[1] and parameters[1].name == "self" then table.remove(parameters, 1) end
  return parameters
end

function Reader:add_function(number, owner, separator, name, parameters)
  local full = owner .. separator .. name
  local block = self:take_block()
  if not block or not has_words(block.text) then
    self:fail(number, "the function %s has no description", full)
  end
  local class = self.classes[owner]
  if not class then self:fail(number, "%s: %s is no class that is declared", full, owner) end
  local declared = separator == ":" and without_self(block.parameters) or block.parameters
  check_parameters(self, declared, names_of(parameters), number)
  table.insert(class.functions, {
    name = name,
    is_method = separator == ":",
    line = number,
    text = block.text,
    parameters = declared,
    results = block.results,
  })
end

function Reader:add_local(number, name)
  local block = self:take_block()
  if not block or not block.class then
    self:fail(number, "the local %s has no @class before it", name)
  end
  self.classes[name] = block.class
end

-- A block that no code follows: of a class, or of the file.
function Reader:end_block()
  local block = self:take_block()
  if block and not block.class and (#block.text.lines > 0 or #block.parameters > 0) then
    self:fail(block.line, "the comment belongs to no declaration")
  end
end

local function read_code(reader, number, line)
  local owner, separator, name, parameters =
    line:match("^function ([%w_]+)([.:])([%w_]+)%(([^)]*)%) end$")
  local variable = line:match("^local ([%w_]+) = {}$")
  if owner then
    reader:add_function(number, owner, separator, name, parameters)
  elseif variable then
    reader:add_local(number, variable)
  elseif line:find("^function") or line:find("^local") then
    reader:fail(number, "the declaration cannot be read")
  else
    reader:end_block()
  end
end

-- --- files -----------------------------------------------------------------

-- "-- Rooms: what a path resolves to." is the title and what the file is about.
local function add_heading(page, lines)
  local text = table.concat(lines, " ")
  local title, intro = text:match("^(.-)[:.]%s+(.*)$")
  page.title = title or text:gsub("%.$", "")
  page.intro = (intro or ""):gsub("^%l", string.upper)
end

-- Reads the text of the file that bears the path.
local function parse(path, text)
  local page = { path = path, classes = {} }
  local reader = setmetatable({ path = path, page = page, classes = {} }, Reader)
  local heading, number = {}, 0
  for line in (text .. "\n"):gmatch("([^\n]*)\n") do
    number = number + 1
    local comment, remark = line:match("^%-%-%-(.*)$"), line:match("^%-%- ?(.*)$")
    if comment then
      reader:add_comment(number, comment)
    else
      read_code(reader, number, line)
      if remark and #page.classes == 0 then table.insert(heading, remark) end
    end
  end
  reader:end_block()
  add_heading(page, heading)
  return page
end

return { parse = parse }
