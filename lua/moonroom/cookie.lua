-- Values of Set-Cookie (RFC 6265).

local arguments = require "moonroom.arguments"

local find, format = string.find, string.format

local most_bytes = 4096 -- browsers drop a longer one (RFC 6265 6.1)

-- What each option's value is, in words and as a check.
local options = {
  path = { 'begins with "/" and has no ";" or control characters', function(value)
    return type(value) == "string" and find(value, "^/[^;%c\x80-\xff]*$") ~= nil
  end },
  domain = { "is a host name", function(value)
    return type(value) == "string" and find(value, "^%.?%w[%w.-]*$") ~= nil
  end },
  max_age = { "is a whole number of seconds from 0 up", function(value)
    return math.type(value) == "integer" and value >= 0
  end },
  secure = { "is true or false", function(value) return type(value) == "boolean" end },
  http_only = { "is true or false", function(value) return type(value) == "boolean" end },
  same_site = { 'is "Lax", "Strict" or "None"', function(value)
    return value == "Lax" or value == "Strict" or value == "None"
  end },
}

local function check_options(given, level)
  given = arguments.options(given, options, "cookie", level + 1)
  for name, value in pairs(given) do
    if not options[name][2](value) then
      error(format("a cookie's %s %s, unlike %s", name, options[name][1], tostring(value)),
        level + 1)
    end
  end
  if given.same_site == "None" and not given.secure then
    error('a cookie whose same_site is "None" is secure: browsers drop others', level + 1)
  end
  return given
end

local function check_text(name, value, level)
  if type(name) ~= "string" or not find(name, "^[%w!#$%%&'*+%-.^_`|~]+$") then
    error(format("a cookie's name is a token, unlike %q", tostring(name)), level + 1)
  end
  if type(value) ~= "string" or find(value, '[%c%s",;\\\x7f-\xff]') then
    error(format("the value of the cookie %s is a string without blanks, quotes, commas, "
      .. "semicolons, backslashes and what is not ASCII; moonroom.sign makes such a string of any",
      name), level + 1)
  end
  if #name + #value > most_bytes then
    error(format("the cookie %s has %d bytes, and browsers keep at most %d", name, #name + #value,
      most_bytes), level + 1)
  end
end

-- A cookie as a value of Set-Cookie: for the session and HTTP alone, where the options don't say
-- otherwise.
local function cookie(name, value, given)
  check_text(name, value, 2)
  given = check_options(given, 2)
  local parts = { name .. "=" .. value, "Path=" .. (given.path or "/") }
  if given.max_age then parts[#parts + 1] = format("Max-Age=%d", given.max_age) end
  if given.domain then parts[#parts + 1] = "Domain=" .. given.domain end
  if given.secure then parts[#parts + 1] = "Secure" end
  if given.http_only ~= false then parts[#parts + 1] = "HttpOnly" end
  parts[#parts + 1] = "SameSite=" .. (given.same_site or "Lax")
  return table.concat(parts, "; ")
end

return cookie
