-- test.replay: plays a recording back to an app in memory.

local check = require "moonroom.test.check"
local core = require "moonroom.core"
local load = require "moonroom.test.load"
local peers = require "moonroom.test.peer"
local place = require "moonroom.test.place"
local raise = require "moonroom.test.raise"
local recording = require "moonroom.test.recording"

-- --- what the recorded clients do --------------------------------------------

-- Gives each message that is heard its time.
local function keep_times(play, peer, wire)
  local hear = wire.heard
  function wire.heard()
    local known, now = #peer.messages, play.app:now() - play.start
    hear()
    for index = known + 1, #peer.messages do
      peer.messages[index].time = (now * 1e6 + 0.5) // 1 / 1e6
    end
  end
end

local function field(head, name)
  local value = head:lower():match("\n" .. name:gsub("%-", "%%-") .. ":[ \t]*()")
  return value and head:match("^[^\r\n]*", value)
end

-- What the answer will be held against.
local function read_request(peer, bytes)
  if peer.request:find("\r\n\r\n", 1, true) then return end
  peer.request = peer.request .. bytes
  peer.path = peer.request:match("^%u+ (%S+) ") or peer.path
  local protocols = {}
  for name in (field(peer.request, "sec-websocket-protocol") or ""):gmatch("[^%s,]+") do
    table.insert(protocols, name)
  end
  local key = field(peer.request, "sec-websocket-key")
  peer.options = {
    protocols = protocols, accept = key and core.testkit.http.accept(key),
    compression = field(peer.request, "sec-websocket-extensions") and {},
  }
end

local EVENTS = {}

function EVENTS.open(play, event)
  local wire = play.app.world:connect(event.data)
  local peer = peers.new(play.app, event.connection, "?", {}, wire)
  peer.is_answering, peer.request = false, "" -- its answers are in the recording
  keep_times(play, peer, wire)
  play.peers[event.connection] = peer
end

function EVENTS.bytes(play, event)
  local peer = play.peers[event.connection]
  read_request(peer, event.data)
  peer.wire:send(event.data)
end

EVENTS["end"] = function(play, event) play.peers[event.connection].wire:finish() end
function EVENTS.reset(play, event) play.peers[event.connection].wire:reset() end

-- --- playing -----------------------------------------------------------------

local function run(play, events, tail)
  local elapsed = 0
  for _, event in ipairs(events) do
    play.app:advance(math.max(event.time - elapsed, 0))
    elapsed = event.time
    EVENTS[event.event](play, event)
    play.app:settle()
  end
  play.app:advance(tail)
end

-- What stopping sends is none of the recording's.
local function finish(play)
  for _, peer in pairs(play.peers) do peer.wire.heard = nil end
  return play.app:finish()
end

local function split(options)
  check.type_of(options, "options", "table")
  if options.start ~= nil then raise("the start is the recording's: there is no option start") end
  if (options.transport or "memory") ~= "memory" then raise("test.replay works in memory only") end
  local rest = {}
  for name, value in pairs(options) do rest[name] = value end
  rest.tail = nil
  return rest, check.seconds(options.tail or 0)
end

local function read(file)
  local result, problem = recording.read(file)
  if not result then raise("%s", problem) end
  return result
end

local function replay(file, script, options)
  check.type_of(file, "a recording's name", "string")
  local rest, tail = split(options == nil and {} or options)
  if script == nil then
    script = place.directory()
    if not file:find("^/") then file = script .. "/" .. file end
  end
  local recorded = read(file)
  rest.start = recorded.start
  local play = { app = load(script, rest), start = recorded.start, peers = {} }
  local ok, why = pcall(run, play, recorded.events, tail)
  local failures, entries = finish(play)
  if not ok then error(why, 0) end
  play.peers.errors, play.peers.log = failures, entries
  return play.peers
end

return replay
