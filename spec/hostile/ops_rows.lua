--- Rows of the group ops that need one worker and no Redis: functions by a row's id,
--- each of which raises where the row doesn't hold. Where it takes many sockets, special_ops.py
--- has the clients: `run(here, bounded, ids)` is hostile_spec's. What a row says of milliseconds
--- and seconds is held as a time-out: the machine may be busy.
local assert = require "luassert"
local program = require "program"
local server = require "server"
local uv = require "luv"
local wait = require "wait"
local websocket = require "websocket"
local wire = require "wire"

local rows = {}

local SCRIPT = [[
local moonroom = require "moonroom"
local MIB = ("x"):rep(1 << 20)

local leaves = moonroom.Room { path = "/leaves", ping_interval = 0 }
moonroom.mount("/leaves", leaves)

local Quiet = moonroom.Room:extend("Quiet", { ping_interval = 0 })
function Quiet:on_text(client, text) client:send(text == "count" and tostring(#self) or text) end
function Quiet:on_binary(client, data) client:send_binary(data) end
moonroom.mount("/quiet", Quiet)

local Echo = Quiet:extend("Echo")
function Echo:on_leave(_, code, _, clean)
  leaves:broadcast(("%d %s"):format(code, clean and "True" or "False"))
end
moonroom.mount("/echo", Echo)

moonroom.mount("/pinged", Echo:extend("Pinged", { ping_interval = 1, pong_timeout = 3 }))

local All = Echo:extend("All", { close_timeout = 100 })
function All:on_binary(_, data) self:broadcast_binary(data) end
function All:on_text(client)
  local most = 0
  for one in self:clients() do most = math.max(most, one.buffered) end
  client:send(tostring(most))
end
moonroom.mount("/all", All)
moonroom.mount("/soft", All:extend("Soft", { send_queue_soft_time = 0.5 }))

-- More than the system takes for who doesn't read.
local Unread = Echo:extend("Unread")
function Unread:on_text(client)
  repeat
    client:send_binary(MIB)
    client:flush(0.01)
  until client.buffered >= #MIB
  leaves:broadcast("queued")
end
moonroom.mount("/unread", Unread)
]]

local function start(flags) return server.start({ ["init.lua"] = SCRIPT }, flags) end

local function check_echo(here)
  local client = assert(websocket.connect(here.port, "/echo"))
  assert.equal("still", (client:send("still"):receive()))
  client:close()
end

-- The same worker as before, and nothing that it minds.
local function check_ends_well(here)
  check_echo(here)
  here:signal("sigterm")
  assert.same({ 0, 0 }, { here:finish() })
end

-- Which is refused with 404 and a line in the log, of `size` bytes and a little.
local function ask(here, size)
  local peer = assert(wire.connect(here.port))
  peer:send("GET /" .. ("x"):rep(size) .. " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
  assert.matches("^HTTP/1%.1 404 ", (peer:receive_all()))
  peer:close()
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

-- How many lines the log has, whole, or counts as lost: of `ask` and check_echo.
local function accounted(log)
  local _, refused = log:gsub("request refused[^\n]*address=127%.0%.0%.1\n", "")
  local _, left = log:gsub("client left [^\n]*clean=no\n", "")
  local count = refused + left
  for lost in log:gmatch("log lines lost=(%d+)\n") do count = count + lost end
  return count
end

-- --- the log ---------------------------------------------------------------

-- A limit of 64 KiB on files stands for the tmpfs, which it takes root to mount: a short write,
-- then an error. Room comes back when the file is cut.
function rows.O10()
  local root = program.directory()
  local path = root .. "/log"
  assert(uv.fs_symlink("/dev/full", path))
  local here = start {
    "--log-file", path, "--log-rate=0", "--close-timeout=100",
    wrapper = { "prlimit", "--fsize=65536" },
  }
  for _ = 1, 20 do ask(here, 10) end
  check_echo(here)
  assert(uv.fs_unlink(path))
  here:signal("sigusr1")
  wait(function()
    check_echo(here)
    return uv.fs_stat(path)
  end, "the log file")
  for _ = 1, 20 do ask(here, 6000) end
  check_echo(here)
  assert.equal(65536, uv.fs_stat(path).size)
  local before = read(path)
  assert.matches("^[^\n]*log lines lost=%d+\n[^\n]*log file reopened", before)
  program.write(path, "")
  wait(function()
    check_echo(here)
    return read(path):find("log lines lost=%d+\n")
  end, "the line that says what was lost")
  program.remove(root)
  check_ends_well(here)
end

-- Hands its child's standard error on, as long as it isn't stopped.
local READER = [[
import os, sys
heard, said = os.pipe()
child = os.fork()
if not child:
    os.dup2(said, 2)
    os.execvp(sys.argv[1], sys.argv[1:])
os.close(said)
while line := os.read(heard, 65536):
    os.write(2, line)
os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
]]

function rows.O11()
  local here = start { "--log-rate=0", wrapper = { "python3", "-c", READER } }
  local reader = here.process.pid
  uv.kill(reader, "sigstop")
  for _ = 1, 40 do ask(here, 6000) end -- a pipe holds 64 KiB
  check_echo(here)
  uv.kill(reader, "sigcont")
  wait(function() return accounted(here:log()) == 41 end,
    function() return "41 lines in " .. here:log():gsub("xx+", "xx") end)
  assert.matches("log lines lost=%d+\n", here:log())
  check_ends_well(here)
end

-- --- many clients ----------------------------------------------------------

local function by_python(id, flags)
  return function(run)
    local here = start(flags)
    assert.equal("ok", run(here, "bounded", { id })[id])
    check_ends_well(here)
  end
end

-- The defaults of 25 s and 20 s are ping_interval and pong_timeout of its room here.
rows.O13 = by_python("O13")

rows.O14 = by_python("O14")
rows.O23 = by_python("O23")

local function size_of(here)
  return tonumber(read(("/proc/%d/status"):format(here.pid)):match("VmSize:%s*(%d+) kB")) << 10
end

-- Without sanitizers, which take terabytes to look after the rest.
function rows.O25(run)
  local free = start { binary = server.release_binary }
  local limit = size_of(free) + (64 << 20)
  free:stop()
  local here = start {
    binary = server.release_binary, wrapper = { "prlimit", "--as=" .. limit },
  }
  assert.equal("ok", run(here, "unbounded", { "O25" }).O25)
  check_ends_well(here)
end

-- --- starts ----------------------------------------------------------------

-- A port that is taken: who listens before it has read its configuration ends with 71.
local function with_holder(check)
  local holder = uv.new_tcp()
  assert(holder:bind("127.0.0.1", 0))
  assert(holder:listen(1, function() end))
  check("127.0.0.1:" .. holder:getsockname().port)
  holder:close()
end

-- `said` is all that it says, DIR the directory.
local function check_start(expected, said, files, flags)
  local directory = program.directory(files)
  local code, out, err = program.run({ directory, table.unpack(flags or {}) })
  program.remove(directory)
  assert.same({ expected, "" }, { code, out })
  assert.equal(said:gsub("DIR", (directory:gsub("%%", "%%%%"))) .. "\n", err)
end

-- HUP with scripts that are wrong, each with the line where, while clients chat: all that they send
-- before and behind it is answered by the old ones.
local function check_refused(scripts, flags)
  local here = start(flags)
  local clients = {}
  for index = 1, 20 do clients[index] = assert(websocket.connect(here.port, "/quiet")) end
  local function send(text)
    for _, client in ipairs(clients) do client:send(text) end
  end
  for text, line in pairs(scripts) do
    local seen = #here:log()
    program.write(here.root .. "/init.lua", text)
    send("before")
    here:signal("sighup")
    send("behind")
    local place = ("scripts not reloaded[^\n]*init%%.lua:%d: "):format(line)
    wait(function() return here:log():find(place, seen + 1) end, place)
    for _, client in ipairs(clients) do
      assert.same({ "before", "behind" }, { (client:receive()), (client:receive()) })
    end
  end
  for _, client in ipairs(clients) do client:close() end
  check_ends_well(here)
end

function rows.O16() check_refused { ["\nmoonroom.mount('/', function( end)"] = 2 } end

function rows.O17()
  check_refused({ ["\n\nerror('no')"] = 3, ["local n = 0\nwhile true do n = n + 1 end"] = 2 },
    { "--load-timeout", "0.3" })
end

function rows.O19()
  with_holder(function(address)
    local config = ('return {\n  listen = "%s",\n  %%s,\n}\n'):format(address)
    for line, said in pairs {
      ["max_mesage = 1"] = "unknown option max_mesage; did you mean max_message?",
      ["max_message = -1"] = "max_message must be a whole number of bytes from 1 to 1073741824, "
        .. "not -1",
      ['listen = "127.0.0.1:70000"'] = "listen is wrong: a port is a number from 0 to 65535, "
        .. 'not "70000"',
      ['tls = { cert = "no.pem", key = "no.pem" }'] =
        "tls: DIR/no.pem: No such file or directory",
    } do
      check_start(78, "DIR/config.lua:3: " .. said,
        { ["init.lua"] = "", ["config.lua"] = config:format(line) })
    end
  end)
end

function rows.O20()
  with_holder(function(address)
    check_start(71, ("moonroom: cannot listen on %s: Address already in use"):format(address),
      { ["init.lua"] = "" }, { "--listen=127.0.0.1:0", "--listen", address })
  end)
end

-- There is no option user: a service manager has its own, and the server then isn't root's.
function rows.O26()
  local here = start()
  if uv.getuid() == 0 then here:wait_for_log("Z warn  running as root, ") end
  check_ends_well(here)
  assert.equal(uv.getuid() == 0, here:log():find("running as root", 1, true) ~= nil)
end

return rows
