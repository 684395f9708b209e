--- TLS for specs: certificates, contexts of the server's layer, and clients over memory or TCP.
---
---   local tls = require "tls"
---
---   tls.files.server.cert, .key   paths of PEM files, made when asked for, in one directory:
---                                 ".../server.crt", ".../server.key"; see CERTIFICATES below
---   tls.files.server.made:fingerprint()     see spec/native/native_certificate.c
---   tls.write(name, text) -> path           another file beside them, or other text in it
---   tls.context{certificates=, verify=, ca=} -> context      without certificates: files.server
---   context:layer() :reload() :days_left() :free()     tls.set_time(seconds): the clock of all
---   tls.native                    the C module itself (spec/native/native_tls.h)
---
--- In memory: the options of a world's peer (spec/support/world.lua). What the peer sends is
--- encrypted, what it takes is decrypted; the handshake is made on the way.
---
---   local peer = w:connect("/echo", tls.over(context, {
---     client = {max = "1.2"},      the C client's options (spec/native/native_client.c)
---     cut = 1,                     ciphertext comes in pieces of so many bytes; or a function of
---                                  the bytes that returns a list of pieces: tls.cut_at(n) splits
---                                  the whole stream behind its nth byte
---     headers = {...},             and whatever else the world's peer understands
---   }))
---   peer.raw.client               the C client: key_update, renegotiate, shutdown, info, session
---   peer.raw:push()               sends what the client wants to send (after key_update etc.)
---   peer.raw.status, .problem     "shaking", "open", "closed" (close_notify came), "failed", why
---   peer.raw:sent() :received()   all ciphertext so far, to and from the server
---   peer.raw.raw                  the kit's peer below
---   tls.records(ciphertext) -> list of {type=, length=}
---
--- Over TCP: the same methods as spec/support/wire.lua's.
---
---   local wire = tls.wire(port, {client = {...}, cut =})       -> wire | nil, problem
---   wire:send(bytes) :flush() :receive(n) :receive_to(text) :receive_any() :receive_all()
---   wire:shutdown()               close_notify and FIN;   wire.wire:shutdown(): FIN alone
---   wire:close() :reset()         wire.client, wire.status
---   wire.ended                    "close_notify", "end" (FIN), "ECONNRESET", or what went wrong:
---                                 "tlsv1 alert unknown ca"
local is_built, native = pcall(require, "moonroom_tls")
if not is_built then error("make spec-modules comes before this spec: " .. native, 0) end
local uv = require "luv"
local wire = require "wire"

local tls = { native = native, set_time = native.set_time }

-- --- certificates ----------------------------------------------------------------------------

local DAY = 24 * 3600

-- name -> what native.certificate takes; issuer is a name; password locks the key.
local CERTIFICATES = {
  ca = { subject = "Moon CA", ca = true },
  other_ca = { subject = "Other CA", ca = true },
  middle = { subject = "Middle CA", ca = true, issuer = "ca" },
  server = { names = { "localhost", "chat.example" }, subject = "localhost", issuer = "ca" },
  server_rsa = { names = { "localhost", "chat.example" }, key = "rsa", issuer = "ca" },
  server_again = { names = { "localhost", "chat.example" }, issuer = "ca" },
  wildcard = { names = { "*.moon.example" }, issuer = "ca" },
  other = { names = { "other.example" }, issuer = "ca", to = 10 * DAY + 600 },
  expired = { names = { "old.example" }, issuer = "ca", from = -9 * DAY, to = -3 * DAY - 600 },
  chained = { names = { "chained.example" }, issuer = "middle" },
  locked = { names = { "locked.example" }, issuer = "ca", password = "sesame" },
  nameless = { subject = "chat.example", issuer = "ca" },
  client = { subject = "Ann, \u{e9}t\u{e9}", organisation = "Moon", issuer = "ca" },
  client_expired = { subject = "Old", issuer = "ca", from = -9 * DAY, to = -1 },
  client_foreign = { subject = "Eve", issuer = "other_ca" },
  client_self = { subject = "Me" },
}

local folder

-- The directory goes with the Lua state, and what is in it.
local function make_folder()
  folder = setmetatable({ path = assert(uv.fs_mkdtemp("/tmp/moonroom_tls_XXXXXX")), files = {} }, {
    __gc = function(self)
      for path in pairs(self.files) do os.remove(path) end
      os.remove(self.path)
    end,
  })
end

--- Writes a file into the specs' directory, which goes with them; returns its path.
function tls.write(name, text)
  if not folder then make_folder() end
  local path = folder.path .. "/" .. name
  local file <close> = assert(io.open(path, "w"))
  file:write(text)
  folder.files[path] = true
  return path
end

local function make_files(files, name)
  local about = CERTIFICATES[name]
  if not about then return nil end
  local options = {}
  for key, value in pairs(about) do options[key] = value end
  options.issuer = about.issuer and files[about.issuer].made
  local made = native.certificate(options)
  local chain = about.issuer == "middle" and files.middle.made:cert() or ""
  files[name] = {
    made = made,
    cert = tls.write(name .. ".crt", made:cert() .. chain),
    key = tls.write(name .. ".key", made:key(about.password)),
  }
  return files[name]
end

tls.files = setmetatable({}, { __index = make_files })

--- A context of the server's layer; nil, error where it can't be.
function tls.context(options)
  local all = { certificates = { tls.files.server } }
  for key, value in pairs(options or {}) do all[key] = value end
  return native.context(all)
end

-- --- record streams --------------------------------------------------------------------------

local function pieces_of(bytes, size)
  local list = {}
  for at = 1, #bytes, size do list[#list + 1] = bytes:sub(at, at + size - 1) end
  return list
end

