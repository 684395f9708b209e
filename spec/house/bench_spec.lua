-- What the bench makes of rounds: ratios within a round, spreads, verdicts, and what it says where
-- something is missing or failed.
local json = require("moonroom").json
local process = require "process"
local program = require "program"

-- Debian's, which scripts/setup brings; another may come first on PATH.
local PYTHON = "/usr/bin/python3"

local folder

before_each(function()
  folder = program.directory { ["bench/none"] = "" }
end)

after_each(function()
  program.remove(folder)
end)

local function run(...)
  return process.run({ PYTHON, "-B", "scripts/bench/run.py", "--build", folder, ... })
end

-- Tables and chart of made-up results, by what is no program of its own.
local MAKE = [[
import json, sys
sys.path.insert(0, "scripts/bench")
import chart, peers, report, scenarios
results = json.loads(sys.argv[1])
known = [s for s in scenarios.SCENARIOS if s.name in results]
chosen = [p for p in peers.PEERS if any(p.name in r for r in results.values())]
print(report.write(results, known, chosen, ["- about"]))
print(chart.draw(results, known, chosen))
]]

local function report(results)
  local code, out, err = process.run { PYTHON, "-B", "-c", MAKE, json.encode(results) }
  assert.equal(0, code, err)
  return out
end

local function rounds(field, ...)
  local list = {}
  for i, value in ipairs { ... } do
    list[i] = type(value) == "string" and { error = value } or { [field] = value }
  end
  return list
end

local function echo_rounds(...)
  return rounds("server_us_per_unit", ...)
end

describe("the bench's table", function()
  it("has the median of the ratios of each round, with the least and the most", function()
    local out = report {
      echo = { raw = echo_rounds(10, 20, 10), moonroom = echo_rounds(10.4, 20.2, 10.2) },
    }
    assert.matches("| echo 20 B, 100 clients, one in flight | raw | <= 1.05 | met | 1 "
      .. "| 1.02 (1.01 to 1.04) |", out, 1, true)
  end)

  it("tells a row that is met within the spread from one that is missed", function()
    local function verdict(...)
      local out = report { room500 = { bun = echo_rounds(1, 1, 1), moonroom = echo_rounds(...) } }
      return out:match("| room of 500, a delivery | bun | <= 0%.85 | ([^|]-) |")
    end
    assert.equal("met", verdict(0.8, 0.85, 0.9))
    assert.equal("met within the spread", verdict(0.8, 0.9, 0.9))
    assert.equal("missed", verdict(0.86, 0.9, 0.9))
  end)

  it("compares a large room with the same server's small one", function()
    local out = report {
      room500 = { bun = echo_rounds(5), moonroom = echo_rounds(2) },
      room10000 = { bun = echo_rounds(6), moonroom = echo_rounds(3) },
    }
    assert.matches("| room of 500 | <= 1.25 | missed | 1.50 | 1.20 |", out, 1, true)
  end)

  it("has an idle client's bytes as they are", function()
    local out = report { idle = { moonroom = rounds("rss_per_conn", 590, 600, 610) } }
    assert.matches("| an idle client, resident bytes | bytes | <= 600 | met | 600 (590 to 610) |",
                   out, 1, true)
  end)

  it("names what failed, and leaves those rounds out", function()
    local out = report {
      echo = { raw = echo_rounds(10, 10), moonroom = echo_rounds(10, "connection reset early") },
    }
    assert.matches("| 1 | 1.00 |", out, 1, true)
    assert.matches("Failed:\n- echo, moonroom: 1 of 2 rounds: connection reset early", out, 1, true)
  end)

  it("compares the p99 with the spread of the raw echo's", function()
    local function verdict(ours)
      local function round(p99) return { p99_us = p99, server_us_per_unit = 1 } end
      local out = report {
        echo = { raw = { round(900), round(950) }, moonroom = { round(ours) } },
      }
      return out:match("the raw echo's 900 to 950: (%l+)")
    end
    assert.equal("met", verdict(949))
    assert.equal("missed", verdict(951))
  end)
end)

describe("the bench's chart", function()
  it("is well-formed, with a bar for each server and a line for the target", function()
    local out = report {
      echo = { raw = echo_rounds(10), moonroom = echo_rounds(11) },
      idle = { moonroom = rounds("rss_per_conn", 600), bun = rounds("rss_per_conn", 1763) },
    }
    local svg = out:match("<svg.*</svg>")
    program.write(folder .. "/chart.svg", svg)
    local code, _, err = process.run {
      PYTHON, "-c", "import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])",
      folder .. "/chart.svg",
    }
    assert.equal(0, code, err)
    assert.equal(4, select(2, svg:gsub("<title>", "")))
    assert.matches("<title>Moonroom: 1.1 (1.1 to 1.1)</title>", svg, 1, true)
    assert.equal(3, select(2, svg:gsub('class="target"', ""))) -- one is the legend's
  end)
end)

describe("the bench", function()
  it("says which server is missing and what brings it, and fails with nothing to measure",
     function()
    local code, _, err = run("--peers", "moonroom raw", "--scenarios", "echo")
    assert.matches("\n%- raw TCP: MISSING, not measured; make bench%-programs brings it\n", err)
    assert.matches("\n%- Moonroom: MISSING, not measured; make brings it\n", err)
    assert.matches("\nbench: nothing is left to measure\n$", err)
    assert.equal(1, code)
  end)

  it("names what there is where a name is wrong", function()
    local function complaint(...)
      local code, _, err = run(...)
      assert.equal(1, code)
      return err
    end
    assert.equal("bench: PEERS: there is no nobody; "
      .. "there are raw, moonroom, bun, ws, nginx, nchan\n", complaint("--peers", "nobody"))
    assert.matches("^bench: SCENARIO: there is no x; there are echo, ",
                   complaint("--scenarios", "x"))
    assert.equal("bench: ROUNDS: many is no number above 0\n", complaint("--rounds", "many"))
  end)
end)
