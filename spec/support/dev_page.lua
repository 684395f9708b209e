--- The page of `moonroom dev` without a browser, in memory: what it asks of its socket, and what it
--- is told.
---
---   local page = dev_page.new(function(moonroom) ... end)
---   page:ask { act = "connect", user = 1, path = "/lobby" }
---   page:told "state"           what it was told of a type since the last call
local app_module = require "moonroom.app"
local core = require "moonroom.core"
local frames = require "moonroom.test.frames"
local handshake = require "moonroom.test.handshake"

local kit = core.testkit.app

local dev_page = {}
dev_page.__index = dev_page

--- Sends a handshake for a path to the hub, from this machine or as the options have it (the
--- kit's; host). Returns the peer and its answer.
function dev_page.handshake(hub, path, options)
  options = options or {}
  options.address = options.address or "127.0.0.1"
  local peer = kit.connect(hub, options)
  peer:send(handshake.request(path, { origin = options.origin, headers = {
    Host = options.host or "localhost:12345",
  } }))
  kit.advance(hub, 0)
  return peer, peer:take()
end

--- An app in dev that setup(moonroom, hub) makes. options: the core's.
function dev_page.app(setup, options)
  local hub = kit.hub(options or {})
  kit.set_dev(hub, true)
  local app = app_module.new(hub)
  kit.load(hub, setup, app.public, hub)
  return hub, app
end

--- The same, with the page's socket connected.
function dev_page.new(setup, options)
  local hub, app = dev_page.app(setup, options)
  local self = setmetatable({
    hub = hub, app = app, reader = frames.new_reader(), news = {},
  }, dev_page)
  local answer
  self.peer, answer = dev_page.handshake(hub, "/__dev/socket")
  local status, headers, rest = handshake.response(answer)
  assert(status == 101, answer)
  assert(headers)
  self.reader:push(rest)
  self:read()
  return self
end

function dev_page:read()
  self.reader:push(self.peer:take())
  local kind, payload = self.reader:next()
  while kind do
    if kind == "text" then
      self.news[#self.news + 1] = assert(core.json.decode(payload))
    else
      self.peer:send(frames.encode(kind == "ping" and "pong" or kind, payload))
    end
    kind, payload = self.reader:next()
  end
  assert(not payload, payload)
end

function dev_page:advance(seconds)
  kit.advance(self.hub, seconds)
  self:read()
end

--- Asks for something, and lets it happen.
function dev_page:ask(command)
  self.peer:send(frames.encode("text", (assert(core.json.encode(command)))))
  self:advance(0)
end

--- What it was told of a type, and of a user where one is given, since the last call.
function dev_page:told(type, user)
  local list, rest = {}, {}
  for _, what in ipairs(self.news) do
    local is_wanted = what.type == type and (user == nil or what.user == user)
    table.insert(is_wanted and list or rest, what)
  end
  self.news = rest
  return list
end

--- Connects a user, which must succeed, and forgets what was told so far. more: further fields.
function dev_page:connect(user, path, more)
  local command = { act = "connect", user = user, path = path }
  for name, value in pairs(more or {}) do command[name] = value end
  self:ask(command)
  local states = self:told("state", user)
  assert(states[#states].state == "open", states[#states].state)
  self:told("frame", user)
end

--- The frames of a user since the last call, as "> text: hi", "< close 1000".
function dev_page:frames(user)
  local list = {}
  for index, frame in ipairs(self:told("frame", user)) do
    list[index] = ("%s %s%s%s"):format(frame.direction == "in" and "<" or ">", frame.kind,
      frame.code and " " .. math.tointeger(frame.code) or "",
      (frame.hex or frame.text) ~= "" and ": " .. (frame.hex or frame.text) or "")
  end
  return list
end

--- The state that a user was told of last since the last call.
function dev_page:state(user)
  local states = self:told("state", user)
  return states[#states]
end

return dev_page
