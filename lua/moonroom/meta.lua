---@meta moonroom
-- The module: what `require "moonroom"` gives. Here as everywhere, "nil, message" is the answer
-- where the world is at fault; what a script does wrong raises at its line. Times are in seconds,
-- sizes in bytes.

---@class moonroom
---@field version string "MAJOR.MINOR.PATCH"
---@field Room moonroom.Room the base of all classes of rooms
---@field Client moonroom.Client the base of all classes of clients
---@field dispatch (fun(request: moonroom.Request): moonroom.Room|nil)[] asked in order, before the
--- mounts, for the room of a handshake; the first room or class of rooms wins; an error is a 500
---@field json moonroom.json JSON, to and fro
---@field log moonroom.log lines for the log
---@field config moonroom.config the application's settings
---@field metric moonroom.metric metrics of the application's own
local moonroom = {}

---Says who answers at a path: a room; a class (one room for each path, made by its first request,
---kept under a literal pattern, else dropped when it empties); or a function, which answers with a
---room, a class, or nil to go on. The first one mounted wins. Raises for a pattern that is none.
---```lua
---local Table = moonroom.Room:extend("Table")
---function Table:on_join(client) client:send("table " .. self.params.number) end
---
---moonroom.mount("/tables/:number", Table)
---
----- ann connects to /tables/7
----- ann gets "table 7"
---```
---@param pattern string "/lobby", "/rooms/:name"; a parameter is one segment of at most 255 bytes,
--- and there is no "*"
---@param target moonroom.Room|fun(request: moonroom.Request): moonroom.Room|nil
function moonroom.mount(pattern, target) end

