-- Which globals a chunk reads and sets, and where: read off what string.dump makes of it in this
-- very Lua (5.4), so that code which never runs counts too. No other bytecode is ever read.

-- It runs after scripts have been loaded, which may take functions away.
local byte, dump, format, sub, unpack = string.byte, string.dump, string.format, string.sub,
  string.unpack
local sort = table.sort

local SIGNATURE = "\27Lua\x54\x00\x19\x93\r\n\x1a\n"

-- Lua 5.4's lopcodes.h.
local LOADK, LOADKX, GETUPVAL, GETTABUP, GETTABLE, SETTABUP, SETTABLE, EXTRAARG =
  3, 4, 9, 11, 12, 15, 16, 82

-- lobject.h and ltm.h: what a constant's first byte says that follows it.
local INTEGER, FLOAT, SHORT_TEXT, LONG_TEXT = 0x03, 0x13, 0x04, 0x14

local Reader = {}
Reader.__index = Reader

function Reader:byte()
  local value = byte(self.bytes, self.at)
  self.at = self.at + 1
  return value
end

-- Seven bits a byte, the highest first; the last byte is marked.
function Reader:size()
  local value = 0
  while true do
    local part = self:byte()
    value = value << 7 | part & 0x7f
    if part & 0x80 ~= 0 then return value end
  end
end

function Reader:skip(count) self.at = self.at + count end

function Reader:text()
  local size = self:size()
  if size == 0 then return nil end
  self:skip(size - 1)
  return sub(self.bytes, self.at - size + 1, self.at - 1)
end

function Reader:constant()
  local kind = self:byte()
  if kind == INTEGER or kind == FLOAT then
    self:skip(8)
  elseif kind == SHORT_TEXT or kind == LONG_TEXT then
    return self:text()
  end
  return false
end

function Reader:list(read_one)
  local list = {}
  for index = 1, self:size() do list[index] = read_one(self) end
  return list
end

-- --- a function ------------------------------------------------------------

local function read_instruction(reader)
  local instruction = unpack("<I4", reader.bytes, reader.at)
  reader:skip(4)
  return instruction
end

-- Whether an upvalue is the chunk's _ENV: a nested function has it from the one around it.
local function upvalue_reader(outer)
  return function(reader)
    local is_in_stack, index = reader:byte(), reader:byte()
    reader:skip(1)
    if outer == nil then return true end
    return is_in_stack == 0 and outer[index + 1]
  end
end

-- Differences from line to line; where one is too great, the line is in a list of its own.
local function read_lines(reader, first)
  local steps = reader:list(Reader.byte)
  local marks = reader:list(function() return { reader:size(), reader:size() } end)
  local line, mark = first, 1
  for index, step in ipairs(steps) do
    if step == 0x80 then
      line, mark = marks[mark][2], mark + 1
    else
      line = line + (step ~ 0x80) - 0x80
    end
    steps[index] = line
  end
  return steps
end

local function skip_names(reader)
  reader:list(function() return reader:text(), reader:size(), reader:size() end)
  reader:list(Reader.text)
end

-- --- its instructions --------------------------------------------------------

-- A name that an instruction can't hold itself (the 256th constant, or a long one) has been loaded
-- into a register just before, as _ENV has.
local function watch(held, opcode, instruction, proto)
  local a = instruction >> 7 & 0xff
  if opcode == GETUPVAL then
    held[a] = proto.is_env[(instruction >> 16 & 0xff) + 1] and proto or nil
  elseif opcode == LOADK then
    held[a] = proto.constants[(instruction >> 15) + 1]
  elseif opcode == LOADKX then
    held.next = a
  elseif opcode == EXTRAARG and held.next then
    held[held.next], held.next = proto.constants[(instruction >> 7) + 1], nil
  elseif opcode ~= SETTABLE then
    held[a] = nil
  end
end

local function is_name(value) return type(value) == "string" and value or nil end

-- The global that an instruction is about, and whether it sets it.
local function global_of(held, opcode, instruction, proto)
  local a, b, c = instruction >> 7 & 0xff, instruction >> 16 & 0xff, instruction >> 24
  local constants = proto.constants
  if opcode == GETTABUP and proto.is_env[b + 1] then return is_name(constants[c + 1]), false end
  if opcode == SETTABUP and proto.is_env[a + 1] then return is_name(constants[b + 1]), true end
  if opcode == GETTABLE and held[b] == proto then return is_name(held[c]), false end
  if opcode == SETTABLE and held[a] == proto then return is_name(held[b]), true end
end

local function look_through(proto, found)
  local held = {}
  for index, instruction in ipairs(proto.code) do
    local opcode = instruction & 0x7f
    local name, is_set = global_of(held, opcode, instruction, proto)
    if name then
      found[#found + 1] = { name = name, line = proto.lines[index], is_set = is_set }
    end
    watch(held, opcode, instruction, proto)
  end
end

local function read_function(reader, outer, found)
  reader:text()
  local proto = { first = reader:size() }
  reader:size()
  reader:skip(3)
  proto.code = reader:list(read_instruction)
  proto.constants = reader:list(Reader.constant)
  proto.is_env = reader:list(upvalue_reader(outer))
  reader:list(function() read_function(reader, proto.is_env, found) end)
  proto.lines = read_lines(reader, proto.first)
  skip_names(reader)
  look_through(proto, found)
end

-- The globals of a chunk (a function that load has returned), in the order of their lines: a list
-- of { name, line, is_set }. What goes by _G.name, or by an _ENV of the script's own, is none.
local function globals_of(chunk)
  local reader = setmetatable({ bytes = dump(chunk), at = 1 }, Reader)
  if sub(reader.bytes, 1, #SIGNATURE) ~= SIGNATURE then
    error(format("the bytecode of %s is not known here", _VERSION))
  end
  reader:skip(#SIGNATURE + 3 + 8 + 8 + 1) -- sizes, an integer, a float, the number of upvalues
  local found = {}
  read_function(reader, nil, found)
  sort(found, function(a, b)
    if a.line ~= b.line then return a.line < b.line end
    return a.name < b.name
  end)
  return found
end

return { globals_of = globals_of }
