--- Waits for an event, never for time to pass: runs luv's loop until something holds.
local busted = require "busted"
local uv = require "luv"

-- What failed specs have left behind. luv crashes at the end of a Lua state that has handles left,
-- or closed ones that it hasn't finished with.
local function close_leftovers()
  uv.walk(function(handle)
    if handle:get_type() == "process" then handle:kill("sigkill") end
    if not handle:is_closing() then handle:close() end
  end)
  uv.run()
end

busted.subscribe({ "suite", "end" }, close_leftovers)

-- Long enough for a sanitizer's build on a busy machine; a spec that passes never waits so long.
local LIMIT = 20

--- Returns what `condition()` returns as soon as that is neither nil nor false. Raises where it
--- has not come within `seconds` (20); `what` says what was waited for, or is a function that does.
local function wait(condition, what, seconds)
  local late = false
  local timer = uv.new_timer()
  uv.update_time() -- the loop's clock stands while it doesn't run
  timer:start(math.floor((seconds or LIMIT) * 1000), 0, function() late = true end)
  local result = condition()
  while not result and not late do
    uv.run("once")
    result = condition()
  end
  timer:stop()
  timer:close()
  if result then return result end
  if type(what) == "function" then what = what() end
  error("waited in vain for " .. (what or "something"), 2)
end

return wait
