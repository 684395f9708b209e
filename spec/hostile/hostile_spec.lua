-- Bad input of every kind, and what comes of it: the rows of hostile.tsv, and of more.tsv, which
-- has others of the same kinds. run.py sends them to the real program; what would take a minute
-- runs in memory, on a clock that is moved.

local ops_rows = require "spec.hostile.ops_rows"
local process = require "process"
local script_rows = require "spec.hostile.script_rows"
local server = require "server"
local tls = require "tls"
local tls_rows = require "spec.hostile.tls_rows"
local uv = require "luv"
local world_of = require "world"

local HERE = "spec/hostile/"

-- Which rows run: the groups, without the fixtures whose features aren't there yet.
local GROUPS = { deflate = true, frame = true, http = true, ops = true, script = true, tls = true }
local FIXTURES = {
  API = true, ECHO = true, MULTI = true, PMD = true, SCRIPT = true, STATIC = true, TEXTONLY = true,
  TLS = true,
}

-- What waits for a supervisor (as what Lua can't interrupt does), and for Redis.
local LATER = {
  S04 = true, S05 = true, O02 = true, O04 = true, O22 = true,
  O05 = true, O07 = true, O08 = true,
}

-- The room of examples/echo, and who leaves it is told to whoever watches.
local SCRIPT = [[
local moonroom = require "moonroom"

local leaves = moonroom.Room { path = "/leaves" }
moonroom.mount("/leaves", leaves)

local TextOnly = moonroom.Room:extend("TextOnly")
function TextOnly:on_text(client, text) client:send(text) end
function TextOnly:on_leave(_, code, _, clean)
  leaves:broadcast(("%d %s"):format(code, clean and "True" or "False"))
end
moonroom.mount("/textonly", TextOnly)

local Echo = TextOnly:extend("Echo")
function Echo:on_binary(client, data) client:send_binary(data) end
moonroom.mount("/echo", Echo)

local ToAll = TextOnly:extend("ToAll")
function ToAll:on_binary(_, data) self:broadcast_binary(data) end
moonroom.mount("/all", ToAll)

moonroom.get("/api/hello", function() return "hello" end)
moonroom.post("/api/echo", function(request) return request.body end)
]]

local function read_rows(name)
  local rows, columns = {}, nil
  for line in io.lines(HERE .. name) do
    local cells = {}
    for cell in (line .. "\t"):gmatch("([^\t]*)\t") do cells[#cells + 1] = cell end
    local row = {}
    for index, column in ipairs(columns or {}) do row[column] = cells[index] end
    if columns then rows[#rows + 1] = row end
    columns = columns or cells
  end
  return rows
end

local function rows_to_run()
  local rows = {}
  for _, name in ipairs { "hostile.tsv", "more.tsv" } do
    for _, row in ipairs(read_rows(name)) do
      local runs = GROUPS[row.group] and FIXTURES[row.fixture] and not LATER[row.id]
      if runs then rows[#rows + 1] = row end
    end
  end
  return rows
end

-- --- over real sockets -----------------------------------------------------

-- What no table of files can hold: a FIFO, a device (as nobody but root a link to one), a link out.
local function add_traps(root)
  local function path(name) return root .. "/public/s/" .. name end
  assert(uv.fs_mkdir(path("dir"), tonumber("755", 8)))
  assert(uv.fs_symlink("/etc", path("link")))
  assert.equal(0, (process.run { "mkfifo", path("fifo") }))
  if process.run { "mknod", path("null"), "c", "1", "3" } ~= 0 then
    assert(uv.fs_symlink("/dev/null", path("null")))
  end
end

local function python(...)
  local code, out, err = process.run({ "python3", "-B", HERE .. "run.py", ... }, nil, 300)
  assert(code == 0, "run.py failed:\n" .. err)
  local lines = {}
  for id, line in out:gmatch("(%S+)\t([^\n]*)\n") do lines[id] = line end
  return lines
end

-- "bounded": its memory is looked at. That of a sanitizer's build says nothing.
local function run(here, bounded, ids)
  if os.getenv("MOONROOM_ASAN") then bounded = "unbounded" end
  return python(tostring(here.port), tostring(here.pid), bounded, here.authority or "-",
    table.unpack(ids))
end

-- The servers, by a row's fixture, else "": each serves its own rows, one after the other.
local START = {
  [""] = function()
    local here = server.start {
      ["init.lua"] = SCRIPT,
      ["public/s/index.html"] = "here\n",
      ["public/s/.secret"] = "secret\n",
    }
    add_traps(here.root)
    return here
  end,

  PMD = function() return server.start({ ["init.lua"] = SCRIPT }, { "--compression", "on" }) end,

  TLS = function()
    local files = tls.files.server
    local here = server.start({ ["init.lua"] = SCRIPT }, {
      "--tls-cert", files.cert, "--tls-key", files.key, "--handshake-timeout", "2",
    })
    here.authority = tls.files.ca.cert
    return here
  end,
}

local function server_of(row) return START[row.fixture] and row.fixture or "" end

-- --- in memory -------------------------------------------------------------

-- A row's writes.
local function writes_of(id)
  local byte_of, writes = {}, {}
  for byte = 0, 255 do byte_of[("%02x"):format(byte)] = string.char(byte) end
  for hex in (python("bytes", id)[id] .. ","):gmatch("(%x*),") do
    writes[#writes + 1] = hex:gsub("%x%x", byte_of)
  end
  return writes
end

-- Another client's echo works.
local function check_echo(world)
  local other = world:connect("/echo")
  assert.same({ "still" }, other:text("still"):take())
  other:close(1000)
end

local function is_over(peer)
  local state = peer:state()
  return state.shut or state.closed
end

local function check_over(peers, expected)
  for _, peer in ipairs(peers) do assert.equal(expected, is_over(peer)) end
end

-- They are there until `seconds` from now, and over then.
local function check_end_in(world, peers, seconds)
  world:advance(seconds - 0.01)
  check_over(peers, false)
  check_echo(world)
  world:advance(0.02)
  check_over(peers, true)
  check_echo(world)
end

local function check_close(peer, expected)
  local code, _, count = peer:close_frame()
  assert.same({ expected, 1 }, { code, count })
end

-- The log's one line after the row's bytes, free of what could make it look like more.
local function logged_by(world, id)
  world:peer():send(writes_of(id)[1])
  local log = world:log()
  assert.equal(#log, (log:find("[%c\x80-\xff]")))
  return log
end

-- Rows that don't run with the others: most would take a minute in real time.
local APART = {
  H82 = function()
    local world = world_of.echo()
    local peer = world:peer()
    for byte in writes_of("H82")[1]:sub(1, 9):gmatch(".") do
      peer:send(byte)
      world:advance(1)
    end
    peer:send("o")
    check_end_in(world, { peer }, 1)
    assert.equal(408, peer:response().status)
  end,

  H83 = function()
    local world = world_of.echo()
    local peer = world:peer()
    check_end_in(world, { peer }, 10)
    assert.is_nil(peer:response())
  end,

  F68 = function()
    local world = world_of.echo()
    local peer = world:connect("/echo")
    local writes = writes_of("F68")
    peer:send(writes[1])
    for at = 2, 3 do
      world:advance(20)
      peer:send(writes[at])
    end
    check_end_in(world, { peer }, 20)
    peer:send(writes[4])
    check_close(peer, 1008)
  end,

  MH82 = function()
    local world, peers = world_of.echo(), {}
    for at = 1, 1100 do peers[at] = world:peer() end
    check_echo(world)
    check_over({ table.unpack(peers, 1, 76) }, true)
    check_over({ table.unpack(peers, 80) }, false)
  end,

  MH84 = function()
    local here = server.start({ ["init.lua"] = SCRIPT, ["public/s/big"] = ("x"):rep(8 << 20) },
      { "--handshake-timeout", "1" })
    assert.equal("ok", run(here, "unbounded", { "MH84" }).MH84)
  end,
}

-- With a server of its own: what goes on in it would be heard of by the one who watches.
for id, row in pairs(tls_rows) do
  APART[id] = function() row(START.TLS()) end
end
for id, row in pairs(ops_rows) do
  APART[id] = function() row(run) end
end
for id in pairs(script_rows) do
  APART[id] = function() script_rows[id](server.start { ["init.lua"] = script_rows.SCRIPT }) end
end

-- What a socket doesn't show, beside what it does.
local IN_MEMORY_TOO = {
  F43 = function()
    local world, peers, bytes = world_of.echo { ping_interval = 0 }, {}, writes_of("F43")[1]
    for at = 1, 50 do peers[at] = world:connect("/echo"):send(bytes) end
    check_end_in(world, peers, 60)
    for _, peer in ipairs(peers) do check_close(peer, 1008) end
  end,

  MH83 = function()
    local world = world_of.echo()
    world.kit.files(world.hub, { ["s/index.html"] = "here" })
    local peer, bytes = world:peer(), writes_of("MH83")[1]
    peer:faults { full = true }
    for _ = 1, 40 do peer:send(bytes) end
    assert.is_false(peer:state().wants_read)
    check_echo(world)
    peer:faults { full = false }
    peer:writable()
    peer:read()
    assert.equal(40000, select(2, peer.bytes:gsub("HTTP/1%.1 200 ", "")))
    assert.is_true(peer:state().wants_read)
  end,

  -- Nothing leaves: of all the pongs those queued by then are kept, and the latest one.
  F55 = function()
    local world = world_of.echo()
    local peer = world:connect("/echo")
    peer:faults { full = true }
    peer:send(writes_of("F55")[1])
    check_echo(world)
    peer:faults { full = false }
    peer:writable()
    assert.is_true(#peer:frames() < 1000)
  end,

  -- The log has no line for each access: the refusal's doesn't repeat what it refuses.
  H85 = function()
    assert.matches(" status=400 ", logged_by(world_of.echo(), "H85"))
  end,

  H88 = function()
    assert.matches(" address=192%.0%.2%.1\n", logged_by(world_of.echo(), "H88"))
  end,

  MH79 = function()
    assert.matches([[ target=/none%?%.%.%. ]], logged_by(world_of.echo(), "MH79"))
  end,

  MH81 = function()
    local world = world_of.echo()
    function world.Echo.on_join(_, client)
      world.moonroom.log.info("agent %s", client.request.headers["user-agent"])
    end
    assert.matches([[\x9b31m\"x]], logged_by(world, "MH81"), 1, true)
  end,
}

describe("hostile input", function()
  local rows = rows_to_run()
  local results, servers = {}, {}

  lazy_setup(function()
    for name, start in pairs(START) do
      local ids = {}
      for _, row in ipairs(rows) do
        if not APART[row.id] and server_of(row) == name then ids[#ids + 1] = row.id end
      end
      servers[name] = start()
      for id, result in pairs(run(servers[name], "bounded", ids)) do results[id] = result end
    end
  end)
  lazy_teardown(server.stop_all)

  for _, row in ipairs(rows) do
    it(row.id .. ", " .. row.input, function()
      local in_memory = APART[row.id] or IN_MEMORY_TOO[row.id]
      if in_memory then in_memory() end
      if not APART[row.id] then assert.equal("ok", results[row.id]) end
    end)
  end

  it("leaves servers that end well", function()
    for _, here in pairs(servers) do
      here:signal("sigterm")
      assert.same({ 0, 0 }, { here:finish() })
      assert.is_nil(here:log():find("ERROR: AddressSanitizer", 1, true), here:log())
      assert.is_nil(here:log():find("runtime error:", 1, true), here:log())
    end
  end)
end)
