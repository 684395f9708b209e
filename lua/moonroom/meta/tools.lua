---@meta
-- JSON, log and config: small things that most scripts need.

---JSON (RFC 8259). Integers stay integers; depth is at most 100. A table that is sent as a message
---is encoded so, and on_json has what a client sent, decoded.
---@class moonroom.json
---@field null userdata JSON's null, equal only to itself
local json = {}

---The JSON of a value.
---```lua
---local json = moonroom.json
---print(json.encode { 1, 2.5, "three" }) --> [1,2.5,"three"]
---print(json.encode { nothing = json.null }) --> {"nothing":null}
---print(select("#", json.encode(0 / 0))) --> 2
---```
---@param value any a table with keys 1..n is an array, with string keys an object
---@return string|nil text
---@return string? error for cycles, other keys, NaN, functions, invalid UTF-8
function json.encode(value) end

---The value of a text of JSON.
---```lua
---local move = moonroom.json.decode('{"from": "e2", "takes": false}')
---print(move.from, move.takes) --> e2 false
---print(moonroom.json.decode("null") == moonroom.json.null) --> true
---
---local value, why = moonroom.json.decode("{oops")
---print(value, type(why)) --> nil string
---```
---@param text string
---@return any value nil where it isn't JSON
---@return string? error
function json.decode(text) end

---Marks a table as an array, so that it is one also where it is empty: a table without keys is an
---object otherwise.
---```lua
---local json = moonroom.json
---print(json.encode { players = {} }) --> {"players":{}}
---print(json.encode { players = json.array {} }) --> {"players":[]}
---```
---@param table? table
---@return table array the same table
function json.array(table) end

---A line in the log: string.format where there are arguments, else the text as it is. What `print`
---prints goes to the log as well.
---@class moonroom.log
local log = {}

---For those who look closely.
---```lua
---moonroom.log.debug("%d of %d seats are taken", 3, 8)
---```
---@param format any
---@param ... any
function log.debug(format, ...) end

---For everybody.
---```lua
---moonroom.log.info("100% of the seats are taken")
---```
---@param format any
---@param ... any
function log.info(format, ...) end

---For what is not as it should be.
---```lua
---moonroom.log.warn("%s has no password", "the lobby")
----- the log says "the lobby has no password"
---```
---@param format any
---@param ... any
function log.warn(format, ...) end

---For what somebody must see to.
---```lua
---local ok, why = os.rename("/no/such/file", "/tmp/file")
---if not ok then moonroom.log.error("cannot save: %s", why) end
----- the log says "cannot save: No such file"
---```
---@param format any
---@param ... any
function log.error(format, ...) end

---The settings that config.lua has for the application: `app = { title = "Chat" }` there is
---`moonroom.config.app.title` in a script.
---@class moonroom.config
---@field app table the application's own settings, from config.lua; empty without one

---What [moonroom.cookie](module.html#moonroom.cookie) takes.
---@class moonroom.CookieOptions
---@field path? string "/" by default
---@field domain? string the host that it came from, where it isn't said
---@field max_age? integer seconds; 0 takes the cookie away; where it isn't said, until the browser
--- ends
---@field secure? boolean over TLS only; false by default
---@field http_only? boolean not for the page's scripts; true by default
---@field same_site? "Lax"|"Strict"|"None" "Lax" by default; "None" needs secure
