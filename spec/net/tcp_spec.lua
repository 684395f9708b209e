-- A connection's bytes over a socket: src/net/tcp.c.

local client_frame = require "client_frame"
local server = require "server"
local websocket = require "websocket"

after_each(server.stop_all)

-- Masked with zeros: so that a spec of megabytes is about the server, not about masking in Lua.
local PLAIN = { mask = "\0\0\0\0" }

describe("a TCP connection", function()
  it("carries messages larger than what one recv takes", function()
    local here = server.start("examples/echo")
    local client = assert(websocket.connect(here.port, "/echo"))
    local text = ("0123456789abcdef"):rep(65536)
    assert.equal(1048576, #text)
    assert.is_true(text == client:send(text):receive())
    assert.is_true(text == client:send(text, "binary", PLAIN):receive())
  end)

  it("takes a message byte by byte", function()
    local here = server.start("examples/echo")
    local client = assert(websocket.connect(here.port, "/echo"))
    for byte in client_frame(1, "slowly"):gmatch(".") do client.wire:send(byte):flush() end
    assert.equal("slowly", client:receive())
  end)

  it("goes on writing where the peer has stopped reading for a while", function()
    -- Far more than the system keeps for a socket: the rest waits in the server.
    local here = server.start("examples/echo", { "--send-queue", "64m" })
    local client = assert(websocket.connect(here.port, "/echo"))
    local part = ("x"):rep(1048569)
    for i = 1, 32 do client:send(("%07d"):format(i) .. part, "text", PLAIN) end
    client.wire:flush()
    for i = 1, 32 do
      local text = client:receive()
      assert.is_true(("%07d"):format(i) .. part == text, i)
    end
  end)

  it("keeps other clients served while one doesn't read", function()
    local here = server.start("examples/echo", { "--send-queue", "64m" })
    local stuck = assert(websocket.connect(here.port, "/echo"))
    local other = assert(websocket.connect(here.port, "/echo"))
    local text = ("x"):rep(1048576)
    for _ = 1, 32 do stuck:send(text, "text", PLAIN) end
    stuck.wire:flush()
    for i = 1, 10 do assert.equal(tostring(i), other:send(tostring(i)):receive()) end
  end)

  it("ends where the peer sends FIN", function()
    local here = server.start("examples/echo")
    local client = assert(websocket.connect(here.port, "/echo"))
    client:send("last"):receive()
    client.wire:shutdown()
    local _, ended = client.wire:receive_all()
    assert.equal("end", ended)
    here:wait_for_log("code=1006")
  end)

  it("ends where the peer resets it", function()
    local here = server.start("examples/echo")
    local client = assert(websocket.connect(here.port, "/echo"))
    client.wire:reset()
    here:wait_for_log("code=1006")
    assert.is_nil(here:log():find("error", 1, true))
  end)

  it("survives a peer that resets it while much waits to be sent", function()
    local here = server.start("examples/echo", { "--send-queue", "64m" })
    local client = assert(websocket.connect(here.port, "/echo"))
    local text = ("x"):rep(1048576)
    for _ = 1, 32 do client:send(text, "text", PLAIN) end
    client.wire:flush()
    client.wire:reset()
    here:wait_for_log("code=1006")
    local next_one = assert(websocket.connect(here.port, "/echo"))
    assert.equal("still here", next_one:send("still here"):receive())
  end)
end)

-- Counts system calls of the release build: sanitizers make their own.
describe("a TCP connection's system calls", function()
  local KINDS = {
    read = "receiving", readv = "receiving", recvfrom = "receiving", recvmsg = "receiving",
    write = "sending", writev = "sending", sendto = "sending", sendmsg = "sending",
    epoll_ctl = "polling", mmap = "memory", munmap = "memory", mremap = "memory", brk = "memory",
  }

  -- With -y, strace says what each descriptor is: the signals' eventfd doesn't count, nor the log.
  local function is_of_connection(name, arguments)
    if KINDS[name] == "memory" or KINDS[name] == "polling" then return true end
    return arguments:find("^%d+<socket:") and not arguments:find("^[012]<")
  end

  local function count_trace(path)
    local counts = { receiving = 0, sending = 0, polling = 0, memory = 0 }
    for line in io.lines(path) do
      local name, arguments = line:match("^%d+%s+([%w_]+)%((.*)$")
      local kind = KINDS[name]
      if kind and is_of_connection(name, arguments) then counts[kind] = counts[kind] + 1 end
    end
    return counts
  end

  local function count_calls(talk)
    local report = os.tmpname()
    local here = server.start("examples/echo", {
      binary = server.release_binary,
      wrapper = { "strace", "-f", "-y", "-o", report },
    })
    local client = assert(websocket.connect(here.port, "/echo"))
    talk(client)
    client:close()
    here:wait_for_log("code=1006")
    here:stop()
    local counts = count_trace(report)
    os.remove(report)
    assert.is_true(counts.receiving > 0)
    return counts
  end

  local function echo(count)
    return function(client)
      for i = 1, count do assert.equal("echo " .. i, client:send("echo " .. i):receive()) end
    end
  end

  it("are one recv and one send for an echo, and nothing else", function()
    local some, more = count_calls(echo(1000)), count_calls(echo(2000))
    assert.equal(1000, more.receiving - some.receiving)
    assert.equal(1000, more.sending - some.sending)
    assert.equal(some.polling, more.polling)
    assert.is_true(more.memory - some.memory <= 8)
  end)

  it("are one recv and one send for all messages of a turn", function()
    local frames = {}
    for i = 1, 50 do frames[i] = client_frame(1, "echo " .. i) end
    local together = table.concat(frames)
    local function echo_together(count)
      return function(client)
        for _ = 1, count do
          client.wire:send(together)
          for i = 1, 50 do assert.equal("echo " .. i, (client:receive())) end
        end
      end
    end
    local some, more = count_calls(echo_together(10)), count_calls(echo_together(20))
    assert.equal(10, more.receiving - some.receiving)
    assert.equal(10, more.sending - some.sending)
  end)
end)

describe("a TCP connection's options", function()
  it("are passed on from the listener: small messages leave at once", function()
    local report = os.tmpname()
    local here = server.start("examples/echo", {
      binary = server.release_binary,
      wrapper = { "strace", "-f", "-e", "trace=setsockopt,accept4", "-o", report },
    })
    local client = assert(websocket.connect(here.port, "/echo"))
    client:close()
    here:stop()
    local trace = assert(io.open(report)):read("a")
    os.remove(report)
    assert.matches("setsockopt%(%d+, SOL_TCP, TCP_NODELAY, %[1%]", trace)
    assert.matches("accept4%([^\n]*SOCK_CLOEXEC|SOCK_NONBLOCK%) = %d", trace)
  end)
end)

describe("a TCP connection's end", function()
  it("leaves together with the Close that is said last", function()
    local report = os.tmpname()
    local here = server.start("examples/echo", {
      binary = server.release_binary,
      wrapper = { "strace", "-f", "-e", "trace=recvfrom,sendto,shutdown,close", "-o", report },
    })
    local client = assert(websocket.connect(here.port, "/echo"))
    client:send("hello"):receive()
    client:send_close(1000)
    assert.equal(1000, (client:receive_close()))
    local _, ended = client.wire:receive_all()
    assert.equal("end", ended)
    client:close()
    here:stop()
    local trace = assert(io.open(report)):read("a")
    os.remove(report)
    assert.matches("sendto%((%d+), \"\\201\\5hello\", 7, MSG_NOSIGNAL, ", trace)
    local _, wait = trace:match("sendto%((%d+), \"\\210\\2\\3\\350\", 4, MSG_NOSIGNAL|MSG_MORE, "
      .. "[^\n]*\n%d+ +shutdown%(%1, SHUT_WR%)(.-)close%(%1%)")
    assert.is_nil(assert(wait):find("recvfrom", 1, true))
  end)
end)
