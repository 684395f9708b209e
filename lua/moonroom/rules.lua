-- What may be assigned to a room, a client, and their classes. The tables are the core's own: it
-- asks the same rules where an object's field is set.

local core = require "moonroom.core"

-- A rule runs whenever a script assigns, and scripts may take string's methods away.
local find, format = string.find, string.format

local function is_callable(value)
  if type(value) == "function" then return true end
  local metatable = debug.getmetatable(value)
  return metatable ~= nil and metatable.__call ~= nil
end

local function is_list_of(value, is_good)
  if type(value) ~= "table" then return false end
  for key, item in pairs(value) do
    if math.type(key) ~= "integer" or not is_good(item) then return false end
  end
  return true
end

local function is_token(text)
  return type(text) == "string" and find(text, "^[%w!#$%%&'*+%-.^_`|~]+$") ~= nil
end

local function is_origin(text)
  return type(text) == "string" and find(text, "^%a[%w+.-]*://[^/]+$") ~= nil
end

local room_checks = {
  origins = function(value)
    if value == "same" or value == "*" or type(value) == "function" then return end
    if is_list_of(value, is_origin) then return end
    return [[it is "same", "*", a list such as {"https://a.example"}, or a function]]
  end,
  protocols = function(value)
    if is_list_of(value, is_token) then return end
    return [[it is a list of subprotocols, such as {"chat.v2", "chat.v1"}]]
  end,
}

local handlers = {
  "on_accept", "on_open", "on_join", "on_text", "on_json", "on_binary", "check_message", "on_pong",
  "on_limit", "on_leave", "on_close", "on_reload", "on_error",
}

local function check_handler(value)
  if value ~= nil and not is_callable(value) then
    return "a handler is a function, not a " .. type(value)
  end
end

-- The core keeps what it has read of a room's options and handlers until it is told.
local function changing(check)
  return function(value)
    local why = value ~= nil and check(value) or nil
    if not why then core.handlers_changed() end
    return why
  end
end

local function set_room_rules(rules, is_client_class)
  for _, name in ipairs(core.room_options()) do
    rules[name] = changing(function(value) return core.option_error(name, value) end)
  end
  for name, check in pairs(room_checks) do rules[name] = changing(check) end
  for _, name in ipairs(handlers) do rules[name] = changing(check_handler) end
  rules.init = check_handler
  rules.Client = changing(function(value)
    if not is_client_class(value) then return "it is a class made by moonroom.Client:extend" end
  end)
end

-- Every base method is the core's word for something: a script's field of that name would hide it.
local function set_client_rules(rules, methods)
  for name in pairs(methods) do
    rules[name] = format("it is a method of moonroom.Client; choose another name than %q", name)
  end
  rules.init = check_handler
end

local function set_request_rules(rules)
  for _, name in ipairs { "body", "json" } do rules[name] = true end
end

return {
  handlers = handlers,
  is_callable = is_callable,
  is_origin = is_origin,
  set_room_rules = set_room_rules,
  set_client_rules = set_client_rules,
  set_request_rules = set_request_rules,
}
