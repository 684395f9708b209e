-- moonroom.metric: the metrics of scripts' own.

local core = require "moonroom.core"

local format = string.format

local max_name, max_help, max_labels, max_buckets = 100, 500, 8, 30

-- Prometheus's own default: for requests of milliseconds to seconds.
local default_buckets = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10 }

local option_names = {
  counter = { labels = true },
  gauge = { labels = true },
  histogram = { labels = true, buckets = true },
}

-- Why a word can't be a name, or nil.
local function name_error(what, name)
  if type(name) ~= "string" then
    return format("%s is a string, not a %s", what, type(name))
  elseif not name:find("^[%a_][%w_]*$") or #name > max_name then
    return format("%s has letters, digits and _, no digit first, and at most %d of them: %q",
      what, max_name, name)
  end
end

local function metric_name_error(name)
  local why = name_error("a metric's name", name)
  if not why and name:find("^moonroom_") then
    why = format("%q is Moonroom's own name", name)
  end
  return why
end

local function help_error(name, help)
  if type(help) ~= "string" or help == "" then
    return format("%s needs a help, a sentence that says what it is", name)
  elseif #help > max_help or not utf8.len(help) then
    return format("the help of %s is text of at most %d bytes", name, max_help)
  elseif help:find("\0", 1, true) then
    return format("the help of %s has a zero byte", name)
  end
end

local function labels_error(kind, labels)
  if type(labels) ~= "table" or #labels > max_labels then
    return format("labels are a list of at most %d names", max_labels)
  end
  local seen = {}
  for _, label in ipairs(labels) do
    local why = name_error("a label's name", label)
    if why then return why end
    if label:find("^__") or kind == "histogram" and label == "le" then
      return format("%q is Prometheus's own label", label)
    elseif seen[label] then
      return format("the label %q is there twice", label)
    end
    seen[label] = true
  end
end

local function buckets_error(buckets)
  local are_rising = type(buckets) == "table" and #buckets >= 1 and #buckets <= max_buckets
  local before = -math.huge
  for index = 1, are_rising and #buckets or 0 do
    local bound = buckets[index]
    are_rising = are_rising and type(bound) == "number" and bound > before and bound < math.huge
    before = are_rising and bound or before
  end
  return not are_rising and format("buckets are 1 to %d rising numbers", max_buckets) or nil
end

local function options_error(kind, options)
  if type(options) ~= "table" then
    return format("a metric's options are a table, not a %s", type(options))
  end
  for name in pairs(options) do
    if not option_names[kind][name] then
      return format("a %s has no option %s", kind, tostring(name))
    end
  end
end

-- A copy: what a script does to its table later is nothing to us.
local function list_of(values)
  return table.move(values, 1, #values, 1, {})
end

local function define(app, kind, name, help, options)
  app.rooms:need_hub("metric." .. kind, 3)
  if options == nil then options = {} end
  local why = metric_name_error(name) or help_error(name, help) or options_error(kind, options)
  if why then error(why, 3) end
  local labels, buckets = options.labels or {}, options.buckets or default_buckets
  why = labels_error(kind, labels) or kind == "histogram" and buckets_error(buckets)
  if why then error(format("%s: %s", name, why), 3) end
  local metric
  metric, why = core.metric(app.hub, kind, name, help, list_of(labels),
    kind == "histogram" and list_of(buckets) or nil)
  if not metric then error(format("%s: %s", name, why), 3) end
  return metric
end

-- moonroom.metric for an app.
local function new(app)
  local public = {}
  for kind in pairs(option_names) do
    public[kind] = function(name, help, options)
      return (define(app, kind, name, help, options)) -- no tail call: errors count the levels
    end
  end
  return public
end

return { new = new }
