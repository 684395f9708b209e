-- Values that a client keeps and can't change: moonroom.sign and moonroom.verify.

local arguments = require "moonroom.arguments"
local core = require "moonroom.core"

local format = string.format

local least_secret = 32

local function check_secret(secret, level)
  if type(secret) ~= "string" or #secret < least_secret then
    local what = type(secret) == "string" and format("one of %d", #secret) or "a " .. type(secret)
    error(format("a secret is a string of at least %d bytes, as moonroom.token() makes them, not "
      .. "%s", least_secret, what), level + 1)
  end
end

local function check_age(options, level)
  local age = arguments.options(options, { max_age = true }, "sign", level + 1).max_age
  if age == nil or type(age) == "number" and age >= 0 and age < 1e12 then return age end
  error(format("max_age is a number of seconds from 0 up, not %s", tostring(age)), level + 1)
end

-- The two functions for an app; now() is nil outside one.
local function new(app, now)
  local function need_now(level)
    if not now then app.rooms:need_hub("a value that expires", level + 1) end
  end

  local function sign(value, secret, options)
    if type(value) ~= "string" then
      error(format("the value to sign is a string, not a %s", type(value)), 2)
    end
    check_secret(secret, 2)
    local age = check_age(options, 2)
    if not age then return core.sign(value, secret, "") end
    need_now(2)
    return core.sign(value, secret, format("%d", math.ceil(now() + age)))
  end

  local function verify(signed, secret)
    if signed ~= nil and type(signed) ~= "string" then
      error(format("what is verified is a string or nil, not a %s", type(signed)), 2)
    end
    check_secret(secret, 2)
    local value, expires = nil, nil
    if signed then value, expires = core.verify(signed, secret) end
    if not value then return nil, signed and "not signed" or "nothing" end
    if expires == "" then return value end
    need_now(2)
    local till = math.tointeger(tonumber(expires))
    if till and now() < till then return value end
    return nil, "expired"
  end

  return sign, verify
end

return { new = new }
