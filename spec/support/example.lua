-- Runs an example of the manual: a script, in a world in memory, and what its peers do, which is
-- told in comments of lines of their own that begin with a small letter or a number:
--
--   -- ann connects to /chat?name=ann      with: from https://a.example, offering "v2", "v1"
--   -- ann sends "hi"                      or {"json": 1}, or the bytes "\1\2"
--   -- ann gets "a", {"b": 2}              the next ones; or the bytes "\1\2"; or nothing
--   -- ann answers the ping
--   -- ann leaves                          or: leaves with 1001 "bye"
--   -- ann vanishes                        without a Close
--   -- ann is closed with 1008 "why"       the reason may be left out
--   -- ann is refused with 403             or with its body behind it
--   -- ann asks for GET /hello             or: for POST /talk "hi", a table is JSON
--   -- ann is answered with 200 "hello"    the body may be left out, a table is JSON
--   -- 5 seconds pass
--   -- the log says "text"
--
-- `print(value) --> text` says what is printed; blanks and tabs are alike. Whoever gets something
-- must be said to get everything, in its order, and nothing may be logged as a warning or an error
-- that isn't said to be.

local same = require("luassert.util").deepcompare
local json = require("moonroom.core").json
local printed = require "printed"
local world = require "world"

local Run = {}
Run.__index = Run

function Run:fail(line, message, ...)
  error(("%s:%d: "):format(self.path, line) .. message:format(...), 0)
end

-- --- values ----------------------------------------------------------------

-- Reads values: { { kind = "text" | "json" | "bytes", text } }.
local function read_values(text)
  local list, at = {}, 1
  while at <= #text do
    local bytes = text:match("^the bytes ()", at)
    at = bytes or at
    local quoted, behind = text:match('^(%b"")()', at)
    local structure, after = text:match("^(%b{})()", at)
    if not structure then structure, after = text:match("^(%b[])()", at) end
    if quoted then
      local kind = bytes and "bytes" or "text"
      table.insert(list, { kind = kind, text = assert(load("return " .. quoted))() })
    elseif structure and json.decode(structure) then
      table.insert(list, { kind = "json", text = structure })
    else
      return nil
    end
    at = text:match("^, ()", behind or after) or (behind or after)
  end
  return list
end

local function values(run, line, text)
  local list = read_values(text)
  if not list or #list == 0 then run:fail(line, "no value can be read in %q", text) end
  return list
end

local function words_for(message)
  if not message then return "nothing" end
  return ("%s%q"):format(message.kind == "binary" and "the bytes " or "", message.payload)
end

local function is_same(message, value)
  if not message then return false end
  if value.kind == "json" then
    return same(json.decode(message.payload), json.decode(value.text))
  end
  return message.payload == value.text
    and message.kind == (value.kind == "bytes" and "binary" or "text")
end

-- --- the log ---------------------------------------------------------------

local function read_log(run)
  for one in run.world:log():gmatch("[^\n]+") do
    if one:find("^%S+ warn ") or one:find("^%S+ error ") then table.insert(run.log, one) end
  end
end

local function expect_log(run, line, text)
  read_log(run)
  for index, one in ipairs(run.log) do
    if one:find(text, 1, true) then return table.remove(run.log, index) end
  end
  run:fail(line, "the log says %q", table.concat(run.log, "\n"))
end

-- --- peers -----------------------------------------------------------------

-- Sorts what has come to a peer.
local function look(one)
  for _, frame in ipairs(one.peer:frames()) do
    if frame.kind == "close" then
      one.close = one.close or {
        code = #frame.payload >= 2 and string.unpack(">I2", frame.payload) or 1005,
        reason = frame.payload:sub(3),
      }
    elseif frame.kind == "ping" then
      one.ping = frame.payload
    elseif frame.kind ~= "pong" then
      table.insert(one.inbox, frame)
    end
  end
end

local function peer_of(run, line, name)
  local one = run.peers[name]
  if not one then run:fail(line, "%s has not connected", name) end
  return one
end

local acts = {}

function acts.connects(run, line, name, rest)
  local path, options = rest:match("^to (%S+)(.*)$")
  if not path then run:fail(line, "where does %s connect to?", name) end
  local origin, offer = options:match(" from (%S+)"), options:match(" offering (.*)$")
  local headers = { Origin = origin, ["Sec-WebSocket-Protocol"] = offer and offer:gsub('"', "") }
  run.peers[name] = { peer = run.world:connect(path, { headers = headers }), inbox = {} }
end

function acts.sends(run, line, name, rest)
  for _, value in ipairs(values(run, line, rest)) do
    local kind = value.kind == "bytes" and "binary" or "text"
    peer_of(run, line, name).peer:frame(kind, value.text)
  end
end

function acts.gets(run, line, name, rest)
  local one = peer_of(run, line, name)
  look(one)
  one.must_be_empty = true
  if rest == "nothing" then
    if one.inbox[1] then run:fail(line, "%s gets %s", name, words_for(one.inbox[1])) end
    return
  end
  for _, value in ipairs(values(run, line, rest)) do
    local message = table.remove(one.inbox, 1)
    if not is_same(message, value) then
      run:fail(line, "%s gets %s, not %s", name, words_for(message), value.text)
    end
  end
end

