--- Rows of the group script: functions by a row's id, each of which takes a server of its own (of
--- SCRIPT below) and raises where the row doesn't hold. What a row's column py has is sent as a
--- text and run in on_text, beside another client that must go on.
local assert = require "luassert"
local program = require "program"
local uv = require "luv"
local websocket = require "websocket"

local rows = {}

rows.SCRIPT = [[
local moonroom = require "moonroom"

local Echo = moonroom.Room:extend("Echo")
function Echo:on_text(client, text) client:send(text) end
moonroom.mount("/echo", Echo)

saved = {}
local Run = moonroom.Room:extend("Run")
function Run:on_text(client, text)
  local env = setmetatable({ room = self, client = client, moonroom = moonroom, msg = text },
    { __index = _G })
  local results = table.pack(assert(load(text, "=row", "t", env))())
  for index = 1, results.n do results[index] = tostring(results[index]) end
  client:send(table.concat(results, " "))
end
function Run:on_binary(client, data) client:send_binary(data) end
moonroom.mount("/run", Run)

local Joining = moonroom.Room:extend("Joining")
function Joining:on_join() error("while joining") end
function Joining:on_leave(client) saved.left = (saved.left or 0) + 1 end
moonroom.mount("/joining", Joining { path = "/joining" })

local Leaving = moonroom.Room:extend("Leaving", { max_clients = 1 })
function Leaving:on_leave() error("while leaving") end
moonroom.mount("/leaving", Leaving { path = "/leaving" })

local All = moonroom.Room:extend("All")
function All:on_text(client, text)
  if text == "all" then
    for one in self:clients() do one:close() end
  elseif text == "again" then
    for _ = 1, 3 do self:broadcast(text) end
  end
end
moonroom.mount("/all", All)
]]

local function connect(here, path) return assert(websocket.connect(here.port, path)) end

local function check_echo(client)
  client:send("still")
  assert.equal("still", (client:receive()))
end

local function descriptors(here)
  local count = 0
  for _ in uv.fs_scandir_next, uv.fs_scandir(("/proc/%d/fd"):format(here.pid)) do
    count = count + 1
  end
  return count
end

-- Seconds of the server's CPU so far.
local function cpu_of(here)
  local file <close> = assert(io.open(("/proc/%d/stat"):format(here.pid)))
  local user, system = file:read("a"):match("%) %S+" .. (" %S+"):rep(10) .. " (%d+) (%d+)")
  return (user + system) / 100
end

-- Runs a row's code. The other's echo, sent behind it, takes no more of the server's time than
-- that, the bound of the row ten times over where there is one. What the clock says is another
-- matter: the machine may be busy.
local function run(here, code, seconds)
  local other, client = connect(here, "/echo"), connect(here, "/run")
  check_echo(other)
  local before = cpu_of(here)
  client:send(code)
  check_echo(other)
  local took = cpu_of(here) - before
  assert.is_true(took < (seconds or 1), ("%s held up another client for %g s"):format(code, took))
  return client, other
end

-- The code ends in an error: 1011, and the log has what it says.
local function check_fails(here, code, pattern, seconds)
  local client, other = run(here, code, seconds)
  assert.equal(1011, (client:receive_close()))
  here:wait_for_log("handler failed where=on_text path=/run error=.*" .. pattern)
  check_echo(other)
  check_echo(connect(here, "/echo"))
end

-- The code returns what is expected, and its client is there still.
local function check_returns(here, expected, code, seconds)
  local client, other = run(here, code, seconds)
  assert.equal(expected, (client:receive()))
  client:send("yes", "binary")
  assert.equal("yes", (client:receive()))
  check_echo(other)
  client:close()
end

local STOPPED = "stopped after 1%.0 s of CPU: handler_stop.*stack traceback"

function rows.S01(here) check_fails(here, "while true do end", STOPPED, 2) end

function rows.S02(here)
  check_fails(here, "while true do pcall(function() while true do end end) end", STOPPED, 2)
end

function rows.S07(here)
  local client, other = run(here, "local function f() return pcall(f) end return f()")
  assert.equal("string", type((client:receive())))
  check_echo(other)
end

-- Lua itself refuses a string of 8 GiB; one of 1 GiB is beyond lua_memory.
function rows.S08(here)
  check_fails(here, "return #string.rep('x', 1 << 33)", "resulting string too large")
  check_fails(here, "return #string.rep('x', 1 << 30)", "not enough memory")
  here:wait_for_log("Lua's memory is full")
end

function rows.S10(here) check_fails(here, "error(nil)", "%(nil error object%)") end

function rows.S11(here)
  check_fails(here, "error(setmetatable({}, { __tostring = function() error(1) end }))",
    "%(error object is a table value%)")
end

function rows.S13(here)
  local before = descriptors(here)
  for _ = 1, 3 do
    local client = connect(here, "/leaving")
    client:send_close(1000)
    assert.equal(1000, (client:receive_close()))
    client.wire:receive_all()
    client:close()
  end
  check_echo(connect(here, "/echo"))
  local _, count = here:log():gsub("handler failed where=on_leave", "")
  assert.equal(3, count)
  assert.equal(before + 1, descriptors(here))
end

function rows.S14(here)
  assert.equal(1011, (connect(here, "/joining"):receive_close()))
  check_returns(here, "0", "return #moonroom.room('/joining')")
  here:wait_for_log("handler failed where=on_join path=/joining error=%S* ?while joining")
