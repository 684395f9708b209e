-- Each case of the suite is an `it`, which runs it over every transport in pieces of every size.
-- `make conformance` runs all of them; `make test` what is told in plan.lua. See README.md.

local fixtures = require "conformance.fixtures"
local plan = require "conformance.plan"
local runner = require "conformance.runner"
local suite = require "conformance.suite"
local transports = require "conformance.transports"

local hosts = {}

local function host_of(row, fixture)
  local name = row.name .. " " .. fixture
  hosts[name] = hosts[name] or transports[row.name](fixtures[fixture])
  return hosts[name]
end

local function check(case, host, chop)
  local why = runner.run(case, host, chop)
  if not why then return end
  error(("%s: the server %s\n%s, %s: %s"):format(case.id, case.says, host.name,
    chop and ("in pieces of %d"):format(chop) or "whole", why), 0)
end

local function run(case)
  for _, row in ipairs(plan.transports()) do
    local host = host_of(row, case.fixture)
    check(case, host, case.chop)
    for _, chop in ipairs(case.chop and {} or plan.chops(row, case.size or 0)) do
      check(case, host, chop)
    end
  end
  runner.forget(case)
end

local function wanted_of(family)
  local list = {}
  for _, case in ipairs(family.cases) do
    if plan.wants(case.id) then list[#list + 1] = case end
  end
  return list
end

local count = 0

for _, family in ipairs(suite.families()) do
  local cases = wanted_of(family)
  count = count + #cases
  describe(("conformance %d, %s: the server"):format(family.number, family.title), function()
    lazy_teardown(function()
      for name, host in pairs(hosts) do
        host:stop()
        hosts[name] = nil
      end
    end)

    for _, case in ipairs(cases) do
      it(("%s [%s]"):format(case.says, case.id), function() run(case) end)
    end
  end)
end

if count == 0 then error(("no case has an id like CASES=%q"):format(os.getenv("CASES"))) end
