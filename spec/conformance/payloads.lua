--- Payloads by kind and size: the same for the same arguments, and no two places in one alike
--- enough for a lost or doubled byte to go unseen.
local payloads = {}

local MIXED = "Moonlight, m\xc3\xb6rkret, \xe6\x9c\x88\xe5\x85\x89, \xf0\x9f\x8c\x99; "

-- Numbered lines, so that their order shows.
local function lines_of(size, unit)
  local pieces, total, number = {}, 0, 0
  while total < size do
    number = number + 1
    local piece = number .. ":" .. unit
    pieces[number], total = piece, total + #piece
  end
  return table.concat(pieces)
end

-- What is sent is what comes back: the last of each kind is made once.
local function remember(make)
  local last_size, last
  return function(size)
    if size ~= last_size then last_size, last = size, make(size) end
    return last
  end
end

-- Cut at a character: its rest is filled up.
local function cut_at_character(text, size)
  local at = size
  while at > 0 and text:byte(at + 1) and text:byte(at + 1) & 0xc0 == 0x80 do at = at - 1 end
  return text:sub(1, at) .. ("."):rep(size - at)
end

--- Text of so many bytes, with characters of 1 to 4.
payloads.text = remember(function(size) return cut_at_character(lines_of(size, MIXED), size) end)

local function random_words(size, seed)
  local state, words = seed, {}
  for index = 1, size // 4 + 1 do
    state = state * 6364136223846793005 + 1442695040888963407 -- Knuth's MMIX
    words[index] = string.pack("<I4", state >> 32 & 0xffffffff)
  end
  return table.concat(words):sub(1, size)
end

local BLOCK = 65521 -- a prime, so that no power of two is a multiple
local block

--- Bytes of every value, which don't compress: beyond 64 KiB numbered blocks of the same ones.
payloads.binary = remember(function(size)
  if size <= BLOCK then return random_words(size, 1) end
  block = block or random_words(BLOCK, 1)
  local pieces = {}
  for number = 0, size // (BLOCK + 4) do
    pieces[number + 1] = block .. string.pack("<I4", number)
  end
  return table.concat(pieces):sub(1, size)
end)

--- Text that compresses well, as JSON does.
payloads.json = remember(function(size)
  return lines_of(size, '{"room":"/chat","from":"ada","text":"good evening"},'):sub(1, size)
end)

--- Text that hardly compresses: hexadecimal digits.
payloads.digits = remember(function(size)
  local bytes = random_words(size // 2 + 1, 7)
  return bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end):sub(1, size)
end)

return payloads
