---@meta moonroom.test
-- The kit for an application's specs: require "moonroom.test". It runs the scripts on the server's
-- own core, in memory; the clock stands still but where the spec moves it. Each step (connect,
-- send, close, advance, ...) runs until nothing is left to do at that moment. What a spec does
-- wrong raises at its line, and so does a server that breaks the protocol (RFC 6455).
--
-- Each app has its own globals: copies of Lua's tables, os.time, os.clock and os.date from the
-- app's clock, math.random from its seed, its own package.loaded, whose Lua modules are loaded into
-- these globals; print goes to the app's log. Shared with the spec are the methods of strings (an
-- app that changes its `string` table changes string.rep(x, 2), not x:rep(2)), and modules in C.
--
-- With luassert, as busted has it: assert.peer(ann).received("hi", { a = 1 }) holds where exactly
-- these messages came, in this order, since the last take (a table is compared as JSON), and takes
-- them; received_nothing(); closed([code [, reason]]); refused([status]). Negated, as in
-- assert.peer(ann).not_received("hi"), received says that none of the messages came.

---@class moonroom.test
local test = {}

---@class moonroom.test.LoadOptions
---@field app? table moonroom.config.app, instead of config.lua's
---@field faults? moonroom.test.Faults for every peer that doesn't say otherwise
---@field seed? integer of math.random; 1 by default
---@field start? number Unix time at the start; 1700000000 (2023-11-14) by default
---@field transport? "memory"|"tcp" where the app runs: in the spec's own process by default, or in
--- a server that is started for it: see moonroom.test.TcpApp
---@field [string] number|string an option of the server's, as in config.lua, which it beats:
--- max_message = "4m", close_timeout = 5

---@class moonroom.test.Faults
---@field write? integer the server's writes are taken so many bytes at a time
---@field read? integer what the peer sends comes to the server in pieces of so many bytes
---@field full? boolean the server's writes are not taken at all

