--- What carries a case's bytes. A host is a server to connect to; a transport, one connection:
---
---   send(bytes)   hands over; take() -> what has come since
---   ended()       nil, or how the server ended: "end" (FIN), "reset", "cut" (TLS: a FIN alone)
---   finish()      sends FIN; close() forgets the connection
---   settle(done)  lets things happen until done() holds; false where it won't
local app_module = require "moonroom.app"
local kit = require("moonroom.core").testkit.app
local server = require "server"
local tls = require "tls"
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

local function connect_in_memory(hub, layer)
  kit.log(hub)
  local raw = kit.connect(hub, { layer = layer, secure = layer ~= nil })
  return setmetatable({ hub = hub, raw = raw }, Memory)
end

function MemoryHost:connect() return connect_in_memory(self.hub) end

function MemoryHost:stop() kit.free(self.hub) end

local function run_script(moonroom)
  local environment = setmetatable({
    require = function(name) return name == "moonroom" and moonroom or require(name) end,
  }, { __index = _G })
  assert(loadfile(SCRIPT .. "/init.lua", "t", environment))()
end

local function new_hub(options)
  local hub = kit.hub(options)
  run_script(app_module.new(hub).public)
  return hub
end

--- A server in memory. options: the hub's.
function transports.memory(options)
  return setmetatable({ name = "in memory", hub = new_hub(options) }, MemoryHost)
end

-- --- over TCP ------------------------------------------------------------------

local Tcp, TcpHost = {}, {}
Tcp.__index, TcpHost.__index = Tcp, TcpHost

local SECONDS = 20 -- only a failing case takes them

-- Who writes to a server that is gone is told so, and doesn't die of it.
local function survive_sigpipe()
  local signal = uv.new_signal()
  signal:start("sigpipe", function() end)
  signal:unref()
end

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

-- Where done() sends, something may have come while it did.
function Tcp:settle(done)
  local function is_done()
    local result = done()
    while not result and self.pieces[1] do result = done() end
    return result
  end
  local ok, why = pcall(wait, is_done, "what the case expects", SECONDS)
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

local function connect_to(port)
  local self = setmetatable({ socket = uv.new_tcp(), pieces = {} }, Tcp)
  local state
  assert(self.socket:connect("127.0.0.1", port, function(err) state = err or "connected" end))
  wait(function() return state end, "a connection")
  assert(state == "connected", state)
  self.socket:nodelay(true)
  start_reading(self)
  return self
end

function TcpHost:connect() return connect_to(self.server.port) end

function TcpHost:stop() self.server:stop() end

local function start(flags)
  survive_sigpipe()
  return server.start(SCRIPT, flags)
end

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
  return setmetatable({ name = "over TCP", server = start(flags_of(options)) },
    TcpHost)
end

-- --- over TLS, over one of these ---------------------------------------------------

local Tls, TlsMemoryHost, TlsTcpHost = {}, {}, {}
Tls.__index, TlsMemoryHost.__index, TlsTcpHost.__index = Tls, TlsMemoryHost, TlsTcpHost

local function push(self)
  local bytes = self.client:get()
  if bytes ~= "" then self.below:send(bytes) end
end

local function pull(self)
  local bytes = self.below:take()
  if bytes ~= "" then self.client:put(bytes) end
end

-- Each send is a record of its own, or several.
function Tls:send(bytes)
  self.client:write(bytes) -- fails where the session has failed, which take says
  push(self)
end

function Tls:take()
  pull(self)
  local plain, status = self.client:read()
  if self.status ~= "closed" then self.status = status end
  push(self)
  return plain
end

-- A FIN without close_notify could be anybody's.
function Tls:ended()
  local how = self.below:ended()
  if how == "end" and self.status ~= "closed" then return "cut" end
  return how
end

function Tls:finish()
  self.client:shutdown()
  push(self)
  self.below:finish()
end

function Tls:settle(done) return self.below:settle(done) end

function Tls:close() self.below:close() end

local function over_tls(below)
  local self = setmetatable({ below = below, client = tls.native.client {} }, Tls)
  local done, why
  below:settle(function()
    pull(self)
    done, why = self.client:handshake()
    push(self)
    return done or done == nil or below:ended()
  end)
  assert(done, why or "the handshake of TLS comes to no end")
  return self
end

function TlsMemoryHost:connect()
  return over_tls(connect_in_memory(self.hub, self.context:layer()))
end

function TlsMemoryHost:stop()
  kit.free(self.hub)
  self.context:free()
end

function TlsTcpHost:connect() return over_tls(connect_to(self.server.port)) end

TlsTcpHost.stop = TcpHost.stop

--- The server in memory, with the layer of TLS.
function transports.memory_tls(options)
  return setmetatable({
    name = "over TLS in memory", hub = new_hub(options), context = assert(tls.context()),
  }, TlsMemoryHost)
end

--- The real program, with a listener that speaks TLS.
function transports.tcp_tls(options)
  local flags = flags_of(options)
  table.move({ "--tls-cert", tls.files.server.cert, "--tls-key", tls.files.server.key }, 1, 4,
    #flags + 1, flags)
  return setmetatable({ name = "over TLS over TCP", server = start(flags) },
    TlsTcpHost)
end

return transports