--- A cut that splits a stream once, behind its nth byte.
function tls.cut_at(n)
  local passed = 0
  return function(bytes)
    local at = n - passed
    passed = passed + #bytes
    if at <= 0 or at >= #bytes then return { bytes } end
    return { bytes:sub(1, at), bytes:sub(at + 1) }
  end
end

local function cut(how, bytes)
  if bytes == "" then return {} end
  if not how then return { bytes } end
  if type(how) == "number" then return pieces_of(bytes, how) end
  return how(bytes)
end

--- The records of a stream: { type = 23, length = ... } each, and how many bytes are left over.
function tls.records(bytes)
  local list, at = {}, 1
  while #bytes - at >= 4 do
    local kind, length = string.unpack(">BxxI2", bytes, at)
    if #bytes - at + 1 < 5 + length then break end
    list[#list + 1] = { type = kind, length = length }
    at = at + 5 + length
  end
  return list, #bytes - at + 1
end

-- --- in memory -------------------------------------------------------------------------------

local Raw = {}
Raw.__index = function(self, name)
  local own = Raw[name]
  if own ~= nil then return own end
  -- state, faults, finish, reset, writable, ...: the kit's
  return function(_, ...) return self.raw[name](self.raw, ...) end
end

function Raw:push()
  local bytes = self.client:get()
  self.outgoing[#self.outgoing + 1] = bytes
  for _, piece in ipairs(cut(self.cut, bytes)) do self.raw:send(piece) end
end

local function pull(self)
  local bytes = self.raw:take()
  self.incoming[#self.incoming + 1] = bytes
  self.client:put(bytes)
  return bytes ~= ""
end

--- Goes on with the handshake until nothing more comes.
function Raw:shake()
  while self.status == "shaking" do
    local done, problem = self.client:handshake()
    self:push()
    if done then
      self.status = "open"
    elseif done == nil then
      self.status, self.problem = "failed", problem
    elseif not pull(self) then
      return
    end
  end
end

function Raw:send(bytes)
  self:shake()
  if self.status == "shaking" or self.status == "failed" then return end
  assert(self.client:write(bytes))
  self:push()
end

--- A FIN; close_notify comes before it where the client was told to shut down.
function Raw:take()
  self:shake()
  if self.status == "shaking" then return "" end
  pull(self)
  local plain, status, problem = self.client:read()
  self:push()
  if self.status ~= "failed" then self.status, self.problem = status, problem end
  return plain
end

function Raw:sent() return table.concat(self.outgoing) end

function Raw:received() return table.concat(self.incoming) end

--- Options of a world's peer that speaks TLS with a context.
function tls.over(context, options)
  local all = {}
  for key, value in pairs(options or {}) do all[key] = value end
  all.layer, all.secure = context:layer(), true
  function all.wrap(raw)
    local self = setmetatable({
      raw = raw, client = native.client(all.client or {}), cut = all.cut or false,
      status = "shaking", problem = false, outgoing = {}, incoming = {}, context = context,
    }, Raw)
    self:shake()
    return self
  end
  return all
end

-- --- over TCP --------------------------------------------------------------------------------

local Wire = {}
Wire.__index = Wire

local function push(self)
  for _, piece in ipairs(cut(self.cut, self.client:get())) do self.wire:send(piece) end
end

-- Waits for ciphertext. False: the peer has ended.
local function wait_for_more(self)
  local bytes, ended = self.wire:receive_any()
  if not bytes then
    self.ended = ended
    return false
  end
  self.client:put(bytes)
  return true
end

--- Connects to a port of this machine, and makes the handshake.
function tls.wire(port, options)
  options = options or {}
  local below, problem = wire.connect(port, options.host)
  if not below then return nil, problem end
  local self = setmetatable({
    wire = below, client = native.client(options.client or {}), cut = options.cut, input = "",
    status = "open",
  }, Wire)
  while true do
    local done, why = self.client:handshake()
    push(self)
    if done then return self end
    if done == nil or not wait_for_more(self) then
      below:close()
      return nil, why or self.ended, self.client:info()
    end
  end
end

local function read(self)
  local plain
  plain, self.status, self.problem = self.client:read()
  self.input = self.input .. plain
  push(self)
  if self.status == "closed" then self.ended = "close_notify" end
  if self.status == "failed" then self.ended = self.problem end
end

local function read_until(self, condition)
  read(self)
  while not condition(self.input) do
    if self.ended or not wait_for_more(self) then return false end
    read(self)
  end
  return true
end

local function take(self, size)
  local bytes = self.input:sub(1, size)
  self.input = self.input:sub(size + 1)
  return bytes
end

--- Queues bytes, encrypted.
function Wire:send(bytes)
  assert(self.client:write(bytes))
  push(self)
  return self
end

function Wire:flush()
  self.wire:flush()
  return self
end

--- The next `size` bytes; else nil, how it ended ("close_notify", "end", ...) and what came.
function Wire:receive(size)
  if read_until(self, function(input) return #input >= size end) then return take(self, size) end
  return nil, self.ended, self.input
end

function Wire:receive_to(text)
  local last
  local function condition(input)
    last = select(2, input:find(text, 1, true))
    return last
  end
  if read_until(self, condition) then return take(self, last) end
  return nil, self.ended, self.input
end

function Wire:receive_any()
  local function is_some(input) return input ~= "" end
  if read_until(self, is_some) then return take(self, #self.input) end
  return nil, self.ended, ""
end

--- All bytes until the end, and what it was.
function Wire:receive_all()
  read_until(self, function() return false end)
  return take(self, #self.input), self.ended
end

function Wire:shutdown()
  self.client:shutdown()
  push(self)
  self.wire:shutdown()
  return self
end

function Wire:close() self.wire:close() end

function Wire:reset() self.wire:reset() end

return tls
