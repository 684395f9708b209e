-- An app in a server of its own, with peers over TCP and the real clock: a world as memory.lua
-- describes it, without an inside.
--
-- When is a step over? A peer's ping is answered behind all that it sent before, and its pong comes
-- behind all that the server sent it before. So every peer asks (probe.lua), and where all have
-- been answered, twice around, and nothing else has come, nothing is left to do. Peers that can't
-- ask (they wait for the handshake's end, don't read, don't answer) have the server go round its
-- loop (socket.new_round) meanwhile.

local loop = require "moonroom.test.loop"
local raise = require "moonroom.test.raise"
local servers = require "moonroom.test.server"
local sockets = require "moonroom.test.socket"
local uv = require "luv"

local most_to_settle, most_a_round, most_at_exit = 10, 30, 5
local quiet_passes = 2
-- So many rounds of the server's without news: it doesn't read from whoever waits for an answer.
local most_rounds = 100
local pause = 0.1

local World = {}
World.__index = World

-- --- settling ----------------------------------------------------------------

-- Has the wires with news heard. Returns whether there were any.
local function deliver(world)
  loop.poll()
  local fresh = {}
  for _, wire in ipairs(world.wires) do
    if wire.has_news then fresh[#fresh + 1] = wire end
  end
  for _, wire in ipairs(fresh) do
    wire.has_news = false
    if wire.heard then wire.heard() end
  end
  return #fresh > 0
end

local function check_alive(world)
  if not world.server:has_ended() then return end
  deliver(world)
  raise("%s", world.server:problem() or "the server has ended by itself")
end

local function has_news(wire) return wire.has_news end

local function any(world, holds)
  for _, wire in ipairs(world.wires) do
    if holds(wire) then return true end
  end
  return false
end

local function go_round(world)
  local is_over = sockets.new_round(world.server.port)
  local outcome = loop.wait(function() return is_over() or world.server:has_ended() end,
    most_a_round)
  check_alive(world)
  if outcome ~= true then
    raise("the server doesn't answer: %s", outcome or most_a_round .. " s have passed")
  end
end

-- Whether an answer may still come, since the last news so many rounds and seconds ago.
local function may_come(world, rounds, seconds)
  return any(world, function(wire)
    return wire:is_waiting() and (rounds < most_rounds or seconds < wire.rest)
  end)
end

-- All ask, and are answered. Returns whether there was any other news.
local function ask_all(world)
  for _, wire in ipairs(world.wires) do wire:ask() end
  local has_heard, rounds, heard_at = false, 0, loop.now()
  repeat
    go_round(world)
    rounds = rounds + 1
    if deliver(world) then has_heard, rounds, heard_at = true, 0, loop.now() end
  until not may_come(world, rounds, loop.now() - heard_at)
  return has_heard
end

local function forget_closed(world)
  local left = {}
  for _, wire in ipairs(world.wires) do
    if not wire.tcp:is_closing() or wire.has_news then left[#left + 1] = wire end
  end
  world.wires = left
end

function World:settle()
  local quiet, till = 0, loop.now() + most_to_settle
  while quiet < quiet_passes do
    quiet = ask_all(self) and 0 or quiet + 1
    if quiet == 0 and loop.now() > till then
      raise("app and peers have not come to rest for %d s", most_to_settle)
    end
  end
  forget_closed(self)
end

-- --- time --------------------------------------------------------------------

function World:advance(seconds)
  local till = loop.now() + seconds
  local left = seconds
  while left > 0 do
    loop.wait(function() return any(self, has_news) or self.server:has_ended() end, left)
    check_alive(self)
    deliver(self)
    left = till - loop.now()
  end
  self:settle()
end

function World:now()
  local seconds, microseconds = uv.gettimeofday()
  return seconds + microseconds / 1e6
end

-- --- the rest of a world -----------------------------------------------------

function World:connect(options)
  if options.secure or options.tls then raise("secure peers work in memory only") end
  check_alive(self)
  local wire = sockets.new(self.server.port, {
    address = options.address, paused = options.paused, faults = options.faults or {},
  })
  table.insert(self.wires, wire)
  return wire
end

function World:take_log()
  loop.poll()
  return self.server:take_log()
end

-- Those whose Close would not be answered go first: the server would wait for them.
local function leave(world)
  for _, wire in ipairs(world.wires) do
    if wire.is_silent or not wire.is_reading then wire:reset() end
  end
end

local function end_server(world)
  local server, till = world.server, loop.now() + servers.most_to_end
  server:terminate()
  while not server:has_ended() and loop.now() < till do
    loop.wait(function() return any(world, has_news) or server:has_ended() end, pause)
    deliver(world)
  end
  deliver(world)
  if server:has_ended() then return server:problem() end
  server:kill(most_at_exit)
  return ("the server has not ended within %d s of its TERM, and was killed"):format(
    servers.most_to_end)
end

-- Handles that are closed are gone once the loop has run.
local function close_all(world)
  for _, wire in ipairs(world.wires) do wire:reset() end
  world.wires = {}
  loop.poll()
end

local anchor = "moonroom.test.tcp" -- in the registry: the worlds that aren't stopped

function World:stop()
  debug.getregistry()[anchor][self] = nil
  self.is_stopped = true
  leave(self)
  local ok, problem = pcall(end_server, self)
  if not ok then self.server:kill(most_at_exit) end
  close_all(self)
  if problem then raise("%s", problem) end
end

-- The Lua state ends, and nobody has stopped it.
function World:__gc()
  if self.is_stopped then return end
  self.is_stopped = true
  pcall(servers.finish, self.server)
end

-- --- loading -----------------------------------------------------------------

local function check_possible(script, options)
  if type(script) ~= "string" then
    raise('a function is loaded in memory only: transport = "tcp" takes a directory or a file')
  end
  for _, name in ipairs { "app", "seed", "start" } do
    if options[name] ~= nil then
      raise("the option %s works in memory only: a server of its own can't be given it", name)
    end
  end
end

-- The log has all, as in memory. Peers don't speak TLS, and a spec's machine needn't have the keys.
local function arguments_of(script, options)
  local list = { "run", "--listen", "127.0.0.1:0", "--no-tls" }
  if options.log_level == nil then table.insert(list, "--log-level=debug") end
  for name, value in pairs(options) do
    table.insert(list, "--" .. name:gsub("_", "-") .. "=" .. tostring(value))
  end
  table.insert(list, script:find("^%-") and "./" .. script or script)
  return list
end

-- As memory.lua's new; options: hub, the server's options.
local function new(script, options)
  check_possible(script, options)
  local world = { server = servers.start(arguments_of(script, options.hub)), wires = {} }
  local registry = debug.getregistry()
  registry[anchor] = registry[anchor] or {}
  registry[anchor][world] = true
  return setmetatable(world, World) -- behind the server's handles: its finalizer runs before theirs
end

return { new = new }
