-- The class model of Room and Client.
--
-- A class is a proxy that stays empty, so that each assignment passes its rules; the methods are
-- in a table of their own, which an instance's lookups walk without coming by here.

local core = require "moonroom.core"

local Class = {}
local infos = setmetatable({}, { __mode = "k" }) -- class -> { name, super, methods, kind }

local function check_rule(rules, class, key, value)
  local rule = rules[key]
  if rule == nil then return end
  local why = rule
  if type(rule) == "function" then
    why = rule(value)
  elseif rule == true then
    why = "it is read-only"
  end
  if why then
    error(("cannot assign %s.%s: %s"):format(Class.name_of(class), key, why), 3)
  end
end

function Class.__index(class, key)
  local info = infos[class]
  if key == "name" then return info.name end
  if key == "super" then return info.super end
  return info.methods[key]
end

function Class.__newindex(class, key, value)
  local info = infos[class]
  if info.is_sealed then
    error(("%s is a base class: extend it first"):format(info.name), 2)
  end
  if key == "name" or key == "super" then
    error(("cannot assign %s.%s: it belongs to the class"):format(info.name, key), 2)
  end
  check_rule(info.kind.rules, class, key, value)
  info.methods[key] = value
  core.handlers_changed()
end

function Class.__call(class, ...)
  local info = infos[class]
  return info.kind.construct(class, info.methods, ...)
end

function Class.__tostring(class) return "class " .. infos[class].name end

function Class.__pairs(class) return next, infos[class].methods end

Class.__metatable = "moonroom.Class"

function Class.name_of(class) return infos[class].name end

local function new_class(kind, name, super, methods)
  local super_methods = super and infos[super].methods
  setmetatable(methods, { __index = super_methods, __name = name })
  local class = setmetatable({}, Class)
  infos[class] = { name = name, super = super, methods = methods, kind = kind }
  return class
end

local function is_class(value, kind)
  local info = infos[value]
  return info ~= nil and (kind == nil or info.kind == kind)
end

local function extend(super, name, fields)
  if not is_class(super) then
    error("extend is called on a class: Class:extend([name,] [fields])", 2)
  end
  if type(name) == "table" and fields == nil then
    name, fields = nil, name
  end
  if name ~= nil and type(name) ~= "string" then
    error(("a class's name is a string, not a %s"):format(type(name)), 2)
  end
  if fields ~= nil and type(fields) ~= "table" then
    error(("a class's fields are a table, not a %s"):format(type(fields)), 2)
  end
  local class = new_class(infos[super].kind, name or infos[super].name, super, {})
  for key, value in pairs(fields or {}) do
    check_rule(infos[super].kind.rules, class, key, value)
    infos[class].methods[key] = value
  end
  return class
end

-- Whether a class is another or descends from it.
local function descends(class, ancestor)
  while class do
    if class == ancestor then return true end
    class = infos[class].super
  end
  return false
end

-- A base class. kind is a table: rules = { name -> true | why | function(value) -> why | nil },
-- construct = function(class, methods, ...), and class_of = function(object) -> its methods.
local function new_base(kind, name, methods)
  methods.extend = extend
  local class = new_class(kind, name, nil, methods)
  function methods.is(object, ancestor)
    local own = is_class(object) and object or kind.class_of(object)
    return own ~= nil and descends(own, ancestor)
  end
  infos[class].is_sealed = true
  return class
end

return {
  new_base = new_base,
  is_class = is_class,
  descends = descends,
  methods_of = function(class) return infos[class].methods end,
}