---Answers GET and HEAD of a path. What handlers of plain HTTP return is the answer: a string is
---text, a table JSON, nothing 204; a status may stand before it, header fields behind it. They may
---wait. Of all that were given for a method the first whose pattern matches answers; what none
---answers is a file in `public/`, or a room's 426. An error is a 500. The guide [HTTP](http.html)
---has more.
---```lua
---moonroom.get("/hello/:name", function(request)
---  if request.params.name == "nobody" then return 404, "nobody is here" end
---  return "hello " .. request.params.name
---end)
---moonroom.get("/rooms", function()
---  local list = moonroom.json.array {}
---  for room in moonroom.rooms() do table.insert(list, { path = room.path, clients = #room }) end
---  return list, { ["Cache-Control"] = "no-store" }
---end)
---
----- ann asks for GET /hello/bob
----- ann is answered with 200 "hello bob"
----- ann asks for GET /rooms
----- ann is answered with 200 []
----- ann asks for GET /hello/nobody
----- ann is answered with 404 "nobody is here"
---```
---@param pattern string as for [moonroom.mount](#moonroom.mount)
---@param fn fun(request: moonroom.Request): ... `[status,] body [, headers]`: 200 to 599, a string,
--- a table or nothing, and a table of names and values; a list of values makes a field of each
function moonroom.get(pattern, fn) end

---Answers POST of a path, as [moonroom.get](#moonroom.get) does GET. The body, of at most max_body
---bytes, is there when the function is called.
---```lua
---moonroom.post("/sum", function(request)
---  local numbers, why = request:json()
---  if not numbers then return 400, why end
---  local sum = 0
---  for _, number in ipairs(numbers) do sum = sum + number end
---  return { sum = sum }
---end)
---
----- ann asks for POST /sum [1, 2, 3]
----- ann is answered with 200 {"sum": 6}
---```
---@param pattern string
---@param fn fun(request: moonroom.Request): ...
function moonroom.post(pattern, fn) end

---Answers PUT of a path.
---```lua
---local notes = {}
---moonroom.put("/notes/:name", function(request)
---  local is_new = notes[request.params.name] == nil
---  notes[request.params.name] = request.body
---  return is_new and 201 or 204
---end)
---
----- ann asks for PUT /notes/tea "3 minutes"
----- ann is answered with 201 ""
---```
---@param pattern string
---@param fn fun(request: moonroom.Request): ...
function moonroom.put(pattern, fn) end

---Answers DELETE of a path.
---```lua
---moonroom.delete("/rooms/:name", function(request)
---  local room = moonroom.room("/" .. request.params.name)
---  if not room then return 404, "no such room" end
---  room:close()
---end)
---
----- ann asks for DELETE /rooms/attic
----- ann is answered with 404 "no such room"
---```
---@param pattern string
---@param fn fun(request: moonroom.Request): ...
function moonroom.delete(pattern, fn) end

---The room at a path: one that is mounted or was made there, or has the path.
---```lua
---local Talk = moonroom.Room:extend("Talk")
---moonroom.mount("/:name", Talk)
---
---print(moonroom.room("/ducks")) --> nil
---print(#moonroom.room("/ducks", true)) --> 0
---```
---@param path string at most 255 bytes where a room is made
---@param make? moonroom.Room|true|fun(path: string): moonroom.Room|nil makes it where there is
--- none: a class, a function, or true (as it is mounted)
---@return moonroom.Room|nil room nil also where there are max_rooms already
function moonroom.room(path, make) end

---All rooms: those that are mounted, were made by a mount, or have a path.
---```lua
---moonroom.mount("/lobby", moonroom.Room:extend("Lobby") { path = "/lobby" })
---
---for room in moonroom.rooms() do
---  print(room.path, #room) --> /lobby 0
---end
---```
---@return fun(): moonroom.Room|nil iterator over all rooms, as they are now
function moonroom.rooms() end

---The server's figures, those that its admin listener publishes (see the guide "Metrics"), by their
---names there without `moonroom_` and `_total`. Where a figure has a label, a table by its values.
---```lua
---local Talk = moonroom.Room:extend("Talk")
---function Talk:on_text(client)
---  local stats = moonroom.stats()
---  client:send(stats.clients .. " here, " .. stats.messages_received .. " messages so far")
---end
---moonroom.mount("/", Talk)
---
----- ann connects to /
----- bob connects to /
----- bob sends "how many are we?"
----- bob gets "2 here, 1 messages so far"
---```
---@return moonroom.Stats
function moonroom.stats() end

---A set of clients beside their rooms. One without a name is an ordinary value: whoever is in it
---has left it when it is collected, and not before. For a name there is one, always the same, kept
---while it has clients or is held.
---```lua
---local ducks = moonroom.group("ducks")
---print(ducks.name, #ducks, ducks == moonroom.group("ducks")) --> ducks 0 true
---print(moonroom.group() == moonroom.group()) --> false
---```
---@param name? string at most 255 bytes
---@return moonroom.Group
function moonroom.group(name) end

---A word that nobody can guess, from the system's random source: for invitations, or to know a
---client again when it comes back.
---```lua
---local invitation = moonroom.token()
---print(#invitation, #moonroom.token(4)) --> 32 8
---```
---@param bytes? integer 1 to 64, 16 by default
---@return string token two hexadecimal digits a byte
function moonroom.token(bytes) end

---The value of a Set-Cookie field, for a handler of plain HTTP or an on_accept to answer with.
---Raises where a browser would not keep the cookie as it is. Nothing is encoded: what a cookie
---can't hold is refused, and [moonroom.sign](#moonroom.sign) makes what it can hold of any string.
---```lua
---print(moonroom.cookie("theme", "dark")) --> theme=dark; Path=/; HttpOnly; SameSite=Lax
---local gone = moonroom.cookie("theme", "", { max_age = 0 }) -- takes it away
---print(gone) --> theme=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax
---```
---@param name string a token
---@param value string visible ASCII without quotes, commas, semicolons and backslashes
---@param options? moonroom.CookieOptions
---@return string field
function moonroom.cookie(name, value, options) end

---Signs a value, so that a client may keep it, in a cookie or a query, and can't change it. Whoever
---has it can read it: it isn't encrypted. What comes out is VALUE.EXPIRES.SIGNATURE: the value in
---base64url, the Unix time at which it expires or nothing, and in base64url the HMAC-SHA-256 of
---what is before the last dot, with the secret.
---```lua
---local secret = ("a long secret "):rep(3) -- better: from a file, or os.getenv
---local signed = moonroom.sign("ann", secret)
---print(signed) --> YW5u..2cdENIWjITGLvTMHDWD-Kh60U3103OJ5YWjOcH12foY
---print(moonroom.verify(signed, secret)) --> ann
---```
---@param value string
---@param secret string at least 32 bytes, else it raises
---@param options? {max_age: number?} seconds for which it is good; for ever by default
---@return string signed fit for cookies and URLs
function moonroom.sign(value, secret, options) end

---What was signed with the secret, if it was and hasn't expired. The time that it takes tells
---nothing of the secret.
---```lua
---local secret = moonroom.token()
---local signed = moonroom.sign("ann", secret, { max_age = 10 })
---print(moonroom.verify(signed, secret)) --> ann
---print(moonroom.verify("x" .. signed, secret)) --> nil not signed
---print(moonroom.verify(nil, secret)) --> nil nothing
---moonroom.sleep(10)
---print(moonroom.verify(signed, secret)) --> nil expired
---```
---@param signed string|nil nil: a cookie that isn't there
---@param secret string
---@return string|nil value
---@return string? error "nothing", "not signed" or "expired"
function moonroom.verify(signed, secret) end

---A table that is the same after a reload of the scripts; what else stays is in the guide
---[Reload](reload.html). It ends with the server.
---```lua
---local counts = moonroom.keep("counts", { visits = 0 })
---counts.visits = counts.visits + 1
---print(counts == moonroom.keep("counts"), counts.visits) --> true 1
---```
---@param name string
---@param default? table what is kept from the first call on; without, an empty one
---@return table
function moonroom.keep(name, default) end

---Loads the scripts again, as the signal HUP does, and waits until that is done: all takes effect,
---or nothing does. What follows in the handler is still the old code.
---```lua
---local Admin = moonroom.Room:extend("Admin")
---function Admin:on_accept(request) return request.query.key == "sesame" end
---function Admin:on_json(client, order)
---  if order.reload then
---    local ok, why = moonroom.reload()
---    client:send { reloaded = ok, error = why }
---  end
---end
---moonroom.mount("/admin", Admin)
---
----- ann connects to /admin?key=open
----- ann is refused with 403
---```
---@return true|nil
---@return string? error what is wrong, with file and line; the old scripts go on
function moonroom.reload() end

---Unix time, advanced by the monotonic clock: it never jumps while the server runs.
---```lua
---local began = moonroom.now()
---moonroom.sleep(1.5)
---print(moonroom.now() - began) --> 1.5
---```
---@return number seconds with fraction
function moonroom.now() end

---Suspends the handler or task, and nobody else. Waits of every kind work in handlers, dispatch
---and mount functions, Room:init, on_accept, tasks and timers, through pcall, metamethods,
---iterators and coroutines. They raise elsewhere, and inside functions of C's such as table.sort,
---which they name; so in a filter, in check_message and in on_error.
---```lua
---local Count = moonroom.Room:extend("Count")
---function Count:on_text(client)
---  for number = 2, 1, -1 do
---    client:send(tostring(number))
---    moonroom.sleep(1)
---  end
---  client:send("go")
---end
---moonroom.mount("/", Count)
---
----- ann connects to /
----- ann sends "ready?"
----- ann gets "2"
----- 2 seconds pass
----- ann gets "1", "go"
---```
---@param seconds number from 0 up; raises for NaN and less
function moonroom.sleep(seconds) end

---Runs a function beside the caller, at once until its first wait. An error is logged with the
---place of the spawn and closes nobody.
---```lua
---moonroom.spawn(function(name)
---  print(name, "begins") --> tea begins
---  moonroom.sleep(180)
---  print(name, "is ready")
---end, "tea")
---print("meanwhile") --> meanwhile
---```
---@param fn function
---@param ... any its arguments
---@return moonroom.Task
function moonroom.spawn(fn, ...) end

---A value that is still to come: whoever waits for it goes on when it is resolved.
---```lua
---local answer = moonroom.promise()
---moonroom.after(2, function() answer:resolve("yes") end)
---print(answer:wait(1)) --> nil timeout
---print(answer:wait()) --> yes
---```
---@return moonroom.Promise
function moonroom.promise() end

---Calls a function, which may wait, once. Raises beyond max_timers.
---```lua
---moonroom.after(0, print, "in the next turn")
---
---moonroom.after(60, function()
---  for room in moonroom.rooms() do room:broadcast("a minute has passed") end
---end)
---```
---@param seconds number from 0 up; 0 is the next turn, never this one
---@param fn function
---@param ... any its arguments
---@return moonroom.Timer
function moonroom.after(seconds, fn, ...) end

---Calls a function again and again: at whole multiples of the seconds, so that it doesn't drift,
---and not while the call before still waits.
---```lua
---local began, count = moonroom.now(), 0
---moonroom.every(10, function() count = count + 1 end)
---
---moonroom.sleep(35)
---print(count, moonroom.now() - began) --> 3 35.0
---```
---@param seconds number from 0 up
---@param fn function
---@param ... any its arguments
---@return moonroom.Timer
function moonroom.every(seconds, fn, ...) end

return moonroom
