---@meta
-- Groups: sets of clients beside their rooms.

---A set of clients, of any rooms. Whoever closes is out of all groups at once, as out of the room;
---who moves to another room stays. A group has no fields of its own. `#group` is how many clients
---it has.
---@class moonroom.Group
---@field name string|nil read-only; nil for one without a name
---@operator len: integer
local Group = {}

---Puts a client in; one that is in it stays. Raises for a client of another app, and in
---Client:init.
---```lua
---local Talk = moonroom.Room:extend("Talk")
---function Talk:on_join(client)
---  local team = moonroom.group(#self % 2 == 1 and "red" or "blue")
---  team:add(client)
---  team:broadcast("one more for " .. team.name)
---end
---moonroom.mount("/", Talk)
---
----- ann connects to /
----- bob connects to /
----- ann gets "one more for red"
----- bob gets "one more for blue"
---```
---@param client moonroom.Client
---@return true|nil
---@return string? error "closed", or "too many groups" for one that is in 128
function Group:add(client) end

---Takes a client out.
---```lua
---local Talk = moonroom.Room:extend("Talk")
---function Talk:on_join(client)
---  local players = moonroom.group("players")
---  players:add(client)
---  print(players:remove(client), #players) --> true 0
---  print(players:remove(client)) --> nil not in the group
---end
---moonroom.mount("/", Talk)
---
----- ann connects to /
---```
---@param client moonroom.Client
---@return true|nil
---@return string? error "closed", or "not in the group"
function Group:remove(client) end

---Whether a client is in the group.
---```lua
---local staff = moonroom.group()
---local Desk = moonroom.Room:extend("Desk")
---function Desk:on_join(client)
---  if client.request.query.key == "sesame" then staff:add(client) end
---  client:send(staff:has(client) and "welcome back" or "how can we help?")
---end
---moonroom.mount("/", Desk)
---
----- ann connects to /?key=sesame
----- ann gets "welcome back"
----- bob connects to /
----- bob gets "how can we help?"
---```
---@param client moonroom.Client
---@return boolean
function Group:has(client) end

---The clients, one after the other. Closing and adding inside the loop do no harm.
---```lua
---local players = moonroom.group("players")
---local Talk = moonroom.Room:extend("Talk")
---function Talk:on_join(client) players:add(client) end
---function Talk:on_text()
---  for player in players:clients() do player:close(1000, "the game is over") end
---  print(#players) --> 0
---end
---moonroom.mount("/", Talk)
---
----- ann connects to /
----- ann sends "end"
----- ann is closed with 1000 "the game is over"
---```
---@return fun(): moonroom.Client|nil iterator over the clients as they are now; those that leave
--- on the way are passed over, those that join are left out
function Group:clients() end

---Queues a message for every client: text (a number as its text), or a table as JSON. Never waits.
---```lua
---local Talk = moonroom.Room:extend("Talk")
---function Talk:on_join(client) moonroom.group("all"):add(client) end
---moonroom.mount("/talk/:name", Talk)
---moonroom.after(5, function() moonroom.group("all"):broadcast { notice = "tea is ready" } end)
---
----- ann connects to /talk/ducks
----- bob connects to /talk/geese
----- 5 seconds pass
----- ann gets {"notice": "tea is ready"}
----- bob gets {"notice": "tea is ready"}
---```
---@param message string|number|table
---@param except? moonroom.Client|fun(client: moonroom.Client): any a client who is left out, or a
--- function(client) that answers true for those who are to hear it
---@return integer|nil queued for how many clients
---@return string? error "invalid UTF-8", or why the table is no JSON
function Group:broadcast(message, except) end

---Queues a binary message for every client. Never waits.
---```lua
---local Radio = moonroom.Room:extend("Radio")
---function Radio:on_join(client) moonroom.group("radio"):add(client) end
---function Radio:on_binary(client, sound)
---  moonroom.group("radio"):broadcast_binary(sound, client)
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
function Group:broadcast_binary(data, except) end
