---@meta
-- Metrics of scripts' own, published by the admin listener beside the server's.

---Metrics of the application's own. Who asks for a name again gets the same metric with its values.
---Raises for a name that is none (letters, digits and _, not `moonroom_`) or that another kind of
---metric has, and for a help that is missing; but scripts that are loaded again may make a metric
---otherwise than before: it starts anew. There are 1,000 metrics at most. The options are
---
---- `labels`: the names of up to 8 labels. Each combination of their values is a series. A metric
---  has 1,000 of these at most, so a label takes few values: a kind or a room, not a client's name.
---- `buckets`, of a histogram: up to 30 rising upper bounds, 0.005 to 10 by default.
---@class moonroom.metric
local metric = {}

---What is counted and only grows. By custom its name ends in `_total`.
---```lua
---local jokes = moonroom.metric.counter("jokes_total", "Jokes told.", { labels = { "kind" } })
---jokes:add(1, { kind = "pun" })
---jokes:add(2, { kind = "pun" })
---print(jokes:value { kind = "pun" }, jokes:value { kind = "riddle" }) --> 3.0 0.0
---```
---@param name string at most 100 bytes
---@param help string a sentence that says what it is, at most 500 bytes
---@param options? { labels?: string[] }
---@return moonroom.Counter
function metric.counter(name, help, options) end

---What goes up and down.
---```lua
---local players = moonroom.metric.gauge("players", "Players at the tables.")
---players:set(4)
---players:add(-1)
---print(players:value()) --> 3.0
---```
---@param name string at most 100 bytes
---@param help string a sentence that says what it is, at most 500 bytes
---@param options? { labels?: string[] }
---@return moonroom.Gauge
function metric.gauge(name, help, options) end

---How often something had which size. By custom its name ends in the unit: seconds, bytes.
---```lua
---local waits = moonroom.metric.histogram("match_wait_seconds", "Waits for a match.", {
---  buckets = { 1, 5, 30, 60 },
---})
---waits:observe(2.5)
---waits:observe(70)
---print(waits:value()) --> 2 72.5
---```
---@param name string at most 100 bytes
---@param help string a sentence that says what it is, at most 500 bytes
---@param options? { labels?: string[], buckets?: number[] }
---@return moonroom.Histogram
function metric.histogram(name, help, options) end

---A number that only grows.
---@class moonroom.Counter
local Counter = {}

---Adds to it. Raises for less than 0, and for labels that aren't those it was made with.
---```lua
---local goals = moonroom.metric.counter("goals_total", "Goals.")
---goals:add()
---print(goals:add(2), goals:value()) --> true 3.0
---```
---@param amount? number 0 or more, 1 by default
---@param labels? table<string, string|number|boolean> a value for each label; the first 128 bytes
--- of it count
---@return true|nil
---@return string? error "too many series": it was dropped, which the log says; "closed"
function Counter:add(amount, labels) end

---What it has come to.
---```lua
---local goals = moonroom.metric.counter("goals_total", "Goals.", { labels = { "team" } })
---print(goals:value { team = "red" }) --> 0.0
---```
---@param labels? table<string, string|number|boolean>
---@return number|nil
---@return string? error "closed"
function Counter:value(labels) end

---A number that goes up and down.
---@class moonroom.Gauge
local Gauge = {}

---Sets it.
---```lua
---local water = moonroom.metric.gauge("water_celsius", "Warmth of the tea's water.")
---water:set(95)
---print(water:value()) --> 95.0
---```
---@param value number
---@param labels? table<string, string|number|boolean> as Counter:add
---@return true|nil
---@return string? error as Counter:add
function Gauge:set(value, labels) end

---Adds to it, or takes away.
---```lua
---local seats = moonroom.metric.gauge("free_seats", "Seats that are free.")
---seats:add(4)
---seats:add(-1)
---print(seats:value()) --> 3.0
---```
---@param amount? number 1 by default
---@param labels? table<string, string|number|boolean> as Counter:add
---@return true|nil
---@return string? error as Counter:add
function Gauge:add(amount, labels) end

---What it is.
---```lua
---local seats = moonroom.metric.gauge("free_seats", "Seats that are free.")
---print(seats:value()) --> 0.0
---```
---@param labels? table<string, string|number|boolean>
---@return number|nil
---@return string? error "closed"
function Gauge:value(labels) end

---How often something had which size.
---@class moonroom.Histogram
local Histogram = {}

---Notes a value.
---```lua
---local sizes = moonroom.metric.histogram("picture_bytes", "Size of the pictures.", {
---  buckets = { 1000, 10000, 100000 },
---})
---print(sizes:observe(2048)) --> true
---```
---@param value number finite
---@param labels? table<string, string|number|boolean> as Counter:add
---@return true|nil
---@return string? error as Counter:add
function Histogram:observe(value, labels) end

---How many values there were, and their sum.
---```lua
---local sizes = moonroom.metric.histogram("answer_bytes", "Size of the answers.")
---sizes:observe(10)
---sizes:observe(20)
---print(sizes:value()) --> 2 30.0
---```
---@param labels? table<string, string|number|boolean>
---@return integer|nil count
---@return number|string|nil sum or "closed"
function Histogram:value(labels) end
