-- assert.peer(ann).received("hi") and its like, for luassert.

local core = require "moonroom.core"
local peers = require "moonroom.test.peer"

local json = core.json
local most_shown = 300

-- --- words -------------------------------------------------------------------

local function show(message)
  if type(message) == "table" then return json.encode(message) or tostring(message) end
  local text = tostring(message)
  local shown = ("%q"):format(text:sub(1, most_shown)):gsub("\\\n", "\\n")
  return #text > most_shown and ("%s... (%d bytes)"):format(shown, #text) or shown
end

local function list(messages)
  local lines = {}
  for index, message in ipairs(messages) do lines[index] = "\n  " .. show(message) end
  return #lines > 0 and table.concat(lines) or " nothing"
end

-- What has come, in the notation of what was expected: where that has tables, JSON is read.
local function list_received(payloads, expected)
  local messages, has_tables = {}, false
  for _, message in ipairs(expected) do has_tables = has_tables or type(message) == "table" end
  for index, payload in ipairs(payloads) do
    local value = has_tables and json.decode(payload)
    messages[index] = type(value) == "table" and value or payload
  end
  return list(messages)
end

-- What has become of a peer.
local function fate(peer)
  if peer.state == "refused" then return ("was refused with %d"):format(peer.status) end
  if peer.state ~= "closed" then return "is " .. peer.state end
  return ("was closed with %d %s"):format(peer.close_code, show(peer.close_reason))
end

-- --- what holds --------------------------------------------------------------

-- Whether two values are the same as JSON has them.
local function is_same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for key, value in pairs(a) do
    if not is_same(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

local function is_message(expected, payload)
  if type(expected) ~= "table" then return tostring(expected) == payload end
  local text = json.encode(expected)
  local value, why = json.decode(payload)
  return text ~= nil and why == nil and is_same(json.decode(text), value)
end

local function are_messages(expected, payloads)
  if #expected ~= #payloads then return false end
  for index, message in ipairs(expected) do
    if not is_message(message, payloads[index]) then return false end
  end
  return true
end

local function have_any(expected, payloads)
  for _, message in ipairs(expected) do
    for _, payload in ipairs(payloads) do
      if is_message(message, payload) then return true end
    end
  end
  return false
end

-- Each: function(peer, arguments, is_positive) -> whether it holds, what was expected, what is.
local assertions = {}

-- That it holds takes the messages, as peer:take() does.
function assertions.received(peer, arguments, is_positive)
  local payloads = peers.received(peer)
  local holds
  if is_positive then
    holds = are_messages(arguments, payloads)
    if holds then peer:take() end
  else
    holds = have_any(arguments, payloads)
  end
  local what = not is_positive and "have received none of"
    or arguments.n > 0 and "have received exactly" or "have received"
  return holds, what .. list(arguments), "received" .. list_received(payloads, arguments)
end

function assertions.received_nothing(peer, _, is_positive)
  local payloads = peers.received(peer)
  return #payloads == 0, "have received " .. (is_positive and "nothing" or "something"),
    "received" .. list(payloads)
end

function assertions.closed(peer, arguments, is_positive)
  local code, reason = arguments[1], arguments[2]
  local holds = peer.state == "closed" and (code == nil or code == peer.close_code)
    and (reason == nil or reason == peer.close_reason)
  local with = code and (" with %s%s"):format(code, reason and " " .. show(reason) or "") or ""
  return holds, (is_positive and "be closed" or "not be closed") .. with, fate(peer)
end

function assertions.refused(peer, arguments, is_positive)
  local status = arguments[1]
  local holds = peer.state == "refused" and (status == nil or status == peer.status)
  return holds, (is_positive and "be refused" or "not be refused")
    .. (status and " with " .. status or ""), fate(peer)
end

-- --- luassert ----------------------------------------------------------------

local message = "assertion.moonroom"

local function choose_peer(state, arguments, level)
  if not peers.is_peer(arguments and arguments[1]) then
    error("assert.peer takes a peer: assert.peer(ann).received(...)", (level or 1) + 1)
  end
  rawset(state, "moonroom_peer", arguments[1])
  return state
end

-- luassert shows the arguments: they become the one text that says it all.
local function new_callback(name)
  return function(state, arguments, level)
    local peer = rawget(state, "moonroom_peer")
    if not peer then
      error(("assert.%s needs a peer: assert.peer(ann).%s"):format(name, name), (level or 1) + 1)
    end
    local holds, expected, found = assertions[name](peer, arguments, state.mod)
    for index = arguments.n, 1, -1 do arguments[index] = nil end
    arguments[1] = ("%s was expected to %s\nbut %s"):format(peer, expected, found)
    arguments.n, arguments.nofmt = 1, { true }
    return holds
  end
end

-- Registers them where luassert is to be had.
local function register()
  local is_there, luassert = pcall(require, "luassert.assert")
  local has_say, say = pcall(require, "say")
  if not is_there or not has_say then return end
  say:set(message, "%s")
  luassert:register("modifier", "peer", choose_peer)
  for name in pairs(assertions) do
    luassert:register("assertion", name, new_callback(name), message, message)
  end
end

return { register = register, assertions = assertions }
