-- moonroom.metric: metrics of scripts' own, and how they are published.

local noting = require "noting"
local program = require "program"
local scripts = require "scripts"
local world = require "world"

describe("moonroom.metric", function()
  local w, metric

  local function published(turns)
    local peer = w:peer { admin = true }
    peer:send "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for _ = 1, turns or 100 do peer:read() end
    local text, at = {}, peer.bytes:match("\r\n\r\n()")
    local count = 0
    while true do
      local size, from = peer.bytes:match("^(%x+)\r\n()", at)
      size = tonumber(size, 16)
      if size == 0 then return table.concat(text), count end
      text[#text + 1] = peer.bytes:sub(from, from + size - 1)
      at, count = from + size + 2, count + 1
    end
  end

  -- The lines of the metrics that aren't Moonroom's.
  local function own()
    return (published():match("\nmoonroom_loop_lag_seconds_count %d+\n(.*)$"))
  end

  before_each(function()
    w = noting.new { ping_interval = 0 }
    metric = w.moonroom.metric
  end)

  it("has counters", function()
    local jokes = metric.counter("jokes_total", "Jokes told.")
    assert.is_true(jokes:add())
    assert.is_true(jokes:add(2.5))
    assert.is_true(jokes:add(0))
    assert.equal(3.5, jokes:value())
    assert.equal("# HELP jokes_total Jokes told.\n# TYPE jokes_total counter\njokes_total 3.5\n",
      own())
  end)

  it("has gauges", function()
    local players = metric.gauge("players", "Players.")
    players:set(5)
    players:add(-7)
    players:add()
    assert.equal(-1, players:value())
    assert.equal("# HELP players Players.\n# TYPE players gauge\nplayers -1\n", own())
    for value, text in pairs { [1e300] = "1e+300", [0.1] = "0.1", [1 / 3] = "0.33333333333333331",
      [math.huge] = "+Inf", [-math.huge] = "-Inf", [2 ^ 60] = "1.152921504606847e+18",
      [2 ^ 60 + 2 ^ 9] = "1.1529215046068475e+18" } do
      players:set(value)
      assert.matches("\nplayers " .. text .. "\n", own(), 1, true)
    end
    players:set(0 / 0)
    assert.matches("\nplayers NaN\n", own(), 1, true)
  end)

  it("has histograms, whose buckets count what is up to them", function()
    local waits = metric.histogram("wait_seconds", "Waits.", { buckets = { 1, 2.5 } })
    for _, value in ipairs { 0.5, 1, 1.5, 3, -1 } do assert.is_true(waits:observe(value)) end
    assert.same({ 5, 5.0 }, { waits:value() })
    assert.equal([[
# HELP wait_seconds Waits.
# TYPE wait_seconds histogram
wait_seconds_bucket{le="1"} 3
wait_seconds_bucket{le="2.5"} 4
wait_seconds_bucket{le="+Inf"} 5
wait_seconds_sum 5
wait_seconds_count 5
]], own())
    metric.histogram("other_seconds", "Other.")
    assert.matches('other_seconds_bucket{le="0.005"} 0\n', own(), 1, true)
    assert.matches('other_seconds_bucket{le="10"} 0\n', own(), 1, true)
  end)

  it("puts labels together whole, whatever finalizers observe meanwhile", function()
    local names = { "a", "b", "c", "d", "e", "f", "g", "h" }
    local moves = metric.counter("moves_total", "Moves.", { labels = names })
    local ends = metric.counter("ends_total", "Ends.", { labels = { "z" } })
    local ran, count = 0, 300
    local function observe()
      ran = ran + 1
      ends:add(1, { z = 7 })
    end
    local mode = collectgarbage("incremental")
    finally(function() collectgarbage(mode) end)
    local kept = {}
    for index = 1, 20000 do kept[index] = setmetatable({}, { __gc = observe }) end
    while #kept > 0 do kept[#kept] = nil end
    repeat collectgarbage("step", 0) until ran > 0 -- the others run as memory is asked for
    local began, all = ran, {}
    for number = 1, count do
      all[number] = {}
      for index, name in ipairs(names) do all[number][name] = 8 * number + index / 16 end
      moves:add(1, all[number])
    end
    assert.is_true(ran > began, began .. " " .. ran)
    for number = 1, count do assert.equal(1, moves:value(all[number]), number) end
    collectgarbage()
    assert.equal(20000, ends:value { z = 7 })
  end)

  it("tells series apart by labels, in the order of their declaration", function()
    local moves = metric.counter("moves_total", "Moves.", { labels = { "game", "turn" } })
    moves:add(1, { turn = 1, game = "chess" })
    moves:add(2, { game = "chess", turn = "1" })
    moves:add(4, { game = "go", turn = true })
    assert.equal(3, moves:value { game = "chess", turn = 1 })
    assert.equal(0, moves:value { game = "chess", turn = 2 })
    assert.equal("# HELP moves_total Moves.\n# TYPE moves_total counter\n"
      .. 'moves_total{game="chess",turn="1"} 3\nmoves_total{game="go",turn="true"} 4\n', own())
    local times = metric.histogram("t_seconds", "T.", { labels = { "a" }, buckets = { 1 } })
    times:observe(1, { a = "x" })
    assert.matches('t_seconds_bucket{a="x",le="1"} 1\nt_seconds_bucket{a="x",le="+Inf"} 1\n'
      .. 't_seconds_sum{a="x"} 1\nt_seconds_count{a="x"} 1\n', own(), 1, true)
  end)

  it("escapes what a label or a help has", function()
    local odd = metric.gauge("odd", 'back\\slash "quoted"\nline', { labels = { "a" } })
    odd:set(1, { a = 'q" b\\ n\n é' })
    odd:set(2, { a = "bad \xff" })
    odd:set(3, { a = ("é"):rep(100) })
    odd:set(4, { a = ("\xff"):rep(200) })
    assert.equal('# HELP odd back\\\\slash "quoted"\\nline\n# TYPE odd gauge\n'
      .. 'odd{a="q\\" b\\\\ n\\n é"} 1\nodd{a="bad ?"} 2\n'
      .. ('odd{a="%s"} 3\nodd{a="%s"} 4\n'):format(("é"):rep(64), ("?"):rep(128)), own())
  end)

  it("has one metric a name, whoever asks, and as often as they do", function()
    local first = metric.counter("a_total", "A.", { labels = { "x", "y" } })
    first:add(1, { x = 1, y = 1 })
    local second = metric.counter("a_total", "Another help.", { labels = { "x", "y" } })
    assert.equal(first, second)
    assert.equal(1, second:value { x = 1, y = 1 })
    first, second = nil, nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.equal(1, metric.counter("a_total", "A.", { labels = { "x", "y" } })
      :value { x = 1, y = 1 })
    -- As after a reload: other modules, the same hub.
    local again = require("moonroom.app").new(w.hub).public
    assert.equal(1, again.metric.counter("a_total", "A.", { labels = { "x", "y" } })
      :value { x = 1, y = 1 })
  end)

  it("refuses a name that is another metric's", function()
    metric.counter("a", "A.")
    metric.histogram("h", "H.", { buckets = { 1, 2 } })
    local function refused(why, kind, name, options)
      assert.has_error(function() metric[kind](name, "Help.", options) end, why)
    end
    refused("a: there is another metric of that name, a counter", "gauge", "a")
    refused("a: there is another metric of that name, a counter", "counter", "a",
      { labels = { "x" } })
    refused("h: there is another metric of that name, a histogram", "histogram", "h",
      { buckets = { 1, 3 } })
    refused('h_count: its lines would be taken for those of "h"', "counter", "h_count")
    refused('h_sum: its lines would be taken for those of "h"', "gauge", "h_sum")
    metric.gauge("k_bucket", "K.")
    refused('k: its lines would be taken for those of "k_bucket"', "histogram", "k")
    metric.gauge("k", "K.")
  end)

  it("checks names, helps and options, and blames the caller", function()
    local function refused(why, ...)
      local ok, err = pcall(...)
      assert.is_false(ok)
      assert.matches("metric_spec.lua:%d+: ", err)
      assert.matches(why, err, 1, true)
    end
    local function counter(...)
      local arguments = table.pack(...)
      return function() metric.counter(table.unpack(arguments, 1, arguments.n)) end
    end
    refused("a metric's name is a string, not a nil", counter())
    for _, name in ipairs { "", "1a", "a-b", "a b", "a:b", "é", ("a"):rep(101) } do
      refused("a metric's name has letters, digits and _, no digit first", counter(name, "A."))
    end
    refused('"moonroom_a" is Moonroom\'s own name', counter("moonroom_a", "A."))
    refused("a needs a help, a sentence that says what it is", counter("a"))
    refused("a needs a help", counter("a", ""))
    refused("the help of a is text of at most 500 bytes", counter("a", ("x"):rep(501)))
    refused("the help of a is text of at most 500 bytes", counter("a", "\xff"))
    refused("the help of a has a zero byte", counter("a", "x\0y"))
    refused("a metric's options are a table, not a number", counter("a", "A.", 1))
    refused("a counter has no option buckets", counter("a", "A.", { buckets = { 1 } }))
    refused("a: labels are a list of at most 8 names", counter("a", "A.", { labels = "x" }))
    refused("a: labels are a list of at most 8 names", counter("a", "A.", {
      labels = { "a", "b", "c", "d", "e", "f", "g", "h", "i" } }))
    refused("a: a label's name has letters", counter("a", "A.", { labels = { "x-y" } }))
    refused('a: "__x" is Prometheus\'s own label', counter("a", "A.", { labels = { "__x" } }))
    refused('a: the label "x" is there twice', counter("a", "A.", { labels = { "x", "x" } }))
    refused('h: "le" is Prometheus\'s own label', function()
      metric.histogram("h", "H.", { labels = { "le" } })
    end)
    for _, buckets in ipairs { {}, { 1, 1 }, { 2, 1 }, { "1" }, { math.huge }, { 0 / 0 }, 3 } do
      refused("h: buckets are 1 to 30 rising numbers", function()
        metric.histogram("h", "H.", { buckets = buckets })
      end)
    end
    assert.equal("", own())
  end)

  it("checks what a value and its labels are", function()
    local plain = metric.counter("plain_total", "P.")
    local labelled = metric.gauge("labelled", "L.", { labels = { "x", "y" } })
    local times = metric.histogram("times_seconds", "T.")
    local function refused(why, fn)
      local ok, err = pcall(fn)
      assert.is_false(ok)
      assert.matches(why, err, 1, true)
    end
    refused("a counter goes up, by 0 or more", function() plain:add(-1) end)
    refused("a counter goes up, by 0 or more", function() plain:add(0 / 0) end)
    refused("number expected", function() plain:add("many") end)
    refused("the metric has no labels", function() plain:add(1, { x = 1 }) end)
    refused("table expected", function() labelled:set(1) end)
    refused("the label y has no value", function() labelled:set(1, { x = 1 }) end)
    refused("the label y is a string, a number or a boolean, not a table", function()
      labelled:set(1, { x = 1, y = {} })
    end)
    refused("the metric has the labels x,y, and no others", function()
      labelled:set(1, { x = 1, y = 1, z = 1 })
    end)
    refused("a finite number is expected", function() times:observe(math.huge) end)
    refused("moonroom.Gauge expected", function() labelled.set(plain, 1) end)
    assert.equal(0, plain:value())
  end)

  it("drops what goes beyond 1,000 series, counts that and says so in the log", function()
    local visits = metric.counter("visits_total", "V.", { labels = { "who" } })
    for number = 1, 1000 do assert.is_true(visits:add(1, { who = number })) end
    assert.same({ nil, "too many series" }, { visits:add(1, { who = "one more" }) })
    assert.is_true(visits:add(1, { who = 7 }))
    assert.same({ 2, 0 }, { visits:value { who = 7 }, visits:value { who = "one more" } })
    assert.equal(1, w.moonroom.stats().limits.metric_series)
    assert.matches("a metric has too many series rule=metric_series metric=visits_total "
      .. "series=1000\n", w:log(), 1, true)
  end)

  it("has at most 20,000 lines of all, and 1,000 metrics", function()
    for index = 1, 20 do
      local one = metric.gauge("g" .. index, "G.", { labels = { "x" } })
      for number = 1, 1000 do one:set(number, { x = number }) end
    end
    local last = metric.gauge("last", "L.", { labels = { "x" } })
    assert.same({ nil, "too many series" }, { last:set(1, { x = 1 }) })
    assert.has_error(function() metric.gauge("plain", "P.") end,
      "plain: there are too many series already")
    local text, pieces = published()
    assert.equal(20000, select(2, text:gsub('\ng%d+{x="%d+"} %d+', "")))
    assert.is_true(pieces >= 20, pieces)
    for index = 22, 1000 do metric.gauge("g" .. index, "G.", { labels = { "x" } }) end
    assert.has_error(function() metric.gauge("more", "M.", { labels = { "x" } }) end,
      "more: there are 1000 metrics already")
  end)

  it("does nothing once the app has ended", function()
    local one = metric.counter("a_total", "A.")
    local labelled = metric.histogram("b", "B.", { labels = { "x" } })
    w.kit.free(w.hub)
    assert.same({ nil, "closed" }, { one:add() })
    assert.same({ nil, "closed" }, { one:value() })
    assert.same({ nil, "closed" }, { labelled:observe(1, { x = 1 }) })
    assert.same({ nil, "closed" }, { labelled:value { x = 1 } })
  end)

  it("is collected with its app", function()
    local seen = setmetatable({}, { __mode = "k" })
    do
      local other = world.new()
      local one = other.moonroom.metric.counter("a_total", "A.")
      one:add()
      seen[one], seen[other.hub] = true, true
    end
    for _ = 1, 3 do collectgarbage() end
    assert.is_nil(next(seen))
  end)

  it("is whole after every want of C's memory, and of Lua's", function()
    local kit = w.kit
    local function use()
      local one = metric.histogram("a_seconds", "A.", { labels = { "x" }, buckets = { 1 } })
      one:observe(1, { x = "value" })
      metric.counter("b_total", "B."):add()
    end
    for number = 1, 60 do
      kit.fail(w.hub, number)
      local ok = pcall(use)
      kit.fail(w.hub)
      if ok then break end
    end
    w = noting.new { ping_interval = 0 }
    metric = w.moonroom.metric
    for number = 1, 200 do
      kit.fail_lua(number)
      local ok = pcall(use)
      kit.fail_lua()
      if ok then break end
    end
    use()
    local text = own()
    assert.equal(1, select(2, text:gsub('a_seconds_count{x="value"}', "")))
    assert.equal(1, select(2, text:gsub("\nb_total %d", "")))
  end)

  it("needs an app", function()
    local public = require("moonroom.app").new(nil).public
    assert.has_error(function() public.metric.gauge("a", "A.") end,
      "no app: metric.gauge works in scripts that Moonroom runs")
  end)
end)

describe("a metric whose scripts are loaded again", function()
  after_each(scripts.clean)

  -- The app, and what loads it again with other text; METRIC is the metric.
  local function app_of(text)
    local head = 'local metric = require("moonroom").metric '
    local tail = ' require("moonroom").get("/", function() return "" end)'
    local app, root = scripts.app({ ["init.lua"] = head .. text .. tail })
    return app, function(changed)
      program.write(root .. "/init.lua", head .. changed .. tail)
      return app:reload()
    end
  end

  local function metric_of(app) return app.world.inside.environment.METRIC end

  local good = 'METRIC = metric.counter("moves", "Moves.") METRIC:add()'

  it("keeps its value where it is the same", function()
    local app, again = app_of(good)
    assert.is_true(again(good))
    assert.equal(2, metric_of(app):value())
  end)

  it("is another one, from nothing, where it is made otherwise", function()
    local app, again = app_of(good)
    local old = metric_of(app)
    assert.is_true(again 'METRIC = metric.gauge("moves", "Moves.") METRIC:set(-7)')
    assert.equal(-7, metric_of(app):value())
    assert.equal(1, old:value())
    assert.is_true(old:add())
    assert.is_true(again [[METRIC = metric.histogram("moves", "Moves.", { buckets = { 1 } })]])
    assert.is_true(again [[METRIC = metric.histogram("moves", "Moves.", { buckets = { 2 } })]])
    assert.same({ 0, 0 }, { metric_of(app):value() })
    local told = 0
    for _, entry in ipairs(app:log()) do
      if entry.metric == "moves" then told = told + 1 end
    end
    assert.equal(3, told)
    old = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
  end)

  it("leaves nothing where the loading fails", function()
    local app, again = app_of(good)
    assert.is_nil((again 'metric.gauge("moves", "M.") metric.counter("new", "N.") error("no")'))
    assert.equal(1, metric_of(app):value())
    assert.is_true(again(good .. ' NEW = metric.gauge("new", "N.", { labels = { "x" } })'))
    assert.equal(2, metric_of(app):value())
    assert.is_nil((again 'metric.gauge("moves", "M.") metric.counter("moves", "M.")'))
    assert.is_true(again(good))
  end)

  it("is in nobody's way with the lines of what the new ones don't make", function()
    local app, again = app_of 'METRIC = metric.histogram("h", "H.")'
    assert.is_true(again 'METRIC = metric.counter("h_count", "H.")')
    assert.equal(0, metric_of(app):value())
    local ok, why = again [[METRIC = metric.counter("h_count", "H.") metric.histogram("h", "H.")]]
    assert.is_nil(ok)
    assert.matches('its lines would be taken for those of "h_count"', why, 1, true)
  end)

  it("goes more than a thousand times without leaving anything", function()
    local app, again = app_of(good)
    for round = 1, 11 do
      assert.is_nil((again(([[
        for number = 1, 100 do metric.gauge("m%d_" .. number, "M.", { labels = { "x" } }) end
        error("no")]]):format(round))))
    end
    assert.is_true(again(good))
    assert.equal(2, metric_of(app):value())
  end)
end)
