-- --log-file and log_file, and what is written where: src/process/log_output.c.
local process = require "process"
local program = require "program"
local server = require "server"
local uv = require "luv"
local wait = require "wait"
local websocket = require "websocket"
local wire = require "wire"

local ECHO = { ["init.lua"] = [[
  local moonroom = require "moonroom"
  local Room = moonroom.Room:extend("Echo")
  function Room:on_text(client, text)
    if text == "fail" then error("oh no") end
    if text == "be loud" then
      for i = 1, 200 do print(i) end
    end
    client:send(text)
  end
  moonroom.mount("/", Room)
]] }

-- Says its child's pid, and all that the child writes to its terminal.
local ON_TERMINAL = [[
import os, pty, sys
pid, terminal = pty.fork()
if not pid:
    os.execv(sys.argv[1], sys.argv[1:])
os.write(1, b"pid %d\n" % pid)
try:
    while True:
        os.write(1, os.read(terminal, 4096))
except OSError:
    os.waitpid(pid, 0)
]]

local function read(path)
  local file = assert(io.open(path))
  local text = file:read("a")
  file:close()
  return text
end

-- As wait, for what becomes of a file: each change beside it is an event.
local function wait_near(path, condition, what)
  local watcher = uv.new_fs_event()
  assert(watcher:start(path:match("^(.*)/"), {}, function() end))
  wait(condition, what)
  watcher:close()
end

local function wait_for(path, pattern)
  wait_near(path, function() return read(path):find(pattern) end,
    function() return ("a line with %q in: %s"):format(pattern, read(path)) end)
  return read(path):match(pattern)
end

local function wait_for_file(path)
  wait_near(path, function() return uv.fs_stat(path) end, path)
end

