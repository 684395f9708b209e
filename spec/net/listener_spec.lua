-- Addresses that are listened on, and accepting: src/net/listener.c, src/net/address.c.

local process = require "process"
local program = require "program"
local server = require "server"
local uv = require "luv"
local wait = require "wait"
local websocket = require "websocket"
local wire = require "wire"

after_each(server.stop_all)

local function start(addresses, options)
  local flags = { listens = true }
  for _, address in ipairs(addresses) do
    table.move({ "--listen", address }, 1, 2, #flags + 1, flags)
  end
  for name, value in pairs(options or {}) do flags[name] = value end
  return server.start("examples/echo", flags)
end

local function answers(port, host)
  local peer = assert(wire.connect(port, host))
  peer:send("GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n")
  local head = peer:receive_to("\r\n\r\n")
  peer:close()
  return head and head:match("^HTTP/1%.1 (%d+)")
end

-- What listening on these addresses fails with.
local function fail(...)
  local arguments = { "run" }
  for _, address in ipairs { ... } do
    table.move({ "--listen", address }, 1, 2, #arguments + 1, arguments)
  end
  arguments[#arguments + 1] = "examples/echo"
  return program.run(arguments)
end

describe("listening", function()
  it("takes a free port for 0 and says which", function()
    local here = start { "127.0.0.1:0" }
    assert.is_true(here.port > 0)
    assert.equal("426", answers(here.port))
  end)

  it("takes several addresses", function()
    local here = start { "127.0.0.1:0", "127.0.0.2:0", "127.0.0.1:0" }
    assert.equal(3, #here.ports)
    assert.equal("426", answers(here.ports[1], "127.0.0.1"))
    assert.equal("426", answers(here.ports[2], "127.0.0.2"))
    assert.equal("426", answers(here.ports[3], "127.0.0.1"))
  end)

  it("says an address with one, two and three digits a part", function()
    for _, address in ipairs { "127.0.0.9", "127.10.99.100", "127.199.255.1" } do
      local here = start { address .. ":0" }
      assert.is_truthy(here:log():find("http://" .. address .. ":" .. here.port .. "/", 1, true))
    end
  end)

  it("takes IPv6 addresses in brackets, apart from IPv4", function()
    local here = start { "[::1]:0" }
    assert.matches("http://%[::1%]:%d+/", here:log())
    assert.equal("426", answers(here.port, "::1"))
    local both = start { "127.0.0.1:" .. here.port }
    assert.equal(here.port, both.port)
  end)

  it("takes names of this machine", function()
    local here = start { "localhost:0" }
    assert.equal("426", answers(here.port, here:log():find("[::1]", 1, true) and "::1"))
  end)

  it("takes every address where none is named", function()
    local here = start { ":0" }
    assert.equal("426", answers(here.port, "127.0.0.1"))
    assert.equal("426", answers(here.port, "127.0.0.3"))
    assert.equal("426", answers(here.ports[2], "::1"))
  end)

  it("takes the same free port at every address of a name", function()
    local here = start { ":0" }
    assert.equal(2, #here.ports)
    assert.equal(here.ports[1], here.ports[2])
  end)

  it("takes the port of a server that has just ended", function()
    local here = start { "127.0.0.1:0" }
    local client = assert(websocket.connect(here.port, "/echo"))
    here:stop()
    client:close()
    assert.equal(here.port, start({ "127.0.0.1:" .. here.port }).port)
  end)

  it("says address and reason where the port is in use", function()
    local here = start { "127.0.0.1:0" }
    local address = "127.0.0.1:" .. here.port
    local code, _, err = fail("127.0.0.1:0", address)
    assert.equal(71, code)
    assert.matches("cannot listen on " .. address .. ": Address already in use", err, 1, true)
  end)

  it("says address and reason where the address is not this machine's", function()
    local code, _, err = fail("192.0.2.1:0")
    assert.equal(71, code)
    assert.matches("cannot listen on 192.0.2.1:0: Cannot assign requested address", err, 1, true)
  end)

  it("says what a port is", function()
    for _, port in ipairs {
      "", "abc", "65536", "-1", "+1", "1e3", "0x50", "80.", "100000", "1 ",
    } do
      local code, _, err = fail("127.0.0.1:" .. port)
      assert.is_true(code ~= 0, port)
      assert.is_truthy(err:find("port is a number", 1, true) or err:find("without blanks"), err)
    end
  end)

  it("says what an address is", function()
    for _, text in ipairs { "", "12345", "localhost", "::1:80", "[::1]", "[::1]80", "[]:80" } do
      local code, _, err = fail(text)
      assert.is_true(code ~= 0, text)
      assert.matches("HOST:PORT", err, 1, true)
    end
  end)
end)

describe("accepting", function()
  it("tells scripts who is there", function()
    local here = server.start({
      ["init.lua"] = [[
        local moonroom = require "moonroom"
        local Room = moonroom.Room:extend("Room")
        function Room:on_join(client) client:send(client.address) end
        moonroom.mount("/", Room)
      ]],
    }, { "--listen", "[::1]:0" })
    local client = assert(websocket.connect(here.ports[1], "/"))
    assert.equal("127.0.0.1", (client:receive()))
    local peer = assert(wire.connect(here.ports[2], "::1"))
    peer:send(websocket.handshake("/"))
    assert(peer:receive_to("\r\n\r\n"))
    assert.equal("\x81\x03::1", peer:receive(5))
  end)

  it("tells scripts who is there where a trusted proxy says so in a PROXY header", function()
    local here = server.start({
      ["init.lua"] = [[
        local moonroom = require "moonroom"
        local Room = moonroom.Room:extend("Room")
        function Room:on_join(client) client:send(client.address) end
        moonroom.mount("/", Room)
      ]],
    }, { "--proxy-protocol", "on", "--trusted-proxies", "127.0.0.0/8" })
    local peer = assert(wire.connect(here.port))
    peer:send("PROXY TCP4 192.0.2.7 127.0.0.1 5 6\r\n" .. websocket.handshake("/"))
    assert(peer:receive_to("\r\n\r\n"))
    assert.equal("\x81\x09192.0.2.7", peer:receive(11))
  end)

  it("needs trusted_proxies for proxy_protocol", function()
    local code, _, err = program.run { "run", "--proxy-protocol", "on", "examples/echo" }
    assert.equal(78, code)
    assert.matches("proxy_protocol needs trusted_proxies, the addresses of those who send its "
      .. "header", err, 1, true)
  end)

  it("takes all who come at once, however few in a turn", function()
    local here = server.start("examples/echo", { "--accepts-per-turn", "2" })
    local peers = {}
    for i = 1, 100 do
      peers[i] = assert(wire.connect(here.port))
      peers[i]:send(websocket.handshake("/echo"))
    end
    for i = 1, 100 do
      assert.matches("^HTTP/1%.1 101 ", peers[i]:receive_to("\r\n\r\n"))
      peers[i]:close()
    end
  end)

  it("takes the descriptors that the system allows", function()
    local here = server.start("examples/echo", {
      binary = server.release_binary,
      wrapper = { "prlimit", "--nofile=40:200" },
    })
    local clients = {}
    for i = 1, 100 do clients[i] = assert(websocket.connect(here.port, "/echo")) end
    for i = 1, 100 do assert.equal("a", clients[i]:send("a"):receive()) end
    for i = 1, 100 do clients[i]:close() end
  end)

  it("answers 503 where descriptors have run out, and goes on when some are free", function()
    local here = server.start("examples/echo", {
      binary = server.release_binary,
      wrapper = { "prlimit", "--nofile=40:40" },
    })
    local peers, refused = {}, 0
    for i = 1, 60 do
      peers[i] = assert(wire.connect(here.port))
      peers[i]:send(websocket.handshake("/echo"))
      local head = peers[i]:receive_to("\r\n\r\n") or ""
      if head:find("^HTTP/1%.1 503 ") then
        refused = refused + 1
        assert.matches("\r\nRetry%-After: %d+\r\n", head)
      end
    end
    assert.is_true(refused >= 20 and refused < 60, refused)
    for i = 1, 60 do peers[i]:close() end
    here:wait_for_log("code=1006")
    local client
    repeat client = websocket.connect(here.port, "/echo") until client
    assert.equal("room again", client:send("room again"):receive())
  end)

  it("has who never asks make room where descriptors have run out", function()
    local here = server.start("examples/echo", {
      "--max-pending-handshakes", "200",
      binary = server.release_binary,
      wrapper = { "sh", "-c", 'ulimit -n 256; exec "$@"', "sh" },
    })
    local holder = assert(websocket.connect(here.port, "/echo"))
    -- Below the limits that the server has set itself.
    local limits = { "prlimit", "--pid", tostring(here.pid), "--nofile=40:40" }
    assert.equal(0, (process.run(limits)))
    local silent = {}
    for i = 1, 60 do silent[i] = assert(wire.connect(here.port)) end
    here:wait_for_log("handshake dropped rule=descriptors")
    for _ = 1, 5 do
      local client = assert(websocket.connect(here.port, "/echo"))
      assert.equal("good", client:send("good"):receive())
      client:close()
    end
    assert.equal("still here", holder:send("still here"):receive())
    for i = 1, 60 do silent[i]:close() end
  end)

  it("has the oldest download make room where nobody else is left to", function()
    local here = server.start({
      ["public/large.bin"] = ("x"):rep(8 << 20),
      ["init.lua"] = [[local moonroom = require "moonroom"
        moonroom.mount("/echo", moonroom.Room:extend("Echo", {
          on_text = function(_, client, text) client:send(text) end }))]],
    }, {
      binary = server.release_binary,
      wrapper = { "sh", "-c", 'ulimit -n 256; exec "$@"', "sh" },
    })
    assert.equal(0, (process.run { "prlimit", "--pid", tostring(here.pid), "--nofile=40:40" }))
    local takers = {}
    for i = 1, 20 do
      takers[i] = assert(wire.connect(here.port))
      takers[i]:send("GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n")
      assert.matches("^HTTP/1%.1 [25]0", takers[i]:receive_to("\r\n\r\n"))
    end
    here:wait_for_log("download dropped rule=descriptors")
    for _ = 1, 3 do
      local client = assert(websocket.connect(here.port, "/echo"))
      assert.equal("good", client:send("good"):receive())
    end
    for i = 1, 20 do takers[i]:close() end
  end)

  it("rests where not even one descriptor is left, and takes under 5 % of the CPU", function()
    local here = server.start("examples/echo", {
      binary = server.release_binary,
      wrapper = { "sh", "-c", 'ulimit -n 256; exec "$@"', "sh" },
    })
    local holders = {}
    for i = 1, 20 do holders[i] = assert(websocket.connect(here.port, "/echo")) end
    local limits = { "prlimit", "--pid", tostring(here.pid), "--nofile=3:3" }
    assert.equal(0, (process.run(limits)))
    local waiting = assert(wire.connect(here.port))
    -- Seconds of CPU that it has taken so far.
    local function cpu()
      local file <close> = assert(io.open(("/proc/%d/stat"):format(here.pid)))
      local user, system = file:read("a"):match("%) %S" .. (" %-?%d+"):rep(10) .. " (%d+) (%d+)")
      return (user + system) / 100
    end
    local function complaints()
      return (select(2, here:log():gsub("connections are turned away rule=descriptors", "")))
    end
    wait(function() return complaints() >= 1 end, "a first complaint")
    local before, began = cpu(), uv.hrtime()
    wait(function() return complaints() >= 3 end, "a third complaint")
    local share = (cpu() - before) / ((uv.hrtime() - began) / 1e9)
    assert.is_true(share < 0.05, share)
    assert.equal("still here", holders[1]:send("still here"):receive())
    waiting:close()
  end)
end)
