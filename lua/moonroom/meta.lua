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

---@class moonroom.Task
local Task = {} -- luacheck: ignore 241

---@param seconds? number how long to wait; without, until it ends
---@return any ... what the function returned; nil, "timeout" | "failed" | "cancelled"
function Task:wait(seconds) end

---Ends a task that waits: its to-be-closed variables are closed, nothing behind the wait runs.
---@return true|nil
---@return string? error "ended", or "running" where it is the caller
function Task:cancel() end

---@class moonroom.Promise
local Promise = {} -- luacheck: ignore 241

---@param ... any for all who wait
---@return true|nil
---@return string? error "resolved" where it was already
function Promise:resolve(...) end

---@param seconds? number how long to wait; without, until it is resolved
---@return any ... the values; nil, "timeout"
function Promise:wait(seconds) end

---@class moonroom.Timer
---@field left number|nil seconds until it fires; nil where it doesn't
local Timer = {} -- luacheck: ignore 241

---@return true|nil
---@return string? error "ended"
function Timer:stop() end

---Counts anew from now, also after it has fired or was stopped.
---@param seconds? number another interval
---@return true
function Timer:restart(seconds) end

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

---What Room and Client have as classes. Fields of a class are what its objects have where they
---have none of their own; tables belong in init, not here, since they would be shared.
---@class moonroom.Class
---@field name string of a class alone; its objects have no such field
---@field super moonroom.Class|nil the class that it extends; of a class alone, too
local Class = {} -- luacheck: ignore 241

---Makes a subclass. Raises for fields that may not be.
---@generic T : moonroom.Class
---@param self T
---@param name? string the superclass's by default
---@param fields? table
---@return T
function Class:extend(name, fields) end

---Whether an object or class is of a class or descends from it.
---@param class moonroom.Class
---@return boolean
function Class:is(class) end

---A room. A class is called with fields to make one: ChatRoom { path = "/bongo" }. Any other field
---is the script's own. #room is how many clients it has. Options and handlers are checked where
---they are assigned, on a class or on a room; options are read when a client joins, handlers each
---time.
---@class moonroom.Room : moonroom.Class
---@field path string|nil read-only; of the request that made it, or given in its fields
---@field params table<string, string> read-only; the decoded parameters of its pattern
---@field Client moonroom.Client the class of its clients
---@field protocols string[] subprotocols in the order of preference (RFC 6455 1.9, 4.2.2)
---@field origins "same"|"*"|string[]|fun(origin: string, request: moonroom.Request): boolean|nil
--- who may connect from a browser (RFC 6455 10.2, RFC 6454): the server's own host, any, those
--- listed ("https://a.example"), or as the function says; "same" by default; others get 403
---@field max_clients integer beyond it 503; 0: as many as the server takes
---@field max_message integer bytes; beyond it 1009
---@field max_frame integer bytes of a frame's payload; 0: as a message
---@field max_fragments integer frames of a message; beyond it 1008
---@field message_timeout number seconds from a message's first byte to its last; 1008
---@field send_queue integer bytes waiting for a slow client; then 1013
---@field write_stall number seconds in which a slow client takes nothing; then reset
---@field close_timeout number seconds for the closing handshake; then reset
---@operator call(table?): moonroom.Room
---@operator len: integer
local Room = {}

---Override: the room is being made; path, params and its other fields are set. An error answers
---500, and the room is not kept.
function Room:init() end

---Override: before the 101 (RFC 6455 4.2.2). Fields set on the request are there for Client:init.
---@param request moonroom.Request
---@return boolean|{protocol: string?, headers: table<string, string|string[]>?}|nil verdict nil and
--- true accept; a table accepts with a subprotocol that was offered, and header fields; false
--- refuses
---@return integer? status of the refusal, 200 to 599, 403 by default
---@return string? body of the refusal
---@return table<string, string|string[]>? headers of the refusal
function Room:on_accept(request) end

---Override: the client is a member. An error closes it with 1011, as in every handler.
---@param client moonroom.Client
function Room:on_join(client) end

---Override: a whole message of text, valid UTF-8. Without this and on_json text is dropped.
---@param client moonroom.Client
---@param text string
function Room:on_text(client, text) end

---Override: instead of on_text, a message of JSON. What isn't JSON closes with 1007.
---@param client moonroom.Client
---@param value any
function Room:on_json(client, value) end

---Override: a whole binary message. Without it binary is refused with 1003 before its payload.
---@param client moonroom.Client
---@param data string
function Room:on_binary(client, data) end

---Override: a fragment's header has come, and its payload is not read yet (RFC 6455 5.4).
---@param client moonroom.Client
---@param kind "text"|"binary"
---@param length integer bytes of this fragment
---@param total integer bytes of the message so far, this fragment included
---@return integer? code nil goes on; a close code refuses
---@return string? reason
function Room:check_message(client, kind, length, total) end

---Override: a pong (RFC 6455 5.5.3).
---@param client moonroom.Client
---@param data string
---@param rtt number|nil seconds since the ping that it answers; nil where it answers none of ours
function Room:on_pong(client, data, rtt) end

---Override: the client's last event, once for each on_join; it is no member any more.
---@param client moonroom.Client
---@param code integer of the Close that came first, 1005 where it had none, 1006 where none came
--- (RFC 6455 7.1.5)
---@param reason string
---@param clean boolean whether both Closes were exchanged
function Room:on_leave(client, code, reason, clean) end

---Override: an error in a handler. By default it is logged and the client closed with 1011.
---@param client moonroom.Client
---@param err any
---@param traceback string
---@param where string the handler's name
function Room:on_error(client, err, traceback, where) end

---@return fun(): moonroom.Client|nil iterator over the clients as they are now; those that leave
--- on the way are passed over, those that join are left out
function Room:clients() end

