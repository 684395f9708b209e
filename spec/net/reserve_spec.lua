-- What libev needs is there before memory runs out: src/net/reserve.c.
local server = require "server"
local wire = require "wire"
local websocket = require "websocket"

local CONNECTIONS = 300
local LEFT = 8 << 20 -- bytes, for all that comes after the start

-- Takes memory to its last byte.
local GREEDY = { ["init.lua"] = [[
  local moonroom = require "moonroom"
  local Room = moonroom.Room:extend("Greedy")
  local kept = {}
  function Room:on_text(client)
    collectgarbage("stop")
    for bits = 20, 0, -1 do
      local function take() while true do kept = { kept, ("x"):rep(1 << bits) } end end
      pcall(take)
    end
    client:terminate()
  end
  moonroom.mount("/", Room)
]] }

local function size_of(here)
  local file <close> = assert(io.open(("/proc/%d/status"):format(here.pid)))
  return tonumber(file:read("a"):match("VmSize:%s*(%d+) kB")) << 10
end

-- How many descriptors are opened and closed again at the start, for 150 connections.
local function prepared_for(wrapper)
  local path = os.tmpname()
  local strace = { "strace", "-f", "-e", "trace=fcntl", "-o", path }
  local here = server.start(GREEDY, {
    "--max-clients=100", "--max-pending-handshakes=50", binary = server.release_binary,
    wrapper = table.move(wrapper, 1, #wrapper, #strace + 1, strace),
  })
  here:stop()
  local file <close> = assert(io.open(path))
  local _, count = file:read("a"):gsub("F_DUPFD_CLOEXEC", "")
  os.remove(path)
  return count
end

local function start(limit)
  return server.start(GREEDY, {
    binary = server.release_binary,
    wrapper = limit and { "prlimit", "--as=" .. limit },
  })
end

describe("a server whose memory is limited", function()
  after_each(server.stop_all)

  it("does not abort in libev when there is none left for another connection", function()
    local free = start()
    local here = start(size_of(free) + LEFT)
    local client = assert(websocket.connect(here.port, "/"))
    client:send("take all")
    -- Without memory even terminate may fail, which ends it too.
    local said, kind = client:receive()
    assert.is_true(said == nil or kind == "close", said)
    local peers = {}
    for number = 1, CONNECTIONS do peers[number] = wire.connect(here.port) end
    for _, peer in pairs(peers) do
      peer:send(websocket.handshake("/"))
      peer:receive_any()
      peer:close()
    end
    here:signal("sigterm")
    assert.same({ 0, 0 }, { here:finish() })
  end)

  -- The sanitizers' build has room for itself in this one.
  it("serves as any other", function()
    local here = server.start("examples/echo", { wrapper = { "prlimit", "--data=" .. (1 << 46) } })
    local client = assert(websocket.connect(here.port, "/echo"))
    assert.equal("hello", (client:send("hello"):receive()))
    client:close()
    here:signal("sigterm")
    assert.same({ 0, 0 }, { here:finish() })
  end)

  it("takes that at its start, and only where there is a limit", function()
    local limited = prepared_for({ "prlimit", "--as=" .. (1 << 30) })
    assert.is_true(limited >= 300 and limited < 450, limited) -- each with a file
    assert.equal(0, prepared_for({ "env" }))
  end)
end)
