local kit = require("moonroom.core").testkit.base

-- All timers that are due, in the order they are taken.
local function take_all(timers, now, mark)
  local taken = {}
  for number in function() return timers:take_due(now, mark) end do
    taken[#taken + 1] = number
  end
  return taken
end

describe("the heap of timers", function()
  it("is empty at first, and owns nothing", function()
    local timers = kit.timers(1)
    assert.is_nil(timers:next())
    assert.is_nil(timers:take_due(1e9))
    assert.same({ 0, 0 }, { timers:memory() })
  end)

  it("hands out timers by their deadlines", function()
    local timers = kit.timers(5)
    for number, due in ipairs({ 5, 1, 4, 2, 3 }) do
      timers:start(number, due)
    end
    assert.equal(1, timers:next())
    assert.same({}, take_all(timers, 0.5))
    assert.same({ 2, 4, 5 }, take_all(timers, 3))
    assert.equal(4, timers:next())
    assert.same({ 3, 1 }, take_all(timers, 100))
    assert.is_nil(timers:next())
  end)

  it("hands out the one armed first among equal deadlines", function()
    local timers = kit.timers(50)
    local expected = {}
    for i = 1, 50 do
      timers:start(51 - i, 7)
      expected[i] = 51 - i
    end
    assert.same(expected, take_all(timers, 7))
  end)

  it("counts one that is armed again as armed later", function()
    local timers = kit.timers(3)
    for number = 1, 3 do
      timers:start(number, 7)
    end
    timers:start(1, 7)
    assert.same({ 2, 3, 1 }, take_all(timers, 7))
  end)

  it("moves a timer that is armed, to earlier or later", function()
    local timers = kit.timers(3)
    for number = 1, 3 do
      timers:start(number, number * 10)
    end
    timers:start(3, 5)
    timers:start(1, 40)
    assert.same({ 3, 2 }, take_all(timers, 39))
    assert.same({ 1 }, take_all(timers, 40))
  end)

  it("forgets a timer that is stopped, and doesn't mind stopping one twice", function()
    local timers = kit.timers(3)
    for number = 1, 3 do
      timers:start(number, number)
    end
    timers:stop(2)
    timers:stop(2)
    assert.is_false(timers:is_armed(2))
    assert.is_true(timers:is_armed(1))
    assert.same({ 1, 3 }, take_all(timers, 10))
    timers:stop(1)
    assert.is_false(timers:is_armed(1))
  end)

  it("leaves what is armed in a round to the next one", function()
    local timers = kit.timers(3)
    timers:start(1, 1)
    timers:start(2, 2)
    local mark = timers:mark()
    assert.equal(1, timers:take_due(5, mark))
    timers:start(1, 0)
    timers:start(3, 5)
    assert.same({ 2 }, take_all(timers, 5, mark))
    assert.same({ 1, 3 }, take_all(timers, 5))
  end)

  it("lets no timer that arms itself in the past shut out another", function()
    local timers = kit.timers(2)
    timers:start(1, 1)
    timers:start(2, 2)
    for now = 2, 4 do
      local mark = timers:mark()
      assert.equal(1, timers:take_due(now, mark))
      timers:start(1, 0)
      assert.same({ 2 }, take_all(timers, now, mark))
      timers:start(2, now)
    end
  end)

  it("gives its memory back", function()
    local timers = kit.timers(100)
    for number = 1, 100 do
      timers:start(number, number)
    end
    assert.equal(1, (timers:memory()))
    timers:release()
    assert.equal(0, (timers:memory()))
    assert.is_nil(timers:next())
  end)

  it("stays as it is where there is no memory", function()
    local timers = kit.timers(100)
    timers:fail_at(1)
    assert.is_false(timers:start(1, 1))
    assert.is_false(timers:is_armed(1))
    assert.is_nil(timers:next())
    local armed = 0
    timers:fail_at(2)
    for number = 1, 100 do
      if timers:start(number, number) then armed = armed + 1 else break end
    end
    assert.is_true(armed > 1 and armed < 100)
    assert.is_true(timers:start(1, 1000))
    assert.equal(armed, #take_all(timers, 2000))
  end)
end)

describe("timers and a model of them", function()
  local COUNT = 200

  local function model_first(model)
    local first
    for number, timer in pairs(model) do
      local other = first and model[first]
      if not other or timer.due < other.due or
        timer.due == other.due and timer.order < other.order then
        first = number
      end
    end
    return first
  end

  local function take_same(timers, model, now, mark)
    local first = model_first(model)
    local is_due = first and model[first].due <= now and model[first].order < mark
    local expected = is_due and first or nil
    assert(timers:take_due(now, mark) == expected)
    if expected then model[expected] = nil end
    return expected
  end

  -- Random starts, moves, stops and rounds, the same for the same seed.
  local function compare(seed)
    math.randomseed(seed)
    local timers, model, order, now = kit.timers(COUNT), {}, 0, 0
    for _ = 1, 2000 do
      local number, action = math.random(COUNT), math.random(10)
      if action <= 6 then
        local due = now + math.random(0, 20) / 2
        assert.is_true(timers:start(number, due))
        model[number], order = { due = due, order = order }, order + 1
      elseif action <= 8 then
        timers:stop(number)
        model[number] = nil
      else
        now = now + math.random(0, 6) / 2
        local mark = timers:mark()
        assert(mark == order)
        while take_same(timers, model, now, mark) do
          number = math.random(COUNT)
          timers:start(number, now)
          model[number], order = { due = now, order = order }, order + 1
        end
      end
      local first = model_first(model)
      assert(timers:next() == (first and model[first].due))
      assert(timers:is_armed(number) == (model[number] ~= nil))
    end
  end

  for seed = 1, 5 do
    it("agree after thousands of random operations, seed " .. seed, function()
      compare(seed)
    end)
  end
end)
