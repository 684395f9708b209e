-- The time budget of a handler: warned, and stopped whatever the script does against it.

local core = require "moonroom.core"
local one_room = require "one_room"

-- As handlers have it: the server and the kit put these in place of Lua's.
local coroutine = setmetatable({}, { __index = coroutine })
for name, value in pairs(core.coroutine) do coroutine[name] = value end

-- A global is looked up by busted's own functions, where a stop would find the handler.
local error, load, pcall, require, xpcall = error, load, pcall, require, xpcall
local os, package, setmetatable, string = os, package, setmetatable, string
local table, tostring = table, tostring

local limits = { handler_warn = 0.01, handler_stop = 0.04, ping_interval = 0 }

local function spin() while true do end end

local function catch_all() while true do pcall(spin) end end

-- Each loops for ever in its own way.
local loops = {
  ["a plain loop"] = spin,
  ["a tail call"] = function() local function f() return f() end f() end,
  ["pcall in a loop"] = catch_all,
  ["xpcall, and a message handler that loops"] = function()
    while true do xpcall(spin, spin) end
  end,
  ["a message handler that loops after an error"] = function() xpcall(error, spin, "x") end,
  ["a message handler that catches all"] = function() xpcall(catch_all, catch_all) end,
  ["a coroutine"] = function() while true do coroutine.resume(coroutine.create(catch_all)) end end,
  ["coroutines in each other"] = function()
    local function nest(depth)
      if depth == 0 then catch_all() end
      while true do pcall(coroutine.wrap(nest), depth - 1) end
    end
    nest(5)
  end,
  ["coroutines that yield to each other"] = function()
    local other = coroutine.wrap(function() while true do pcall(coroutine.yield) end end)
    while true do pcall(other) end
  end,
  ["a coroutine below a callback of gsub"] = function()
    string.gsub("x", ".", function() coroutine.wrap(catch_all)() end)
    catch_all()
  end,
  ["__close"] = function()
    local function open() return setmetatable({}, { __close = catch_all }) end
    while true do
      pcall(function()
        local one <close> = open()
        local other <close> = open()
        error(one == other)
      end)
    end
  end,
  ["__close of what is stopped"] = function()
    local _ <close> = setmetatable({}, { __close = catch_all })
    catch_all()
  end,
  ["__close in a callback, with a message handler"] = function()
    string.gsub("x", ".", function()
      local _ <close> = setmetatable({}, { __close = catch_all })
      xpcall(catch_all, catch_all)
    end)
  end,
  ["coroutine.close"] = function()
    local one = coroutine.create(function()
      local _ <close> = setmetatable({}, { __close = catch_all })
      coroutine.yield()
    end)
    coroutine.resume(one)
    coroutine.close(one)
  end,
  ["a wrapped coroutine that fails, and closes"] = function()
    pcall(coroutine.wrap(function()
      local _ <close> = setmetatable({}, { __close = catch_all })
      error("x")
    end))
  end,
  ["a callback of string.gsub"] = function()
    string.gsub("x", ".", catch_all)
    catch_all()
  end,
  ["a callback of string.gsub with xpcall in it"] = function()
    string.gsub("x", ".", function() while true do xpcall(spin, spin) end end)
  end,
  ["a metamethod"] = function()
    local one = setmetatable({}, { __index = catch_all, __add = catch_all })
    pcall(function() return one.x end)
    return one + 1
  end,
  ["a comparator of table.sort"] = function() table.sort({ 1, 2, 3 }, catch_all) end,
  ["a reader of load"] = function() while true do load(function() catch_all() end) end end,
  ["an iterator"] = function() for _ in catch_all do error("never") end end,
  ["require"] = function()
    package.preload["budget.spin"] = catch_all
    require "budget.spin"
  end,
  ["tostring"] = function() tostring(setmetatable({}, { __tostring = catch_all })) end,
  ["a filter of broadcast"] = function(room) room:broadcast("x", catch_all) end,
}

local function fields(act)
  return {
    on_text = function(room, client) act(room, client) end,
    on_binary = function(_, client, data) client:send_binary(data) end,
  }
end

-- The CPU seconds that it takes.
local function timed(act)
  local before = os.clock()
  act()
  return os.clock() - before
end

local slack = (os.getenv("MOONROOM_ASAN") or os.getenv("MOONROOM_VALGRIND")) and 5 or 0.3

local function check_lives(w)
  local other = w:connect("/talk")
  other:frame("binary", "alive")
  assert.same({ "alive" }, other:take())
end

