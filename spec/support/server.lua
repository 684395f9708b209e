--- Starts the real program on a free port, for specs that need sockets:
---
---   local server = require "server"
---   after_each(server.stop_all)
---   ...
---   local here = server.start({ ["init.lua"] = [[...]] }, { "--max-message", "99" })
---   local peer = wire.connect(here.port)
local process = require "process"
local program = require "program"
local uv = require "luv"
local wait = require "wait"

local server = {}
server.__index = server

local running = {}

--- The program that is started: the sanitizers' build under `make asan-test`.
server.binary = os.getenv("MOONROOM_BINARY") or "./build/moonroom"

--- The release build, for specs that use strace or ulimit or measure.
server.release_binary = os.getenv("MOONROOM_RELEASE_BINARY") or "./build/moonroom"

-- Says its pid before it becomes the program: under strace that is not the child's.
local SAY_PID = [[echo "pid $$" >&2; exec "$0" "$@"]]

local function command_line(source, flags)
  local command = {}
  if flags.wrapper then
    table.move(flags.wrapper, 1, #flags.wrapper, 1, command)
    table.move({ "sh", "-c", SAY_PID }, 1, 3, #command + 1, command)
  end
  command[#command + 1] = flags.binary or server.binary
  command[#command + 1] = flags.command or "run"
  if not flags.listens then
    command[#command + 1] = "--listen"
    command[#command + 1] = "127.0.0.1:0"
  end
  table.move(flags, 1, #flags, #command + 1, command)
  command[#command + 1] = source
  return command
end

-- Of the line that says where the server is.
local function find_ports(log)
  local ports = {}
  for line in log:gmatch("[^\n]+\n") do
    for port in line:gmatch("https?://[%w%.:%[%]]-:(%d+)/") do
      ports[#ports + 1] = tonumber(port)
    end
    if ports[1] then return ports end
  end
end

--- Starts the program on `source`, a directory's or file's path or a table of files (see
--- program.directory; removed when it stops), and waits until it listens. `flags` are its
--- arguments; fields of it: binary = a program instead of server.binary, wrapper = a command to
--- run it under ({ "strace", "-c", "-o", path }), command = another one than "run", listens = true:
--- --listen is among the flags.
--- `env`: see process.start. The result has port, ports and pid. Raises with its log where it
--- doesn't come up.
function server.start(source, flags, env)
  local self = setmetatable({}, server)
  if type(source) == "table" then
    self.root = program.directory(source)
    source = self.root
  end
  self.process = process.start(command_line(source, flags or {}), env)
  running[self] = true
  wait(function()
    self.ports = find_ports(self:log())
    return self.ports or self.process.code
  end, function() return "the server's first line; its log:\n" .. self:log() end)
  if not self.ports then
    self.process:finish()
    self:stop()
    error(("the server ended with %d; its log:\n%s"):format(self.process.code, self:log()), 2)
  end
  self.port = self.ports[1]
  self.pid = tonumber(self:log():match("^pid (%d+)\n")) or self.process.pid
  return self
end

--- What it has logged so far.
function server:log()
  return self.process.err
end

--- Waits until its log has a match of the pattern, and returns its captures.
function server:wait_for_log(pattern)
  wait(function() return self:log():find(pattern) end,
    function() return ("a log line with %q; the log:\n%s"):format(pattern, self:log()) end)
  return self:log():match(pattern)
end

--- Sends it a signal, "sigterm" by default.
function server:signal(name)
  self.is_killed = self.is_killed or name == "sigkill"
  if not self.process.code then uv.kill(self.pid or self.process.pid, name or "sigterm") end
end

--- Waits until it has ended by itself. Returns its exit code, and the signal that ended it or 0.
function server:finish(seconds)
  return self.process:finish(seconds)
end

--- Stops it at once: a second signal doesn't wait for clients. What a server does on the first
--- one is seen by signal and finish. Returns as finish; does nothing a second time. Raises where a
--- signal that the spec did not send has ended it: it crashed.
function server:stop()
  if running[self] then
    running[self] = nil
    self:signal("sigterm")
    self:signal("sigint")
    self:finish()
    if self.root then program.remove(self.root) end
    local died = self.process.signal ~= 0 and not self.is_killed
    if died then
      error(("the server died of signal %d; its log:\n%s"):format(self.process.signal, self:log()))
    end
  end
  return self.process.code, self.process.signal
end

--- Stops what a spec has left running: for after_each.
function server.stop_all()
  for self in pairs(running) do self:stop() end
end

return server
