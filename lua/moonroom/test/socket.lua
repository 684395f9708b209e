-- A wire (memory.lua says what that is) over TCP.

local loop = require "moonroom.test.loop"
local probes = require "moonroom.test.probe"
local raise = require "moonroom.test.raise"
local uv = require "luv"

local HOST = "127.0.0.1"
local most_to_connect = 20
-- A second's pings, and how many may be saved up: 1000 a second would be too many for the server.
local pings_a_second, most_pings = 400, 100
-- Of the system, for who takes little at a time. TCP may then rest for a while.
local small_buffer, longest_rest = 4096, 0.5

local Wire = {}
Wire.__index = Wire

local function close(wire)
  if not wire.tcp:is_closing() then wire.tcp:close() end
end

-- --- reading -----------------------------------------------------------------

local function hear_end(wire, problem)
  wire.has_ended, wire.has_news = problem and "reset" or "end", true
  wire.is_reading = false
  if problem or wire.has_finished then close(wire) else wire.tcp:read_stop() end
end

local function hear(wire, problem, bytes)
  if not bytes then return hear_end(wire, problem) end
  local passed = wire.probe:receive(bytes)
  wire.input = wire.input .. passed
  wire.has_news = wire.has_news or passed ~= ""
end

-- What isn't read fills the system's buffers, and then the server's.
local function read_or_not(wire)
  local should = not wire.is_paused and not wire.wanted.full
  if should == wire.is_reading or wire.has_ended then return end
  wire.is_reading = should
  if not should then return wire.tcp:read_stop() end
  wire.tcp:read_start(function(problem, bytes) hear(wire, problem, bytes) end)
end

local function shrink(wire)
  if not wire.tcp:is_closing() then uv.recv_buffer_size(wire.tcp, small_buffer) end
  wire.rest = longest_rest
end

function Wire:take()
  local bytes = self.input
  self.input = ""
  return bytes
end

function Wire:ended() return self.has_ended end

function Wire:pause()
  self.is_paused = true
  read_or_not(self)
end

function Wire:resume()
  self.is_paused = false
  read_or_not(self)
end

function Wire:faults(faults)
  self.wanted = faults
  if faults.write then shrink(self) end
  read_or_not(self)
end

-- --- writing -----------------------------------------------------------------

local function write(wire, bytes)
  wire.unsent = wire.unsent + 1
  local is_taken = wire.tcp:write(bytes, function() wire.unsent = wire.unsent - 1 end)
  if not is_taken then wire.unsent = wire.unsent - 1 end
end

local function can_write(wire) return not wire.has_finished and not wire.tcp:is_closing() end

function Wire:send(bytes)
  if not can_write(self) then return end
  self.probe:send(bytes)
  local piece = self.wanted.read or math.max(#bytes, 1)
  for at = 1, #bytes, piece do write(self, bytes:sub(at, at + piece - 1)) end
end

function Wire:finish()
  if not can_write(self) then return end
  self.has_finished = true
  self.tcp:shutdown(function()
    if self.has_ended then close(self) end
  end)
end

function Wire:reset()
  self.has_ended = self.has_ended or "reset"
  if self.tcp:is_closing() then return end
  if self.has_finished or not self.tcp:close_reset() then close(self) end
end

function Wire:stop_answering() self.is_silent = true end

-- The server's side of it is in another process.
function Wire:client() return nil end

-- --- is all that was sent handled? -------------------------------------------

local function may_ping(wire)
  local now = loop.now()
  wire.pings = math.min(most_pings, wire.pings + (now - wire.pinged_at) * pings_a_second)
  wire.pinged_at = now
  return wire.pings >= 1 and wire.is_reading and not wire.is_silent and can_write(wire)
end

-- Asks the server for a sign that it has handled all, where that is possible.
function Wire:ask()
  if not may_ping(self) then return end
  local ping = self.probe:ping()
  if not ping then return end
  self.pings = self.pings - 1
  write(self, ping)
end

function Wire:is_waiting()
  if self.has_ended or self.tcp:is_closing() or not self.is_reading or self.is_silent then
    return false
  end
  return self.unsent > 0 or not self.probe.is_closing and self.probe:is_waiting()
end

-- --- its beginning -----------------------------------------------------------

local function connect(wire, port, address)
  local state
  if address then
    local is_bound, why = wire.tcp:bind(address, 0)
    if not is_bound then
      close(wire)
      raise("a peer can't have the address %s over tcp: %s", address, why)
    end
  end
  wire.tcp:connect(HOST, port, function(why) state = why or "connected" end)
  loop.wait(function() return state end, most_to_connect)
  if state == "connected" then return end
  close(wire)
  raise("there is no connection to the server: %s", state or "it doesn't answer")
end

-- A wire to a port of this machine. options: address, paused and faults, as of world:connect.
local function new(port, options)
  local wire = setmetatable({
    tcp = uv.new_tcp("inet"), probe = probes.new(), input = "", unsent = 0, wanted = {},
    is_reading = false, is_paused = options.paused or false, is_silent = false, rest = 0,
    pings = most_pings, pinged_at = loop.now(),
  }, Wire)
  wire.tcp:nodelay(true)
  if options.faults.write then shrink(wire) end
  connect(wire, port, options.address)
  wire:faults(options.faults)
  return wire
end

-- A round of the server's loop: a connection that says nothing and ends. Returns a function that
-- tells whether the server has ended it too, or what went wrong with it.
local function new_round(port)
  local tcp, is_over = uv.new_tcp(), false
  local function finish(problem)
    is_over = problem or true
    if not tcp:is_closing() then tcp:close() end
  end
  tcp:connect(HOST, port, function(problem)
    if problem then return finish(problem) end
    tcp:shutdown()
    tcp:read_start(function(_, bytes)
      if not bytes then finish() end
    end)
  end)
  return function() return is_over end
end

return { new = new, new_round = new_round }
