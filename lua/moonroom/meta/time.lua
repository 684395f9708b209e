---@meta
-- Time: tasks, promises and timers, which moonroom.spawn, moonroom.promise, moonroom.after and
-- moonroom.every return.

---A function that runs beside others.
---@class moonroom.Task
local Task = {}

---Waits for the task's end.
---```lua
---local task = moonroom.spawn(function()
---  moonroom.sleep(2)
---  return "done", 100
---end)
---print(task:wait(1)) --> nil timeout
---print(task:wait()) --> done 100
---```
---@param seconds? number how long to wait; without, until it ends
---@return any ... what the function returned; nil, "timeout" | "failed" | "cancelled"
function Task:wait(seconds) end

---Ends a task that waits: its to-be-closed variables are closed, nothing behind the wait runs.
---```lua
---local task = moonroom.spawn(function()
---  moonroom.sleep(60)
---  print("never")
---end)
---print(task:cancel()) --> true
---print(task:wait()) --> nil cancelled
---```
---@return true|nil
---@return string? error "ended", or "running" where it is the caller
function Task:cancel() end

---A value that is still to come.
---@class moonroom.Promise
local Promise = {}

---Gives the promise its values: whoever waits goes on with them, and who waits later has them at
---once.
---```lua
---local promise = moonroom.promise()
---print(promise:resolve("yes", 2)) --> true
---print(promise:resolve("no")) --> nil resolved
---print(promise:wait()) --> yes 2
---```
---@param ... any for all who wait
---@return true|nil
---@return string? error "resolved" where it was already
function Promise:resolve(...) end

---Waits for the promise's values.
---```lua
---local Chess = moonroom.Room:extend("Chess")
---function Chess:init() self.opponent = moonroom.promise() end
---function Chess:on_join(client)
---  if #self == 2 then return self.opponent:resolve(client) end
---  if not self.opponent:wait(60) then client:close(1000, "nobody came") end
---end
---moonroom.mount("/chess", Chess)
---
----- ann connects to /chess
----- 60 seconds pass
----- ann is closed with 1000 "nobody came"
---```
---@param seconds? number how long to wait; without, until it is resolved
---@return any ... the values; nil, "timeout"
function Promise:wait(seconds) end

---A call that is still to come, or comes again and again.
---@class moonroom.Timer
---@field left number|nil seconds until it fires; nil where it doesn't
local Timer = {}

---Stops the timer. Inside its own function, too.
---```lua
---local count = 0
---local timer
---timer = moonroom.every(1, function()
---  count = count + 1
---  if count == 3 then timer:stop() end
---end)
---moonroom.sleep(10)
---print(count, timer.left, timer:stop()) --> 3 nil nil ended
---```
---@return true|nil
---@return string? error "ended"
function Timer:stop() end

---Counts anew from now, also after it has fired or was stopped.
---```lua
---local timer = moonroom.after(10, print, "ten seconds of silence")
---moonroom.sleep(4)
---print(timer.left) --> 6.0
---timer:restart()
---print(timer.left) --> 10.0
---```
---@param seconds? number another interval
---@return true|nil
---@return string? error "closed": the room or client whose timer it is has ended; "reloaded": it
--- was begun while scripts were loaded that are others now
function Timer:restart(seconds) end
