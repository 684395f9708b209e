-- An app under test: what a spec does with it as a whole. Its peers are in peer.lua, and what both
-- work over is described in memory.lua.

local check = require "moonroom.test.check"
local compression = require "moonroom.test.compression"
local core = require "moonroom.core"
local handshake = require "moonroom.test.handshake"
local http = require "moonroom.test.http"
local logs = require "moonroom.test.logs"
local peers = require "moonroom.test.peer"
local raise = require "moonroom.test.raise"

local kit = core.testkit.app

local most_waited = 60 -- seconds of the app's time, for run

local methods = {}
local App = { __index = methods, __name = "moonroom.test.App" }

function App:__tostring() return "app " .. self.name .. (self.is_stopped and " (stopped)" or "") end

-- Raises where the app can't do anything now.
function methods:check()
  if self.is_stopped then raise("the app has been stopped") end
  if kit.is_running() then
    raise("a handler is running: what drives the app is for the spec, not for the app itself")
  end
end

function methods:need_inside(what)
  self:check()
  if not self.world.inside then raise("%s works in memory only", what) end
  return self.world.inside
end

-- --- steps -------------------------------------------------------------------

local function raise_violation(app)
  local violation = app.violation
  app.violation = nil
  if violation then raise("%s", violation) end
end

function methods:settle()
  self.world:settle()
  raise_violation(self)
end

function methods:advance(seconds)
  check.seconds(seconds)
  self:check()
  self.world:advance(seconds)
  raise_violation(self)
end

function methods:now()
  self:check()
  return self.world:now()
end

local connect_names = {
  "headers", "cookies", "protocols", "origin", "address", "secure", "tls", "paused", "faults",
  "compression",
}
local tls_names = { "server_name", "subject", "fingerprint" }

-- What is told of the peer by TLS, and that it is there.
local function check_tls(tls, secure)
  if secure ~= nil then check.type_of(secure, "secure", "boolean") end
  if tls == nil then return end
  check.type_of(tls, "tls", "table")
  if secure == false then raise("tls is for a peer that is secure") end
  check.names(tls, tls_names, "field of tls")
  for _, name in ipairs(tls_names) do
    local text = check.type_of(tls[name] or "", "tls." .. name, "string")
    if text:find("\0", 1, true) then raise("tls.%s has no zero bytes", name) end
  end
end

local function check_connect(path, options)
  check.path(path)
  check.type_of(options, "options", "table")
  check.names(options, connect_names, "option of connect")
  for _, name in ipairs { "headers", "cookies", "protocols" } do
    check.type_of(options[name] or {}, name, "table")
  end
  for _, name in ipairs { "origin", "address" } do
    check.type_of(options[name] or "", name, "string")
  end
  check_tls(options.tls, options.secure)
  if options.faults then peers.check_faults(options.faults) end
  compression.check_option(options.compression)
end

-- A wire of its own.
local function connect(app, options)
  app.connected = app.connected + 1
  return app.world:connect {
    address = options.address, port = 40000 + app.connected % 20000,
    secure = options.secure or options.tls ~= nil, tls = options.tls,
    paused = options.paused, faults = options.faults or app.faults,
  }
end

function methods:connect(path, options)
  options = options == nil and {} or options
  check_connect(path, options)
  self:check()
  local request = handshake.request(path, options)
  local wire = connect(self, options)
  local peer = peers.new(self, self.connected, path, options, wire)
  self.peers[peer] = true
  wire:send(request)
  self:settle()
  return peer
end

function methods:request(method, path, options)
  options = options == nil and {} or options
  local bytes = http.encode(method, path, options)
  self:check()
  local wire = connect(self, options)
  local response = http.new(self, method .. " " .. path, wire)
  wire:send(bytes)
  self:settle()
  return response
end

function methods:get(path, options) return self:request("GET", path, options) end

function methods:post(path, body, options)
  return self:request("POST", path, http.with_body(body, options))
end

function methods:drain()
  self:check()
  for peer in pairs(self.peers) do peer.messages = {} end
end

-- --- inside ------------------------------------------------------------------

function methods:room(path)
  return self:need_inside("app:room").moonroom.room(check.type_of(path, "a path", "string"))
end

function methods:require(name)
  local inside = self:need_inside("app:require")
  return inside.environment.require(check.type_of(name, "a module's name", "string"))
end

function methods:spawn(fn, ...)
  local inside = self:need_inside("app:spawn")
  local task = kit.spawn(inside.hub, fn, ...)
  self:settle()
  return task
end

-- A text gets the traceback as far as the function goes; any other error stays what it is.
local function add_traceback(why)
  if type(why) ~= "string" then return why end
  local own = "\n\t" .. debug.getinfo(1, "S").short_src .. ":"
  local trace = debug.traceback(nil, 2)
  local last = trace:find("\n\t[C]: in function 'xpcall'", 1, true) or trace:find(own, 1, true)
  return why .. "\n" .. trace:sub(1, last and last - 1)
