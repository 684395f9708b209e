local kit = require("moonroom.core").testkit.base

local NOON = 1700000000

local function say(log, time, count, event, rule, level)
  for _ = 1, count do log:say(time, event, rule, level) end
end

-- The lines without their times, counted: { "info  a" = 3, ... }.
local function counted(log)
  local counts = {}
  for line in log:lines():gmatch("[^\n]+") do
    line = line:gsub("^%S+ ", "")
    counts[line] = (counts[line] or 0) + 1
  end
  return counts
end

describe("a log's rate", function()
  it("lets a burst through, and not one line more", function()
    local log = kit.log_new(10, 50)
    say(log, NOON, 50, "a")
    assert.same({ ["info  a"] = 50 }, counted(log))
    say(log, NOON, 1, "a")
    assert.same({}, counted(log))
  end)

  it("lets a line through for each tenth of a second, and not one more", function()
    local log = kit.log_new(10, 50)
    say(log, NOON, 50, "a")
    say(log, NOON + 0.09, 1, "a")
    assert.same({ ["info  a"] = 50 }, counted(log))
    say(log, NOON + 0.11, 2, "a")
    assert.same({ ["info  a"] = 1 }, counted(log))
    say(log, NOON + 0.61, 100, "a")
    assert.same({ ["info  a"] = 5 }, counted(log))
  end)

  it("saves no more than the burst", function()
    local log = kit.log_new(10, 50)
    say(log, NOON, 1, "a")
    say(log, NOON + 86400, 51, "a")
    assert.same({ ["info  a"] = 51 }, counted(log))
  end)

  it("is each key's own: event and rule", function()
    local log = kit.log_new(10, 2)
    say(log, NOON, 5, "a")
    say(log, NOON, 5, "b")
    say(log, NOON, 5, "a", "origins")
    say(log, NOON, 5, "a", "rooms")
    assert.same({ ["info  a"] = 6, ["info  b"] = 2 }, counted(log))
  end)

  it("tells what it suppressed a second after it began to, once", function()
    local log = kit.log_new(10, 2)
    say(log, NOON, 7, "a", "origins")
    assert.equal(1, log:settle(NOON))
    assert.near(0.25, log:settle(NOON + 0.75), 1e-6)
    assert.same({ ["info  a"] = 2 }, counted(log))
    assert.equal(math.huge, log:settle(NOON + 1))
    assert.same({ ["info  a suppressed=5 rule=origins"] = 1 }, counted(log))
    assert.equal(math.huge, log:settle(NOON + 100))
    assert.same({}, counted(log))
  end)

  it("tells each key's own count", function()
    local log = kit.log_new(10, 2)
    say(log, NOON, 3, "a")
    say(log, NOON, 4, "b")
    say(log, NOON, 2, "c")
    counted(log)
    log:settle(NOON + 1)
    assert.same({ ["info  a suppressed=1"] = 1, ["info  b suppressed=2"] = 1 }, counted(log))
  end)

  it("keeps a flood to ten lines and a count a second", function()
    local log = kit.log_new(10, 50)
    for step = 0, 9999 do
      say(log, NOON + step / 1000, 1, "a")
      log:settle(NOON + step / 1000)
    end
    log:finish(NOON + 10)
    local passed, told, lines = 0, 0, 0
    for line, count in pairs(counted(log)) do
      local suppressed = line:match("suppressed=(%d+)$")
      if suppressed then told = told + suppressed * count else passed = passed + count end
      lines = lines + count
    end
    assert.equal(10000, passed + told)
    assert.is_true(passed >= 148 and passed <= 150, passed)
    assert.is_true(lines <= 161, lines)
  end)

  it("tells at the highest level of what it suppressed", function()
    local log = kit.log_new(10, 1)
    say(log, NOON, 2, "a", nil, "info")
    say(log, NOON, 1, "a", nil, "error")
    say(log, NOON, 1, "a", nil, "warn")
    counted(log)
    log:settle(NOON + 1)
    assert.same({ ["error a suppressed=3"] = 1 }, counted(log))
  end)

  it("doesn't count what the level drops", function()
    local log = kit.log_new(10, 2)
    say(log, NOON, 100, "a", nil, "debug")
    assert.equal(math.huge, log:settle(NOON + 1))
    say(log, NOON, 2, "a")
    assert.same({ ["info  a"] = 2 }, counted(log))
  end)

  it("tells the rest at the end", function()
    local log = kit.log_new(10, 2)
    say(log, NOON, 5, "a")
    counted(log)
    log:finish(NOON)
    assert.same({ ["info  a suppressed=3"] = 1 }, counted(log))
  end)

  it("is not disturbed by a clock that is set back", function()
    local log = kit.log_new(10, 2)
    say(log, NOON, 3, "a")
    say(log, NOON - 3600, 3, "a")
    assert.same({ ["info  a"] = 2 }, counted(log))
    assert.equal(1, log:settle(NOON - 3600))
    say(log, NOON - 3600 + 0.2, 3, "a")
    assert.same({ ["info  a"] = 2 }, counted(log))
    assert.equal(math.huge, log:settle(NOON - 3599))
    assert.same({ ["info  a suppressed=5"] = 1 }, counted(log))
  end)

  it("has room for 64 busy keys, and one bucket for all beyond", function()
    local log = kit.log_new(10, 2)
    for key = 1, 64 do say(log, NOON, 3, "a", "rule" .. key) end
    assert.same({ ["info  a"] = 128 }, counted(log))
    for key = 65, 1000 do say(log, NOON, 1, "a", "rule" .. key) end
    assert.same({}, counted(log))
    log:settle(NOON + 1)
    local counts, keys = counted(log), 0
    for line in pairs(counts) do keys = keys + (line:find("suppressed=1 ", 1, true) and 1 or 0) end
    assert.equal(63, keys)
    assert.equal(1, counts["info  a suppressed=937 rule=rule64"])
  end)

  it("gives a quiet key's place to another", function()
    local log = kit.log_new(10, 2)
    for key = 1, 1000 do say(log, NOON + key, 3, "a", "rule" .. key) log:settle(NOON + key + 1) end
    log:finish(NOON + 2000)
    assert.equal(2000, counted(log)["info  a"])
  end)

  it("of 0 is none", function()
    local log = kit.log_new(0)
    say(log, NOON, 1000, "a")
    assert.same({ ["info  a"] = 1000 }, counted(log))
  end)
end)
