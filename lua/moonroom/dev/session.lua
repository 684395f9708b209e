-- What one page in a browser does: its users, and what it is told of them.

local core = require "moonroom.core"
local faults = require "moonroom.dev.faults"
local state = require "moonroom.dev.state"
local text = require "moonroom.dev.text"
local user = require "moonroom.dev.user"

local find, format = string.find, string.format

-- A page that can't keep up is told less, and how much.
local most_queued, most_users = 1048576, 64

local Session = {}
Session.__index = Session

local function new(dev, client)
  return setmetatable({ dev = dev, client = client, users = {}, count = 0, left_out = 0 }, Session)
end

-- What can't be sent says so in the log: the page would only be silent.
local function send(session, what)
  local ok, why = session.client:send(what)
  if ok or why == "closed" or why == "slow" then return end
  core.log(session.dev.app.hub, "error", "dev", "the page can't be told: " .. text.clean(why))
end

function Session:tell(what)
  if self.client.buffered and self.client.buffered > most_queued and what.type == "frame" then
    self.left_out = self.left_out + 1
    return
  end
  if self.left_out > 0 then
    send(self, { type = "left_out", count = self.left_out })
    self.left_out = 0
  end
  send(self, what)
end

-- --- what the page asks for --------------------------------------------------

local commands = {}

local function check_path(path)
  if type(path) ~= "string" or not find(path, "^/[\33-\126]*$") then
    return "a path begins with a slash and has neither blanks nor control characters in it"
  end
end

local function is_value(value)
  return value == nil or type(value) == "string" and not find(value, "%c")
end

local function are_tokens(list)
  if list == nil then return true end
  if type(list) ~= "table" or next(list) ~= nil and #list == 0 then return false end
  for key, token in pairs(list) do
    local is_one = math.type(key) == "integer" and type(token) == "string"
      and find(token, "^[%w!#$%%&'*+%-.^_`|~]+$")
    if not is_one then return false end
  end
  return true
end

local function refuse(session, id, why)
  session:tell { type = "state", state = "refused", user = id, at = 0, why = why }
end

-- Why nobody is connected like that, or nil.
local function check_connect(session, command)
  local why = check_path(command.path)
  if why then return why end
  if not is_value(command.origin) or not is_value(command.cookie) then
    return "a header field is text without control characters"
  elseif not are_tokens(command.protocols) then
    return "subprotocols are words of letters, digits and a few signs, without blanks"
  elseif command.compression ~= nil and type(command.compression) ~= "boolean" then
    return "compression is on or off"
  elseif session.count >= most_users and not session.users[command.user] then
    return format("there are %d users already", most_users)
  end
end

function commands.connect(session, command)
  local id, why = command.user, check_connect(session, command)
  if why then return refuse(session, id, why) end
  if session.users[id] then commands.forget(session, command) end
  session.users[id] = user.connect(session.dev:world(), id, {
    path = command.path, protocols = command.protocols, origin = command.origin,
    cookie = command.cookie, compression = command.compression, host = session.host,
  }, function(what) session:tell(what) end)
  session.count = session.count + 1
  session.dev:follow(session.users[id])
end

function commands.forget(session, command)
  local known = session.users[command.user]
  if not known then return end
  known.tell = function() end
  known:drop()
  session.users[command.user] = nil
  session.count = session.count - 1
end

local acts = {}

function acts.send(known, command)
  known:send_frame("text", tostring(command.text))
end

function acts.send_binary(known, command)
  local data = text.from_hex(tostring(command.hex))
  if not data then return "binary is written in hexadecimal digits, two a byte: 00 ff 41" end
  known:send_frame("binary", data)
end

function acts.ping(known) known:send_frame("ping", "") end

local function is_code(code) return math.type(code) == "integer" and code >= 0 and code <= 65535 end

function acts.close(known, command)
  if command.code ~= nil and not is_code(command.code) then
    return "a close code is a whole number of two bytes"
  end
  known:close(command.code)
end

function acts.bad(known, command)
  local fault = faults.by_name[command.fault]
  if fault then known:break_rules(fault.words, fault.bytes) end
end

for name, act in pairs(acts) do
  commands[name] = function(session, command)
    local known = session.users[command.user]
    if not known then return end
    local ok, why = known:can_send()
    if ok then why = act(known, command) end
    if why then session:tell { type = "note", user = command.user, why = why } end
  end
end

function commands.drop(session, command)
  local known = session.users[command.user]
  if known then known:drop() end
end

function commands.slow(session, command)
  local known = session.users[command.user]
  if known then known:set_slow(command.is_slow == true) end
end

function commands.clear_errors(session) session.dev:clear_errors() end

-- All but one are about a user.
function Session:hear(command)
  local act = type(command) == "table" and commands[command.act]
  local is_known = act == commands.clear_errors or act and math.type(command.user) == "integer"
  if is_known then act(self, command) end
end

-- --- what it is told of itself -----------------------------------------------

-- Says what has changed of the app since the last time.
function Session:tell_state()
  if (self.client.buffered or 0) > most_queued then return end
  local users = {}
  for id, known in pairs(self.users) do
    local client = known:client()
    if client then users[client] = id end
  end
  local what = core.json.encode(state.describe(self.dev.app, users))
  if what and what ~= self.told then
    self.told = what
    self.client:send(what)
  end
end

function Session:begin()
  local offered = {}
  for index, fault in ipairs(faults.list) do
    offered[index] = { name = fault.name, words = fault.words, code = fault.code }
  end
  send(self, {
    type = "hello", version = core.version, script = text.clean(self.dev.script or ""),
    faults = offered, errors = core.json.array(self.dev.errors.list), news = self.dev.news,
  })
  self:tell_state()
end

function Session:finish()
  for id in pairs(self.users) do commands.forget(self, { user = id }) end
end

return { new = new }
