---@meta
-- Assertions about peers: what luassert, which busted comes with, can say of them.

---`assert.peer(ann)` is followed by what is asserted, or by `not_` and that. Where it doesn't hold,
---it says what was expected of which peer, and what has come to it instead.
---
---```lua
---local app = test.load("examples/echo")
---local ann = app:connect("/echo")
---ann:send("hi")
---local ok, why = pcall(function() assert.peer(ann).received("ho") end)
---print(ok) --> false
---print(tostring(why):match("peer 1.*expected")) --> peer 1 at /echo was expected
---print(tostring(why):match("but.*")) --> but received "hi"
---```
---@class moonroom.test.Assertions
local Assertions = {}

---Holds where exactly these messages, texts or binary ones, have come in this order since the last
---take; takes them then. Negated, it says that none of them has come, and takes nothing.
---
---```lua
---local app = test.load("examples/echo")
---local ann = app:connect("/echo")
---ann:send("hi")
---ann:send { b = 2, a = 1 }
---assert.peer(ann).not_received("ho")
---assert.peer(ann).received("hi", { a = 1, b = 2 })
---assert.peer(ann).received_nothing()
---```
---@param ... string|number|table each a message; a table is compared as JSON
function Assertions.received(...) end

---Holds where no text and no binary message has come since the last take.
---
---```lua
---local app = test.load("examples/echo")
---local ann, bob = app:connect("/echo"), app:connect("/echo")
---ann:send("hi")
---assert.peer(bob).received_nothing()
---assert.peer(ann).not_received_nothing()
---```
function Assertions.received_nothing() end

---Holds where the peer is closed, with this code and reason if they are given.
---
---```lua
---local app = test.load("examples/chat")
---local ann = app:connect("/bongo")
---assert.peer(ann).not_closed()
---app:room("/bongo"):close(1001, "renovation")
---app:advance(0)
---assert.peer(ann).closed()
---assert.peer(ann).closed(1001, "renovation")
---```
---@param code? integer of the server's Close; 1005: it had none, 1006: there was none
---@param reason? string
function Assertions.closed(code, reason) end

---Holds where the peer was refused, with this status if it is given.
---
---```lua
---local app = test.load("examples/chat")
---assert.peer(app:connect("/nowhere")).refused(404)
---```
---@param status? integer of the HTTP response
function Assertions.refused(status) end
