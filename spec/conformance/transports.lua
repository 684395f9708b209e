--- What carries a case's bytes. A host is a server to connect to; a transport, one connection:
---
---   send(bytes)   hands over; take() -> what has come since; ended() -> nil, "end" (FIN), "reset"
---   finish()      sends FIN; close() forgets the connection
---   settle(done)  lets things happen until done() holds; false where it won't
local app_module = require "moonroom.app"
local kit = require("moonroom.core").testkit.app
local server = require "server"
local uv = require "luv"
local wait = require "wait"

local transports = {}

local SCRIPT = "spec/conformance/server"

-- --- in memory -----------------------------------------------------------------

local Memory, MemoryHost = {}, {}
Memory.__index, MemoryHost.__index = Memory, MemoryHost

local function rest(self) kit.advance(self.hub, 0) end

function Memory:send(bytes)
  self.has_moved = true
  self.raw:send(bytes)
  rest(self)
end

function Memory:take()
  local bytes = self.raw:take()
  self.has_moved = self.has_moved or bytes ~= ""
  return bytes
end

function Memory:ended()
  local state = self.raw:state()
  if state.reset then return "reset" end
  return (state.shut or state.closed) and "end" or nil
end

function Memory:finish()
  self.raw:finish()
  rest(self)
end

-- The clock stands still: what hasn't happened by now would not.
function Memory:settle(done)
  repeat
    self.has_moved = false
    rest(self)
    if done() then return true end
  until not self.has_moved
  return false
end

-- Whoever has been told of the end is gone by the next case.
function Memory:close()
  if not self.raw:state().closed then self.raw:reset() end
  rest(self)
end

function MemoryHost:connect()
  kit.log(self.hub)
  return setmetatable({ hub = self.hub, raw = kit.connect(self.hub) }, Memory)
end

function MemoryHost:stop() kit.free(self.hub) end

local function run_script(moonroom)
  local environment = setmetatable({
    require = function(name) return name == "moonroom" and moonroom or require(name) end,
  }, { __index = _G })
  assert(loadfile(SCRIPT .. "/init.lua", "t", environment))()
end

--- A server in memory. options: the hub's.
function transports.memory(options)
  local self = setmetatable({ name = "in memory", hub = kit.hub(options) }, MemoryHost)
  run_script(app_module.new(self.hub).public)
  return self
end

-- --- over TCP ------------------------------------------------------------------

local Tcp, TcpHost = {}, {}
Tcp.__index, TcpHost.__index = Tcp, TcpHost

local SECONDS = 20 -- only a failing case takes them

-- Each send is a write of its own, and the server gets a chance to see it alone.
function Tcp:send(bytes)
  self.socket:write(bytes)
  uv.run("nowait")
end

function Tcp:take()
  if not self.pieces[1] then return "" end
  local bytes = table.concat(self.pieces)
  self.pieces = {}
  return bytes
end

function Tcp:ended() return not self.pieces[1] and self.how or nil end

function Tcp:finish()
  if not self.socket:is_closing() then self.socket:shutdown() end
end

function Tcp:settle(done)
  local ok, why = pcall(wait, done, "what the case expects", SECONDS)
  if not ok and not tostring(why):find("waited in vain", 1, true) then error(why, 0) end
  return ok
end

function Tcp:close()
  if not self.socket:is_closing() then self.socket:close() end
end

local function start_reading(self)
  self.socket:read_start(function(err, bytes)
    if bytes then
      self.pieces[#self.pieces + 1] = bytes
    else
      self.how = err and "reset" or "end"
    end
  end)
end

function TcpHost:connect()
  local self_made = setmetatable({ socket = uv.new_tcp(), pieces = {} }, Tcp)
  local state
  assert(self_made.socket:connect("127.0.0.1", self.port, function(err)
    state = err or "connected"
  end))
  wait(function() return state end, "a connection")
  assert(state == "connected", state)
  self_made.socket:nodelay(true)
  start_reading(self_made)
  return self_made
end

function TcpHost:stop() self.server:stop() end

local function flags_of(options)
  local flags = {}
  for name, value in pairs(options) do
    flags[#flags + 1] = "--" .. name:gsub("_", "-")
    flags[#flags + 1] = tostring(value)
  end
  return flags
end

--- The real program. options: by name, as in memory.
function transports.tcp(options)
  local here = server.start(SCRIPT, flags_of(options or {}))
  return setmetatable({ name = "over TCP", server = here, port = here.port }, TcpHost)
end

return transports
