---@meta
-- Classes, and moonroom.Room.

---What Room and Client have as classes. Fields of a class are what its objects have where they
---have none of their own; tables belong in init, not here, since they would be shared.
---@class moonroom.Class
---@field name string of a class alone; its objects have no such field
---@field super moonroom.Class|nil the class that it extends; of a class alone, too
local Class = {}

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
