---@meta
-- Clients: one for each connection, as scripts see it.

---A client, made by connecting only. Any other field is the script's own, but for names of base
---methods, which raise. Always the same userdata for the same client, so a good table key. Once it
---is closed, the methods below return nil, "closed"; its own fields and id, room, request, address,
---joined_at and compression stay readable as long as the script holds it.
---@class moonroom.Client : moonroom.Class
---@field id string read-only; no other client has it
---@field room moonroom.Room read-only
---@field request moonroom.Request read-only
---@field protocol string|nil read-only; the subprotocol that was agreed on
---@field address string read-only; the peer's, IPv4 or IPv6
---@field ready_state "connecting"|"open"|"closing"|"closed" read-only; "connecting" in init
---@field buffered integer read-only; bytes that are queued and not yet taken by the system
---@field rtt number|nil read-only; seconds, of the latest answered ping, ours of ping_interval too
---@field joined_at number|nil read-only; Unix time of the 101; nil in init
---@field compression boolean read-only; whether permessage-deflate was agreed on; false in init
local Client = {}

---Override: after on_accept, before the 101. Must not send. An error answers 500.
---```lua
---local User = moonroom.Client:extend("User")
---function User:init(request) self.name = request.query.name or "somebody" end
---
---local Talk = moonroom.Room:extend("Talk", { Client = User })
---function Talk:on_join(user) user:send("welcome, " .. user.name) end
---moonroom.mount("/", Talk)
---
----- ann connects to /?name=ann
----- ann gets "welcome, ann"
---```
---@param request moonroom.Request
function Client:init(request) end

---Queues a message: text (a number as its text), or a table as JSON. Never waits, and never fails
---because of the peer before its queue is full.
---```lua
---local Echo = moonroom.Room:extend("Echo")
---function Echo:on_text(client, text)
---  client:send(text)
---  client:send { length = #text }
---  print(client:send("\xff")) --> nil invalid UTF-8
---end
---moonroom.mount("/", Echo)
---
----- ann connects to /
----- ann sends "hi"
----- ann gets "hi", {"length": 2}
---```
---@param message string|number|table
---@return true|nil
---@return string? error "closed", "slow" where Room.slow is "drop" and the queue full, "invalid
--- UTF-8", or why the table is no JSON
function Client:send(message) end

---Queues a binary message. Never waits.
---```lua
---local Dice = moonroom.Room:extend("Dice")
---function Dice:on_text(client) client:send_binary(string.pack(">I2", 600)) end
---moonroom.mount("/", Dice)
---
----- ann connects to /
----- ann sends "roll"
----- ann gets the bytes "\2\88"
---```
---@param data string
---@return true|nil
---@return string? error "closed", or "slow" as for send
function Client:send_binary(data) end

---Sends a ping (RFC 6455 5.5.2); on_pong and rtt have the answer.
---```lua
---local Near = moonroom.Room:extend("Near")
---function Near:on_join(client) client:ping("are you there?") end
---function Near:on_pong(client, data)
---  print(data, client.rtt) --> are you there? 0.5
---end
---moonroom.mount("/", Near)
---
----- ann connects to /
----- 0.5 seconds pass
----- ann answers the ping
---```
---@param data? string at most 125 bytes
---@return true|nil
---@return string? error "closed", or "slow" as for send
function Client:ping(data) end

---As room:broadcast, to everybody in the client's room but this one.
---```lua
---local Talk = moonroom.Room:extend("Talk")
---function Talk:on_text(client, text) client:broadcast(text) end
---moonroom.mount("/", Talk)
---
----- ann connects to /
----- bob connects to /
----- ann sends "psst"
----- ann gets nothing
----- bob gets "psst"
---```
---@param message string|number|table
---@return integer|nil queued
---@return string? error "closed", "invalid UTF-8", or why the table is no JSON
function Client:broadcast(message) end

---As room:broadcast_binary, to everybody in the client's room but this one.
---```lua
---local Board = moonroom.Room:extend("Board")
---function Board:on_binary(client, stroke) client:broadcast_binary(stroke) end
---moonroom.mount("/", Board)
---
----- ann connects to /
----- bob connects to /
----- ann sends the bytes "\7"
----- bob gets the bytes "\7"
---```
---@param data string
---@return integer|nil queued
---@return string? error "closed"
function Client:broadcast_binary(data) end

---Begins the closing handshake (RFC 6455 7.1.2). The client is no member from here on.
---```lua
---local Polite = moonroom.Room:extend("Polite")
---function Polite:on_text(client, text)
---  if text == "bye" then client:close(1000, "see you") end
---end
---moonroom.mount("/", Polite)
---
----- ann connects to /
----- ann sends "bye"
----- ann is closed with 1000 "see you"
---```
---@param code? integer 1000 by default; raises for one that may not be sent (RFC 6455 7.4)
---@param reason? string UTF-8, cut to 123 bytes at a character
---@return true|nil
---@return string? error "closed"
function Client:close(code, reason) end

