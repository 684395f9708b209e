--- A TCP connection as a spec wants it: bytes out, bytes in, and how it ended.
local uv = require "luv"
local wait = require "wait"

local wire = {}
wire.__index = wire

-- Who writes to a peer that has gone hears of it from the write.
local pipe_signal = uv.new_signal()
pipe_signal:start("sigpipe", function() end)
pipe_signal:unref()

local function check(ok, message)
  if not ok then error(message, 3) end
  return ok
end

--- Connects to a port of this machine (`host`: "127.0.0.1").
function wire.connect(port, host)
  local self = setmetatable({ tcp = uv.new_tcp(), input = "", unsent = 0 }, wire)
  local state
  check(self.tcp:connect(host or "127.0.0.1", port, function(err) state = err or "connected" end))
  wait(function() return state end, "a connection")
  if state == "connected" then
    self.tcp:nodelay(true)
    return self
  end
  self:close()
  return nil, state
end

local function start_reading(self)
  if self.is_reading or self.ended then return end
  self.is_reading = true
  self.tcp:read_start(function(err, bytes)
    if bytes then
      self.input = self.input .. bytes
      return
    end
    self.is_reading = false
    self.ended = err and (err:match("^%u+") or err) or "end"
  end)
end

local function stop_reading(self)
  if not self.is_reading then return end
  self.is_reading = false
  self.tcp:read_stop()
end

--- Reads until `condition(input)` holds or the peer ends; nothing is read at other times.
local function read_until(self, condition, what)
  start_reading(self)
  wait(function() return condition(self.input) or self.ended end, function()
    return ("%s; so far %d bytes: %q"):format(what, #self.input, self.input:sub(1, 200))
  end)
  stop_reading(self)
end

local function take(self, size)
  local bytes = self.input:sub(1, size)
  self.input = self.input:sub(size + 1)
  return bytes
end

--- Queues bytes; they leave while anybody waits.
function wire:send(bytes)
  self.unsent = self.unsent + 1
  check(self.tcp:write(bytes, function() self.unsent = self.unsent - 1 end))
  return self
end

--- Waits until all that was queued has been taken by the system, or can't be any more.
function wire:flush()
  wait(function() return self.unsent == 0 end, "the peer to read")
  return self
end

--- The next `size` bytes; where they don't come nil, how it ended ("end", "ECONNRESET") and what
--- came instead.
function wire:receive(size)
  read_until(self, function(input) return #input >= size end, size .. " bytes")
  if #self.input < size then return nil, self.ended, self.input end
  return take(self, size)
end

--- What has come, or comes next; nil as receive.
function wire:receive_any()
  read_until(self, function(input) return #input > 0 end, "bytes")
  if #self.input == 0 then return nil, self.ended, "" end
  return take(self, #self.input)
end

--- The bytes up to and with `text`; nil as receive.
function wire:receive_to(text)
  local last
  read_until(self, function(input)
    last = select(2, input:find(text, 1, true))
    return last
  end, ("%q"):format(text))
  if not last then return nil, self.ended, self.input end
  return take(self, last)
end

--- All bytes until the peer ends, and how it did: "end" (FIN) or "ECONNRESET".
function wire:receive_all()
  read_until(self, function() return false end, "the peer's end")
  return take(self, #self.input), self.ended
end

--- Says that nothing more is sent (FIN).
function wire:shutdown()
  local done
  check(self.tcp:shutdown(function(err) done = err or "done" end))
  wait(function() return done end, "the shutdown")
  return self
end

local function is_closed(self)
  return self.tcp:is_closing()
end

--- Closes it; what is queued may be lost.
function wire:close()
  if not is_closed(self) then self.tcp:close() end
end

--- Closes it with a reset (RST).
function wire:reset()
  if not is_closed(self) then self.tcp:close_reset() end
end

return wire
