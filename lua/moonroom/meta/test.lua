---@meta moonroom.test
-- The test kit: an application's specs run its scripts on the server's own core, in memory.

---The clock stands still but where the spec moves it. Each step (connect, send, close, advance,
---...) runs until nothing is left to do at that moment. What a spec does wrong raises at its line,
---and so does a server that breaks the protocol (RFC 6455). The guide
---[Testing handlers](testing.html) tells it all in order; `test` in the examples is
---`require "moonroom.test"`.
---
---Each app has its own globals: copies of Lua's tables, os.time, os.clock and os.date from the
---app's clock, math.random from its seed, its own package.loaded, whose Lua modules are loaded into
---these globals; print goes to the app's log. Shared with the spec are the methods of strings (an
---app that changes its `string` table changes `string.rep(x, 2)`, not `x:rep(2)`), and modules in
---C.
---@class moonroom.test
local test = {}

---What [test.load](#test.load) takes.
---@class moonroom.test.LoadOptions
---@field app? table moonroom.config.app, instead of config.lua's
---@field faults? moonroom.test.Faults for every peer that doesn't say otherwise
---@field seed? integer of math.random; 1 by default
---@field start? number Unix time at the start; 1700000000 (2023-11-14) by default
---@field transport? "memory"|"tcp" where the app runs: in the spec's own process by default, or in
--- a server that is started for it: see moonroom.test.TcpApp
---@field [string] number|string an option of the server's, as in config.lua, which it beats:
--- max_message = "4m", close_timeout = 5. In memory, handler_warn and lua_memory are 0 and
--- handler_stop is 10 where neither says otherwise: how much time a handler takes depends on the
--- spec's machine

---A network that is hard on the server: what is sent arrives in pieces, or, if it is full, later.
---@class moonroom.test.Faults
---@field write? integer the server's writes are taken so many bytes at a time
---@field read? integer what the peer sends comes to the server in pieces of so many bytes
---@field full? boolean the server's writes are not taken at all

---A new app. Raises with file and line where a script or config.lua is wrong, as the server does.
---
---```lua
---local app = test.load("examples/chat")
---local ann = app:connect("/bongo?name=ann")
---assert.peer(ann).received("ann has joined /bongo")
---app:stop()
---
---local small = test.load(function(moonroom)
---  local Echo = moonroom.Room:extend("Echo")
---  function Echo:on_text(client, text) client:send(text) end
---  moonroom.mount("/", Echo)
---end, { max_message = "1k", start = 0 })
---local bob = small:connect("/")
---bob:send(("x"):rep(1025))
---print(bob.close_code, small:now()) --> 1009 0.0
---small:stop()
---```
---@param script? string|fun(moonroom: moonroom): moonroom.Room|nil a script directory, a file, or a
--- function that gets what require "moonroom" answers (and runs in the spec's own globals); paths
--- are relative to the current directory. Without: the directory whose spec/ the calling spec is
--- in; where it is in none, the one that `moonroom test` was given (MOONROOM_TEST_DIR), or "."
---@param options? moonroom.test.LoadOptions
---@return moonroom.test.App
function test.load(script, options) end

---What [test.simulate](#test.simulate) takes.
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
---
---```lua
---test.simulate {
---  app = "examples/chat",
---  paths = function(random, number)
---    return ("/%s?name=p%d"):format(random(2) == 1 and "bongo" or "fury", number)
---  end,
---  peers = 8, steps = 100,
---  check = function(app)
---    local there = 0
---    for _, path in ipairs { "/bongo", "/fury" } do
---      there = there + #app:room(path)
---    end
---    assert.is_true(there <= 8)
---  end,
---}
---```
---@param simulation moonroom.test.Simulation
function test.simulate(simulation) end

---As of test.load, but for start, which is the recording's; in memory only.
---@class moonroom.test.ReplayOptions: moonroom.test.LoadOptions
---@field tail? number seconds that the clock moves on behind the last event; 0 by default

---What a client was sent.
---@class moonroom.test.Message
---@field kind "text"|"binary"|"ping"|"pong"|"close"
---@field payload string
---@field compressed true|nil true where it came compressed
---@field time number|nil seconds since the start, of a replay

---A recorded client: it is read like any peer, and with assert.peer; it can't send.
---@class moonroom.test.ReplayedPeer: moonroom.test.Peer

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
---
---```lua
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

return test
