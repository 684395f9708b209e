--- Clients over TLS: a bridge (tls_bridge.py) speaks it, and the spec TCP to the bridge.
---
---   local bridge = tls_client.open(here.port, { ca = path, name = "a.example" })
---   bridge.connected   "TLSv1.3 a.example", or nil and bridge.failed says why
---   bridge.wire        what goes through: websocket.over(bridge.wire, "/")
local client_wire = require "wire"
local process = require "process"
local uv = require "luv"
local wait = require "wait"

local tls_client = {}
tls_client.__index = tls_client

local running = {}

local script = uv.cwd() .. "/spec/support/tls_bridge.py"

-- Waits until it has said something that matches, and returns the first capture; nil where it has
-- ended without.
local function hear(self, pattern)
  local function said() return ("\n" .. self.process.out):match(pattern) end
  wait(function() return said() or self.process.code end, function()
    return ("%q of the bridge; it said:\n%s%s"):format(pattern, self.process.out, self.process.err)
  end)
  return said()
end

-- Each flag of the bridge, and the option that it is of.
local FLAGS = { ca = "ca", name = "name", cert = "cert", key = "key", ["end"] = "ending" }

--- Connects. options: ca, name, cert, key, ending = "fin" | "unwrap".
function tls_client.open(port, options)
  local self = setmetatable({}, tls_client)
  local command = { "python3", script, tostring(port) }
  for flag, field in pairs(FLAGS) do
    if options[field] then
      command[#command + 1] = "--" .. flag
      command[#command + 1] = options[field]
    end
  end
  self.process = process.start(command)
  running[self] = true
  self.wire = assert(client_wire.connect(tonumber(hear(self, "\nport (%d+)\n"))))
  self.connected = hear(self, "\nconnected ([^\n]*)\n")
  self.failed = self.process.out:match("\nfailed ([^\n]*)\n")
  return self
end

--- How the server has ended the connection: "close_notify", "FIN", "reset", or the alert's name.
function tls_client:server_end() return hear(self, "\nserver: ([^\n]*)\n") end

--- Ends what a spec has left running: for after_each.
function tls_client.stop_all()
  for self in pairs(running) do
    running[self] = nil
    self.wire:close()
    self.process:kill("sigkill")
    self.process:finish()
  end
end

return tls_client
