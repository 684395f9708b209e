--- Reads a raw deflate stream (RFC 1951) without making its output: how long that is, how far back
--- it reaches, which blocks it has. zlib alone can't say the second: it allows more than the window
--- within one call's output. Written for the suite, so that it shares no code with a server's zlib.
local inflate = {}

local function fail(format, ...) error({ why = format:format(...) }, 0) end

-- --- bits --------------------------------------------------------------------

local Bits = {}
Bits.__index = Bits

local function new_bits(bytes)
  return setmetatable({ bytes = bytes, at = 1, hold = 0, have = 0 }, Bits)
end

function Bits:take(count)
  local hold, have = self.hold, self.have
  while have < count do
    local byte = self.bytes:byte(self.at)
    if not byte then fail("the stream ends inside a block") end
    hold, have, self.at = hold | byte << have, have + 8, self.at + 1
  end
  self.hold, self.have = hold >> count, have - count
  return hold & (1 << count) - 1
end

function Bits:align() self.hold, self.have = 0, 0 end

function Bits:is_at_end() return self.at > #self.bytes end

-- --- Huffman codes -------------------------------------------------------------

-- codes[length][code] = symbol
local function new_code(lengths)
  local counts, following, codes = {}, {}, {}
  for length = 0, 15 do counts[length], codes[length] = 0, {} end
  for symbol = 0, #lengths do counts[lengths[symbol]] = counts[lengths[symbol]] + 1 end
  local code = 0
  counts[0] = 0
  for length = 1, 15 do
    code = code + counts[length - 1] << 1
    following[length] = code
    if code + counts[length] > 1 << length then fail("a Huffman code is over-subscribed") end
  end
  for symbol = 0, #lengths do
    local length = lengths[symbol]
    if length > 0 then
      codes[length][following[length]] = symbol
      following[length] = following[length] + 1
    end
  end
  return codes
end

local function next_symbol(bits, codes)
  local code = 0
  for length = 1, 15 do
    code = code << 1 | bits:take(1)
    local symbol = codes[length][code]
    if symbol then return symbol end
  end
  fail("a Huffman code that stands for nothing")
end

local function fixed_codes()
  local lengths, distances = {}, {}
  for symbol = 0, 287 do
    lengths[symbol] = symbol < 144 and 8 or symbol < 256 and 9 or symbol < 280 and 7 or 8
  end
  for symbol = 0, 29 do distances[symbol] = 5 end
  return new_code(lengths), new_code(distances)
end

local ORDER = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 }

local function read_lengths(bits, codes, total)
  local lengths, at = {}, 0
  while at < total do
    local symbol = next_symbol(bits, codes)
    local value, times = symbol, 1
    if symbol == 16 then
      if at == 0 then fail("a repeated length with none before it") end
      value, times = lengths[at - 1], 3 + bits:take(2)
    elseif symbol == 17 then
      value, times = 0, 3 + bits:take(3)
    elseif symbol == 18 then
      value, times = 0, 11 + bits:take(7)
    end
    if at + times > total then fail("more code lengths than there are symbols") end
    for _ = 1, times do lengths[at], at = value, at + 1 end
  end
  return lengths
end

local function dynamic_codes(bits)
  local literals, distances = bits:take(5) + 257, bits:take(5) + 1
  local own = {}
  for symbol = 0, 18 do own[symbol] = 0 end
  for index = 1, bits:take(4) + 4 do own[ORDER[index]] = bits:take(3) end
  local all = read_lengths(bits, new_code(own), literals + distances)
  local first, second = {}, {}
  for symbol = 0, literals - 1 do first[symbol] = all[symbol] end
  for symbol = 0, distances - 1 do second[symbol] = all[literals + symbol] end
  return new_code(first), new_code(second)
end

-- --- blocks --------------------------------------------------------------------

local function extra_table(first, per_step, last)
  local base, extra, value = {}, {}, first
  for symbol = 0, last do
    extra[symbol] = math.max(0, symbol // per_step - 1)
    base[symbol], value = value, value + (1 << extra[symbol])
  end
  return base, extra
end

local LENGTH_BASE, LENGTH_EXTRA = extra_table(3, 4, 27)
LENGTH_BASE[28], LENGTH_EXTRA[28] = 258, 0
local DISTANCE_BASE, DISTANCE_EXTRA = extra_table(1, 2, 29)

local function read_compressed(bits, found, literals, distances)
  local symbol = next_symbol(bits, literals)
  while symbol ~= 256 do
    if symbol < 256 then
      found.size = found.size + 1
    else
      if symbol > 285 then fail("a length code that doesn't exist") end
      local length = LENGTH_BASE[symbol - 257] + bits:take(LENGTH_EXTRA[symbol - 257])
      local code = next_symbol(bits, distances)
      if code > 29 then fail("a distance code that doesn't exist") end
      local distance = DISTANCE_BASE[code] + bits:take(DISTANCE_EXTRA[code])
      found.distance = math.max(found.distance, distance)
      found.reach = math.max(found.reach, distance - found.size)
      found.size = found.size + length
    end
    symbol = next_symbol(bits, literals)
  end
end

local function read_stored(bits, found)
  bits:align()
  local length, complement = string.unpack("<I2I2", bits.bytes .. "\0\0\0\0", bits.at)
  if length ~= ~complement & 0xffff then fail("a stored block's length is wrong") end
  bits.at = bits.at + 4 + length
  if bits.at > #bits.bytes + 1 then fail("the stream ends inside a stored block") end
  found.size = found.size + length
  return length
end

local function read_block(bits, found)
  local is_final, kind = bits:take(1) == 1, bits:take(2)
  found.blocks = found.blocks + 1
  found.is_final = found.is_final or is_final
  found.ends_flushed = false
  if kind == 0 then
    found.ends_flushed = read_stored(bits, found) == 0 and not is_final
  elseif kind == 1 then
    read_compressed(bits, found, fixed_codes())
  elseif kind == 2 then
    read_compressed(bits, found, dynamic_codes(bits))
  else
    fail("a block of the reserved type")
  end
  return is_final
end

--- Reads a message's payload with its tail 00 00 ff ff put back (RFC 7692 7.2.2). Returns what was
--- found: size (of the output), distance (the longest), reach (how far before the message's own
--- beginning it goes, at most 0 where it doesn't), blocks, is_final (one is BFINAL). Where it is
--- no such stream: nil, why.
function inflate.read(payload)
  local bits = new_bits(payload .. "\0\0\xff\xff")
  local found = { size = 0, distance = 0, reach = 0, blocks = 0, is_final = false }
  local done, why = pcall(function()
    repeat until read_block(bits, found) or bits:is_at_end()
    if not found.is_final and not found.ends_flushed then
      fail("the stream doesn't end at a byte's border with an empty stored block")
    end
  end)
  if done then return found end
  if type(why) ~= "table" then error(why, 0) end
  return nil, why.why
end

return inflate