local function get(here, path)
  local peer = assert(wire.connect(here.port))
  peer:send("GET " .. path .. " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
  local answer = peer:receive_to("\r\n")
  peer:close()
  return answer
end

local function ask(here, text)
  local client = assert(websocket.connect(here.port, "/"))
  return client, client:send(text)
end

describe("a log file", function()
  local directory, path

  before_each(function()
    directory = program.directory(ECHO)
    path = directory .. "/server.log"
  end)

  after_each(function()
    server.stop_all()
    program.remove(directory)
  end)

  it("gets the lines, for its owner and group, and standard error the announcement", function()
    local here = server.start(directory, { "--log-file", path })
    get(here, "/nowhere")
    wait_for(path, "request refused status=404")
    local mode = uv.fs_stat(path).mode & tonumber("777", 8)
    assert.equal(tonumber("640", 8), mode | tonumber("40", 8))
    assert.is_nil(here:log():find("refused", 1, true))
    here:signal("sigterm")
    assert.equal(0, (here:finish()))
    assert.matches("stopping signal=TERM\n$", read(path))
  end)

  it("is added to", function()
    local file = assert(io.open(path, "w"))
    file:write("yesterday\n")
    file:close()
    get(server.start(directory, { "--log-file=" .. path }), "/nowhere")
    wait_for(path, "^yesterday\n.*request refused[^\n]*\n$")
  end)

  it("is opened again on USR1, while clients are served: no line is in two files", function()
    local here = server.start(directory, { "--log-file", path })
    local client = assert(websocket.connect(here.port, "/"))
    get(here, "/before")
    wait_for(path, "/before")
    assert(os.rename(path, path .. ".1"))
    assert.equal("between", client:send("between"):receive())
    get(here, "/between")
    wait_for(path .. ".1", "/between")
    here:signal("sigusr1")
    wait_for_file(path)
    wait_for(path, "^[^\n]*info  log file reopened file=[^\n]*server.log\n$")
    get(here, "/after")
    wait_for(path, "/after")
    assert.equal("still here", client:send("still here"):receive())
    assert.is_nil(read(path .. ".1"):find("/after", 1, true))
    assert.is_nil(read(path):find("/between", 1, true))
  end)

  it("is kept where it can't be opened again", function()
    local here = server.start(directory, { "--log-file", path })
    get(here, "/before")
    wait_for(path, "/before")
    assert(os.rename(path, path .. ".1"))
    assert(uv.fs_mkdir(path, tonumber("755", 8)))
    here:signal("sigusr1")
    wait_for(path .. ".1", "error log file not reopened file=[^\n]* reason=\"Is a directory\"\n")
    get(here, "/after")
    wait_for(path .. ".1", "/after")
    assert(uv.fs_rmdir(path))
    here:signal("sigusr1")
    wait_for_file(path)
    get(here, "/again")
    wait_for(path, "/again")
  end)

  it("that can't be opened is told at the start: 73", function()
    local function refusal(name, word)
      local code, _, err = process.run { server.binary, directory, "--listen", "127.0.0.1:0",
                                         "--log-file", name }
      assert.equal(73, code)
      assert.equal(("moonroom: the log file %s can't be opened: %s\n"):format(name, word), err)
    end
    refusal(directory .. "/no/such.log", "No such file or directory")
    refusal(directory, "Is a directory")
    local fifo = directory .. "/fifo"
    assert.equal(0, (process.run { "mkfifo", fifo }))
    refusal(fifo, "No such device or address (nobody reads that pipe)")
  end)

  it("is not opened by check", function()
    local code = process.run { server.binary, "check", directory, "--log-file", path }
    assert.equal(0, code)
    assert.is_nil(uv.fs_stat(path))
  end)

  it("may be a pipe that stops being read: the server goes on, and tells what is lost", function()
    local fifo = directory .. "/fifo"
    assert.equal(0, (process.run { "mkfifo", fifo }))
    local reader = assert(uv.fs_open(fifo, "r+", 0))
    local here = server.start(directory, { "--log-file", fifo, "--log-rate=0" })
    for _ = 1, 30 do get(here, "/" .. ("x"):rep(7000)) end
    local client = assert(websocket.connect(here.port, "/"))
    assert.equal("alive", client:send("alive"):receive())
    local log, pipe = "", uv.new_pipe(false)
    assert(pipe:open(reader))
    pipe:read_start(function(_, bytes) log = log .. (bytes or "") end)
    -- Nothing new is logged: what was lost is told all the same.
    wait(function() return log:find("log lines lost=%d+\n") end, function() return log end)
    pipe:close()
    local _, whole = log:gsub("request refused[^\n]*address=127.0.0.1\n", "")
    assert.equal(30, whole + tonumber(log:match("lost=(%d+)")))
  end)

  it("may be full: nobody notices, and what is lost is told when there is room", function()
    assert(uv.fs_symlink("/dev/full", path))
    local here = server.start(directory, { "--log-file", path })
    for _ = 1, 10 do assert.matches("404", get(here, "/nowhere")) end
    local client = assert(websocket.connect(here.port, "/"))
    assert.equal("alive", client:send("alive"):receive())
    assert(os.remove(path))
    here:signal("sigusr1")
    wait_for_file(path)
    local lost = uv.getuid() == 0 and 11 or 10 -- root is warned
    wait_for(path, ("^[^\n]*warn  log lines lost=%d\n[^\n]*log file reopened"):format(lost))
  end)

  it("may be as long as it may be: the limit doesn't end the server", function()
    local here = server.start(directory, {
      "--log-file", path, "--log-rate=0", wrapper = { "sh", "-c", 'ulimit -f 8; exec "$@"', "sh" },
      binary = server.release_binary,
    })
    for _ = 1, 5 do get(here, "/" .. ("x"):rep(3000)) end
    assert.equal(8 * 512, uv.fs_stat(path).size)
    assert.equal("hello", select(2, ask(here, "hello")):receive())
    assert(os.rename(path, path .. ".1"))
    here:signal("sigusr1")
    wait_for_file(path)
    wait_for(path, "^[^\n]*log lines lost=%d+\n")
  end)

  it("may be named in config.lua, seen from there; a flag beats it", function()
    local file = assert(io.open(directory .. "/config.lua", "w"))
    file:write('return { log_file = "server.log" }')
    file:close()
    local here = server.start(directory)
    get(here, "/nowhere")
    wait_for(path, "request refused status=404")
    here:stop()
    here = server.start(directory, { "--log-file", path .. ".2" })
    get(here, "/elsewhere")
    wait_for(path .. ".2", "/elsewhere")
    assert.is_nil(read(path):find("/elsewhere", 1, true))
  end)
end)

describe("standard error", function()
  after_each(server.stop_all)

  it("gets what a script says too often as a count, for each place", function()
    local here = server.start(ECHO)
    assert.equal("be loud", select(2, ask(here, "be loud")):receive())
    here:wait_for_log("info  print suppressed=1%d%d rule=[^\n]*init.lua:6\n")
    local _, lines = here:log():gsub("print message=", "")
    assert.is_true(lines >= 50 and lines < 60, lines)
  end)

  it("gets every line with --log-rate 0", function()
    local here = server.start(ECHO, { "--log-rate", "0" })
    assert.equal("be loud", select(2, ask(here, "be loud")):receive())
    here:wait_for_log("print message=200\n")
    local _, lines = here:log():gsub("print message=", "")
    assert.equal(200, lines)
  end)

  it("gets the rest of the counts when the server ends", function()
    local here = server.start(ECHO, { "--log-burst=1" })
    local client = ask(here, "be loud")
    assert.equal("be loud", client:receive())
    here:signal("sigterm")
    here:signal("sigint")
    assert.equal(0, (here:finish()))
    local told, _, lines = 0, here:log():gsub("print message=", "")
    for count in here:log():gmatch("print suppressed=(%d+)") do told = told + count end
    assert.equal(200, told + lines)
  end)

  it("gets a traceback in one line where it is no terminal", function()
    local here = server.start(ECHO)
    ask(here, "fail")
    local line = here:wait_for_log("([^\n]*handler failed[^\n]*)\n")
    assert.is_truthy(line:find([[\nstack traceback:\n\t]], 1, true), line)
  end)

  it("gets a traceback in lines where it is a terminal", function()
    local directory = program.directory(ECHO)
    local child = process.start { "python3", "-c", ON_TERMINAL, server.binary,
                                  directory, "--listen", "127.0.0.1:0" }
    wait(function() return child.out:find("http://[^\n]*:%d+/") end,
      function() return child.out end)
    local client = ask({ port = tonumber(child.out:match("http://[^\n]*:(%d+)/")) }, "fail")
    assert.equal(1011, (client:receive_close()))
    wait(function() return child.out:find("    stack traceback:\r?\n        ") end,
      function() return child.out end)
    local pid = tonumber(child.out:match("^pid (%d+)"))
    uv.kill(pid, "sigterm")
    uv.kill(pid, "sigint")
    child:finish()
    program.remove(directory)
  end)
end)