---Ends the connection without a closing handshake: on_leave gets 1006, or the code of a Close that
---was under way.
---```lua
---local Strict = moonroom.Room:extend("Strict")
---function Strict:on_text(client) client:terminate() end
---function Strict:on_leave(client, code, reason, clean)
---  print(code, clean) --> 1006 false
---end
---moonroom.mount("/", Strict)
---
----- ann connects to /
----- ann sends "anything"
---```
---@return true|nil
---@return string? error "closed"
function Client:terminate() end

---Waits for the client's next message and takes it instead of on_text; from any coroutine, but only
---one at a time. What came before is given first.
---```lua
---local Login = moonroom.Room:extend("Login")
---function Login:on_join(client)
---  client:send("who are you?")
---  local name, why = client:receive(30)
---  if not name then return client:close(1008, why) end
---  client:send("welcome, " .. name)
---end
---moonroom.mount("/", Login)
---
----- ann connects to /
----- ann sends "ann"
----- ann gets "who are you?", "welcome, ann"
---```
---@param seconds? number how long to wait; without, until the client goes
---@return string|nil message
---@return string kind "text" | "binary"; without a message "timeout" | "closed"
function Client:receive(seconds) end

---As receive, decoded from JSON.
---```lua
---local Login = moonroom.Room:extend("Login")
---function Login:on_join(client)
---  local login, why = client:receive_json(30)
---  if not login then return client:close(1008, why) end
---  client:send { welcome = login.name }
---end
---moonroom.mount("/", Login)
---
----- ann connects to /
----- ann sends {"name": "ann"}
----- ann gets {"welcome": "ann"}
----- bob connects to /
----- 30 seconds pass
----- bob is closed with 1008 "timeout"
---```
---@param seconds? number
---@return any value nil where there is none
---@return string? error "timeout", "closed", or what is no JSON
function Client:receive_json(seconds) end

---Waits until what was sent has left for the network.
---```lua
---local History = moonroom.Room:extend("History")
---function History:on_join(client)
---  for page = 1, 3 do
---    client:send("page " .. page)
---    if not client:flush(10) then return end -- too slow, or gone
---  end
---end
---moonroom.mount("/", History)
---
----- ann connects to /
----- ann gets "page 1", "page 2", "page 3"
---```
---@param seconds? number how long to wait
---@return true|nil
---@return string? error "timeout" | "closed"
function Client:flush(seconds) end

---Takes the client to another room at once. The old room's on_leave follows, with nil and "moved",
---then the new one's on_join, then what else is queued. It stays the same client, of the same
---class, with its fields and groups, and has the new room's limits; on_accept and on_open aren't
---asked. In on_open it says which room the client is to join.
---```lua
---local Hall = moonroom.Room:extend("Hall")
---function Hall:on_join(client) client:send("in " .. self.path) end
---function Hall:on_text(client, path) client:move(moonroom.room(path)) end
---for _, path in ipairs { "/front", "/back" } do
---  moonroom.mount(path, Hall { path = path })
---end
---
----- ann connects to /front
----- ann sends "/back"
----- ann gets "in /front", "in /back"
---```
---@param room moonroom.Room raises for one of another app, and in Client:init
---@return true|nil moved true also where it is there already
---@return string? error "closed" (the client or the room), or "full" beyond the room's max_clients
function Client:move(room) end

---As moonroom.after; stops when the client leaves.
---```lua
---local Idle = moonroom.Room:extend("Idle")
---function Idle:on_join(client) client.sleepy = client:after(60, "close", 1000, "good night") end
---function Idle:on_text(client) client.sleepy:restart() end
---moonroom.mount("/", Idle)
---
----- ann connects to /
----- 50 seconds pass
----- ann sends "I am here"
----- 60 seconds pass
----- ann is closed with 1000 "good night"
---```
---@param seconds number from 0 up
---@param fn function|string called with the client before its arguments; a method's name is
--- looked up when it is due
---@param ... any its arguments
---@return moonroom.Timer|nil
---@return string? error "closed"
function Client:after(seconds, fn, ...) end

---As moonroom.every; stops when the client leaves.
---```lua
---local Drip = moonroom.Room:extend("Drip")
---function Drip:on_join(client) client:every(10, "send", "drop") end
---moonroom.mount("/", Drip)
---
----- ann connects to /
----- 20 seconds pass
----- ann gets "drop", "drop"
---```
---@param seconds number from 0 up
---@param fn function|string as for after
---@param ... any its arguments
---@return moonroom.Timer|nil
---@return string? error "closed"
function Client:every(seconds, fn, ...) end
