-- What an echo, a broadcast and a client's life cost in system calls, counted by strace. It runs
-- the release build even where the other specs run the sanitizers': their runtime makes calls of
-- its own and doesn't like strace.
local client_frame = require "client_frame"
local program = require "program"
local server = require "server"
local websocket = require "websocket"

local CALLS = {
  receiving = { "recvfrom", "recvmsg", "recvmmsg", "readv" },
  sending = { "sendto", "sendmsg", "sendmmsg", "writev" },
  watching = { "epoll_ctl" },
  -- A signal costs libev's own pipe a read and a write, or none where it comes during a wait; the
  -- heap grows with Lua's garbage until the collector has caught up; and the clock of handlers
  -- ticks while there is work, 20 times a second of it, and asks the time.
  varying = {
    "read", "write", "epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "select", "brk", "mmap",
    "munmap", "rt_sigreturn", "clock_gettime",
  },
}

-- The calls by name, from the table that strace -c writes.
local function read_counts(path)
  local counts = {}
  for line in io.lines(path) do
    local count, name = line:match("^%s*(%d+)%s+([%w_]+)$")
    if count and name ~= "total" then counts[name] = tonumber(count) end
  end
  return counts
end

-- Each step of the end waits for the other side's, so that it costs the same every time.
local function stop(here, client)
  here:signal("sigterm")
  assert.equal(1001, (client:receive_close()))
  client:send_close(1001)
  client.wire:receive_all()
  client:close()
  assert.equal(0, (here:finish()))
end

-- The calls of a server's whole life in which one client had so many echoes, one at a time.
local function count_calls(path, echoes, text)
  local here = server.start("examples/echo", {
    binary = server.release_binary,
    wrapper = { "strace", "-c", "-f", "-U", "calls,name", "-o", path },
  })
  local client = assert(websocket.connect(here.port, "/echo"))
  for _ = 1, echoes do
    client:send(text)
    assert.equal(text, (client:receive()))
  end
  stop(here, client)
  return read_counts(path)
end

local function sum(counts, kind)
  local total = 0
  for _, name in ipairs(CALLS[kind]) do total = total + (counts[name] or 0) end
  return total
end

-- The calls in whose course the first of so many clients sends bursts of messages, each of which
-- everybody hears before the next.
local function count_bursts(folder, source, clients, bursts)
  local path = folder .. "/bursts"
  local here = server.start(source, {
    binary = server.release_binary,
    wrapper = { "strace", "-c", "-f", "-U", "calls,name", "-o", path },
  })
  local all = {}
  for at = 1, clients do all[at] = assert(websocket.connect(here.port, "/")) end
  local burst = client_frame(1, "hello"):rep(16)
  for _ = 1, bursts do
    all[1].wire:send(burst)
    for _, client in ipairs(all) do
      for _ = 1, 16 do assert.equal("hello", (client:receive())) end
    end
  end
  for _, client in ipairs(all) do client:close() end
  here:signal("sigterm")
  assert.equal(0, (here:finish()))
  return read_counts(path)
end

describe("a burst of sixteen messages", function()
  local folder

  setup(function() folder = program.directory() end)
  after_each(server.stop_all)
  teardown(function() program.remove(folder) end)

  -- With so many senders and receivers, 100 bursts more are so many calls more of a kind.
  local function growths(source, clients)
    local fewer = count_bursts(folder, source, clients, 20)
    local more = count_bursts(folder, source, clients, 120)
    local result = {}
    for kind in pairs(CALLS) do result[kind] = sum(more, kind) - sum(fewer, kind) end
    return result
  end

  it("is echoed with one recv and one send", function()
    local calls = growths("scripts/bench/apps/echo.lua", 1)
    assert.is_true(calls.receiving <= 105, calls.receiving .. " recv")
    assert.is_true(calls.sending <= 105, calls.sending .. " send")
    assert.equal(0, calls.watching)
  end)

  it("goes to a room with one recv, and one send a member", function()
    local calls = growths("scripts/bench/apps/room.lua", 5)
    assert.is_true(calls.receiving <= 105, calls.receiving .. " recv")
    assert.is_true(calls.sending <= 525, calls.sending .. " send")
    assert.equal(0, calls.watching)
  end)
end)

describe("a client's life with one echo", function()
  local folder

  setup(function() folder = program.directory() end)
  after_each(server.stop_all)
  teardown(function() program.remove(folder) end)

  local function live(port)
    local client = assert(websocket.connect(port, "/echo"))
    client:send("hello")
    assert.equal("hello", (client:receive()))
    client:send_close(1000)
    assert.equal(1000, (client:receive_close()))
    client.wire:receive_all()
    client:close()
  end

  -- The calls in whose course so many come and go, one after the other.
  local function count_lives(clients)
    local path = folder .. "/lives"
    local here = server.start("examples/echo", {
      "--log-level", "warn",
      binary = server.release_binary,
      wrapper = { "strace", "-c", "-f", "-U", "calls,name", "-o", path },
    })
    for _ = 1, clients do live(here.port) end
    here:signal("sigterm")
    assert.equal(0, (here:finish()))
    return read_counts(path)
  end

  it("costs three recv and send, and one call to watch, to shut and to close it", function()
    local fewer, more = count_lives(20), count_lives(120)
    local function growth(kind) return sum(more, kind) - sum(fewer, kind) end
    assert.is_true(growth("receiving") <= 305, growth("receiving") .. " recv")
    assert.is_true(growth("sending") <= 305, growth("sending") .. " send")
    assert.is_true(growth("watching") <= 105, growth("watching") .. " epoll_ctl")
    for _, name in ipairs { "shutdown", "close" } do
      assert.is_true(more[name] - fewer[name] <= 105, name)
    end
  end)
end)

describe("a thousand echoes more, one at a time,", function()
  local fewer, more, folder

  lazy_setup(function()
    local text = ("x"):rep(100)
    folder = program.directory()
    fewer = count_calls(folder .. "/fewer", 1000, text)
    more = count_calls(folder .. "/more", 2000, text)
  end)

  lazy_teardown(function()
    server.stop_all()
    program.remove(folder)
  end)

  local function growth(kind)
    return sum(more, kind) - sum(fewer, kind)
  end

  it("are a thousand that strace has seen", function()
    assert.is_true(sum(fewer, "receiving") >= 1000 and sum(fewer, "sending") >= 1000)
  end)

  it("cost a thousand recv at most", function()
    assert.is_true(growth("receiving") <= 1000, growth("receiving") .. " more")
  end)

  it("cost a thousand send at most", function()
    assert.is_true(growth("sending") <= 1000, growth("sending") .. " more")
  end)

  it("change what epoll watches not once", function()
    assert.equal(0, growth("watching"))
  end)

  it("cost two thousand calls beside the waits for them", function()
    local all = -growth("varying")
    for name, count in pairs(more) do all = all + count - (fewer[name] or 0) end
    assert.is_true(all <= 2000, all .. " more")
  end)
end)
