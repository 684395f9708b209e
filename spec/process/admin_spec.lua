-- The admin listener of a real server: where it is, and what it stays clear of.

local process = require "process"
local program = require "program"
local server = require "server"
local wire = require "wire"
local websocket = require "websocket"

local ANY = "127.0.0.1:0"
local SCRIPT = [[
  local moonroom = require "moonroom"
  moonroom.mount("/", moonroom.Room:extend("Echo", { on_text = function(_, c, t) c:send(t) end }))
]]

local function start(flags, files)
  files = files or {}
  files["init.lua"] = files["init.lua"] or SCRIPT
  local here = server.start(files, flags)
  here.admin = tonumber(here:log():match("admin listener address=%S-:(%d+)\n"))
  return here
end

local function get(here, path)
  local code, out, err = process.run { "curl", "-s", "--max-time", "20", "-w", "\n%{http_code}",
    ("http://127.0.0.1:%d%s"):format(here.admin, path) }
  assert(code == 0, err)
  local body, status = out:match("^(.*)\n(%d+)$")
  return tonumber(status), body
end

describe("the admin listener of a server", function()
  after_each(server.stop_all)

  it("is off by default", function()
    assert.is_nil(start({}).admin)
  end)

  it("is where the flag says", function()
    local here = start { "--admin", ANY }
    assert.equal(200, (get(here, "/healthz")))
    assert.equal(404, (get(here, "/")))
    assert.not_matches("password", here:log())
  end)

  it("is where config.lua says, unless a flag says otherwise", function()
    local files = { ["config.lua"] = ('return { admin = %q }'):format(ANY) }
    local here = start({}, files)
    local status, body = get(here, "/metrics")
    assert.equal(200, status)
    assert.matches("\nmoonroom_rooms 0\n", body, 1, true)
    assert.is_nil(start({ "--admin", "off" }, files).admin)
    assert.is_nil(start({}, { ["config.lua"] = "return { admin = false }" }).admin)
  end)

  it("is none of the addresses that are announced, and serves nothing of theirs", function()
    local here = start({ "--admin", ANY }, { ["public/index.html"] = "hello" })
    assert.equal(1, #here.ports)
    assert.equal(404, (get(here, "/index.html")))
    here.admin = here.port
    assert.equal(200, (get(here, "/index.html")))
    assert.equal(404, (get(here, "/metrics")))
  end)

  it("warns where other machines may reach it", function()
    local here = start { "--admin", "0.0.0.0:0" }
    assert.matches("warn  other machines may reach the admin listener, which asks nobody for a "
      .. "password address=0.0.0.0:" .. here.admin .. "\n", here:log(), 1, true)
  end)

  it("says why it can't be", function()
    local here = start { "--admin", ANY }
    local directory = program.directory { ["init.lua"] = SCRIPT }
    local taken = "127.0.0.1:" .. here.admin
    local function run(...)
      local code, _, err = program.run { "--listen", ANY, "--admin", ..., directory }
      return { code, err }
    end
    assert.same({ 71, "moonroom: cannot listen on " .. taken .. ": Address already in use\n" },
      run(taken))
    assert.same({ 64, "moonroom: --admin is wrong: an address is HOST:PORT, [IPv6]:PORT or :PORT, "
      .. 'not "x"\n' }, run "x")
    assert.same({ 64, "moonroom: --admin must be HOST:PORT, without blanks\n" }, run "a b:1")
    program.write(directory .. "/config.lua", "return {\n  admin = 9901,\n}")
    assert.matches('config.lua:2: admin must be "HOST:PORT" or false, not a number\n',
      run(ANY)[2], 1, true)
    program.write(directory .. "/config.lua", "return { admin = true }")
    assert.matches('config.lua:1: admin must be "HOST:PORT" or false, not true\n',
      run(ANY)[2], 1, true)
    program.remove(directory)
  end)

  it("says that the server drains, while it does", function()
    local here = start { "--admin", ANY }
    local client = websocket.connect(here.port, "/")
    assert.same({ 200, "ready\n" }, { get(here, "/readyz") })
    here:signal()
    here:wait_for_log("stopping")
    assert.same({ 503, "draining\n" }, { get(here, "/readyz") })
    assert.matches("\nmoonroom_draining 1\n", select(2, get(here, "/metrics")), 1, true)
    client:close()
    assert.equal(0, (here:finish()))
  end)

  it("answers while connections that ask nothing fill the others", function()
    local here = start { "--admin", ANY, "--max-pending-handshakes", "20", "--max-clients", "1" }
    local idle = {}
    for number = 1, 60 do idle[number] = wire.connect(here.port) end
    local client = websocket.connect(here.port, "/")
    local _, body = get(here, "/metrics")
    assert.matches("\nmoonroom_clients 1\n", body, 1, true)
    assert.matches('limit="max_pending_handshakes"} [1-9]', body)
    client:close()
    for _, one in ipairs(idle) do one:close() end
  end)

  it("notes how late timed turns are", function()
    local here = start({ "--admin", ANY }, { ["init.lua"] = [[
      local moonroom = require "moonroom"
      local count = 0
      moonroom.every(0.002, function()
        count = count + 1
        if count == 50 then print "fifty" end
      end)
    ]] })
    here:wait_for_log("fifty")
    local _, body = get(here, "/metrics")
    local count = tonumber(body:match("\nmoonroom_loop_lag_seconds_count (%d+)\n"))
    assert.is_true(count >= 10, count)
    assert.is_true(tonumber(body:match("\nmoonroom_loop_lag_seconds_sum (%S+)\n")) > 0)
  end)

  it("notes the full collections that scripts call for", function()
    local here = start({ "--admin", ANY }, { ["init.lua"] = [[
      collectgarbage()
      collectgarbage("collect")
      collectgarbage("step")
      assert(collectgarbage("count") > 0)
    ]] })
    local _, body = get(here, "/metrics")
    assert.matches("\nmoonroom_lua_gc_pause_seconds_count 2\n", body, 1, true)
  end)
end)