describe("a handler that doesn't end", function()
  local w

  local function stop(act)
    w = one_room(fields(act), limits)
    local peer = w:connect("/talk")
    assert.is_true(timed(function() peer:text("x") end) < slack)
    assert.same({ 1011, "internal error", 1 }, { peer:close_frame() })
    check_lives(w)
    return w:log()
  end

  local names = {}
  for name in pairs(loops) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    it("is stopped in " .. name, function()
      local log = stop(loops[name])
      assert.is_truthy(log:find("budget_spec.lua:%d+: stopped after 0.04 s of CPU: handler_stop"))
      local _, count = log:gsub("handler failed", "")
      assert.equal(1, count)
      assert.equal(1, w.kit.metrics(w.hub).handler_stop)
    end)
  end

  it("is told with the place where it was", function()
    local line = debug.getinfo(spin, "S").linedefined
    local log = stop(function() pcall(spin) end)
    assert.is_truthy(log:find(("budget_spec.lua:%d: stopped"):format(line), 1, true))
    assert.is_truthy(log:find(("traceback=\"%%S*budget_spec.lua:%d: stopped"):format(line)))
    assert.is_truthy(log:find("in upvalue 'act'", 1, true))
  end)

  it("is warned of before", function()
    local log = stop(spin)
    local line = debug.getinfo(spin, "S").linedefined
    local warning = log:match("[^\n]* warn  handler is slow where=on_text [^\n]*")
    assert.is_truthy(warning:find(("budget_spec.lua:%d: in "):format(line), 1, true))
    assert.equal(1, w.kit.metrics(w.hub).handler_warn)
  end)

  it("is stopped after an error, while its variables are closed", function()
    local log = stop(function()
      local _ <close> = setmetatable({}, { __close = catch_all })
      error("first")
    end)
    assert.is_truthy(log:find("budget_spec.lua:%d+: first"))
    assert.is_truthy(log:find("stopped after", 1, true))
  end)

  it("is stopped again in on_error, and told all the same", function()
    local asked = 0
    w = one_room({
      on_text = spin,
      on_binary = function(_, client, data) client:send_binary(data) end,
      on_error = function() asked = asked + 1 catch_all() end,
    }, limits)
    local peer = w:connect("/talk")
    assert.equal(1011, (peer:text("x"):close_frame()))
    assert.equal(1, asked)
    check_lives(w)
  end)

  it("gets to on_error as an error with a traceback", function()
    local told
    w = one_room({
      on_text = spin,
      on_error = function(_, client, err, traceback, where)
        told = { err, traceback, where }
        client:close(4000)
      end,
    }, limits)
    assert.equal(4000, (w:connect("/talk"):text("x"):close_frame()))
    assert.matches("budget_spec.lua:%d+: stopped after 0.04 s of CPU: handler_stop$", told[1])
    assert.matches("\nstack traceback:\n\t.*budget_spec.lua:%d+: in ", told[2])
    assert.equal("on_text", told[3])
  end)

  it("is stopped with those that have called it", function()
    local after = false
    local log = stop(function()
      w.moonroom.spawn(catch_all)
      after = true
    end)
    assert.is_false(after)
    assert.equal(2, select(2, log:gsub("handler failed", "")))
  end)

  it("is a task's or a timer's as well, or answers a request with 500", function()
    w = one_room(fields(spin), limits)
    w.moonroom.spawn(function()
      w.moonroom.sleep(1)
      spin()
    end)
    w.moonroom.after(2, catch_all)
    w:advance(3)
    local log = w:log()
    assert.is_truthy(log:find('where="a task spawned at', 1, true))
    assert.is_truthy(log:find('where="a timer made at', 1, true))
    assert.equal(2, select(2, log:gsub("handler failed", "")))
    w.moonroom.dispatch[1] = catch_all
    assert.equal(500, w:connect("/talk").status)
    w.moonroom.dispatch[1] = nil
    w.Talk.on_accept = catch_all
    assert.equal(500, w:connect("/talk").status)
    w.Talk.on_accept = nil
    check_lives(w)
  end)

  it("is stopped even where it ends in the pcall that kept the error", function()
    w = one_room({ on_text = function() return pcall(spin) end }, limits)
    assert.equal(1011, (w:connect("/talk"):text("x"):close_frame()))
    assert.matches("handler failed where=on_text", w:log())
  end)

  it("is stopped in a room's init without taking the path with it", function()
    w = one_room(fields(spin), limits)
    local count = 0
    local Slow = w.moonroom.Room:extend("Slow")
    function Slow.init(room)
      count = count + 1
      room:every(1, function() count = count + 100 end)
      if count == 1 then spin() end
    end
    w.moonroom.mount("/slow/:name", Slow)
    assert.equal(500, w:connect("/slow/a").status)
    assert.equal(101, w:connect("/slow/a").status)
    w:advance(1)
    assert.equal(102, count)
  end)

  it("is stopped at a room's door without keeping the room", function()
    w = one_room(fields(spin), limits)
    local Door = w.moonroom.Room:extend("Door", { on_accept = spin })
    w.moonroom.mount("/door/:name", Door)
    for _, name in ipairs { "a", "b" } do assert.equal(500, w:connect("/door/" .. name).status) end
    w:advance(60)
    for room in w.moonroom.rooms() do assert.equal("/talk", room.path) end
  end)

  it("is stopped in on_close without keeping who waits for the path", function()
    w = one_room(fields(spin), limits)
    local Closing = w.moonroom.Room:extend("Closing", { linger = 0, on_close = catch_all })
    w.moonroom.mount("/closing/:name", Closing)
    w:connect("/closing/a"):close(1000)
    w:advance(1)
    assert.matches("handler failed where=on_close", w:log())
    assert.equal(101, w:connect("/closing/a").status)
  end)

  it("is cancelled all the same", function()
    w = one_room(fields(spin), limits)
    local task = w.moonroom.spawn(function()
      local _ <close> = setmetatable({}, { __close = catch_all })
      coroutine.wrap(function()
        local _ <close> = setmetatable({}, { __close = catch_all })
        w.moonroom.sleep(9)
      end)()
    end)
    assert.is_true(timed(function() task:cancel() end) < slack)
    assert.is_truthy(w:log():find("stopped after", 1, true))
    check_lives(w)
  end)

  it("leaves a coroutine that others can't have looping either", function()
    local one
    stop(function()
      one = coroutine.create(function()
        local _ <close> = setmetatable({}, { __close = catch_all })
        catch_all()
      end)
      coroutine.resume(one)
    end)
    assert.equal("dead", coroutine.status(one))
    assert.is_false((coroutine.close(one)))
  end)

  it("may be stopped time and again", function()
    w = one_room(fields(spin), { handler_stop = 0.03 })
    for _ = 1, 20 do assert.equal(1011, (w:connect("/talk"):text("x"):close_frame())) end
    check_lives(w)
    assert.equal(20, w.kit.metrics(w.hub).handler_stop)
  end)
end)

