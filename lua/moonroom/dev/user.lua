-- A user of the page: a WebSocket client inside the server, which can do what a browser can't. Its
-- bytes go the way of any client's, from the handshake on.

local compression = require "moonroom.test.compression"
local core = require "moonroom.core"
local frames = require "moonroom.test.frames"
local handshake = require "moonroom.test.handshake"
local text = require "moonroom.dev.text"

local kit = core.testkit.app

local most_text, most_binary, most_body = 8192, 1024, 8192

local User = {}
User.__index = User

-- --- what is told ------------------------------------------------------------

local function since(user) return (user.now() - user.started) * 1000 end

local function tell(user, what)
  what.user, what.at = user.id, since(user)
  user.tell(what)
end

local function add_close(frame, payload)
  frame.code, frame.text = frames.decode_close(payload)
  frame.text = text.clean(frame.text)
end

local function tell_frame(user, direction, kind, payload, is_compressed)
  local frame = {
    type = "frame", direction = direction, kind = kind, size = #payload, compressed = is_compressed,
  }
  if kind == "close" then
    add_close(frame, payload)
  elseif kind == "text" then
    local shown, is_cut = text.cut(text.clean(payload), most_text)
    frame.text, frame.is_cut = shown, is_cut
  else
    frame.hex, frame.is_cut = text.to_hex(string.sub(payload, 1, most_binary)),
      #payload > most_binary
  end
  tell(user, frame)
end

local function set_state(user, state, more)
  local what = more or {}
  what.type, what.state = "state", state
  user.state = state
  tell(user, what)
end

-- --- what comes --------------------------------------------------------------

local function close(user, code, reason, why)
  if user.state == "closed" or user.state == "refused" then return end
  set_state(user, "closed", { code = code, reason = text.clean(reason), why = why })
end

-- What the server may not send: a mistake of Moonroom's own.
local function complain(user, what)
  user.raw:reset()
  close(user, 1006, "", "the server sent " .. text.clean(what))
end

local function hear_close(user, payload)
  user.close_code, user.close_reason = frames.decode_close(payload)
  if user.is_closing then return end
  user.is_closing = true
  user:send_frame("close", string.sub(payload, 1, 2))
end

local function hear_frames(user)
  local kind, payload, is_compressed = user.reader:next()
  while kind do
    tell_frame(user, "in", kind, payload, is_compressed)
    if kind == "close" then
      hear_close(user, payload)
    elseif kind == "ping" and not user.is_closing then
      user:send_frame("pong", payload)
    end
    kind, payload, is_compressed = user.reader:next()
  end
  if payload then complain(user, payload) end
end

local function open(user, rest)
  local why = handshake.check_accepted(user.headers, user.options)
  if why then return complain(user, why) end
  local terms = compression.accept(user.headers["sec-websocket-extensions"],
    user.options.compression)
  if terms then
    local codecs = compression.new_codecs(terms)
    user.reader.inflate, user.deflate = codecs.inflate, codecs.deflate
  end
  local client = user.raw:client()
  set_state(user, "open", {
    client = client and client.id,
    protocol = text.clean(user.headers["sec-websocket-protocol"] or ""),
    compression = terms ~= nil,
  })
  user.reader:push(rest)
  hear_frames(user)
end

-- The whole body has come, or its end.
local function hear_refusal(user, is_over)
  local body = user.answer_body
  local length = tonumber(user.headers["content-length"])
  if not is_over and not (length and #body >= length) then return end
  local shown, is_cut = text.cut(text.clean(body), most_body)
  set_state(user, "refused", { status = user.status, body = shown, is_cut = is_cut })
  user.raw:finish()
end

local function hear_answer(user, bytes)
  if user.status then
    user.answer_body = user.answer_body .. bytes
    return hear_refusal(user, false)
  end
  user.answer = user.answer .. bytes
  local status, headers, rest = handshake.response(user.answer)
  if not status then
    if headers then complain(user, headers) end
    return
  end
  user.status, user.headers = status, headers
  if status == 101 then return open(user, rest) end
  user.answer_body = rest
  hear_refusal(user, false)
end

local function hear_end(user, state)
  if user.state == "connecting" and user.status then hear_refusal(user, true) end
  if user.close_code then
    close(user, user.close_code, user.close_reason)
  else
    close(user, 1006, "", state.reset and "the server reset the connection"
      or "the server ended the connection without a Close")
  end
  if not state.reset then user.raw:finish() end
end

-- Something has come, or the end.
function User:hear()
  local bytes = self.raw:take()
  if bytes ~= "" and self.state == "connecting" then
    hear_answer(self, bytes)
  elseif bytes ~= "" and self.state == "open" then
    self.reader:push(bytes)
    hear_frames(self)
  end
  local state = self.raw:state()
  if state.closed or state.shut or state.reset then hear_end(self, state) end
end

-- --- what it does ------------------------------------------------------------

function User:send_frame(kind, payload)
  local is_compressed = self.deflate ~= nil and (kind == "text" or kind == "binary")
  tell_frame(self, "out", kind, payload, is_compressed or nil)
  self.raw:feed(frames.encode(kind, is_compressed and self.deflate(payload) or payload,
    is_compressed))
end

-- Returns true, or nil and why it can't.
function User:can_send()
  if self.state ~= "open" then return nil, "this user is not connected" end
  if self.is_closing then return nil, "this user has sent its Close" end
  return true
end

function User:close(code)
  self.is_closing = true
  self:send_frame("close", code and string.pack(">I2", code) or "")
end

function User:drop()
  if self.state == "closed" or self.state == "refused" then return end
  self.raw:reset()
  close(self, 1006, "", "you dropped the connection")
end

-- A slow reader takes nothing of what the server sends; its queue there grows.
function User:set_slow(is_slow)
  self.is_slow = is_slow
  self.raw:faults { full = is_slow }
end

-- Sends bytes that break the protocol. what: their name, bytes: as they are.
function User:break_rules(what, bytes)
  tell(self, {
    type = "frame", direction = "out", kind = "bad", size = #bytes, text = what,
    hex = text.to_hex(string.sub(bytes, 1, most_binary)),
  })
  self.raw:feed(bytes)
end

-- The server's userdata, as long as there is one.
function User:client() return self.raw:client() end

-- --- its beginning -----------------------------------------------------------

-- Connects. options: path, and protocols, origin, cookies, compression as for the kit's connect.
-- world: { hub =, network =, now = }; tell(what) is called with what is to be shown.
local function connect(world, id, options, tell_page)
  options.headers = { Host = options.host, Cookie = options.cookie }
  local request = handshake.request(options.path, options)
  local user = setmetatable({
    id = id, options = options, tell = tell_page, now = world.now, started = world.now(),
    reader = frames.new_reader(), answer = "", state = "new", is_closing = false, is_slow = false,
  }, User)
  user.raw = kit.connect(world.hub, {
    address = "127.0.0.1", port = 40000 + id % 20000, flows = world.network,
  })
  set_state(user, "connecting")
  user.raw:feed(request)
  return user
end

return { connect = connect }