---Queues a message for every client: text (a number as its text), or a table as JSON. Never waits.
---@param message string|number|table
---@param except? moonroom.Client|fun(client: moonroom.Client): any a client who is left out, or a
--- function(client) that answers true for those who are to hear it
---@return integer|nil queued for how many clients
---@return string? error "invalid UTF-8", or why the table is no JSON
function Room:broadcast(message, except) end

---@param data string
---@param except? moonroom.Client|fun(client: moonroom.Client): any as for broadcast
---@return integer queued for how many clients
function Room:broadcast_binary(data, except) end

---Closes every client, and the room for good: who comes later gets 503, or a new room where a
---class is mounted.
---@param code? integer 1001 by default; raises for one that may not be sent (RFC 6455 7.4)
---@param reason? string UTF-8, cut to 123 bytes at a character
---@return true|nil
---@return string? error "closed"
function Room:close(code, reason) end

---As moonroom.after and every; stops when the room is closed.
---@param seconds number from 0 up
---@param fn function|string called with the room before its arguments; a method's name is
--- looked up when it is due
---@param ... any its arguments
---@return moonroom.Timer|nil
---@return string? error "closed"
function Room:after(seconds, fn, ...) end

---@param seconds number from 0 up
---@param fn function|string as for after
---@param ... any its arguments
---@return moonroom.Timer|nil
---@return string? error "closed"
function Room:every(seconds, fn, ...) end

---A client, made by connecting only. Any other field is the script's own, but for names of base
---methods, which raise. Always the same userdata for the same client, so a good table key. Once it
---is closed, the methods below return nil, "closed"; its fields stay readable.
---@class moonroom.Client : moonroom.Class
---@field id string read-only; no other client has it
---@field room moonroom.Room read-only
---@field request moonroom.Request read-only
---@field protocol string|nil read-only; the subprotocol that was agreed on
---@field address string read-only; the peer's, IPv4 or IPv6
---@field ready_state "connecting"|"open"|"closing"|"closed" read-only; "connecting" in init
---@field buffered integer read-only; bytes that are queued and not yet taken by the system
---@field rtt number|nil read-only; seconds, of the latest answered ping
---@field joined_at number|nil read-only; Unix time of the 101; nil in init
local Client = {}

---Override: after on_accept, before the 101. Must not send. An error answers 500.
---@param request moonroom.Request
function Client:init(request) end

---Queues a message: text (a number as its text), or a table as JSON. Never waits, and never fails
---because of the peer before its queue is full.
---@param message string|number|table
---@return true|nil
---@return string? error "closed", "invalid UTF-8", or why the table is no JSON
function Client:send(message) end

---@param data string
---@return true|nil
---@return string? error "closed"
function Client:send_binary(data) end

---Sends a ping (RFC 6455 5.5.2); on_pong and rtt have the answer.
---@param data? string at most 125 bytes
---@return true|nil
---@return string? error "closed"
function Client:ping(data) end

---As room:broadcast, to everybody in the client's room but this one.
---@param message string|number|table
---@return integer|nil queued
---@return string? error "closed", "invalid UTF-8", or why the table is no JSON
function Client:broadcast(message) end

---@param data string
---@return integer|nil queued
---@return string? error "closed"
function Client:broadcast_binary(data) end

---Begins the closing handshake (RFC 6455 7.1.2). The client is no member from here on.
---@param code? integer 1000 by default; raises for one that may not be sent (RFC 6455 7.4)
---@param reason? string UTF-8, cut to 123 bytes at a character
---@return true|nil
---@return string? error "closed"
function Client:close(code, reason) end

---Ends the connection without a closing handshake: on_leave gets 1006, or the code of a Close that
---was under way.
---@return true|nil
---@return string? error "closed"
function Client:terminate() end

---Waits for the client's next message and takes it instead of on_text; from any coroutine, but only
---one at a time. What came before is given first.
---@param seconds? number how long to wait; without, until the client goes
---@return string|nil message
---@return string kind "text" | "binary"; without a message "timeout" | "closed"
function Client:receive(seconds) end

---As receive, decoded from JSON.
---@param seconds? number
---@return any value nil where there is none
---@return string? error "timeout", "closed", or what is no JSON
function Client:receive_json(seconds) end

---Waits until what was sent has left for the network.
---@param seconds? number how long to wait
---@return true|nil
---@return string? error "timeout" | "closed"
function Client:flush(seconds) end

---As moonroom.after and every; stops when the client leaves.
---@param seconds number from 0 up
---@param fn function|string called with the client before its arguments; a method's name is
--- looked up when it is due
---@param ... any its arguments
---@return moonroom.Timer|nil
---@return string? error "closed"
function Client:after(seconds, fn, ...) end

---@param seconds number from 0 up
---@param fn function|string as for after
---@param ... any its arguments
---@return moonroom.Timer|nil
---@return string? error "closed"
function Client:every(seconds, fn, ...) end

---The HTTP request of a client (RFC 9112). Read-only; any other field is the script's own.
---@class moonroom.Request
---@field method string
---@field path string as it was sent
---@field query table<string, string> decoded; the last of a name wins
---@field query_string string as it was sent, without the "?"
---@field headers table<string, string> names in lower case; repeated ones joined by ", "
---@field cookies table<string, string> the last of a name wins
---@field params table<string, string> of the pattern that matched, decoded
---@field protocols string[] the subprotocols that were offered
---@field origin string|nil
---@field address string the peer's
---@field port integer the peer's
---@field secure boolean whether it came over TLS
---@field host string

moonroom.Room, moonroom.Client = Room, Client
moonroom.json, moonroom.log, moonroom.config = json, log, config

return moonroom
