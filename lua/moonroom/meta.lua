---@meta moonroom
-- What is public, for editors (LuaLS) and readers. Nothing runs here. "nil, message" is the answer
-- where the world is at fault; what a script does wrong raises at its line. Times are in seconds,
-- sizes in bytes.

---@class moonroom
---@field version string "MAJOR.MINOR.PATCH"
---@field Room moonroom.Room the base of all classes of rooms
---@field Client moonroom.Client the base of all classes of clients
---@field dispatch (fun(request: moonroom.Request): moonroom.Room|nil)[] asked in order, before the
--- mounts, for the room of a handshake; the first room or class of rooms wins; an error is a 500
---@field json moonroom.json
---@field log moonroom.log
---@field config moonroom.config
local moonroom = {}

---Says who answers at a path: a room; a class (one room for each path, made by its first request,
---kept under a literal pattern, else dropped when it empties); or a function, which answers with a
---room, a class, or nil to go on. The first one mounted wins. Raises for a pattern that is none.
---@param pattern string "/lobby", "/rooms/:name"; a parameter is one segment of at most 255 bytes
---@param target moonroom.Room|fun(request: moonroom.Request): moonroom.Room|nil
function moonroom.mount(pattern, target) end

---The room at a path: one that is mounted or was made there, or has the path.
---@param path string at most 255 bytes where a room is made
---@param make? moonroom.Room|true|fun(path: string): moonroom.Room|nil makes it where there is
--- none: a class, a function, or true (as it is mounted)
---@return moonroom.Room|nil room nil also where there are max_rooms already
function moonroom.room(path, make) end

---@return fun(): moonroom.Room|nil iterator over all rooms, as they are now
function moonroom.rooms() end

---@param bytes? integer 1 to 64, 16 by default, from the system's random source
---@return string token two hexadecimal digits a byte
function moonroom.token(bytes) end

---Unix time, advanced by the monotonic clock.
---@return number seconds with fraction
function moonroom.now() end

---Suspends the handler or task, and nobody else. Waits of every kind work in handlers, dispatch
---and mount functions, Room:init, on_accept, tasks and timers, through pcall, metamethods,
---iterators and coroutines. They raise elsewhere, and inside functions of C's such as table.sort,
---which they name; so in a filter, in check_message and in on_error.
---@param seconds number from 0 up; raises for NaN and less
function moonroom.sleep(seconds) end

---Runs a function beside the caller, at once until its first wait. An error is logged with the
---place of the spawn and closes nobody.
---@param fn function
---@param ... any its arguments
---@return moonroom.Task
function moonroom.spawn(fn, ...) end

---@return moonroom.Promise
function moonroom.promise() end

---Calls a function, which may wait, once. Raises where there are no more timers to be had.
---@param seconds number from 0 up; 0 is the next turn, never this one
---@param fn function
---@param ... any its arguments
---@return moonroom.Timer
function moonroom.after(seconds, fn, ...) end

---Calls a function again and again: at whole multiples of the seconds, so that it doesn't drift,
---and not while the call before still waits.
---@param seconds number from 0 up
---@param fn function
---@param ... any its arguments
---@return moonroom.Timer
function moonroom.every(seconds, fn, ...) end

---@class moonroom.config
---@field app table the application's own settings, from config.lua; empty without one
local config = {}

---A line in the log: string.format where there are arguments, else the text as it is.
---@class moonroom.log
local log = {}

---@param format any
---@param ... any
function log.debug(format, ...) end

---@param format any
---@param ... any
function log.info(format, ...) end

---@param format any
---@param ... any
function log.warn(format, ...) end

---@param format any
---@param ... any
function log.error(format, ...) end

---JSON (RFC 8259). Integers stay integers; depth is at most 100.
---@class moonroom.json
---@field null userdata JSON's null, equal only to itself
local json = {}

---@param value any a table with keys 1..n is an array, with string keys an object
---@return string|nil text
---@return string? error for cycles, other keys, NaN, functions, invalid UTF-8
function json.encode(value) end

---@param text string
---@return any value nil where it isn't JSON
---@return string? error
function json.decode(text) end

---@param table? table
---@return table array the same table, which is encoded as an array even if it is empty
function json.array(table) end

moonroom.json, moonroom.log, moonroom.config = json, log, config

return moonroom
