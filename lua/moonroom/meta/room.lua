---@meta
-- Rooms: what a path resolves to. A room has clients, and handlers that say what becomes of them.

---A room. A class is called with fields to make one: `ChatRoom { path = "/bongo" }`. Any other
---field is the script's own. `#room` is how many clients it has. Options and handlers are checked
---where they are assigned, on a class or on a room; options are read when a client joins, handlers
---each time, so they may be replaced at any time, by anything that can be called. The guide
---[Rooms and their lives](rooms.html) has more.
---```lua
---local Talk = moonroom.Room:extend("Talk", { max_message = 1000 })
---function Talk:on_text(client, text) self:broadcast(text) end
---
---local ducks = Talk { path = "/ducks", topic = "ducks" }
---print(ducks.path, ducks.topic, #ducks) --> /ducks ducks 0
---```
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
---@field ping_interval number seconds of a client's silence, any byte ends it; then it is pinged
--- (RFC 6455 5.5.2), which on_pong doesn't hear of; 0: never
---@field pong_timeout number seconds of silence after that ping; then on_leave gets 1006
---@operator call(table?): moonroom.Room
---@operator len: integer
local Room = {}

---Override: the room is being made; path, params and its other fields are set. An error answers
---500, and the room is not kept.
---```lua
---local Vote = moonroom.Room:extend("Vote")
---function Vote:init() self.votes = {} end -- a table of this room's own
---
---function Vote:on_text(client, choice)
---  self.votes[client] = choice
---  print(self.votes[client]) --> tea
---end
---moonroom.mount("/vote", Vote)
---
----- ann connects to /vote
----- ann sends "tea"
---```
function Room:init() end

---Override: before the 101 (RFC 6455 4.2.2). Fields set on the request are there for Client:init.
---```lua
---local Members = moonroom.Room:extend("Members")
---function Members:on_accept(request)
---  if request.query.key ~= "sesame" then return false, 401, "the key is wrong" end
---  request.is_member = true
---end
---moonroom.mount("/members", Members)
---
----- ann connects to /members
----- ann is refused with 401 "the key is wrong"
----- bob connects to /members?key=sesame
----- bob gets nothing
---```
---@param request moonroom.Request
---@return boolean|{protocol: string?, headers: table<string, string|string[]>?}|nil verdict nil and
--- true accept; a table accepts with a subprotocol that was offered, and header fields; false
--- refuses
---@return integer? status of the refusal, 200 to 599, 403 by default
---@return string? body of the refusal
---@return table<string, string|string[]>? headers of the refusal
function Room:on_accept(request) end

---Override: the client is a member. An error closes it with 1011, as in every handler.
---```lua
---local Lobby = moonroom.Room:extend("Lobby")
---function Lobby:on_join(client)
---  client:send("you are number " .. #self)
---end
---moonroom.mount("/", Lobby)
---
----- ann connects to /
----- ann gets "you are number 1"
---```
---@param client moonroom.Client
function Room:on_join(client) end

---Override: a whole message of text, valid UTF-8. Without this and on_json text is dropped.
---```lua
---local Echo = moonroom.Room:extend("Echo")
---function Echo:on_text(client, text) client:send(text) end
---moonroom.mount("/", Echo)
---
----- ann connects to /
----- ann sends "hello"
----- ann gets "hello"
---```
---@param client moonroom.Client
---@param text string
function Room:on_text(client, text) end

---Override: instead of on_text, a message of JSON. What isn't JSON closes with 1007.
---```lua
---local Sums = moonroom.Room:extend("Sums")
---function Sums:on_json(client, numbers)
---  client:send { sum = numbers[1] + numbers[2] }
---end
---moonroom.mount("/", Sums)
---
----- ann connects to /
----- ann sends [2, 3], "no JSON"
----- ann gets {"sum": 5}
----- ann is closed with 1007
---```
---@param client moonroom.Client
---@param value any
function Room:on_json(client, value) end

---Override: a whole binary message. Without it binary is refused with 1003 before its payload.
---```lua
---local Board = moonroom.Room:extend("Board")
---function Board:on_binary(client, stroke)
---  client:broadcast_binary(stroke)
---end
---moonroom.mount("/", Board)
---
----- ann connects to /
----- bob connects to /
----- ann sends the bytes "\1\2\255"
----- bob gets the bytes "\1\2\255"
---```
---@param client moonroom.Client
---@param data string
function Room:on_binary(client, data) end

---Override: a fragment's header has come, and its payload is not read yet (RFC 6455 5.4). It must
---not wait.
---```lua
---local Short = moonroom.Room:extend("Short")
---function Short:check_message(client, kind, length, total)
---  if kind == "text" and total > 10 then return 1009, "ten bytes at most" end
---end
---moonroom.mount("/", Short)
---
----- ann connects to /
----- ann sends "that is too long"
----- ann is closed with 1009 "ten bytes at most"
---```
---@param client moonroom.Client
---@param kind "text"|"binary"
---@param length integer bytes of this fragment
---@param total integer bytes of the message so far, this fragment included
---@return integer? code nil goes on; a close code refuses
---@return string? reason
function Room:check_message(client, kind, length, total) end

---Override: a pong has come (RFC 6455 5.5.3).
---```lua
---local Near = moonroom.Room:extend("Near")
---function Near:on_join(client) client:ping() end
---function Near:on_pong(client, data, rtt) client:send(rtt .. " s away") end
---moonroom.mount("/", Near)
---
----- ann connects to /
----- 0.25 seconds pass
----- ann answers the ping
----- ann gets "0.25 s away"
---```
---@param client moonroom.Client
---@param data string
---@param rtt number|nil seconds since the ping that it answers; nil where it answers none of ours
function Room:on_pong(client, data, rtt) end

