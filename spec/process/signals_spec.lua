-- What the process has from its parent, and what it leaves to its children: src/base/signals.c.

local server = require "server"
local websocket = require "websocket"

local SIGPIPE, SIGXFSZ = 13, 25

after_each(server.stop_all)

local SCRIPTS = {
  ["init.lua"] = [[
    local moonroom = require "moonroom"
    local Room = moonroom.Room:extend("Room")
    function Room:on_text(client, text)
      if text == "loop" then while true do end end
      local status <close> = io.popen("cat /proc/self/status")
      client:send(status:read("a"))
    end
    moonroom.mount("/", Room)
  ]],
}

describe("a server whose parent has blocked every signal", function()
  local BLOCK = "import os, signal, sys\n"
    .. "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\n"
    .. "os.execvp(sys.argv[1], sys.argv[1:])"

  local function start(flags)
    flags.wrapper = { "python3", "-c", BLOCK }
    return server.start(SCRIPTS, flags)
  end

  it("stops a handler that loops", function()
    local here = start { "--handler-stop", "0.1" }
    local client = assert(websocket.connect(here.port, "/"))
    client:send("loop")
    assert.equal(1011, (client:receive_close()))
  end)

  it("hears HUP and USR1, and ends with TERM", function()
    local here = start {}
    here:signal("sighup")
    here:wait_for_log("signal=HUP")
    here:signal("sigusr1")
    here:wait_for_log("signal=USR1")
    here:signal("sigterm")
    assert.same({ 0, 0 }, { here:finish() })
  end)
end)

describe("what a script starts", function()
  it("ignores no signal that the server outlives", function()
    local path = os.tmpname()
    local recorded = path .. ".recording"
    local here = server.start(SCRIPTS, { "--log-file", path, "--record", recorded })
    finally(function()
      os.remove(path)
      os.remove(recorded)
    end)
    local client = assert(websocket.connect(here.port, "/"))
    local status = client:send("status"):receive()
    local ignored = tonumber(status:match("SigIgn:%s*(%x+)"), 16)
    assert.equal(0, ignored & (1 << SIGPIPE - 1 | 1 << SIGXFSZ - 1))
  end)
end)
