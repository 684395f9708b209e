--- The client's side of permessage-deflate (RFC 7692): what it offered and was answered, messages
--- compressed and uncompressed by Debian's lua-zlib, and the rules that a server's stream obeys.
local inflate = require "conformance.inflate"
local zlib = require "zlib"

local compression = {}

local TAIL = "\0\0\xff\xff"

-- --- negotiation ---------------------------------------------------------------

local FLAGS = { server_no_context_takeover = true, client_no_context_takeover = true }
local WINDOWS = { server_max_window_bits = true, client_max_window_bits = true }

local function parse_parameter(parameters, text)
  local name, value = text:match("^([%w_-]+)%s*=%s*(.*)$")
  name = name or text
  if parameters[name] ~= nil then return ("%s is there twice"):format(name) end
  local quoted = value and value:match('^"(.*)"$')
  value = quoted and quoted:gsub("\\(.)", "%1") or value
  if FLAGS[name] then
    if value then return name .. " has a value" end
    parameters[name] = true
  elseif WINDOWS[name] then
    if value and not value:match("^[89]$") and not value:match("^1[0-5]$") then
      return ("%s is %q"):format(name, value)
    end
    parameters[name] = value and math.tointeger(tonumber(value)) or true
  else
    return ("%q is no parameter of permessage-deflate"):format(name)
  end
end

--- The parameters of one element of Sec-WebSocket-Extensions, by name; a number, or true where
--- there is no value. Or nil, why.
function compression.parse(element)
  local parameters, is_first = {}, true
  for text in (element .. ";"):gmatch("%s*([^;]-)%s*;") do
    if is_first then
      if text ~= "permessage-deflate" then return nil, ("%q was not offered"):format(text) end
    else
      local why = parse_parameter(parameters, text)
      if why then return nil, why end
    end
    is_first = false
  end
  return parameters
end

-- What is wrong with an answer to this one offer (RFC 7692 7.1), or nil.
local function mismatch(offer, answer)
  local limit, given = offer.server_max_window_bits, answer.server_max_window_bits
  if given == true then return "server_max_window_bits has no value in the answer" end
  if limit and not (given and given <= limit) then
    return ("server_max_window_bits=%d was asked for"):format(limit)
  end
  if offer.server_no_context_takeover and not answer.server_no_context_takeover then
    return "server_no_context_takeover was asked for"
  end
  limit, given = offer.client_max_window_bits, answer.client_max_window_bits
  if given == true then return "client_max_window_bits has no value in the answer" end
  if given and not limit then return "client_max_window_bits was not offered" end
  if given and math.type(limit) and given > limit then
    return ("client_max_window_bits is above the %d that was offered"):format(limit)
  end
end

-- What quotes hold is of no use to us, but for a number.
local function legal_offers(text)
  local offers = {}
  text = text:gsub('"[^"]*"', function(quoted) return #quoted > 8 and '""' or nil end)
  for element in (text .. ","):gmatch("%s*([^,]-)%s*,") do
    local offer = compression.parse(element)
    if offer and offer.server_max_window_bits ~= true then offers[#offers + 1] = offer end
  end
  return offers
end

--- What the field of a 101 agrees to, given the field that was sent: a table of parameters; or nil,
--- and why it is illegal.
function compression.agree(offered, answered)
  if answered:find(",", 1, true) then return nil, "it accepts more than one extension" end
  local answer, why = compression.parse(answered)
  if not answer then return nil, why end
  for _, offer in ipairs(legal_offers(offered or "")) do
    local wrong = mismatch(offer, answer)
    if not wrong then return answer end
    why = why or wrong
  end
  return nil, why or "permessage-deflate was not offered"
end

-- --- what the client sends -----------------------------------------------------

local Deflater = {}
Deflater.__index = Deflater

--- Compresses messages as the agreement allows. options: level (6), bits (a smaller window than
--- that), resets (true: each message by itself although takeover was agreed).
function compression.deflater(agreed, options)
  options = options or {}
  return setmetatable({
    bits = math.min(agreed.client_max_window_bits or 15, options.bits or 15),
    level = options.level or 6,
    resets = options.resets or agreed.client_no_context_takeover,
  }, Deflater)
end

-- zlib has no raw window of 256 bytes: a full flush at each 256th byte keeps distances within it.
local function deflate_narrowly(level, message)
  local stream, pieces = zlib.deflate(level, -9), {}
  for at = 1, #message, 256 do
    pieces[#pieces + 1] = stream(message:sub(at, at + 255), "full")
  end
  return table.concat(pieces)
end

function Deflater:deflate(message)
  if message == "" then return "\0" end
  local bytes
  if self.bits == 8 then
    bytes = deflate_narrowly(self.level, message)
  else
    local stream = not self.resets and self.stream or zlib.deflate(self.level, -self.bits)
    self.stream = stream
    bytes = stream(message, "sync")
  end
  assert(bytes:sub(-4) == TAIL)
  return bytes:sub(1, -5)
end

-- --- what the server sends -----------------------------------------------------

local Inflater = {}
Inflater.__index = Inflater

function compression.inflater(agreed)
  return setmetatable({
    window = 1 << (agreed.server_max_window_bits or 15),
    resets = agreed.server_no_context_takeover,
    size = 0, -- of all messages before
  }, Inflater)
end

-- The same payloads come again with each chopping and transport.
local known, known_count = {}, 0

local function read(payload)
  local found = known[payload]
  if found then return found end
  local why
  found, why = inflate.read(payload)
  if not found then return nil, why end
  if known_count > 5000 then known, known_count = {}, 0 end
  known[payload], known_count = found, known_count + 1
  return found
end

local function check_reach(self, found)
  if found.distance > self.window then
    return ("it reaches %d bytes back, beyond the window of %d"):format(found.distance, self.window)
  end
  local before = self.resets and 0 or self.size
  if found.reach > before then
    return ("it reaches %d bytes before its beginning, where %d were to be remembered"):format(
      found.reach, before)
  end
  if found.is_final then return "it has a final block, behind which its context is lost" end
end

--- The message, or nil and what is wrong with the payload.
function Inflater:inflate(payload)
  local found, why = read(payload)
  why = why or check_reach(self, found)
  if why then return nil, why end
  local stream = not self.resets and self.stream or zlib.inflate(-15)
  self.stream, self.size = stream, self.size + found.size
  local done, message = pcall(stream, payload .. TAIL)
  if not done then return nil, "zlib: " .. tostring(message) end
  if #message ~= found.size then
    return nil, ("zlib makes %d bytes of it, not %d"):format(#message, found.size)
  end
  return message
end

return compression
