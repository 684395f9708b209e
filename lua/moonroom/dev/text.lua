-- Text for the page: what scripts and peers say may be anything, JSON is UTF-8.

local byte, char, find, format, gsub, sub = string.byte, string.char, string.find, string.format,
  string.gsub, string.sub

local replacement = "\u{FFFD}"

-- Valid UTF-8: each byte that begins none is replaced.
local function clean(text)
  local pieces, at = {}, 1
  local _, wrong = utf8.len(text)
  while wrong do
    pieces[#pieces + 1] = sub(text, at, wrong - 1) .. replacement
    at = wrong + 1
    _, wrong = utf8.len(text, at)
  end
  pieces[#pieces + 1] = sub(text, at)
  return table.concat(pieces)
end

-- At most so many bytes of UTF-8, cut before a character; whether something was cut.
local function cut(text, most)
  if #text <= most then return text, false end
  local at = most + 1
  while at > 1 and byte(text, at) & 0xC0 == 0x80 do at = at - 1 end
  return sub(text, 1, at - 1), true
end

local function to_hex(data)
  return (gsub(data, ".", function(one) return format("%02x", byte(one)) end))
end

-- The bytes that hexadecimal digits mean, blanks apart; nil where it is something else.
local function from_hex(text)
  local digits = gsub(text, "%s", "")
  if #digits % 2 == 1 or find(digits, "%X") then return nil end
  return (gsub(digits, "%x%x", function(pair) return char(tonumber(pair, 16)) end))
end

-- A name as it may stand in a path or a query.
local function encode(text)
  return (gsub(text, "[^%w%-._~]", function(one) return format("%%%02X", byte(one)) end))
end

return { clean = clean, cut = cut, to_hex = to_hex, from_hex = from_hex, encode = encode }