local function burn(seconds)
  local till = os.clock() + seconds
  while os.clock() < till do end
end

describe("a handler", function()
  it("that waits has its time afresh", function()
    local done
    local w = one_room(function(moonroom)
      return fields(function()
        for _ = 1, 6 do
          burn(0.02)
          moonroom.sleep(1)
        end
        done = true
      end)
    end, { handler_stop = 0.08 })
    w:connect("/talk"):text("x")
    w:advance(10)
    assert.is_true(done)
    assert.equal("", w:log())
  end)

  it("is neither warned of nor stopped where these are 0", function()
    local w = one_room(fields(function() burn(0.2) end), { handler_warn = 0, handler_stop = 0 })
    local peer = w:connect("/talk"):text("x")
    assert.is_nil(peer:close_frame())
    assert.equal("", w:log())
  end)

  it("that ends in C before it can be stopped is told as slow", function()
    local w = one_room(fields(function() return ("a"):rep(100):find(".-.-.-b") end),
      { handler_warn = 0.001, handler_stop = 0 })
    w:connect("/talk"):text("x")
    assert.matches("handler is slow where=on_text", w:log())
  end)

  it("is stopped once C has returned, and doesn't go on to the next thing", function()
    local after = false
    local w = one_room(fields(function()
      local _ = ("a"):rep(220):find(".-.-.-b")
      after = true
    end), { handler_stop = 0.01 })
    assert.equal(1011, (w:connect("/talk"):text("x"):close_frame()))
    assert.is_false(after)
  end)

  it("goes on with the coroutine that a stopped one had resumed", function()
    local other = coroutine.wrap(function()
      while true do coroutine.yield("next") end
    end)
    local has_spun = false
    local w = one_room(fields(function(_, client)
      client:send(other())
      if has_spun then return end
      has_spun = true
      spin()
    end), limits)
    assert.equal(1011, (w:connect("/talk"):text("x"):close_frame()))
    assert.same({ "next" }, w:connect("/talk"):text("x"):take())
  end)
end)
