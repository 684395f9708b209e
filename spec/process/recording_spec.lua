local program = require "program"
local recording = require "moonroom.test.recording"
local server = require "server"
local uv = require "luv"
local websocket = require "websocket"
local wire = require "wire"
local world = require "world"

local ECHO = [[
local moonroom = require "moonroom"
local Echo = moonroom.Room:extend "Echo"
function Echo.on_text(_, client, text) client:send(text) end
moonroom.mount("/echo", Echo { path = "/echo" })]]

local function contents(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

describe("--record", function()
  local there, file

  before_each(function()
    there = program.directory { ["init.lua"] = ECHO }
    file = there .. "/session"
  end)

  after_each(function()
    server.stop_all()
    program.remove(there)
  end)

  -- Starts with --record FILE, and has one client say something.
  local function visit(flags)
    local here = server.start(there, flags or { "--record", file })
    local client = websocket.connect(here.port, "/echo?token=SECRET", { "Cookie: a=SECRET" })
    assert.equal("hi", (client:send("hi"):receive()))
    return here, client
  end

  it("writes what came in to the file, at once, without addresses and secrets", function()
    local _, client = visit()
    local list = assert(recording.read(file)).events
    assert.equal(3, #list)
    assert.same({ "open", "192.0.2.1" }, { list[1].event, list[1].data.address })
    local head = websocket.handshake("/echo?token=xxxxxx", { "Cookie: a=xxxxxx" })
    assert.equal(head, list[2].data)
    assert.equal(world.frame("text", "hi", { key = "zero" }), list[3].data)
    local text = contents(file)
    assert.is_nil(text:find("SECRET", 1, true))
    assert.is_nil(text:find("127.0.0.1", 1, true))
    client:close()
  end)

  it("has the end of a connection, and whole lines after the server's", function()
    local here, client = visit()
    client.wire:shutdown()
    client.wire:receive_all()
    client:close()
    here:signal("sigterm")
    assert.equal(0, (here:finish()))
    local list = assert(recording.read(file)).events
    assert.equal("end", list[#list].event)
    assert.matches("\n$", contents(file))
  end)

  it("warns in the log that messages are in it", function()
    local here = visit()
    assert.matches('Z warn  recording what comes in, messages unmasked: not to be passed on '
      .. "unread file=" .. file:gsub("%p", "%%%0") .. "\n", here:log())
  end)

  it("makes the file for its owner alone", function()
    visit()
    assert.equal(tonumber("600", 8), uv.fs_stat(file).mode & tonumber("777", 8))
  end)

  it("writes over no file, nor through a link", function()
    for _, name in ipairs { "init.lua", "link", "dangling" } do
      uv.fs_symlink(there .. "/init.lua", there .. "/link")
      uv.fs_symlink(there .. "/nothing", there .. "/dangling")
      local path = there .. "/" .. name
      local code, out, err = program.run {
        there, "--listen", "127.0.0.1:0", "--record=" .. path,
      }
      assert.equal(73, code)
      assert.equal("", out)
      assert.equal(("moonroom: --record: %s: File exists, and is not written over\n"):format(path),
        err)
    end
    assert.equal(ECHO, contents(there .. "/init.lua"))
    assert.is_nil(uv.fs_stat(there .. "/nothing"))
  end)

  it("says why the file can't be made", function()
    local path = there .. "/nowhere/session"
    local code, _, err = program.run { there, "--listen=127.0.0.1:0", "--record", path }
    assert.equal(73, code)
    assert.equal(("moonroom: --record: %s: No such file or directory\n"):format(path), err)
  end)

  it("leaves no file where the server doesn't come up", function()
    local taken = server.start(there)
    local code = program.run {
      there, "--listen", "127.0.0.1:" .. taken.port, "--record", file,
    }
    assert.equal(71, code)
    assert.is_nil(uv.fs_stat(file))
  end)

  it("ends with one line in the log where the disk is full, and serving goes on", function()
    local here, client = visit { "--record", "/dev/full" }
    assert.equal("more", (client:send("more"):receive()))
    local log = here:log()
    assert.equal(1, select(2, log:gsub("recording ended", "")))
    assert.matches('Z error recording ended reason="No space left on device"\n', log)
  end)

  it("keeps whole lines where the file grows beyond a limit", function()
    local here = server.start(there, {
      "--record", file, binary = server.release_binary,
      wrapper = { "sh", "-c", 'ulimit -f 4; exec "$@"', "sh" },
    })
    local client = websocket.connect(here.port, "/echo")
    for _ = 1, 100 do assert.equal("hello", (client:send("hello"):receive())) end
    assert.matches('recording ended reason="File too large"\n', here:log())
    assert.is_true(#assert(recording.read(file)).events > 3)
    local text = contents(file)
    assert.matches("\n$", text)
    assert.is_true(#text <= 4096)
  end)

  it("records what made the server crash", function()
    local here = server.start(there, { "--record", file })
    local peer = wire.connect(here.port)
    peer:send("GET /echo HTTP/1.1\r\n")
    local client = websocket.connect(here.port, "/echo")
    assert.equal("last", (client:send("last"):receive()))
    here:signal("sigkill")
    here:finish()
    local list = assert(recording.read(file)).events
    assert.equal(world.frame("text", "last", { key = "zero" }), list[#list].data)
    peer:close()
    client:close()
  end)
end)