end

function rows.S16(here)
  local clients = {}
  for number = 1, 50 do clients[number] = connect(here, "/all") end
  clients[1]:send("all")
  for _, client in ipairs(clients) do
    assert.equal(1000, (client:receive_close()))
    client:send_close(1000)
    assert.equal("", client.wire:receive_all())
  end
  check_returns(here, "0", "return #moonroom.room('/all')")
end

function rows.S17(here)
  local first = run(here, "saved.client = client return client.id")
  local id = first:receive()
  first:send_close(1000)
  assert.equal(1000, (first:receive_close()))
  first:close()
  check_returns(here, id .. " nil closed", "return saved.client.id, saved.client:send('x')")
end

function rows.S19(here)
  check_returns(here, "moonroom.Client false", "return getmetatable(client), "
    .. "(pcall(setmetatable, client, {}))")
  check_fails(here, "getmetatable(client).__gc(client)", "attempt to call")
  check_fails(here, "debug.getmetatable(client).__gc(client)", "attempt to call")
end

function rows.S20(here)
  check_returns(here, "nil attempt to load a binary chunk (mode is 't')",
    "return load(string.dump(function() return 1 end))")
  for name, init in pairs { ["binary.lua"] = 'require "binary"', ["init.lua"] = "return 1" } do
    local files = { ["init.lua"] = init }
    files["lib/binary.lua"] = string.dump(load("return 1"))
    if name == "init.lua" then files[name] = string.dump(load("return 1")) end
    local directory = program.directory(files)
    local code, _, err = program.run { directory, "--listen", "127.0.0.1:0" }
    program.remove(directory)
    assert.equal(78, code)
    assert.matches("attempt to load a binary chunk (mode is 't')", err, 1, true)
  end
end

function rows.S22(here) check_fails(here, "os.exit(0)", "os%.exit would end the server") end

function rows.S23(here)
  check_fails(here, "coroutine.yield()", "attempt to yield from on_text")
end

function rows.S25(here)
  local all = connect(here, "/all")
  all:send("again")
  for _ = 1, 3 do assert.equal("again", (all:receive())) end
  local client = run(here, "local count = room:broadcast(msg) return count")
  assert.equal("local count = room:broadcast(msg) return count", (client:receive()))
  assert.equal("1", (client:receive()))
  check_echo(connect(here, "/echo"))
end

function rows.S26(here)
  for _, value in ipairs { "0/0", "-1", "-0.001", "'x'" } do
    check_returns(here, "false false", ("return (pcall(moonroom.every, %s, print)), "
      .. "(pcall(moonroom.after, %s, print))"):format(value, value))
  end
  check_returns(here, "true", [[
    local order = {}
    moonroom.after(0, function() order[#order + 1] = "timer" end)
    order[1] = "handler"
    moonroom.after(1e300, error)
    moonroom.every(1e300, error)
    moonroom.sleep(0.05)
    return order[1] == "handler" and order[2] == "timer" and #order == 2
  ]])
  check_returns(here, "", "moonroom.every(0, tostring, 1)")
end

function rows.S28(here)
  for _, arguments in ipairs {
    "1005", "1006", "1015", "1016", "70000", "-1", "999", "1000, '\\xff'",
  } do
    check_returns(here, "false open",
      ("return (pcall(client.close, client, %s)), client.ready_state"):format(arguments))
  end
  local client = run(here, "client:close(1000, string.rep('é', 62))")
  assert.same({ 1000, ("é"):rep(61) }, { client:receive_close() })
end

function rows.S29(here)
  check_returns(here, "nil invalid UTF-8", [[return client:send("\xff\xfe")]])
end

function rows.S31(here)
  check_returns(here, "", "getmetatable('').__index = nil")
  check_returns(here, "1", "return 1")
  for _ = 1, 2 do check_echo(connect(here, "/echo")) end
  local refused, head = websocket.connect(here.port, "/none")
  assert.is_nil(refused)
  assert.matches("^HTTP/1%.1 404 ", head)
end

-- A client joins groups, which have names, rather than rooms.
function rows.S32(here)
  check_returns(here, "false true true",
    [[return (pcall(moonroom.group, string.rep("r", 1 << 20))),
      (pcall(moonroom.group, string.rep("r", 255))), (pcall(moonroom.group, "a\0b"))]])
  check_returns(here, "128 nil too many groups", [[
    local joined, groups = 0, {}
    for number = 1, 10000 do
      groups[number] = moonroom.group("group " .. number)
      local ok, why = groups[number]:add(client)
      if not ok then return joined, ok, why end
      joined = joined + 1
    end
  ]])
end

function rows.S34()
  local directory = program.directory { ["init.lua"] = "\nwhile true do pcall(error) end" }
  local code, _, err = program.run { directory, "--listen", "127.0.0.1:0", "--load-timeout", "1" }
  program.remove(directory)
  assert.equal(78, code)
  assert.matches("init%.lua:2: stopped after 1%.0 s of CPU: load_timeout", err)
end

-- The log takes a burst of it, and counts the rest. A pipe that nobody reads is the log's own spec.
function rows.S35(here)
  check_returns(here, "done",
    "for i = 1, 1e5 do moonroom.log.info('flood %d', i) end return 'done'", 3)
  here:wait_for_log(" suppressed=99950")
  assert.equal(50, (select(2, here:log():gsub("flood %d+\"\n", ""))))
end

return rows
