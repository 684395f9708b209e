-- The figures of a worker, as moonroom.stats tells them: src/core/figures.c.

local noting = require "noting"
local world = require "world"

local frame = world.frame

describe("moonroom.stats", function()
  local w
  local function stats() return w.moonroom.stats() end

  before_each(function() w = noting.echoing { ping_interval = 0 } end)

  it("tells the names that meta declares, and no others", function()
    local file <close> = assert(io.open("lua/moonroom/meta/stats.lua"))
    local declared = {}
    local text = file:read("a"):match("@class moonroom.Stats\n(.*)")
    for name in text:gmatch("@field ([%w_]+) ") do declared[name] = true end
    local told = {}
    for name in pairs(stats()) do told[name] = true end
    assert.same(declared, told)
  end)

  it("tells messages and bytes each way", function()
    local peer, before = w:connect("/room"), stats()
    peer:send(frame("text", "hello"))
    w:rest()
    local now = stats()
    assert.same({ 1, 1, 11, 7 }, {
      now.messages_received - before.messages_received, now.messages_sent - before.messages_sent,
      now.received_bytes - before.received_bytes, now.sent_bytes - before.sent_bytes,
    })
  end)

  it("tells handshakes and other requests by their status", function()
    w:connect("/room")
    w:connect("/none")
    w:connect("/room", { headers = { Origin = "https://evil.example" } })
    w:connect("/room", { headers = { ["Sec-WebSocket-Version"] = "12" } })
    w:get("/none")
    local handshakes, requests = stats().handshakes, stats().requests
    assert.same({ 1, 1, 1, 1, 0 }, { handshakes["101"], handshakes["404"], handshakes["403"],
      handshakes["426"], handshakes["503"] })
    assert.equal(1, requests["426"] or requests["404"])
    assert.is_nil(handshakes["200"])
  end)

  it("tells who is connected, and what may be", function()
    w = noting.echoing { ping_interval = 0, max_clients = 7 }
    local peer = w:connect("/room")
    w:connect("/room")
    w:peer()
    assert.same({ 2, 7, 1, 3 }, { stats().clients, stats().max_clients,
      stats().pending_connections, stats().connections })
    peer:reset()
    assert.equal(1, stats().clients)
  end)

  it("counts rooms until they are closed", function()
    assert.equal(1, stats().rooms)
    local other = w.moonroom.Room { path = "/other" }
    assert.equal(2, stats().rooms)
    other:close()
    other:close()
    assert.equal(1, stats().rooms)
  end)

  it("tells what a limit did, by its name", function()
    w = noting.echoing({ ping_interval = 0 }, { max_message = 3 })
    w:connect("/room"):send(frame("text", "long"))
    assert.equal(1, stats().limits.max_message)
    assert.equal(0, stats().limits.per_ip)
    assert.is_nil(stats().limits.messages_in)
  end)

  it("sums slow closes and timeouts up", function()
    w = noting.echoing { ping_interval = 0, handshake_timeout = 5, send_queue = 10 }
    w:peer()
    w:advance(6)
    assert.equal(1, stats().timeouts)
    local peer = w:connect("/room")
    peer:faults { full = true }
    for _ = 1, 3 do w.room:broadcast(("x"):rep(20)) end
    w:rest()
    assert.equal(1, stats().slow_closes)
  end)

  it("counts a handler's runs and errors", function()
    w = noting.echoing({ ping_interval = 0 }, { on_text = function() error "no" end })
    local peer, before = w:connect("/room"), stats()
    peer:send(frame("text", "a"))
    local now = stats()
    assert.equal(1, now.handler_errors - before.handler_errors)
    assert.is_true(now.handler_runs > before.handler_runs)
  end)

  it("measures about one run in 16, which counts for all", function()
    local peer = w:connect("/room")
    for _ = 1, 100 do peer:send(frame("text", "a"):rep(64)) end
    local now = stats()
    local times = now.handler_seconds
    assert.is_true(now.handler_runs >= 6400)
    assert.equal(0, times.count % 16)
    assert.is_true(times.count > 0.8 * now.handler_runs, times.count)
    assert.is_true(times.count < 1.25 * now.handler_runs, times.count)
    assert.is_true(times.sum > 0)
    assert.same({ math.huge, times.count }, times.buckets[#times.buckets])
    for index = 2, #times.buckets do
      assert.is_true(times.buckets[index][2] >= times.buckets[index - 1][2])
    end
  end)

  it("tells of the scripts' memory, timers and the collector", function()
    local before = stats()
    w.moonroom.after(10, function() end)
    collectgarbage()
    collectgarbage()
    local now = stats()
    assert.equal(1, now.timers - before.timers)
    assert.is_true(now.lua_gc_cycles >= before.lua_gc_cycles + 2)
    assert.is_true(now.lua_memory_bytes > 100000)
  end)

  it("says that the server drains", function()
    assert.equal(0, stats().draining)
    w.kit.drain(w.hub)
    assert.equal(1, stats().draining)
  end)

  it("needs an app", function()
    local public = require("moonroom.app").new(nil).public
    assert.has_error(function() public.stats() end,
      "no app: stats works in scripts that Moonroom runs")
  end)
end)
