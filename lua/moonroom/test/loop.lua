-- luv's loop, run until something has happened.

local raise = require "moonroom.test.raise"

local ok, uv = pcall(require, "luv")
if not ok then
  raise('transport = "tcp" needs luv for Lua 5.4 (Debian\'s package is lua-luv; luarocks '
    .. "--lua-version 5.4 install luv): %s", tostring(uv):match("^[^\n]*"))
end

-- Seconds, of a clock that is never set.
local function now() return uv.hrtime() / 1e9 end

local longest_tick = 20 -- milliseconds

-- Runs the loop until the condition holds, and for so many seconds at the most. Returns what the
-- condition did. The timer ticks: one that is due when a run of the loop begins doesn't keep that
-- from sleeping afterwards.
local function wait(condition, seconds)
  local result = condition()
  if result then return result end
  local till = now() + seconds
  local timer, tick = uv.new_timer(), math.max(1, math.min(longest_tick, math.ceil(seconds * 1000)))
  timer:start(tick, tick, function() end)
  while not result and now() < till do
    uv.run("once")
    result = condition()
  end
  timer:close()
  return result
end

-- Lets what has happened be told, without waiting.
local function poll() uv.run("nowait") end

return { wait = wait, poll = poll, now = now }
