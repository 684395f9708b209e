local raises_here = require "raises_here"
local world = require "world"

local function new() return world.new() end

describe("after", function()
  it("calls once, with its arguments, when it is due", function()
    local w, got = new(), {}
    local timer = w.moonroom.after(2, function(...) got[#got + 1] = table.pack(...) end, 1, nil, 3)
    w:advance(1.5)
    assert.same({}, got)
    assert.equal(0.5, timer.left)
    w:advance(10)
    assert.same({ { n = 3, 1, nil, 3 } }, got)
    assert.is_nil(timer.left)
  end)

  it("of 0 seconds runs in the next turn and never in this one", function()
    local w, count = new(), 0
    local function again()
      count = count + 1
      if count < 3 then w.moonroom.after(0, again) end
    end
    w.moonroom.after(0, again)
    assert.equal(0, count)
    for turn = 1, 3 do
      w.kit.turn(w.hub)
      assert.equal(turn, count)
    end
  end)

  it("raises for NaN, less than 0, and nothing to call", function()
    local w = new()
    for _, wrong in ipairs { 0 / 0, -1 } do
      assert.has_error(function() w.moonroom.after(wrong, print) end)
    end
    assert.has_error(function() w.moonroom.after(1) end)
  end)

  it("of 1e300 seconds never fires, and holds up nothing", function()
    local w, fired = new(), false
    w.moonroom.after(1e300, function() fired = true end)
    w:advance(1e6)
    assert.is_false(fired)
  end)

  it("may wait", function()
    local w, notes = new(), {}
    w.moonroom.after(1, function()
      notes[1] = "begun"
      w.moonroom.sleep(1)
      notes[2] = "done"
    end)
    w:advance(1)
    assert.same({ "begun" }, notes)
    w:advance(1)
    assert.same({ "begun", "done" }, notes)
  end)

  it("logs an error with where the timer was made", function()
    local w = new()
    w.moonroom.after(1, function() error("oops") end)
    w:advance(1)
    local log = w:log()
    assert.truthy(log:find("a timer made at [^ ]*lua_timer_spec.lua:%d+"), log)
    assert.truthy(log:find("oops", 1, true))
  end)

  it("lives though nobody holds it, and goes when it has fired", function()
    local w, fired = new(), 0
    local seen = setmetatable({}, { __mode = "v" })
    seen[1] = w.moonroom.after(1, function() fired = fired + 1 end)
    collectgarbage()
    collectgarbage()
    assert.truthy(seen[1])
    w:advance(1)
    assert.equal(1, fired)
    collectgarbage()
    collectgarbage()
    assert.is_nil(seen[1])
  end)
end)

describe("every", function()
  it("neither drifts nor piles up", function()
    local w, times = new(), {}
    local start = w.moonroom.now()
    local timer = w.moonroom.every(1, function()
      times[#times + 1] = w.moonroom.now() - start
      if #times == 2 then w.moonroom.sleep(2.5) end
    end)
    w:advance(6)
    assert.same({ 1, 2, 5, 6 }, times)
    assert.is_true(timer:stop())
    w:advance(5)
    assert.equal(4, #times)
    assert.same({ nil, "ended" }, { timer:stop() })
  end)

  it("can be stopped inside its own function", function()
    local w, count, timer = new(), 0, nil
    timer = w.moonroom.every(1, function()
      count = count + 1
      if count == 2 then timer:stop() end
    end)
    w:advance(10)
    assert.equal(2, count)
  end)

  it("restarts inside its own function", function()
    local w, count, timer = new(), 0, nil
    timer = w.moonroom.after(1, function()
      count = count + 1
      if count < 3 then timer:restart(2) end
    end)
    w:advance(4.9)
    assert.equal(2, count)
    w:advance(10)
    assert.equal(3, count)
  end)

  it("restarts from now, with another interval too", function()
    local w, count = new(), 0
    local timer = w.moonroom.every(2, function() count = count + 1 end)
    w:advance(1)
    timer:restart()
    w:advance(1.5)
    assert.equal(0, count)
    w:advance(0.5)
    assert.equal(1, count)
    timer:restart(10)
    w:advance(9)
    assert.equal(1, count)
    timer:stop()
    timer:restart(1)
    w:advance(1)
    assert.equal(2, count)
    timer:stop()
  end)

  it("looks a method's name up when it is due", function()
    local w, notes = new(), {}
    local Room = w.moonroom.Room:extend("Timed")
    function Room.tick(_, text) notes[#notes + 1] = "old " .. text end
    local room = Room { path = "/" }
    room:every(1, "tick", "x")
    w:advance(1)
    function Room.tick(_, text) notes[#notes + 1] = "new " .. text end
    w:advance(1)
    assert.same({ "old x", "new x" }, notes)
    room:close()
    w:advance(5)
    assert.equal(2, #notes)
    assert.same({ nil, "closed" }, { room:after(1, "tick") })
  end)

  it("of a client stops when it leaves", function()
    local w, count = new(), 0
    local Room = w.moonroom.Room:extend("Timed")
    function Room.on_join(_, client)
      client:every(1, function(own) assert(own == client) count = count + 1 end)
    end
    w.moonroom.mount("/", Room)
    local peer = w:connect("/")
    w:advance(2)
    assert.equal(2, count)
    peer:close(1000)
    w:advance(5)
    assert.equal(2, count)
  end)
end)

describe("max_timers", function()
  local few = 3

  -- A world with as many timers as there may be, which fire in 1, 2 and 3 seconds.
  local function full(kind)
    local w, timers = world.new { max_timers = few }, {}
    for index = 1, few do timers[index] = w.moonroom[kind or "after"](index, function() end) end
    return w, timers
  end

  local function refuses(call)
    raises_here("too many timers: max_timers is " .. few, call)
  end

  it("is reached, and not passed, by timers of every kind", function()
    local w = full()
    local room = w.moonroom.Room {}
    refuses(function() w.moonroom.after(1, print) end)
    refuses(function() w.moonroom.every(1, print) end)
    refuses(function() room:after(1, print) end)
    w:advance(1)
    assert.is_truthy(room:every(1, function() end))
    refuses(function() room:after(1, print) end)
  end)

  it("counts no more what has fired, was stopped or went with its owner", function()
    local w, timers = full()
    w:advance(1)
    timers[2]:stop()
    local room = w.moonroom.Room {}
    room:every(1, function() end)
    room:every(1, function() end)
    refuses(function() w.moonroom.after(1, print) end)
    room:close()
    w.moonroom.after(1, function() end)
    w.moonroom.after(1, function() end)
    refuses(function() w.moonroom.after(1, print) end)
  end)

  it("counts one that waits in its function", function()
    local w = world.new { max_timers = 1 }
    w.moonroom.after(1, function() w.moonroom.sleep(5) end)
    w:advance(1)
    assert.error_matches(function() w.moonroom.after(1, print) end, "too many timers")
    w:advance(5)
    w.moonroom.after(1, function() end)
  end)

  it("holds for the restart of one that has ended, not of one that is armed", function()
    local w, timers = full()
    timers[1]:restart(5)
    timers[2]:stop()
    w.moonroom.after(9, function() end)
    refuses(function() timers[2]:restart(1) end)
    assert.is_nil(timers[2].left)
    timers[3]:stop()
    assert.is_true(timers[2]:restart(1))
  end)

  it("is no matter of rooms that linger", function()
    local w = full "every"
    w.moonroom.mount("/:name", w.moonroom.Room:extend("Talk"))
    w:connect("/a"):reset()
    assert.is_truthy(w.moonroom.room("/a"))
    w:advance(30)
    assert.is_nil(w.moonroom.room("/a"))
  end)
end)

describe("a client's timer", function()
  local w, peer, timer, fired
  before_each(function()
    fired = 0
    w = world.new({ ping_interval = 0 }, function(moonroom)
      local Room = moonroom.Room:extend("Timed")
      function Room.on_join(_, client)
        timer = client:after(1, function() fired = fired + 1 end)
      end
      moonroom.mount("/", Room)
    end)
    peer = w:connect("/")
  end)

  it("that is restarted after it has fired still stops with the client", function()
    w:advance(1)
    assert.is_true(timer:restart())
    peer:reset()
    w:advance(5)
    assert.equal(1, fired)
  end)

  it("is not restarted once the client has left", function()
    peer:reset()
    assert.same({ nil, "closed" }, { timer:restart() })
    w:advance(5)
    assert.equal(0, fired)
  end)
end)

describe("a hundred thousand timers", function()
  it("cost a turn nothing while they sleep", function()
    local w = new()
    local timers = {}
    for i = 1, 100000 do timers[i] = w.moonroom.after(1000 + i, print) end
    local before = w:memory()
    for _ = 1, 1000 do w.kit.turn(w.hub) end
    assert.equal(before, (w:memory()))
    for i = 1, 100000 do timers[i]:stop() end
    assert.equal(math.huge, w.kit.turn(w.hub))
  end)
end)

describe("a finalizer that comes with the end of its app", function()
  it("can neither make a timer nor spawn a task, and ends nothing", function()
    local raised = {}
    local function begin()
      local w = new()
      setmetatable({}, { __gc = function()
        for _, name in ipairs { "after", "spawn" } do
          local ok, why = pcall(w.moonroom[name], name == "after" and 1 or print, print)
          raised[name] = ok and "nothing" or why
        end
      end })
    end
    begin()
    for _ = 1, 3 do collectgarbage() end
    assert.matches("the app has ended", raised.after)
    assert.matches("the app has ended", raised.spawn)
  end)
end)

describe("a timer whose hub has gone", function()
  it("answers that it has ended", function()
    local timer = new().moonroom.after(5, print)
    collectgarbage()
    collectgarbage()
    timer:stop()
    assert.is_nil(timer.left)
    assert.same({ nil, "ended" }, { timer:stop() })
  end)
end)