---A new app. Raises with file and line where a script or config.lua is wrong, as the server does.
---@param script? string|fun(moonroom: moonroom): moonroom.Room|nil a script directory, a file, or a
--- function that gets what require "moonroom" answers (and runs in the spec's own globals); paths
--- are relative to the current directory. Without: the directory whose spec/ the calling spec is
--- in; where it is in none, the one that `moonroom test` was given (MOONROOM_TEST_DIR), or "."
---@param options? moonroom.test.LoadOptions
---@return moonroom.test.App
function test.load(script, options) end

---@class moonroom.test.Simulation
---@field app string|fun(): moonroom.test.App a directory or file, or what makes a fresh app
---@field seed? integer decides everything; 1 by default
---@field peers? integer how many are open at the most; 5 by default
---@field steps? integer 200 by default
---@field weights? table<string, number> how often each is done: join (4), text (10), close (1),
--- drop (1), pause (1), resume (2), advance (3, by 0.1 to 10 s); 0 never
---@field check? fun(app: moonroom.test.App) raises where the invariant doesn't hold; runs after
--- each step
---@field paths? string[]|fun(random: function, number: integer): string what is joined, "/" by
--- default; random is math.random, the number the peer's
---@field texts? string[]|fun(random: function): string what is sent

---Has peers do at random what peers do. Where the check or a handler fails, at the end too, it
---raises with the seed, the shortest prefix of the steps that fails, and what failed.
---@param simulation moonroom.test.Simulation
function test.simulate(simulation) end

---An app under test. Once it is stopped, its methods raise.
---@class moonroom.test.App
local App = {}

---@class moonroom.test.ConnectOptions
---@field headers? table<string, string|false> further header fields; false leaves one out
---@field cookies? table<string, string>
---@field protocols? string[] the subprotocols that are offered
---@field origin? string
---@field address? string the peer's; 192.0.2.1 by default
---@field secure? boolean whether it comes over TLS; false by default
---@field paused? boolean it takes nothing that the server sends until peer:resume()
---@field faults? moonroom.test.Faults

---Asks for a WebSocket. Always returns a peer: on_accept may wait, or refuse.
---@param path string with the query, percent-encoded
---@param options? moonroom.test.ConnectOptions
---@return moonroom.test.Peer
function App:connect(path, options) end

---Forgets what all peers have received so far.
function App:drain() end

---Moves the clock, and stops at each moment on the way at which something is due.
---@param seconds number from 0 up
function App:advance(seconds) end

---@return number seconds Unix time, by the app's clock
function App:now() end

---@param path string
---@return moonroom.Room|nil room as moonroom.room has it
function App:room(path) end

---Runs a function as a task of the app's, which may wait: the clock then goes on to whatever is due
---next, for 60 s at the most. An error in it is raised in the spec, a text with its traceback.
---@param fn function
---@param ... any its arguments
---@return any ... what it returns
function App:run(fn, ...) end

---As moonroom.spawn, for what goes on beside. An error there is one of a handler.
---@param fn function
---@param ... any its arguments
---@return moonroom.Task
function App:spawn(fn, ...) end

---require in the app: "moonroom", or a module of the script directory. Raises as that does.
---@param name string
---@return any module
function App:require(name) end

---@class moonroom.test.Failure
---@field where string the handler's name, or where the timer or task was made
---@field path string|nil the request's
---@field error string
---@field traceback string|nil

---The handlers that have failed, and that neither this nor expect_error has told of. One whose room
---overrides on_error doesn't count.
---@return moonroom.test.Failure[]
function App:errors() end

---Takes those errors that contain the text or match the pattern. Raises where there are none.
---@param pattern string
---@return moonroom.test.Failure[]
function App:expect_error(pattern) end

---@class moonroom.test.LogEntry
---@field time string
---@field level "debug"|"info"|"warn"|"error"
---@field event string what happened: "print", "script", "handler failed", ...
---@field text string the line as it is
---@field [string] string the line's fields

---@return moonroom.test.LogEntry[] the log since the last call, whatever log_level says
function App:log() end

---@class moonroom.test.TimerEntry
---@field place string where it was made: "init.lua:12"
---@field left number seconds

---@return moonroom.test.TimerEntry[] the armed timers of after and every, the next one first
function App:timers() end

---Has an allocation of the core's fail; without arguments, none from now on.
---@param nth? integer which one from now on, from 1
---@param count? integer how many in a row; 1 by default
function App:fail_allocation(nth, count) end

---Ends the app as TERM ends the server: 1001 to all, handlers run, the clock moves by
---shutdown_timeout at the most. Raises where a handler has failed and nobody asked. A second
---call does nothing.
function App:stop() end

---A client as a browser is one: it answers pings and Closes by itself. To send raises where it
---isn't open.
---@class moonroom.test.Peer
---@field state "connecting"|"open"|"refused"|"closed" closed: the server's Close has come, or the
--- connection has ended
---@field client moonroom.Client|nil the server's side of it, from the 101 on
---@field status integer|nil of the HTTP response
---@field headers table<string, string>|nil of the response; names in lower case
---@field body string|nil of a refusal
---@field protocol string|nil the subprotocol that was agreed on
---@field close_code integer|nil of the server's Close; 1005: it had none, 1006: there was none
---@field close_reason string|nil
local Peer = {}

---@param message string|number|table text, or a table as JSON; unlike a browser's it may be invalid
function Peer:send(message) end

---@param data string
function Peer:send_binary(data) end

---@param bytes string sent as they are, whole frames or not
function Peer:raw(bytes) end

---@param data? string at most 125 bytes; the answer is in take("pong")
function Peer:ping(data) end

---Begins the closing handshake.
---@param code? integer none by default
---@param reason? string at most 123 bytes
function Peer:close(code, reason) end

---Resets the connection, as if the line were cut.
function Peer:drop() end

---Takes nothing more of what the server sends: a slow reader.
function Peer:pause() end

---Goes on to take it.
function Peer:resume() end

---Answers neither pings nor Closes from now on: a peer that has gone without a word.
function Peer:stop_answering() end

---@param faults moonroom.test.Faults instead of those before
function Peer:faults(faults) end

---Without a kind, texts and binary messages.
---@param kind? "text"|"binary"|"ping"|"pong"|"close"
---@return string[] payloads since the last take or drain
function Peer:take(kind) end

---Raises where a text is no JSON.
---@return any[] texts decoded, since the last take or drain
function Peer:take_json() end

---@param kind? "text"|"binary"|"ping"|"pong"|"close"
---@return string|nil payload the newest that take would return; it stays to be taken
function Peer:last(kind) end

---@return any value of the newest text, decoded
function Peer:last_json() end

---As of test.load, but for start, which is the recording's; in memory only.
---@class moonroom.test.ReplayOptions: moonroom.test.LoadOptions
---@field tail? number seconds that the clock moves on behind the last event; 0 by default

---What a recorded client was sent.
---@class moonroom.test.Message
---@field time number seconds since the start
---@field kind "text"|"binary"|"ping"|"pong"|"close"
---@field payload string

---A recorded client: it is read like any peer, and with assert.peer; it can't send.
---@class moonroom.test.ReplayedPeer: moonroom.test.Peer
---@field messages moonroom.test.Message[] all that it was sent and that take has not taken

---The recorded clients, by the numbers of their connections, from 1.
---@class moonroom.test.Replay
---@field [integer] moonroom.test.ReplayedPeer
---@field errors moonroom.test.Failure[] the handlers that failed, at the app's end too
---@field log moonroom.test.LogEntry[]

---Plays back to an app what `moonroom --record FILE` has written: the same connections, bytes and
---ends at the same times by the app's clock, which starts when the recording's server did. Returns
---what went out; the app has then been stopped, and what that sent is left out. A file is relative
---to the directory under test where no script is given, else to the current directory. Raises with
---file and line where the recording is wrong.
---```lua
---local test = require "moonroom.test"
---local name = os.tmpname() -- stands for one that was recorded
---local file = assert(io.open(name, "w"))
---file:write [[
---moonroom recording 1
---start 1700000000.000000
---0.000001 1 open 192.0.2.1 40000 tcp
---0.000002 1 bytes "GET /bongo?name=ann HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
---  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
---  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
---2.500000 1 bytes "\x81\x82\x00\x00\x00\x00hi"
---]]
---file:close()
---
---local played = test.replay(name, "examples/chat")
---print(#played.errors, played[1].status) --> 0 101
---print(played[1]:last(), played[1].messages[2].time) --> ann says hi 2.5
---os.remove(name)
---```
---@param file string
---@param script? string|fun(moonroom: moonroom): moonroom.Room|nil as of test.load
---@param options? moonroom.test.ReplayOptions
---@return moonroom.test.Replay
function test.replay(file, script, options) end

---An app over TCP: `test.load(dir, { transport = "tcp" })` starts the moonroom binary
---(MOONROOM_BINARY, else the one beside moonroom/core.so, else PATH's) on a free port of 127.0.0.1,
---and peers talk to it through sockets. It needs luv. A spec that stays outside the app passes both
---ways.
---
---Everything of a peer works but client and secure, and of an app connect, drain, advance, now, log
---and stop. What is inside the server raises "in memory only": room, run, spawn, require, timers,
---errors, expect_error, fail_allocation, the options app, seed and start, and a function instead of
---a directory or file. What is different:
---
---- advance waits: the clock is the real one. Options such as ping_interval may be short.
---- A step is over when each peer that reads and answers has had a ping of the kit's answered,
---  which nobody sees, and nothing else has come meanwhile. To the server such pings are signs of
---  life; a peer that has stopped answering sends none.
---- A peer that is paused, or has the fault full, isn't read from: the system's buffers fill first.
---  With the fault write, whatever its number, that of the peer is small.
---- An address is one of 127.0.0.0/8.
---- A handler that failed fails stop, unless log() has told of it.
---- What makes the server end, or keeps it busy, raises in the next step, with what it said.
---```lua
---local test = require "moonroom.test"
---local app = test.load("examples/chat", { transport = "tcp", ping_interval = 0.2 })
---local ann, bob = app:connect("/bongo?name=ann"), app:connect("/bongo?name=bob")
---ann:send("hi")
---print(bob:last()) --> ann says hi
---app:stop()
---```
---@class moonroom.test.TcpApp: moonroom.test.App

return test
