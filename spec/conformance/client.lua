--- The client that checks: it is fed what a server sends, and holds every byte of it against
--- RFC 6455 and RFC 7692. It has no transport and no clock:
---
---   local client = client_of.new { key = "dGhl...", extensions = "permessage-deflate" }
---   client:hear(bytes) client:hear_end("end")
---   client.wrong     what the server did that no server may, a sentence; else nil
---   client.response  { status, fields, body, ... } as soon as its head is there
---   client.frames    { { "text", "..." }, { "pong", "" }, ... }: messages whole, in order
---   client.close     { code (1005: none), reason }
---   client.ended     "end" (FIN) or "reset"
local compression = require "conformance.compression"
local response_of = require "conformance.response"

local Client = {}
Client.__index = Client

local NAMES = {
  [0] = "continuation", [1] = "text", [2] = "binary", [8] = "close", [9] = "ping", [10] = "pong",
}

local function hex(bytes)
  local text = bytes:sub(1, 24):gsub(".", function(byte) return ("%02x "):format(byte:byte()) end)
  return text:sub(1, -2) .. (#bytes > 24 and " ..." or "")
end

-- Ends the reading: the coroutine's one way to say that a rule is broken.
local function fail(format, ...) error({ why = format:format(...) }, 0) end

-- --- bytes ---------------------------------------------------------------------

-- Called inside the coroutine; waits until there are so many bytes, and takes them.
local function take(self, size)
  while #self.input - self.at + 1 < size do
    local pieces, total = { self.input:sub(self.at) }, #self.input - self.at + 1
    while total < size do
      local more = coroutine.yield()
      pieces[#pieces + 1], total = more, total + #more
    end
    self.input, self.at = table.concat(pieces), 1
  end
  local bytes = self.input:sub(self.at, self.at + size - 1)
  self.at = self.at + size
  return bytes
end

-- --- frames --------------------------------------------------------------------

-- RFC 6455 5.2: the shortest form, and no top bit.
local function take_length(self, short)
  if short < 126 then return short, "" end
  if short == 126 then
    local bytes = take(self, 2)
    local length = string.unpack(">I2", bytes)
    if length < 126 then fail("a length of %d is not in its shortest form (6455 5.2)", length) end
    return length, bytes
  end
  local bytes = take(self, 8)
  local length = string.unpack(">i8", bytes)
  if length < 0 then fail("the top bit of a length is set (6455 5.2)") end
  if length < 65536 then fail("a length of %d is not in its shortest form (6455 5.2)", length) end
  if length > 64 << 20 then fail("a frame of %d bytes, more than any case asks for", length) end
  return length, bytes
end

local function check_control(frame)
  if not frame.fin then fail("a control frame is fragmented (6455 5.5)") end
  if frame.length > 125 then fail("a control frame of %d bytes (6455 5.5)", frame.length) end
  if frame.rsv ~= 0 then fail("RSV bits %d on a control frame (6455 5.2, 7692 6)", frame.rsv) end
end

local function check_data(self, frame)
  local continues = frame.kind == "continuation"
  if continues and not self.message then fail("a continuation of nothing (6455 5.4)") end
  if not continues and self.message then fail("a message inside another (6455 5.4)") end
  if frame.rsv & 3 ~= 0 then fail("RSV2 or RSV3 is set, and nobody agreed on that (6455 5.2)") end
  if frame.rsv ~= 0 and not self.agreed then fail("RSV1 is set without an extension (6455 5.2)") end
  if frame.rsv ~= 0 and continues then fail("RSV1 is set on a continuation (7692 6.1)") end
end

local function take_frame(self)
  local head = take(self, 1)
  self.header = head
  if self.close then fail("data after its Close frame (6455 5.5.1)") end
  head = head .. take(self, 1)
  self.header = head
  local first, second = head:byte(1, 2)
  local frame = { fin = first & 0x80 ~= 0, rsv = first >> 4 & 7, kind = NAMES[first & 15] }
  if not frame.kind then fail("the reserved opcode %d (6455 5.2)", first & 15) end
  if second & 0x80 ~= 0 then fail("a server's frame is masked (6455 5.1)") end
  local extended
  frame.length, extended = take_length(self, second & 0x7f)
  self.header = head .. extended
  frame.is_control = first & 8 ~= 0
  if frame.is_control then check_control(frame) else check_data(self, frame) end
  frame.payload = take(self, frame.length)
  return frame
end

-- --- messages ------------------------------------------------------------------

-- RFC 6455 7.4, and the codes that IANA has registered since for use on the wire.
local function code_is_legal(code)
  return code >= 1000 and code <= 1003 or code >= 1007 and code <= 1014
    or code >= 3000 and code <= 4999
end

local function hear_close(self, body)
  if #body == 0 then
    self.close = { code = 1005, reason = "" }
    return
  end
  if #body == 1 then fail("a Close frame with a body of one byte (6455 5.5.1)") end
  local code, reason = string.unpack(">I2", body), body:sub(3)
  if not code_is_legal(code) then fail("a Close frame with the code %d (6455 7.4)", code) end
  if not utf8.len(reason) then fail("a Close frame whose reason is not UTF-8 (6455 5.5.1)") end
  self.close = { code = code, reason = reason }
end

local function keep(self, kind, payload, is_compressed)
  self.frames[#self.frames + 1] = { kind, payload, is_compressed = is_compressed or nil }
end

local function end_message(self, message)
  local payload = table.concat(message.pieces)
  self.message = nil
  if message.is_compressed then
    local why
    payload, why = self.inflater:inflate(payload)
    if not payload then fail("a compressed payload is wrong: %s (7692 7.2)", why) end
  end
  if message.kind == "text" and not utf8.len(payload) then
    fail("a text is not UTF-8 (6455 5.6): %s", hex(payload))
  end
  keep(self, message.kind, payload, message.is_compressed)
end

local function hear_data(self, frame)
  local message = self.message
    or { kind = frame.kind, is_compressed = frame.rsv == 4, pieces = {} }
  self.message = message
  message.pieces[#message.pieces + 1] = frame.payload
  if frame.fin then end_message(self, message) end
end

local function hear_frame(self, frame)
  if frame.kind == "close" then
    hear_close(self, frame.payload)
  elseif frame.is_control then
    keep(self, frame.kind, frame.payload)
  else
    hear_data(self, frame)
  end
end

-- --- the head ------------------------------------------------------------------

local function take_head(self)
  local last = nil
  while not last do
    last = select(2, self.input:find("\r\n\r\n", 1, true))
    if not last then self.input = self.input .. coroutine.yield() end
  end
  local head = self.input:sub(1, last)
  self.at = last + 1
  return head
end

-- The extensions' rules are more than a look at a field.
local function agree(self)
  local answered = self.response.fields["sec-websocket-extensions"]
  if not answered then return end
  local agreed, why = compression.agree(self.extensions, answered)
  if not agreed then fail("Sec-WebSocket-Extensions is %q: %s (7692 7.1)", answered, why) end
  self.agreed, self.inflater = agreed, compression.inflater(agreed)
end

local function read(self)
  self.header = ""
  local head = take_head(self)
  self.header = head
  local response, why = response_of.parse(head)
  if not response then fail("%s", why) end
  if response.status == 101 then
    why = response_of.check_upgrade(response, self)
    if why then fail("%s", why) end
  end
  self.response = response
  if response.status ~= 101 then
    response.body = take(self, response.length)
    self.header = ""
    take(self, 1)
    fail("data behind the response that refuses")
  end
  agree(self)
  while true do hear_frame(self, take_frame(self)) end
end

-- --- what a transport tells ----------------------------------------------------

--- options: what the request asked for: key, and as they were sent protocols, extensions.
local function new(options)
  local self = setmetatable({
    key = options.key, protocols = options.protocols, extensions = options.extensions,
    input = "", at = 1, frames = {},
  }, Client)
  self.reader = coroutine.create(function()
    local _, why = pcall(read, self)
    if type(why) ~= "table" then error(why, 0) end
    local place = ("in answer %d, "):format(#self.frames + 1)
    if not self.response then place = "in the response, " end
    self.wrong = ("the server sent %s%s; bytes: %s"):format(place, why.why, hex(self.header))
  end)
  assert(coroutine.resume(self.reader))
  return self
end

function Client:hear(bytes)
  if self.wrong or bytes == "" then return end
  local done, why = coroutine.resume(self.reader, bytes)
  if not done then error(why, 0) end
end

--- how: "end", "reset" or "cut", which is TLS without its close_notify.
function Client:hear_end(how)
  self.ended = self.ended or how
  if self.wrong then return end
  if how == "reset" then
    self.wrong = "the server reset the connection"
  elseif how == "cut" then
    self.wrong = "the server ended TCP without close_notify (8446 6.1)"
  elseif self.response and self.response.status == 101 and not self.close then
    self.wrong = "the server ended the connection without a Close frame"
  elseif not self.response then
    self.wrong = "the server ended the connection without a response"
  end
end

return { new = new, hex = hex }