end

-- Moves the clock from one moment to the next until it is done.
local function wait_for(app, is_done)
  local left = most_waited
  while not is_done() and left > 0 do
    local wait = math.min(app.world:until_next(), left)
    app.world:advance(wait)
    left = left - wait
  end
  raise_violation(app)
end

function methods:run(fn, ...)
  local inside = self:need_inside("app:run")
  local outcome
  local task = kit.spawn(inside.hub, function(...)
    outcome = table.pack(xpcall(fn, add_traceback, ...))
  end, ...)
  self:settle()
  wait_for(self, function() return outcome end)
  if not outcome then
    task:cancel()
    raise("what app:run was given still waits after %d s of the app's time", most_waited)
  end
  if not outcome[1] then error(outcome[2], 0) end
  return table.unpack(outcome, 2, outcome.n)
end

function methods:reload()
  self:need_inside("app:reload")
  local is_new, why = self.world:reload()
  self:settle()
  if is_new then return true end
  return nil, why
end

function methods:timers()
  local inside = self:need_inside("app:timers")
  local list = {}
  for index, timer in ipairs(kit.timers(inside.hub)) do
    list[index] = { place = tostring(timer):match("made at (.-):? *$"), left = timer.left }
  end
  table.sort(list, function(a, b) return a.left < b.left end)
  return list
end

function methods:fail_allocation(nth, count)
  check.count(nth or 1, 1, "which allocation fails")
  check.count(count or 1, 1, "how many allocations fail")
  kit.fail(self:need_inside("app:fail_allocation").hub, nth, count or 1)
end

-- --- the log -----------------------------------------------------------------

-- Reads what is new in the log, and keeps the errors that nobody has noticed.
local function read_log(app)
  for _, entry in ipairs(logs.parse(app.world:take_log())) do
    table.insert(app.entries, entry)
    if entry.event == "handler failed" then
      table.insert(app.unnoticed, {
        where = entry.where:match("^(.-):? *$"), path = entry.path, error = entry.error,
        traceback = entry.traceback,
      })
    end
  end
end

function methods:log()
  self:check()
  read_log(self)
  local entries = self.entries
  self.entries = {}
  if not self.world.inside then self.unnoticed = {} end -- nothing else tells of them there
  return entries
end

function methods:errors()
  self:need_inside("app:errors")
  read_log(self)
  local list = self.unnoticed
  self.unnoticed = {}
  return list
end

local function describe(list)
  local texts = {}
  for index, failure in ipairs(list) do
    local where = failure.where .. (failure.path and " at " .. failure.path or "")
    texts[index] = ("\n%s: %s"):format(where, failure.traceback or failure.error)
  end
  return table.concat(texts)
end

local function matches(text, pattern)
  if text:find(pattern, 1, true) then return true end
  local ok, found = pcall(string.find, text, pattern)
  return ok and found ~= nil
end

function methods:expect_error(pattern)
  check.type_of(pattern, "a pattern", "string")
  self:need_inside("app:expect_error")
  read_log(self)
  local found, others = {}, {}
  for _, failure in ipairs(self.unnoticed) do
    table.insert(matches(failure.error, pattern) and found or others, failure)
  end
  if #found == 0 then
    raise("no handler has failed with %q; %s", pattern,
      #others == 0 and "none has failed at all" or "these have:" .. describe(others))
  end
  self.unnoticed = others
  return found
end

-- --- the end -----------------------------------------------------------------

-- Ends it. Returns the failures that nobody has noticed, and what is new in the log.
function methods:finish()
  local ok, why = pcall(self.world.stop, self.world)
  self.is_stopped = true
  if not ok then error(why, 0) end
  read_log(self)
  raise_violation(self)
  local failures, entries = self.unnoticed, self.entries
  self.unnoticed, self.entries = {}, {}
  return failures, entries
end

function methods:stop()
  if self.is_stopped then return end
  self:check()
  local asking = self.world.inside and "app:errors or app:expect_error" or "app:log"
  local failures = self:finish()
  if #failures > 0 then
    raise("%d handler%s failed, and nobody asked %s:%s", #failures, #failures == 1 and "" or "s",
      asking, describe(failures))
  end
end

-- An app over a world; name is for telling it, faults for its peers.
local function new(world, name, faults)
  return setmetatable({
    world = world, name = name, faults = faults, connected = 0, is_stopped = false,
    peers = setmetatable({}, { __mode = "k" }), entries = {}, unnoticed = {},
  }, App)
end

local function is_app(value) return getmetatable(value) == App end

return { new = new, is_app = is_app, methods = methods }
