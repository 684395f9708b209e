--- Clients that are programs of their own: each prints a line of JSON a check,
---
---   {"check": "echoes text", "ok": true} or {"check": "echoes text", "ok": false, "why": "..."}
---
--- and a spec has an `it` for each check it expects, so that a missing one fails. A line
--- {"please": "stop"} asks the spec to do something, which the client sees for itself.
local json = require("moonroom.core").json
local process = require "process"
local wait = require "wait"

local checks = {}
checks.__index = checks

local function hear(self, line, acts)
  local said = json.decode(line)
  if type(said) ~= "table" then
    self.noise[#self.noise + 1] = line
  elseif said.please then
    acts[said.please]()
  else
    self.results[said.check] = said
  end
end

-- The first signal lets it end what it has started itself, such as a browser.
local function end_by_force(child)
  for _, signal in ipairs { "sigterm", "sigkill" } do
    if not child.code then
      child:kill(signal)
      pcall(child.finish, child, 5)
    end
  end
end

--- Runs a client to its end, or ends it after `seconds`. options: env (see process.start), acts
--- (functions by name: what it may ask for). Returns what it has said.
function checks.run(command, seconds, options)
  options = options or {}
  local self = setmetatable({ results = {}, noise = {} }, checks)
  local child = process.start(command, options.env)
  local at = 1
  local function is_over()
    while true do
      local line, after = child.out:match("([^\n]*)\n()", at)
      if not line then return child.code and child.open == 0 end
      at = after
      hear(self, line, options.acts)
    end
  end
  local ok, why = pcall(wait, is_over, "the client's end", seconds)
  end_by_force(child)
  self.ending = ok and ("it ended with %d"):format(child.code) or why
  self.is_well = ok and child.code == 0
  self.err = child.err
  return self
end

local function described(self)
  return ("%s\n%s%s"):format(self.ending, table.concat(self.noise, "\n"), self.err)
end

--- Raises where a check was not made or went wrong.
function checks:expect(name)
  local result = self.results[name]
  if not result then error(("the client made no such check; %s"):format(described(self)), 2) end
  if not result.ok then error(result.why, 2) end
end

--- Raises where the client did not end well, or has made a check that is not in the list.
function checks:expect_end(names)
  if not self.is_well then error(described(self), 2) end
  local known = {}
  for _, name in ipairs(names) do known[name] = true end
  for name in pairs(self.results) do
    if not known[name] then error(("nobody expects the check %q"):format(name), 2) end
  end
end

return checks
