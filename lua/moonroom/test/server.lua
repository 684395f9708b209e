-- The moonroom binary as a process, for an app over TCP.

local loop = require "moonroom.test.loop"
local raise = require "moonroom.test.raise"
local uv = require "luv"

local most_to_start, most_to_end, most_at_exit = 60, 40, 5

-- --- finding it --------------------------------------------------------------

local function exists(path) return uv.fs_access(path, "X") end

-- Where the binary is beside a core.so: in a checkout's build/, or below an installation's prefix.
local function beside(core)
  local build = core:match("^(.*)/lua/moonroom/core%.so$")
  if build and exists(build .. "/moonroom") then return build .. "/moonroom" end
  local prefix = core:match("^(.*)/lib/lua/5%.4/moonroom/core%.so$")
  if prefix and exists(prefix .. "/bin/moonroom") then return prefix .. "/bin/moonroom" end
end

-- The binary: MOONROOM_BINARY, else the one beside core.so, else whatever PATH has.
local function find()
  local core = package.searchpath("moonroom.core", package.cpath)
  return os.getenv("MOONROOM_BINARY") or core and beside(core) or "moonroom"
end

-- --- its life ----------------------------------------------------------------

local Server = {}
Server.__index = Server

local function read_errors(server, pipe)
  pipe:read_start(function(_, bytes)
    if bytes then
      server.said = server.said .. bytes
      return
    end
    pipe:close()
    server.has_said_all = true
  end)
end

local function spawn(server, binary, arguments)
  local pipe = uv.new_pipe(false)
  local handle, pid = uv.spawn(binary, {
    args = arguments, stdio = { nil, nil, pipe },
  }, function(code, signal)
    server.handle:close()
    server.code, server.signal = code, signal
  end)
  if not handle then
    pipe:close()
    loop.poll()
    raise("%s can't be started: %s; MOONROOM_BINARY says where the moonroom binary is", binary, pid)
  end
  server.handle = handle
  read_errors(server, pipe)
end

-- The line that tells the port is none of the log's, which may have begun before it.
local function take_announcement(server)
  local port, rest = ("\n" .. server.said)
    :match("\nmoonroom: http://127%.0%.0%.1:(%d+)/[^\n]* serves [^\n]*\n(.*)$")
  if not port then return false end
  local before = #server.said - #rest
  server.said = server.said:sub(1, before):gsub("moonroom: http[^\n]*\n$", "") .. rest
  server.port = tonumber(port)
  return true
end

-- Why it has ended, or doesn't begin.
local function complaint(server)
  return (server.said:gsub("^moonroom: ", ""):gsub("\n+$", ""))
end

-- Starts it with these arguments, and waits until it listens. Raises what it says where it doesn't.
local function start(arguments)
  local server = setmetatable({ said = "", has_said_all = false }, Server)
  spawn(server, find(), arguments)
  loop.wait(function()
    return take_announcement(server) or server.code and server.has_said_all
  end, most_to_start)
  if server.port then return server end
  server:kill(most_at_exit)
  error(complaint(server), 0)
end

function Server:has_ended() return self.code ~= nil and self.has_said_all end

function Server:terminate()
  if not self.code and not self.handle:is_closing() then self.handle:kill("sigterm") end
end

-- Ends it at once, if it lives.
function Server:kill(seconds)
  if not self.code and not self.handle:is_closing() then self.handle:kill("sigkill") end
  loop.wait(function() return self:has_ended() end, seconds)
end

-- Ends it as TERM does, or by force where that takes long; nothing where somebody has closed all of
-- luv's handles.
local function finish(server)
  if server.code or server.handle:is_closing() then return end
  server:terminate()
  loop.wait(function() return server:has_ended() end, most_at_exit)
  server:kill(most_at_exit)
end

-- What ended it, where that wasn't well.
function Server:problem()
  if self.code == 0 and self.signal == 0 then return nil end
  local how = self.signal ~= 0 and "signal " .. self.signal or "exit code " .. self.code
  return ("the server has ended with %s; it said:\n%s"):format(how, self.said)
end

-- The whole lines that it has written since the last call.
function Server:take_log()
  local lines, rest = self.said:match("^(.*\n)(.*)$")
  if not lines then return "" end
  self.said = rest
  return lines
end

return { start = start, finish = finish, find = find, beside = beside, most_to_end = most_to_end }
