---@meta
-- Peers: the clients of an app under test, which app:connect returns.

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
---@field compression boolean|nil whether compression was agreed on, from the 101 on
---@field messages moonroom.test.Message[] all that it was sent and that take has not taken
---@field close_code integer|nil of the server's Close; 1005: it had none, 1006: there was none
---@field close_reason string|nil
local Peer = {}

---Sends a text.
---
---```lua
---local app = test.load("examples/echo")
---local ann = app:connect("/echo")
---ann:send("hi")
---ann:send { a = 1 }
---assert.same({ "hi", '{"a":1}' }, ann:take())
---ann:send("\xff") -- no UTF-8
---assert.peer(ann).closed(1007)
---```
---@param message string|number|table text, or a table as JSON; unlike a browser's it may be invalid
function Peer:send(message) end

---Sends a binary message.
---
---```lua
---local app = test.load("examples/echo")
---local ann = app:connect("/echo")
---ann:send_binary("\0\xff")
---assert.same({ "\0\xff" }, ann:take("binary"))
---```
---@param data string
function Peer:send_binary(data) end

---Sends bytes that need be no frames: what a broken or a wicked client does.
---
---```lua
---local app = test.load("examples/echo")
---local ann = app:connect("/echo")
---ann:raw("\x81\x02hi") -- a text whose payload isn't masked
---assert.peer(ann).closed(1002)
---```
---@param bytes string sent as they are, whole frames or not
function Peer:raw(bytes) end

---Pings the server, which answers by itself.
---
---```lua
---local app = test.load("examples/echo")
---local ann = app:connect("/echo")
---ann:ping("are you there?")
---assert.same({ "are you there?" }, ann:take("pong"))
---```
---@param data? string at most 125 bytes; the answer is in take("pong")
function Peer:ping(data) end

---Begins the closing handshake.
---
---```lua
---local app = test.load("examples/echo")
---local ann = app:connect("/echo")
---ann:close(1000, "bye")
---print(ann.state, ann.close_code) --> closed 1000
---```
---@param code? integer none by default
---@param reason? string at most 123 bytes
function Peer:close(code, reason) end

---Resets the connection, as if the line were cut.
---
---```lua
---local app = test.load("examples/chat")
---local ann, bob = app:connect("/fury?name=ann"), app:connect("/fury?name=bob")
---app:drain()
---ann:drop()
---assert.peer(bob).received("ann has left /fury")
---print(ann.close_code) --> 1006
---```
function Peer:drop() end

---Takes nothing more of what the server sends: a slow reader.
---
---```lua
---local app = test.load("examples/chat")
---local ann, bob = app:connect("/fury?name=ann"), app:connect("/fury?name=bob")
---app:drain()
---bob:pause()
---ann:send("hi")
---assert.peer(bob).received_nothing()
---bob:resume()
---assert.peer(bob).received("ann says hi")
---```
function Peer:pause() end

---Goes on to take it.
---
---```lua
---local app = test.load("examples/chat")
---local ann = app:connect("/fury?name=ann", { paused = true })
---print(ann.state) --> connecting
---ann:resume()
---print(ann.state) --> open
---```
function Peer:resume() end

---Answers neither pings nor Closes from now on: a peer that has gone without a word.
---
---```lua
---local app = test.load("examples/chat")
---local ann, bob = app:connect("/fury?name=ann"), app:connect("/fury?name=bob")
---app:drain()
---bob:stop_answering()
---app:advance(61)
---assert.peer(bob).closed(1006)
---assert.equal("bob has left /fury", ann:last())
---```
function Peer:stop_answering() end

---How the network is from now on.
---
---```lua
---local app = test.load("examples/echo")
---local ann = app:connect("/echo")
---ann:faults { read = 1, write = 1 } -- a byte at a time, both ways
---ann:send("hi")
---assert.peer(ann).received("hi")
---```
---@param faults moonroom.test.Faults instead of those before
function Peer:faults(faults) end

---What has come since the last take or drain, which is forgotten then.
---Without a kind, texts and binary messages.
---
---```lua
---local app = test.load("examples/echo")
---local ann = app:connect("/echo")
---ann:send("one")
---ann:send_binary("two")
---assert.same({ "one", "two" }, ann:take())
---assert.same({}, ann:take())
---```
---@param kind? "text"|"binary"|"ping"|"pong"|"close"
---@return string[] payloads
function Peer:take(kind) end

---As take("text"), decoded.
---Raises where a text is no JSON.
---
---```lua
---local app = test.load("examples/echo")
---local ann = app:connect("/echo")
---ann:send { 1, 2 }
---ann:send { a = true }
---assert.same({ { 1, 2 }, { a = true } }, ann:take_json())
---```
---@return any[] values
function Peer:take_json() end

---The newest message that has come.
---
---```lua
---local app = test.load("examples/echo")
---local ann = app:connect("/echo")
---ann:send("one")
---ann:send("two")
---print(ann:last()) --> two
---print(#ann:take()) --> 2
---```
---@param kind? "text"|"binary"|"ping"|"pong"|"close"
---@return string|nil payload it stays to be taken
function Peer:last(kind) end

---The newest text, decoded.
---
---```lua
---local app = test.load("examples/echo")
---local ann = app:connect("/echo")
---ann:send { a = { 1, 2 } }
---print(ann:last_json().a[2]) --> 2
---```
---@return any value nil where none has come
function Peer:last_json() end