---Override: the client's last event, once for each on_join; it is no member any more.
---```lua
---local Door = moonroom.Room:extend("Door")
---function Door:on_leave(client, code, reason, clean)
---  print(code, reason, clean) --> 1001 lunch true
---  self:broadcast("somebody has left")
---end
---moonroom.mount("/", Door)
---
----- ann connects to /
----- bob connects to /
----- bob leaves with 1001 "lunch"
----- ann gets "somebody has left"
---```
---@param client moonroom.Client
---@param code integer of the Close that came first, 1005 where it had none, 1006 where none came
--- (RFC 6455 7.1.5)
---@param reason string
---@param clean boolean whether both Closes were exchanged
function Room:on_leave(client, code, reason, clean) end

---Override: an error in a handler. By default it is logged and the client closed with 1011. It must
---not wait.
---```lua
---local Robust = moonroom.Room:extend("Robust")
---function Robust:on_text(client, text) client:send(text + 1) end
---function Robust:on_error(client, err, traceback, where)
---  client:send("that did not work in " .. where)
---end
---moonroom.mount("/", Robust)
---
----- ann connects to /
----- ann sends "four", "4"
----- ann gets "that did not work in on_text", "5"
---```
---@param client moonroom.Client
---@param err any
---@param traceback string
---@param where string the handler's name
function Room:on_error(client, err, traceback, where) end

---The clients, one after the other. Joining, leaving and closing inside the loop do no harm.
---```lua
---local Talk = moonroom.Room:extend("Talk")
---function Talk:on_text(client, text)
---  for other in self:clients() do
---    other:send(other == client and "you: " .. text or text)
---  end
---end
---moonroom.mount("/", Talk)
---
----- ann connects to /
----- ann sends "hi"
----- ann gets "you: hi"
---```
---@return fun(): moonroom.Client|nil iterator over the clients as they are now; those that leave
--- on the way are passed over, those that join are left out
function Room:clients() end

---Queues a message for every client: text (a number as its text), or a table as JSON. Never waits.
---```lua
---local Talk = moonroom.Room:extend("Talk")
---function Talk:on_text(client, text)
---  self:broadcast { text = text }
---  self:broadcast("to the others", client)
---  self:broadcast("to nobody", function(other) return other.is_nobody end)
---end
---moonroom.mount("/", Talk)
---
----- ann connects to /
----- bob connects to /
----- ann sends "hi"
----- ann gets {"text": "hi"}
----- bob gets {"text": "hi"}, "to the others"
---```
---@param message string|number|table
---@param except? moonroom.Client|fun(client: moonroom.Client): any a client who is left out, or a
--- function(client) that answers true for those who are to hear it
---@return integer|nil queued for how many clients
---@return string? error "invalid UTF-8", or why the table is no JSON
function Room:broadcast(message, except) end

---Queues a binary message for every client. Never waits.
---```lua
---local Radio = moonroom.Room:extend("Radio")
---function Radio:on_binary(client, sound)
---  print(self:broadcast_binary(sound, client)) --> 1
---end
---moonroom.mount("/", Radio)
---
----- ann connects to /
----- bob connects to /
----- ann sends the bytes "\0\127"
----- bob gets the bytes "\0\127"
---```
---@param data string
---@param except? moonroom.Client|fun(client: moonroom.Client): any as for broadcast
---@return integer queued for how many clients
function Room:broadcast_binary(data, except) end

---Closes every client, and the room for good: who comes later gets 503, or a new room where a
---class is mounted.
---```lua
---local Game = moonroom.Room:extend("Game")
---function Game:on_text(client, text)
---  if text == "end" then self:close(1000, "the game is over") end
---end
---moonroom.mount("/", Game)
---
----- ann connects to /
----- ann sends "end"
----- ann is closed with 1000 "the game is over"
---```
---@param code? integer 1001 by default; raises for one that may not be sent (RFC 6455 7.4)
---@param reason? string UTF-8, cut to 123 bytes at a character
---@return true|nil
---@return string? error "closed"
function Room:close(code, reason) end

---As moonroom.after; stops when the room is closed.
---```lua
---local Game = moonroom.Room:extend("Game")
---function Game:init() self.turn = self:after(30, "timed_out") end
---function Game:timed_out() self:broadcast("too slow") end
---moonroom.mount("/", Game)
---
----- ann connects to /
----- 30 seconds pass
----- ann gets "too slow"
---```
---@param seconds number from 0 up
---@param fn function|string called with the room before its arguments; a method's name is
--- looked up when it is due
---@param ... any its arguments
---@return moonroom.Timer|nil
---@return string? error "closed"
function Room:after(seconds, fn, ...) end

---As moonroom.every; stops when the room is closed.
---```lua
---local Clock = moonroom.Room:extend("Clock")
---function Clock:init() self:every(60, "strike", "ding") end
---function Clock:strike(sound) self:broadcast(sound) end
---moonroom.mount("/", Clock)
---
----- ann connects to /
----- 120 seconds pass
----- ann gets "ding", "ding"
---```
---@param seconds number from 0 up
---@param fn function|string as for after
---@param ... any its arguments
---@return moonroom.Timer|nil
---@return string? error "closed"
function Room:every(seconds, fn, ...) end
