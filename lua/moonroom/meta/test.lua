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
---@field transport? "memory" where the app runs
---@field [string] number|string an option of the server's, as in config.lua, which it beats:
--- max_message = "4m", close_timeout = 5

---A network that is hard on the server. Any write and read still come to what they would.
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
---@param script string|fun(moonroom: moonroom): moonroom.Room|nil a script directory, a file, or a
--- function that gets what require "moonroom" answers (and runs in the spec's own globals); paths
--- are relative to the current directory
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

return test
