-- What handlers and their tests cost: an echo handler's call by the doorway, as a ratio to a bare
-- lua_pcall of the same function and to one of a C function that pushes its arguments (which must
-- happen under protection); and 1,000 rounds of the test kit. CPU time, the best of five.
--
--   make bench-handlers

local kit = require("moonroom.core").testkit.app
local test = require "moonroom.test"

local calls, rounds, repeats = 1000000, 1000, 5

-- The least of each of a function's results.
local function best(measure)
  local least = { measure() }
  for _ = 2, repeats do
    for index, seconds in ipairs { measure() } do least[index] = math.min(least[index], seconds) end
  end
  return table.unpack(least)
end

local function empty() end

-- As much as an echo's handler does beside sending: one look at a table, one call.
local sink = { keep = function() end }
local function echo(_, text) sink.keep(text) end

local function report_calls(name, handler)
  local hub = kit.hub()
  local bare, body, doorway = best(function() return kit.doorway(hub, handler, calls) end)
  local function nanoseconds(seconds) return seconds / calls * 1e9 end
  print(("%-28s lua_pcall %3.0f ns, with its arguments pushed under protection %3.0f ns, "
    .. "the doorway %3.0f ns: %.2f and %.2f"):format(name, nanoseconds(bare), nanoseconds(body),
    nanoseconds(doorway), doorway / bare, doorway / body))
end

local function report_rounds()
  local app = test.load("examples/echo")
  local seconds = best(function()
    local start = os.clock()
    for _ = 1, rounds do
      local peer = app:connect("/echo")
      peer:send("hello")
      assert(peer:take()[1] == "hello")
      peer:close(1000)
    end
    return os.clock() - start
  end)
  app:stop()
  print(("%-28s %.0f ms"):format(rounds .. " rounds of the test kit", seconds * 1000))
end

report_calls("an empty handler", empty)
report_calls("an echo's handler", echo)
report_rounds()
