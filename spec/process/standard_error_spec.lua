-- Where the log goes: src/process/standard_error.c, src/process/log_output.c.
local process = require "process"
local program = require "program"
local uv = require "luv"
local wait = require "wait"
local wire = require "wire"

-- More than a pipe takes, in lines that are written in several pieces.
local REQUESTS = 40
local TARGET = "/" .. ("x"):rep(6000)

local function free_port()
  local probe = uv.new_tcp()
  probe:bind("127.0.0.1", 0)
  local port = probe:getsockname().port
  probe:close()
  return port
end

describe("a log that nobody reads", function()
  local directory, path, port, child, descriptor

  local function ask()
    local peer = assert(wire.connect(port))
    peer:send("GET " .. TARGET .. " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert.matches("^HTTP/1%.1 404 ", (peer:receive_to("\r\n")))
    peer:close()
  end

  -- All that is in the pipe, and what comes until the pattern is found.
  local function read_to(pattern)
    local pipe, log = uv.new_pipe(false), ""
    assert(pipe:open(descriptor))
    descriptor = nil
    pipe:read_start(function(_, bytes) log = log .. (bytes or "") end)
    return function()
      wait(function() return log:find(pattern) end, function() return pattern .. " in " .. log end)
      return log
    end, pipe
  end

  before_each(function()
    directory = program.directory { ["init.lua"] = "" }
    path, port = directory .. "/log", free_port()
    assert.equal(0, (process.run { "mkfifo", path }))
    -- Both ends: opening it waits for nobody.
    descriptor = assert(uv.fs_open(path, "r+", 0))
    child = process.start { "sh", "-c", 'log=$1; shift; exec "$@" 2>"$log"', "sh", path,
                            program.binary, directory, "--listen", "127.0.0.1:" .. port }
    wait(function()
      local peer = wire.connect(port)
      if peer then peer:close() end
      return peer or child.code
    end, "the server to listen")
  end)

  after_each(function()
    child:kill("sigkill")
    child:finish()
    if descriptor then uv.fs_close(descriptor) end
    program.remove(directory)
  end)

  it("doesn't stop the server, nor its end", function()
    for _ = 1, REQUESTS do ask() end
    child:kill("sigterm")
    assert.same({ 0, 0 }, { child:finish() })
  end)

  it("loses whole lines, and says how many as soon as it is read", function()
    for _ = 1, REQUESTS do ask() end
    local log_to, pipe = read_to("log lines lost=%d+\n")
    wait(function() ask() return true end)
    local log = log_to()
    pipe:close()
    local cut, whole = 0, 0
    for line in log:gmatch("[^\n]+") do
      if line:find("request refused", 1, true) then
        if line:find("address=127.0.0.1$") then whole = whole + 1 else cut = cut + 1 end
      else
        assert.is_truthy(line:find("^moonroom: http") or line:find("Z warn  log lines lost=")
          or line:find("Z warn  running as root"))
      end
    end
    local lost = tonumber(log:match("lost=(%d+)\n"))
    assert.is_true(cut <= 1 and whole >= 5, whole)
    -- The last request's own line may still be on its way.
    assert.is_true(lost + whole == REQUESTS or lost + whole == REQUESTS + 1, lost)
  end)
end)
