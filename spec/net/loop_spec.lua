-- Signals, the turn and the end: src/net/loop.c.

local server = require "server"
local websocket = require "websocket"
local wire = require "wire"

after_each(server.stop_all)

-- A room that writes its clients' ends to the log.
local SCRIPTS = {
  ["init.lua"] = [[
    local moonroom = require "moonroom"
    local Room = moonroom.Room:extend("Room")
    function Room:on_text(client, text) client:send(text) end
    function Room:on_leave(client, code, reason, clean)
      moonroom.log.info("left %s %s", code, clean)
    end
    moonroom.mount("/", Room)
  ]],
}

local function answer_close(client)
  client:send_close(1001)
  local rest, ended = client.wire:receive_all()
  assert.same({ "", "end" }, { rest, ended })
  client:close()
end

for _, signal in ipairs { "sigterm", "sigint" } do
  describe("the first " .. signal, function()
    it("says 1001 to all, waits for their Close, and exits with 0", function()
      local here = server.start(SCRIPTS)
      local clients = {}
      for i = 1, 10 do clients[i] = assert(websocket.connect(here.port, "/")) end
      here:signal(signal)
      for i = 1, 10 do
        assert.equal(1001, (clients[i]:receive_close()))
        answer_close(clients[i])
      end
      assert.same({ 0, 0 }, { here:finish() })
      assert.equal(10, select(2, here:log():gsub("left 1001 true", "")))
    end)
  end)
end

describe("draining", function()
  it("takes no more connections", function()
    local here = server.start(SCRIPTS)
    local client = assert(websocket.connect(here.port, "/"))
    here:signal("sigterm")
    assert.equal(1001, (client:receive_close()))
    local peer, reason = wire.connect(here.port)
    assert.is_nil(peer)
    assert.equal("ECONNREFUSED", reason)
    answer_close(client)
    assert.equal(0, (here:finish()))
  end)

  it("ends at once where nobody is there", function()
    local here = server.start(SCRIPTS)
    here:signal("sigterm")
    assert.same({ 0, 0 }, { here:finish() })
  end)

  it("ends those who connected and have not said a word", function()
    local here = server.start(SCRIPTS)
    local peer = assert(wire.connect(here.port))
    assert(websocket.connect(here.port, "/")):close() -- so it has been accepted
    here:signal("sigterm")
    assert.equal("", (peer:receive_all()))
    assert.equal(0, (here:finish()))
  end)

  it("resets who is left when the shutdown timeout has passed", function()
    local here = server.start(SCRIPTS, { "--shutdown-timeout", "100ms" })
    local client = assert(websocket.connect(here.port, "/"))
    here:signal("sigterm")
    assert.equal(1001, (client:receive_close()))
    local _, ended = client.wire:receive_all()
    assert.equal("ECONNRESET", ended)
    assert.equal(0, (here:finish()))
    here:wait_for_log("shutdown timeout")
  end)

  it("ends at once on a second signal", function()
    local here = server.start(SCRIPTS)
    local client = assert(websocket.connect(here.port, "/"))
    here:signal("sigterm")
    assert.equal(1001, (client:receive_close()))
    here:signal("sigint")
    local _, ended = client.wire:receive_all()
    assert.equal("ECONNRESET", ended)
    assert.same({ 0, 0 }, { here:finish() })
  end)

  it("lets clients finish reading what was sent before", function()
    local here = server.start(SCRIPTS, { "--send-queue", "64m" })
    local client = assert(websocket.connect(here.port, "/"))
    local text = ("x"):rep(1048576)
    for _ = 1, 16 do client:send(text, "text", { mask = "\0\0\0\0" }) end
    client.wire:flush()
    assert.is_true(text == client:receive())
    for _ = 2, 15 do client:receive() end
    here:signal("sigterm")
    assert.is_true(text == client:receive())
    assert.equal(1001, (client:receive_close()))
    answer_close(client)
    assert.equal(0, (here:finish()))
  end)
end)

describe("other signals", function()
  it("don't end the server: HUP and USR1 are answered in the log", function()
    local here = server.start(SCRIPTS)
    local client = assert(websocket.connect(here.port, "/"))
    here:signal("sighup")
    here:wait_for_log("reloading signal=HUP")
    here:signal("sigusr1")
    here:wait_for_log("nothing to reopen[^\n]*signal=USR1")
    assert.equal("alive", client:send("alive"):receive())
  end)

  it("don't end the server: PIPE", function()
    local here = server.start(SCRIPTS)
    here:signal("sigpipe")
    local client = assert(websocket.connect(here.port, "/"))
    assert.equal("alive", client:send("alive"):receive())
  end)
end)

describe("the turn", function()
  it("comes when a deadline has passed, with nobody saying anything", function()
    local here = server.start(SCRIPTS, { "--handshake-timeout", "100ms" })
    local peer = assert(wire.connect(here.port))
    peer:send("GET / HTTP/1.1\r\n")
    assert.matches("^HTTP/1%.1 408 ", (peer:receive_all()))
  end)

  it("leaves a deadline whole that is set by a handler which has run for longer", function()
    local here = server.start({
      ["init.lua"] = [[
        local moonroom = require "moonroom"
        local Room = moonroom.Room:extend("Room")
        function Room:on_text(client)
          os.execute("sleep 0.6")
          client:close(4000)
        end
        moonroom.mount("/", Room)
      ]],
    }, { "--close-timeout", "0.5" })
    local client = assert(websocket.connect(here.port, "/"))
    client:send("go")
    assert.equal(4000, (client:receive_close()))
  end)

  it("comes at once where work is left: a share is no limit", function()
    local here = server.start(SCRIPTS, { "--messages-per-turn", "1" })
    local client = assert(websocket.connect(here.port, "/"))
    for i = 1, 500 do client:send(tostring(i)) end
    for i = 1, 500 do assert.equal(tostring(i), (client:receive())) end
  end)

  it("does not come while nothing happens", function()
    local report = os.tmpname()
    local here = server.start("examples/echo", {
      binary = server.release_binary,
      wrapper = { "strace", "-f", "-c", "-e", "trace=epoll_wait,epoll_pwait", "-o", report },
    })
    local client = assert(websocket.connect(here.port, "/echo"))
    local short = assert(websocket.connect(here.port, "/echo"))
    short.wire:reset()
    here:wait_for_log("code=1006")
    assert.equal("a", client:send("a"):receive())
    client:close()
    here:stop()
    local waits = assert(io.open(report)):read("a"):match("(%d+)%s+%d*%s*epoll_p?wait")
    os.remove(report)
    assert.is_true(tonumber(waits) < 40, waits)
  end)
end)
