-- luv's loop, run until something has happened.

local raise = require "moonroom.test.raise"

local ok, uv = pcall(require, "luv")
if not ok then
  raise('transport = "tcp" needs luv for Lua 5.4 (Debian\'s package is lua-luv; luarocks '
    .. "--lua-version 5.4 install luv): %s", tostring(uv):match("^[^\n]*"))
end

-- Runs the loop until the condition holds, and for so many seconds at the most. Returns what the
-- condition did.
local function wait(condition, seconds)
  local result, is_late = condition(), false
  if result then return result end
  local timer = uv.new_timer()
  timer:start(math.ceil(seconds * 1000), 0, function() is_late = true end)
  while not result and not is_late do
    uv.run("once")
    result = condition()
  end
  timer:close()
  return result
end

-- Lets what has happened be told, without waiting.
local function poll() uv.run("nowait") end

-- Seconds, of a clock that is never set.
local function now() return uv.hrtime() / 1e9 end

return { wait = wait, poll = poll, now = now }
