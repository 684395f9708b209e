--- Rows of the group tls whose client does what Python's can't: functions by a row's id, each of
--- which takes the server (see hostile_spec.lua) and raises where it doesn't hold.
local assert = require "luassert"
local tls = require "tls"
local uv = require "luv"
local websocket = require "websocket"
local world_of = require "world"

local RENEGOTIATIONS, KEY_UPDATES = 5, 1000

-- Seconds of the server's CPU so far.
local function cpu_of(here)
  local file <close> = assert(io.open(("/proc/%d/stat"):format(here.pid)))
  local user, system = file:read("a"):match("%) %S+" .. (" %S+"):rep(10) .. " (%d+) (%d+)")
  return (user + system) / 100
end

local function connect(here, options)
  return assert(websocket.over(assert(tls.wire(here.port, { client = options })), "/echo"))
end

local function check_echo(client)
  client:send("still")
  assert.equal("still", (client:receive()))
end

-- A new client is served, and leaves.
local function check_other(here)
  local began = uv.now()
  local client = connect(here)
  check_echo(client)
  client:send_close(1000)
  assert.equal(1000, (client:receive_close()))
  client:close()
  uv.update_time()
  assert.is_true(uv.now() - began < 2000)
end

local rows = {}

-- Each try takes its session along: the client's OpenSSL gives up when it is refused.
function rows.T04(here)
  local before = cpu_of(here)
  for _ = 1, RENEGOTIATIONS do
    local client = connect(here, { max = "1.2" })
    check_echo(client)
    client.wire.client:renegotiate()
    pcall(client.send, client, "still")
    while client:receive() do end
    assert.equal(100, client.wire.client:info().alert) -- no_renegotiation
    client:close()
  end
  assert.is_true(cpu_of(here) - before < 0.1)
  check_other(here)
end

function rows.T05(here)
  local client = connect(here, { min = "1.3" })
  for _ = 1, KEY_UPDATES do
    client.wire.client:key_update()
    if not pcall(client.send, client, "") then break end
  end
  local heard = 0
  while client:receive() do heard = heard + 1 end
  assert.equal("string", type(client.wire.ended))
  assert.is_true(heard <= 100, heard .. " of the messages were answered")
  client:close()
  check_other(here)
end

-- On a clock that is moved, from the moment of accepting.
function rows.T07()
  local world = world_of.echo()
  local peer = world:peer { layer = assert(tls.context()):layer(), secure = true }
  local hello = "\x16\x03\x01\x00\xf1\x01\x00\x00\xed\x03\x03"
  for byte in hello:sub(1, 9):gmatch(".") do
    peer:send(byte)
    world:advance(1)
  end
  peer:send(hello:sub(10, 10))
  world:advance(0.99)
  assert.is_false(peer:state().closed)
  world:advance(0.02)
  assert.is_true(peer:state().closed)
end

function rows.T16(here)
  local first = connect(here, { min = "1.3" })
  check_echo(first)
  local session = assert(first.wire.client:session())
  first:close()
  local second = connect(here, { session = session, early_data = "GET / HTTP/1.1\r\n\r\n" })
  local info = second.wire.client:info()
  assert.same({ "rejected", true }, { info.early_data, info.reused })
  check_echo(second)
  second:close()
  check_other(here)
end

function rows.T17(here)
  local connected, _, info =
    tls.wire(here.port, { client = { min = "1.3", suites = "TLS_AES_128_CCM_8_SHA256" } })
  assert.is_nil(connected)
  assert.equal(40, info.alert)
  check_other(here)
end

return rows
