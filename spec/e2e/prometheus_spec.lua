-- What the admin listener publishes, for a real Prometheus and its promtool, and the files in
-- examples/monitoring/ that go by it.

local json = require("moonroom.core").json
local process = require "process"
local program = require "program"
local server = require "server"
local uv = require "luv"
local wait = require "wait"
local websocket = require "websocket"

local SCRIPT = [[
  local moonroom = require "moonroom"
  local jokes = moonroom.metric.counter("jokes_total", "Jokes told.", { labels = { "kind" } })
  local sizes = moonroom.metric.histogram("joke_bytes", "Size of jokes.", { buckets = { 10, 100 } })
  moonroom.metric.gauge("mood", 'How it is: "good" is 1,\nbad is \\ 0.'):set(0.5)
  local Stage = moonroom.Room:extend("Stage")
  function Stage:on_text(client, text)
    jokes:add(1, { kind = text })
    sizes:observe(#text)
    if text == "bad" then error "booh" end
    client:send "haha"
  end
  moonroom.mount("/", Stage)
]]

local function start()
  local here = server.start({ ["init.lua"] = SCRIPT }, { "--admin", "127.0.0.1:0" })
  here.admin = tonumber(here:log():match("admin listener address=%S-:(%d+)\n"))
  return here
end

local function curl(url)
  local code, out, err = process.run { "curl", "-sS", "--max-time", "20", url }
  return code == 0 and out or nil, err
end

local function metrics_of(here)
  return assert(curl(("http://127.0.0.1:%d/metrics"):format(here.admin)))
end

-- Says some jokes, of which the last fails.
local function tell_jokes(here)
  local client = websocket.connect(here.port, "/")
  for _, joke in ipairs { 'a "pun"\n', "été", "bad" } do client:send(joke) end
  here:wait_for_log("handler failed")
  return client
end

-- --- Prometheus ---

local function free_port()
  local tcp = uv.new_tcp()
  assert(tcp:bind("127.0.0.1", 0))
  local port = tcp:getsockname().port
  tcp:close()
  return port
end

-- Looks again and again: what another process knows makes no event here.
local function poll(condition, what, seconds)
  local timer = uv.new_timer()
  timer:start(0, 100, function() end)
  local ok, result = pcall(wait, condition, what, seconds)
  timer:close()
  return ok and result or error(result, 2)
end

local Prometheus = {}
Prometheus.__index = Prometheus

local CONFIG = [[
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [ alerts.yml ]
scrape_configs:
  - job_name: moonroom
    static_configs: [ { targets: [ "127.0.0.1:%d" ] } ]
]]

local function read_file(path)
  local file <close> = assert(io.open(path))
  return file:read("a")
end

local function start_prometheus(target)
  local directory = program.directory {
    ["prometheus.yml"] = CONFIG:format(target),
    ["alerts.yml"] = read_file("examples/monitoring/alerts.yml"),
  }
  local port = free_port()
  local self = setmetatable({ directory = directory, port = port }, Prometheus)
  self.process = process.start {
    "prometheus", "--config.file=" .. directory .. "/prometheus.yml",
    "--storage.tsdb.path=" .. directory .. "/data",
    "--web.listen-address=127.0.0.1:" .. port,
  }
  return self
end

function Prometheus:get(path)
  local out = curl(("http://127.0.0.1:%d/api/v1/%s"):format(self.port, path))
  local answer = out and json.decode(out)
  return answer and answer.status == "success" and answer.data or nil
end

-- The number that an expression is now, or nil.
function Prometheus:value(expression)
  local escaped = expression:gsub("[^%w_]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end)
  local data = self:get("query?query=" .. escaped)
  local first = data and data.result[1]
  return first and tonumber(first.value[2])
end

function Prometheus:wait_for(expression, value)
  poll(function()
    assert(not self.process.code, self.process.err)
    return self:value(expression) == value
  end, function()
    return ("%s to be %s; it is %s"):format(expression, value, self:value(expression))
  end, 60)
end

function Prometheus:stop()
  self.process:kill("sigterm")
  self.process:finish(60)
  process.run { "rm", "-r", self.directory }
end

-- --- the files ---

local function dashboard()
  return assert(json.decode(read_file("examples/monitoring/grafana.json")))
end

-- The metrics and the labels' values that a text asks for.
local function asked_for(text)
  local names, labels = {}, {}
  for name in text:gmatch("moonroom_[%w_]+") do names[name] = true end
  for metric, label, value in text:gmatch('(moonroom_[%w_]+){([%w_]+)=\\?"([%w_]+)\\?"}') do
    labels[("%s{%s=%q"):format(metric, label, value)] = true
  end
  return names, labels
end

describe("for Prometheus", function()
  local here, client

  setup(function()
    here = start()
    client = tell_jokes(here)
  end)
  teardown(function()
    client:close()
    server.stop_all()
  end)

  it("promtool finds nothing wrong with the metrics", function()
    local path = program.directory { metrics = metrics_of(here) }
    local code, out, err = process.run { "sh", "-c", 'promtool check metrics <"$0"',
      path .. "/metrics" }
    program.remove(path)
    assert.same({ 0, "", "" }, { code, out, err })
  end)

  it("it scrapes them, the scripts' own too, and follows the alerts", function()
    local prometheus = start_prometheus(here.admin)
    local ok, why = pcall(function()
      prometheus:wait_for('up{job="moonroom"}', 1)
      prometheus:wait_for("moonroom_clients", 0)
      for expression, value in pairs {
        moonroom_messages_received_total = 3,
        moonroom_handler_errors_total = 1,
        ['moonroom_handshakes_total{status="101"}'] = 1,
        ['jokes_total{kind="a \\"pun\\"\\n"}'] = 1,
        ['jokes_total{kind="été"}'] = 1,
        joke_bytes_count = 3,
        ['joke_bytes_bucket{le="10"}'] = 3,
        mood = 0.5,
        ["moonroom_handler_seconds_count % 16"] = 0,
        ["count(moonroom_limits_total)"] =
          select(2, metrics_of(here):gsub("\nmoonroom_limits_total{", "")),
      } do
        assert.equal(value, prometheus:value(expression), expression)
      end
      local groups = prometheus:get("rules").groups
      assert.equal("moonroom", groups[1].name)
      poll(function()
        groups = prometheus:get("rules").groups
        for _, rule in ipairs(groups[1].rules) do
          if rule.health == "unknown" then return false end
        end
        return true
      end, "the rules to be evaluated", 60)
      for _, rule in ipairs(groups[1].rules) do assert.equal("ok", rule.health, rule.name) end
    end)
    prometheus:stop()
    assert(ok, why)
  end)

  it("the alerts and the dashboard ask for nothing that isn't there", function()
    local text = metrics_of(here)
    local exposed = {}
    for name in text:gmatch("\n([%w_]+)") do exposed[name] = true end
    for _, file in ipairs { "alerts.yml", "grafana.json" } do
      local names, labels = asked_for(read_file("examples/monitoring/" .. file))
      assert.is_not_nil(next(names))
      for name in pairs(names) do assert.is_true(exposed[name], file .. ": " .. name) end
      for label in pairs(labels) do
        assert.truthy(text:find(label, 1, true), file .. ": " .. label)
      end
    end
  end)

  it("promtool finds nothing wrong with the alerts and the configuration", function()
    for _, command in ipairs {
      { "promtool", "check", "config", "examples/monitoring/prometheus.yml" },
      { "promtool", "check", "rules", "--lint-fatal", "examples/monitoring/alerts.yml" },
    } do
      local code, out, err = process.run(command)
      assert.equal(0, code, out .. err)
    end
  end)

  it("the alerts come when they should, and only then", function()
    local path = program.directory {
      ["alerts.yml"] = read_file("examples/monitoring/alerts.yml"),
      ["test.yml"] = read_file("spec/e2e/fixture/alerts_test.yml"),
    }
    local code, out, err = process.run { "promtool", "test", "rules", path .. "/test.yml" }
    program.remove(path)
    assert.equal(0, code, out .. err)
  end)

  it("every panel of the dashboard is one that Grafana can show", function()
    local ids, titles, rules = {}, {}, {}
    for _, panel in ipairs(dashboard().panels) do
      assert.is_nil(ids[panel.id])
      assert.is_nil(titles[panel.title])
      ids[panel.id], titles[panel.title] = true, true
      local place = panel.gridPos
      assert.is_true(place.x + place.w <= 24)
      for _, target in ipairs(panel.targets) do
        assert.equal("${datasource}", target.datasource.uid)
        local expr = target.expr:gsub("%$__rate_interval", "1m"):gsub("%$instance", ".*")
        table.insert(rules, { record = "dashboard:" .. #rules, expr = expr })
      end
    end
    -- As rules promtool reads what they ask for; JSON is YAML too.
    local path = program.directory {
      ["rules.yml"] = json.encode { groups = { { name = "dashboard", rules = rules } } },
    }
    local code, out, err = process.run { "promtool", "check", "rules", path .. "/rules.yml" }
    program.remove(path)
    assert.equal(0, code, out .. err)
    assert.matches(#rules .. " rules found", out)
  end)
end)
