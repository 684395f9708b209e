-- A client's side of permessage-deflate (RFC 7692 7.1).

local check = require "moonroom.test.check"
local core = require "moonroom.core"
local raise = require "moonroom.test.raise"

local kit = core.testkit.deflate

local name = "permessage-deflate"
local least_bits, most_bits = { server = 8, client = 9 }, 15 -- zlib doesn't compress with 8

-- --- what is offered ---------------------------------------------------------

-- Raises where connect's option isn't true, false or a table with takeover.
local function check_option(option)
  if option == nil or type(option) == "boolean" then return end
  if type(option) ~= "table" then
    raise("compression is true, false or a table such as { takeover = false }, not %s",
      tostring(option))
  end
  check.names(option, { "takeover" }, "option of compression")
  check.type_of(option.takeover or false, "takeover", "boolean")
end

local function declines_takeover(option)
  return type(option) == "table" and option.takeover == false
end

-- The value of Sec-WebSocket-Extensions, or nil.
local function offer(option)
  if not option then return nil end
  return name .. "; client_max_window_bits" .. (declines_takeover(option)
    and "; server_no_context_takeover; client_no_context_takeover" or "")
end

-- --- what is agreed ----------------------------------------------------------

local takes_bits = {
  server_no_context_takeover = false, client_no_context_takeover = false,
  server_max_window_bits = true, client_max_window_bits = true,
}

local function read_parameter(text, parameters)
  local key, value = text:match("^[ \t]*([%w_]+)=?(%d*)[ \t]*$")
  if not key or takes_bits[key] == nil or parameters[key] then return false end
  local bits = tonumber(value)
  local least = least_bits[key:sub(1, 6)]
  if takes_bits[key] and not (bits and bits >= least and bits <= most_bits) then return false end
  if not takes_bits[key] and text:find("=", 1, true) then return false end
  parameters[key] = bits or true
  return true
end

-- The terms in a 101's Sec-WebSocket-Extensions, whose value may be nil: nil where there are none;
-- nil and what is wrong with them.
local function accept(value, option)
  if not value then return nil end
  if not option then return nil, "a 101 with an extension, and none was offered" end
  local first, rest = value:match("^[ \t]*([^; \t]*)[ \t]*(.*)$")
  local parameters = {}
  if first ~= name then return nil, ("a 101 with the extension %q"):format(first) end
  local is_good = rest == "" or rest:find("^;") ~= nil
  for text in rest:gmatch(";([^;]*)") do
    is_good = is_good and read_parameter(text, parameters)
  end
  if not is_good then return nil, ("a 101 with the extension %q"):format(value) end
  if declines_takeover(option) and not parameters.server_no_context_takeover then
    return nil, "a 101 with context takeover, which was declined"
  end
  return {
    server_takeover = not parameters.server_no_context_takeover,
    client_takeover = not (parameters.client_no_context_takeover or declines_takeover(option)),
    server_window_bits = parameters.server_max_window_bits or most_bits,
    client_window_bits = parameters.client_max_window_bits or most_bits,
  }
end

-- --- messages ----------------------------------------------------------------

-- inflate(bytes) -> message | nil, why   and   deflate(message) -> bytes   for these terms.
local function new_codecs(terms)
  local inflater = kit.inflater(terms.server_window_bits)
  local deflater = kit.deflater(1, terms.client_window_bits)
  local codecs = {}
  function codecs.inflate(bytes)
    local message, why = inflater:inflate(bytes, terms.server_takeover)
    if message then return message end
    return nil, ("compressed data that can't be inflated (%s)"):format(why)
  end
  function codecs.deflate(message)
    if not terms.client_takeover then deflater:reset() end
    return deflater:deflate(message)
  end
  return codecs
end

return { check_option = check_option, offer = offer, accept = accept, new_codecs = new_codecs }