function acts.answers(run, line, name, rest)
  local one = peer_of(run, line, name)
  look(one)
  if rest ~= "the ping" or not one.ping then run:fail(line, "%s has got no ping", name) end
  one.peer:frame("pong", one.ping)
  one.ping = nil
end

function acts.leaves(run, line, name, rest)
  local code, reason = rest:match("^with (%d+)(.*)$")
  reason = reason and reason:match('^ "(.*)"$')
  peer_of(run, line, name).peer:close(code and tonumber(code) or 1000, reason)
end

-- On a connection of its own.
function acts.asks(run, line, name, rest)
  local method, path, body = rest:match("^for (%u+) (%S+) ?(.*)$")
  if not method then run:fail(line, "what does %s ask for?", name) end
  local value = body ~= "" and values(run, line, body)[1] or { text = "" }
  local peer = run.world:peer()
  local head = "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s"
  peer:send(head:format(method, path, #value.text, value.text))
  run.peers[name] = { peer = peer, inbox = {} }
end

function acts.vanishes(run, line, name) peer_of(run, line, name).peer:reset() end

local states = {}

function states.closed(run, line, name, code, reason)
  local one = peer_of(run, line, name)
  look(one)
  local close = one.close or {}
  if close.code ~= code or reason and close.reason ~= reason then
    run:fail(line, "%s is closed with %s %q", name, tostring(close.code), close.reason or "")
  end
end

function states.refused(run, line, name, status, body)
  local peer = peer_of(run, line, name).peer
  if peer.status ~= status or body and peer.body ~= body then
    run:fail(line, "%s is answered with %d %q", name, peer.status, peer.body or "")
  end
  expect_log(run, line, "request refused status=" .. status)
end

function states.answered(run, line, name, status, body, rest)
  local one = peer_of(run, line, name)
  local answer = one.peer:response()
  if not answer then run:fail(line, "%s is not answered yet", name) end
  local is_good = rest == "" or body == answer.body
    or same(json.decode(answer.body), json.decode(rest:sub(2)))
  if answer.status ~= status or not is_good then
    run:fail(line, "%s is answered with %d %q", name, answer.status, answer.body)
  end
  if status >= 400 and rest == "" then
    expect_log(run, line, "request refused status=" .. status)
  end
end

acts["is"] = function(run, line, name, rest)
  local state, number, text = rest:match("^(%a+) with (%d+)(.*)$")
  if not states[state] then run:fail(line, "%s is what?", name) end
  states[state](run, line, name, tonumber(number), text:match('^ "(.*)"$'), text)
end

local function act(run, line, text)
  local seconds = text:match("^([%d.]+) seconds? pass")
  if seconds then return run.world:advance(tonumber(seconds)) end
  local logged = text:match('^the log says "(.*)"$')
  if logged then return expect_log(run, line, logged) end
  local name, verb, rest = text:match("^(%l+) (%l+) ?(.*)$")
  if not acts[verb] then run:fail(line, "this act cannot be read: %s", text) end
  acts[verb](run, line, name, rest)
end

-- --- the script ------------------------------------------------------------

local function new_environment(run)
  local function require_one(name)
    if name == "moonroom" then return run.world.moonroom end
    return require(name)
  end
  return setmetatable({
    moonroom = run.world.moonroom, require = require_one, print = printed.new_print(run.printed),
  }, { __index = _G })
end

-- Tells the acts from the script, whose lines keep their numbers in the file.
local function read(run, lines, first)
  for index, text in ipairs(lines) do
    local line = first + index - 1
    local told = text:match("^%-%- ([%l%d].*)$")
    if told then table.insert(run.acts, { line, told }) end
  end
  local source = ("\n"):rep(first - 1) .. table.concat(lines, "\n")
  local chunk, why = load(source, "@" .. run.path, "t", new_environment(run))
  if not chunk then error(why, 0) end
  return chunk
end

-- A script's main chunk may wait: time passes until it has come to its end.
local function finish(run)
  for _ = 1, 600 do
    if run.is_done then return end
    run.world:advance(0.1)
  end
  error(run.path .. ": the script does not come to its end", 0)
end

local function check_end(run)
  if run.why then error(run.why, 0) end
  finish(run)
  if run.why then error(run.why, 0) end
  local line, fault = printed.find_fault(run.printed)
  if line then run:fail(line, "%s", fault) end
  for name, one in pairs(run.peers) do
    look(one)
    if one.must_be_empty and one.inbox[1] then
      error(("%s: %s also gets %s"):format(run.path, name, words_for(one.inbox[1])), 0)
    end
  end
  read_log(run)
  if run.log[1] then error(("%s: logged: %s"):format(run.path, run.log[1]), 0) end
end

-- Runs the lines, the first of which is the given one of the file. Raises "file:line: why".
local function run_example(path, lines, first)
  local run = setmetatable({
    path = path, world = world.new({ ping_interval = 0 }), acts = {}, peers = {}, log = {},
    printed = printed.read(lines, first),
  }, Run)
  local chunk = read(run, lines, first)
  run.world.moonroom.spawn(function()
    local ok, why = xpcall(chunk, debug.traceback)
    run.is_done, run.why = true, not ok and why or nil
  end)
  run.world:rest()
  if run.why then error(run.why, 0) end
  for _, one in ipairs(run.acts) do act(run, table.unpack(one)) end
  check_end(run)
end

return { run = run_example }
