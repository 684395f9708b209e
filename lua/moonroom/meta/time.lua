---@meta
-- What moonroom.spawn, promise, after and every return.

---@class moonroom.Task
local Task = {}

---@param seconds? number how long to wait; without, until it ends
---@return any ... what the function returned; nil, "timeout" | "failed" | "cancelled"
function Task:wait(seconds) end

---Ends a task that waits: its to-be-closed variables are closed, nothing behind the wait runs.
---@return true|nil
---@return string? error "ended", or "running" where it is the caller
function Task:cancel() end

---@class moonroom.Promise
local Promise = {}

---@param ... any for all who wait
---@return true|nil
---@return string? error "resolved" where it was already
function Promise:resolve(...) end

---@param seconds? number how long to wait; without, until it is resolved
---@return any ... the values; nil, "timeout"
function Promise:wait(seconds) end

---@class moonroom.Timer
---@field left number|nil seconds until it fires; nil where it doesn't
local Timer = {}

---@return true|nil
---@return string? error "ended"
function Timer:stop() end

---Counts anew from now, also after it has fired or was stopped.
---@param seconds? number another interval
---@return true
function Timer:restart(seconds) end
