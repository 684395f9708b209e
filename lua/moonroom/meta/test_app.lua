---@meta
-- Apps under test: what test.load returns.

---An app under test. Once it is stopped, its methods raise.
---@class moonroom.test.App
local App = {}

---What [app:connect](#App.connect) takes.
---@class moonroom.test.ConnectOptions
---@field headers? table<string, string|false> further header fields; false leaves one out
---@field cookies? table<string, string>
---@field protocols? string[] the subprotocols that are offered
---@field origin? string
---@field address? string the peer's; 192.0.2.1 by default
---@field secure? boolean whether it comes over TLS; false by default
---@field tls? moonroom.test.ConnectTls what TLS tells of it; it is secure then
---@field paused? boolean it takes nothing that the server sends until peer:resume()
---@field faults? moonroom.test.Faults
---@field compression? boolean|{takeover: boolean?} offers permessage-deflate (RFC 7692), with or
--- without context takeover; what the peer sends is then compressed, where the app agrees

---What TLS tells of a peer, as [request.tls](request.html) has it; version and cipher are
---there by themselves.
---
---```lua
---local app = test.load(function(moonroom)
---  local Vault = moonroom.Room:extend("Vault")
---  function Vault:on_accept(request)
---    return request.tls and request.tls.subject == "CN=ann"
---  end
---  moonroom.mount("/", Vault)
---end)
---print(app:connect("/", { tls = { subject = "CN=ann" } }).state) --> open
---print(app:connect("/", { tls = { subject = "CN=bob" } }).state) --> refused
---print(app:connect("/", { secure = true }).state) --> refused
---```
---@class moonroom.test.ConnectTls
---@field server_name? string
---@field subject? string
---@field fingerprint? string

---Asks for a WebSocket. Always returns a peer: on_accept may wait, or refuse.
---
---```lua
---local app = test.load(function(moonroom)
---  local Room = moonroom.Room:extend("Room", { protocols = { "v2" } })
---  function Room:on_accept(request) return request.cookies.key == "open sesame" end
---  moonroom.mount("/:name", Room)
---end)
---local ann = app:connect("/cave", {
---  cookies = { key = "open sesame" }, protocols = { "v1", "v2" },
---})
---print(ann.state, ann.protocol) --> open v2
---local bob = app:connect("/cave")
---print(bob.state, bob.status) --> refused 403
---```
---@param path string with the query, percent-encoded
---@param options? moonroom.test.ConnectOptions
---@return moonroom.test.Peer
function App:connect(path, options) end

---Asks for something without a WebSocket: for the handlers of moonroom.get and its like. Always
---returns a response; while the handler waits it isn't done yet, and [app:advance](#App.advance)
---moves on.
---
---```lua
---local app = test.load(function(moonroom)
---  moonroom.put("/names/:name", function(request)
---    moonroom.sleep(2)
---    return 201, request.params.name .. " is " .. request.body
---  end)
---end)
---local response = app:request("PUT", "/names/ann", { body = "here" })
---print(response.done) --> false
---app:advance(2)
---print(response.done, response.status, response.body) --> true 201 ann is here
---print(app:request("DELETE", "/names/ann").status) --> 405
---```
---@param method string "GET", "POST", ...
---@param path string with the query, percent-encoded
---@param options? moonroom.test.RequestOptions
---@return moonroom.test.Response
function App:request(method, path, options) end

---The same with GET. What has no handler is looked for in `public/`, as a server does. For an app
---that is a function there are no files, unless the option public names their directory.
---
---```lua
---local app = test.load(function(moonroom)
---  moonroom.get("/hello", function(request) return "hello " .. request.query.name end)
---end)
---print(app:get("/hello?name=ann").body) --> hello ann
---```
---@param path string
---@param options? moonroom.test.RequestOptions
---@return moonroom.test.Response
function App:get(path, options) end

---The same with POST and a body.
---
---```lua
---local app = test.load(function(moonroom)
---  moonroom.post("/sum", function(request)
---    local numbers = request:json()
---    return { sum = numbers[1] + numbers[2] }
---  end)
---end)
---print(app:post("/sum", { 1, 2 }).json.sum) --> 3
---```
---@param path string
---@param body? string|table a table is sent as JSON
---@param options? moonroom.test.RequestOptions without a body
---@return moonroom.test.Response
function App:post(path, body, options) end

---Forgets what all peers have received so far.
---
---```lua
---local app = test.load("examples/chat")
---local ann, bob = app:connect("/fury?name=ann"), app:connect("/fury?name=bob")
---app:drain() -- who joined is another spec's business
---ann:send("hi")
---assert.same({ "ann says hi" }, bob:take())
---```
function App:drain() end

---Moves the clock, and stops at each moment on the way at which something is due.
---
---```lua
---local app = test.load(function(moonroom)
---  local Room = moonroom.Room:extend("Room")
---  function Room:on_join(client)
---    client:after(30, "send", "still there?")
---  end
---  moonroom.mount("/", Room)
---end)
---local ann = app:connect("/")
---app:advance(29.9)
---assert.peer(ann).received_nothing()
---app:advance(0.1)
---assert.peer(ann).received("still there?")
---```
---@param seconds number from 0 up
function App:advance(seconds) end

---The time of the app's clock, as moonroom.now has it inside.
---
---```lua
---local app = test.load("examples/echo", { start = 1000 })
---app:advance(2.5)
---print(app:now()) --> 1002.5
---```
---@return number seconds Unix time
function App:now() end

---The room that is open at a path, as moonroom.room finds it. What is done with it goes out in the
---next step: `app:advance(0)` is one.
---
---```lua
---local app = test.load("examples/chat")
---local ann = app:connect("/bongo?name=ann")
---print(#app:room("/bongo"), app:room("/nowhere")) --> 1 nil
---app:room("/bongo"):close(1001)
---app:advance(0)
---assert.peer(ann).closed(1001)
---```
---@param path string
---@return moonroom.Room|nil room
function App:room(path) end

---Runs a function as a task of the app's, which may wait: the clock then goes on to whatever is due
---next, for 60 s at the most. An error in it is raised in the spec, a text with its traceback.
---
---```lua
---local app = test.load("examples/echo")
---local moonroom = app:require "moonroom"
---local sum = app:run(function(a, b)
---  moonroom.sleep(10)
---  return a + b
---end, 1, 2)
---print(sum) --> 3
---print(app:now()) --> 1700000010.0
---```
---@param fn function
---@param ... any its arguments
---@return any ... what it returns
function App:run(fn, ...) end

---As moonroom.spawn, for what goes on beside. An error there is one of a handler.
---
---```lua
---local app = test.load("examples/echo")
---local moonroom = app:require "moonroom"
---local said
---local task = app:spawn(function(words)
---  moonroom.sleep(5)
---  said = words
---end, "done")
---print(said) --> nil
---app:advance(5)
---print(said) --> done
---task:cancel() -- of one that has ended, nothing
---```
---@param fn function
---@param ... any its arguments
---@return moonroom.Task
function App:spawn(fn, ...) end

---require in the app: "moonroom", or a module of the script directory. Raises as that does.
---
---```lua
---local app = test.load("examples/chat")
---local moonroom = app:require "moonroom"
---print(#moonroom.dispatch) --> 1
---```
---@param name string
---@return any module
function App:require(name) end

---A handler, timer or task that has failed.
---@class moonroom.test.Failure
---@field where string the handler's name, or where the timer or task was made
---@field path string|nil the request's
---@field error string
---@field traceback string|nil

---The handlers that have failed, and that neither this nor expect_error has told of. One whose room
---overrides on_error doesn't count.
---
---```lua
---local app = test.load(function(moonroom)
---  local Room = moonroom.Room:extend("Room")
---  function Room:on_text(client, text) error("no idea what " .. text .. " is") end
---  moonroom.mount("/", Room)
---end)
---local ann = app:connect("/")
---ann:send("love")
---local failed = app:errors()
---print(#failed, failed[1].where, failed[1].path) --> 1 on_text /
---print(failed[1].error:match("no idea.*")) --> no idea what love is
---print(#app:errors()) --> 0
---```
---@return moonroom.test.Failure[]
function App:errors() end

---Takes those errors that contain the text or match the pattern. Raises where there are none.
---
---```lua
---local app = test.load(function(moonroom)
---  local Room = moonroom.Room:extend("Room")
---  function Room:on_text(client, text) error("no idea what " .. text .. " is") end
---  moonroom.mount("/", Room)
---end)
---local ann = app:connect("/")
---ann:send("love")
---app:expect_error("no idea what love is")
---assert.peer(ann).closed(1011)
---```
---@param pattern string
---@return moonroom.test.Failure[]
function App:expect_error(pattern) end

---A line of the log.
---@class moonroom.test.LogEntry
---@field time string
---@field level "debug"|"info"|"warn"|"error"
---@field event string what happened: "print", "script", "handler failed", ...
---@field text string the line as it is
---@field [string] string the line's fields

---The log since the last call, whatever log_level says.
---An error in a finalizer (__gc) is a warning of Lua's: a server logs it; here it is not in the
---log, and goes to standard error where the spec has called warn("@on").
---
---```lua
---local app = test.load(function(moonroom)
---  moonroom.log.warn("low on cheese")
---end, { log_level = "error" })
---local entry = app:log()[1]
---print(entry.level, entry.event, entry.message) --> warn script low on cheese
---print(#app:log()) --> 0
---```
---@return moonroom.test.LogEntry[]
function App:log() end

---A timer that is armed.
---@class moonroom.test.TimerEntry
---@field place string where it was made: "init.lua:12"
---@field left number seconds

---Loads what test.load has loaded again, as HUP has a server do: files as they are by now, or the
---function. In memory only.
---
---```lua
---local word = "one"
---local app = test.load(function(moonroom)
---  local said, Room = word, moonroom.Room:extend("Room")
---  function Room:on_text(client) client:send(said) end
---  moonroom.mount("/", Room)
---end)
---local ann = app:connect("/")
---word = "two"
---assert.is_true(app:reload())
---ann:send("?")
---assert.peer(ann).received("two")
---```
---@return true|nil
---@return string? error what is wrong; the old ones go on
function App:reload() end

---The armed timers of after and every.
---
---```lua
---local app = test.load(function(moonroom)
---  moonroom.every(60, function() end)
---  moonroom.after(10, function() end)
---end)
---for _, timer in ipairs(app:timers()) do assert.matches(":%d+$", timer.place) end
---print(app:timers()[1].left) --> 10.0
---app:advance(10)
---print(#app:timers(), app:timers()[1].left) --> 1 50.0
---```
---@return moonroom.test.TimerEntry[] the next one first
function App:timers() end

---Has an allocation of the core's fail; without arguments, none from now on.
---
---```lua
---local app = test.load("examples/chat")
---local ann, bob = app:connect("/bongo?name=ann"), app:connect("/bongo?name=bob")
---for nth = 1, 20 do
---  app:fail_allocation(nth)
---  ann:send("hi")
---  app:fail_allocation()
---  app:errors() -- that it fails is no wonder; that it survives is what counts
---  if ann.state ~= "open" then ann = app:connect("/bongo?name=ann") end
---end
---assert.equal("open", bob.state)
---```
---@param nth? integer which one from now on, from 1
---@param count? integer how many in a row; 1 by default
function App:fail_allocation(nth, count) end

---Ends the app as TERM ends the server: 1001 to all, handlers run, the clock moves by
---shutdown_timeout at the most. Raises where a handler has failed and nobody asked. A second
---call does nothing.
---
---```lua
---describe("the chat", function()
---  local app
---  before_each(function() app = test.load("examples/chat") end)
---  after_each(function() app:stop() end) -- fails where an error of a handler's went unnoticed
---
---  it("says goodbye", function()
---    local ann = app:connect("/bongo")
---    app:stop()
---    assert.peer(ann).closed(1001)
---  end)
---end)
---```
function App:stop() end

---An app over TCP: `test.load(dir, { transport = "tcp" })` starts the moonroom binary
---(MOONROOM_BINARY, else the one beside moonroom/core.so, else PATH's) on a free port of 127.0.0.1,
---and peers talk to it through sockets. It needs luv. A spec that stays outside the app passes both
---ways.
---
---Everything of a peer works but client, secure and tls, and of an app connect, drain, advance,
---now, log and stop. What is inside the server raises "in memory only": room, run, spawn, require,
---timers, errors, expect_error, fail_allocation, the options app, seed and start, and a function
---instead of a directory or file. The server is plain, whatever config.lua says of tls. What is
---different:
---
---- advance waits: the clock is the real one. Options such as ping_interval may be short.
---- A step is over when each peer that reads and answers has had a ping of the kit's answered,
---  which nobody sees, and nothing else has come meanwhile. To the server such pings are signs of
---  life; a peer that has stopped answering sends none.
---- A peer that is paused, or has the fault full, isn't read from: the system's buffers fill first.
---  With the fault write, whatever its number, that of the peer is small.
---- An address is one of 127.0.0.0/8.
---- What looks inside is for apps in memory: room, require, spawn, run, reload, timers, errors,
---  expect_error and fail_allocation raise, and so does a peer that is secure.
---- A handler that failed fails stop, unless log() has told of it.
---- What makes the server end, or keeps it busy, raises in the next step, with what it said.
---
---```lua
---local app = test.load("examples/chat", { transport = "tcp", ping_interval = 0.2 })
---local ann, bob = app:connect("/bongo?name=ann"), app:connect("/bongo?name=bob")
---ann:send("hi")
---print(bob:last()) --> ann says hi
---app:stop()
---```
---@class moonroom.test.TcpApp: moonroom.test.App
