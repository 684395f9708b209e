-- The class model of Room and Client.
--
-- A class is a proxy that stays empty, so that each assignment passes its rules; the methods are
-- in a table of their own, which an instance's lookups walk without coming by here.

local core = require "moonroom.core"
local place = require "moonroom.place"
local spelling = require "moonroom.spelling"

-- Scripts may take string's methods away: what runs after them calls none by way of a string.
local format = string.format

local Class = {}
-- class -> { name, super, methods, kind, place, key, next }: key tells one that was made while
-- scripts were loaded from others of that loading; next is what a later loading has made of it, or
-- false.
local infos = setmetatable({}, { __mode = "k" })

-- Says in the log, once for a class and name, that a field looks like a slip. level: the script's.
local function advise(info, key, level)
  local why = info.kind.advice(key)
  if not why or info.advised and info.advised[key] then return end
  local hub = info.kind.hub
  if not hub then return end
  info.advised = info.advised or {}
  info.advised[key] = true
  local where = place.at(level + 1)
  core.log(hub, "warn", "script",
    format("%s%s.%s %s", where and where .. ": " or "", info.name, key, why))
end

-- Raises where a class or its objects may not have the field. level: the script's, for check_field.
local function check_field(class, key, value, level)
  local info = infos[class]
  local rule = info.kind.rules[key]
  if rule == nil then
    local is_new = value ~= nil and type(key) == "string" and info.methods[key] == nil
    if is_new and info.kind.advice then advise(info, key, level + 1) end
    return
  end
  local why = rule
  if type(rule) == "function" then
    why = rule(value)
  elseif rule == true then
    why = "it is read-only"
  end
  if why then error(format("cannot assign %s.%s: %s", info.name, key, why), level) end
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
    error(format("%s is a base class: extend it first", info.name), 2)
  end
  if key == "name" or key == "super" then
    error(format("cannot assign %s.%s: it belongs to the class", info.name, key), 2)
  end
  check_field(class, key, value, 3)
  info.methods[key] = value
  core.handlers_changed()
end

-- A tail call: for what it calls, level 2 is the script's line.
function Class.__call(class, ...) return infos[class].kind.construct(class, ...) end

function Class.__tostring(class) return "class " .. infos[class].name end

-- The table itself stays here: an assignment to it would go unnoticed.
function Class.__pairs(class)
  local methods = infos[class].methods
  return function(_, key) return next(methods, key) end, class
end

Class.__metatable = "moonroom.Class"

-- The file that makes it and its name; where that makes several, their order too.
local function new_key(kind, name)
  local loading = kind.app and kind.app.loading
  if not loading or not kind.app.file then return false end
  local key = format("%s %s:%s", kind.word, kind.app.file, name)
  local count = (loading.counts[key] or 0) + 1
  loading.counts[key] = count
  return count == 1 and key or format("%s:%d", key, count)
end

local function new_class(kind, name, super, methods)
  local super_methods = super and infos[super].methods
  local class = setmetatable({}, Class)
  setmetatable(methods, { __index = super_methods, __name = name, class = class })
  local key = new_key(kind, name)
  infos[class] = {
    name = name, super = super, methods = methods, kind = kind, key = key, next = false,
  }
  if key then kind.app.loading.classes[key] = class end
  return class
end

-- What the latest loading of the scripts has made of a class.
local function latest(class) return infos[class].next or class end

-- What a loading has made of a class; classes: those of that loading, by their keys.
local function successor(class, classes)
  local info = infos[class]
  if info.is_sealed then return class end
  local found = info.key and classes[info.key]
  return found and infos[found].kind == info.kind and found or nil
end

-- Has latest lead to the classes of a loading. Takes no memory.
local function succeed(classes)
  for class, info in next, infos do
    local found = successor(class, classes)
    if found and found ~= class then info.next = found end
  end
end

local function is_class(value, kind)
  local info = infos[value]
  return info ~= nil and (kind == nil or info.kind == kind)
end

local function of_methods(methods) return getmetatable(methods).class end

-- The class of a room or a client.
local function class_of(object) return of_methods(core.methods(object)) end

local function extend(super, name, fields)
  if not is_class(super) then
    error("extend is called on a class: Class:extend([name,] [fields])", 2)
  end
  if type(name) == "table" and fields == nil then
    name, fields = nil, name
  end
  if name ~= nil and type(name) ~= "string" then
    error("a class's name is a string, not a " .. type(name), 2)
  end
  if fields ~= nil and type(fields) ~= "table" then
    error("a class's fields are a table, not a " .. type(fields), 2)
  end
  local class = new_class(infos[super].kind, name or infos[super].name, super, {})
  infos[class].place = place.of_call(3)
  for key, value in pairs(fields or {}) do
    check_field(class, key, value, 3)
    infos[class].methods[key] = value
  end
  return class
end

-- Whether a class is another or descends from it.
local function descends(class, ancestor)
  ancestor = latest(ancestor)
  while class do
    if latest(class) == ancestor then return true end
    class = infos[class].super
  end
  return false
end

local function is(object, ancestor)
  local class = is_class(object) and object or core.is_object(object) and class_of(object)
  if not class then error("is is called on an object or a class: object:is(Class)", 2) end
  if not is_class(ancestor) then
    error("is asks for a class, not for a " .. type(ancestor), 2)
  end
  return descends(class, ancestor)
end

-- The core calls it where a room of a class gets a field that it doesn't have and no rule knows.
local function advise_object(object, key)
  if type(key) == "string" then advise(infos[class_of(object)], key, 4) end
end

-- A base class. kind is a table: rules = { name -> true | why | function(value) -> why | nil },
-- construct = function(class, ...), app, whose classes these are, and hub, in whose log slips are
-- told, where there is one.
local function new_base(kind, name, methods)
  if kind.rules == core.room_rules then
    kind.advice = spelling.new_adviser()
    setmetatable(kind.rules, { unruled = advise_object })
  end
  methods.extend, methods.is = extend, is
  kind.word = name
  local class = new_class(kind, name, nil, methods)
  infos[class].is_sealed = true
  infos[class].key = name
  return class
end

return {
  new_base = new_base,
  is_class = is_class,
  class_of = class_of,
  check_field = check_field,
  place_of = function(class) return infos[class].place end,
  rules_of = function(class) return infos[class] and infos[class].kind.rules end,
  methods_of = function(class) return infos[class].methods end,
  of_methods = of_methods,
  key_of = function(class) return infos[class].key end,
  latest = latest,
  successor = successor,
  succeed = succeed,
}
