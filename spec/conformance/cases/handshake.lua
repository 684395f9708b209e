-- The opening handshake: RFC 6455 4.1, 4.2 and 4.4, RFC 9110 and RFC 9112.
local frames = require "conformance.frames"
local family = require("conformance.family").new(11, "opening handshake")

local HELLO = { sends = { frames.text("hello") }, answers = { { "text", "hello" } } }

local function accepts(says, request, fields)
  family:case(says, {
    request = request, sends = HELLO.sends, answers = HELLO.answers, fields = fields,
  })
end

local function refuses(says, status, request, fields)
  family:case(("refuses %s with %d"):format(says, status), {
    request = request, status = status, fields = fields,
  })
end

family:group("good requests")
accepts("takes the request of RFC 6455", { fields = { Origin = "http://localhost" } })
accepts("takes one without an Origin", {})
accepts("takes names of fields in lower case", { fields = {
  host = "localhost", upgrade = "websocket", connection = "Upgrade",
  ["sec-websocket-key"] = "dGhlIHNhbXBsZSBub25jZQ==", ["sec-websocket-version"] = "13",
} })
accepts("takes names of fields in upper case", { fields = {
  HOST = "localhost", UPGRADE = "websocket", CONNECTION = "Upgrade",
  ["SEC-WEBSOCKET-KEY"] = "dGhlIHNhbXBsZSBub25jZQ==", ["SEC-WEBSOCKET-VERSION"] = "13",
} })
for _, value in ipairs { "WebSocket", "WEBSOCKET", "wEbSoCkEt" } do
  accepts(("takes Upgrade: %s"):format(value), { fields = { Upgrade = value } })
end
for _, value in ipairs { "upgrade", "UPGRADE", "keep-alive, Upgrade", "Upgrade, keep-alive",
  "keep-alive,upgrade", "keep-alive , Upgrade , close-not", ", Upgrade,", "Upgrade,Upgrade" } do
  accepts(("takes Connection: %s"):format(value), { fields = { Connection = value } })
end
accepts("takes Connection in two fields", { fields = { Connection = { "keep-alive", "Upgrade" } } })
accepts("takes Upgrade in a list", { fields = { Upgrade = "h2c, websocket" } })
accepts("takes white space around a value", { fields = {
  Upgrade = " \t websocket \t ", Connection = "  Upgrade  ", ["Sec-WebSocket-Version"] = " 13 ",
} })
accepts("takes values without white space", { text = "GET /echo HTTP/1.1\r\nHost:localhost\r\n"
  .. "Upgrade:websocket\r\nConnection:Upgrade\r\nSec-WebSocket-Key:dGhlIHNhbXBsZSBub25jZQ==\r\n"
  .. "Sec-WebSocket-Version:13\r\n\r\n" })
accepts("takes the fields in another order", { text = "GET /echo HTTP/1.1\r\n"
  .. "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
  .. "Connection: Upgrade\r\nUpgrade: websocket\r\nHost: localhost\r\n\r\n" })
accepts("takes fields that it doesn't know", { fields = {
  ["X-Unknown"] = "whatever", ["Sec-WebSocket-Unknown"] = "1", Cookie = "a=b; c=d",
  ["User-Agent"] = "conformance/1 (\xc3\xa9t\xc3\xa9)",
} })
accepts("takes an empty field that it doesn't know", { fields = { ["X-Empty"] = "" } })
accepts("takes fifty fields", { fields = (function()
  local fields = {}
  for i = 1, 50 do fields["X-Field-" .. i] = "value " .. i end
  return fields
end)() })
accepts("takes a cookie of 4000 bytes", { fields = { Cookie = "a=" .. ("x"):rep(3998) } })
accepts("takes a query", { target = "/echo?name=ada&x=%20" })
accepts("takes a target in absolute form", { target = "http://localhost/echo" })
accepts("takes a Host with a port", { fields = { Host = "localhost:12345" } })
accepts("takes a Host that is an address", { fields = { Host = "127.0.0.1:80" } })
accepts("takes a Host that is an address of IPv6", { fields = { Host = "[::1]:80" } })

family:group("keys")
for _, key in ipairs { "dGhlIHNhbXBsZSBub25jZQ==", "AAAAAAAAAAAAAAAAAAAAAA==",
  "/////////////////////w==", "AQIDBAUGBwgJCgsMDQ4PEA==", "x3JJHMbDL1EzLkh9GBhXDw==",
  "+/+/+/+/+/+/+/+/+/+/+w==" } do
  accepts(("answers the key %s"):format(key), { fields = { ["Sec-WebSocket-Key"] = key } })
end
for _, row in ipairs {
  { "no key", false }, { "an empty key", "" }, { "a key of 15 bytes", "AQIDBAUGBwgJCgsMDQ4P" },
  { "a key of 17 bytes", "AQIDBAUGBwgJCgsMDQ4PEBE=" },
  { "a key of 32 bytes", ("AAAA"):rep(10) .. "AAA=" },
  { "a key without its padding", "dGhlIHNhbXBsZSBub25jZQ" },
  { "a key that isn't base64", "dGhlIHNhbXBsZSBub25jZ*==" },
  { "a key in base64 for addresses", "_-_-_-_-_-_-_-_-_-_-_w==" },
  { "a key with a space inside", "dGhlIHNhbXBs ZSBub25jZQ=" },
  { "two keys", { "dGhlIHNhbXBsZSBub25jZQ==", "AAAAAAAAAAAAAAAAAAAAAA==" } },
  { "the same key twice", { "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ==" } },
} do
  refuses(row[1], 400, { fields = { ["Sec-WebSocket-Key"] = row[2] } })
end

family:group("versions")
local OURS = { ["sec-websocket-version"] = "13" }
for _, version in ipairs { "0", "7", "8", "12", "14", "99", "255", "256", "-13", "13.0", "013",
  "x", "" } do
  refuses(("the version %q"):format(version), 426,
    { fields = { ["Sec-WebSocket-Version"] = version } }, OURS)
end
refuses("no version", 426, { fields = { ["Sec-WebSocket-Version"] = false } }, OURS)
refuses("a list of versions", 426, { fields = { ["Sec-WebSocket-Version"] = "13, 8" } }, OURS)
refuses("two versions", 400, { fields = { ["Sec-WebSocket-Version"] = { "13", "8" } } })

family:group("the request line")
-- Of another method than GET: 405 names what would do (RFC 9110 15.5.6).
for _, method in ipairs { "POST", "PUT", "DELETE", "OPTIONS", "PATCH" } do
  refuses(("an upgrade by %s"):format(method), 405, { method = method }, { allow = "GET" })
end
-- What the server doesn't know at all; methods have a case (RFC 9110 9.1, 15.6.2).
for _, method in ipairs { "get", "Get", "BREW" } do
  refuses(("the method %s"):format(method), 501, { method = method })
end
for _, version in ipairs { "HTTP/2.0", "HTTP/0.9", "HTTP/3.0" } do
  refuses(("%s"):format(version), 505, { version = version })
end
for _, version in ipairs { "HTTP/1", "HTTP/11", "http/1.1", "HTTP/1.1x", "HTTPS/1.1", "" } do
  refuses(("the version %q of HTTP"):format(version), 400, { version = version })
end
refuses("a path that nothing is at", 404, { target = "/nothing" })
refuses("a path in another case", 404, { target = "/Echo" })
refuses("a path with a slash behind it", 404, { target = "/echo/" })
refuses("a target without a slash", 400, { target = "echo" })
refuses("a target with a space", 400, { target = "/ec ho" })
refuses("a target with a control byte", 400, { target = "/ec\1ho" })
refuses("a target of 9000 bytes", 414, { target = "/" .. ("x"):rep(9000) })

family:group("fields that are missing or wrong")
-- Without them it asks for no upgrade, so it is an ordinary GET of what takes upgrades only.
for _, row in ipairs {
  { "no Upgrade", "Upgrade", false }, { "Upgrade: h2c", "Upgrade", "h2c" },
  { "Upgrade: websockets", "Upgrade", "websockets" }, { "an empty Upgrade", "Upgrade", "" },
  { "no Connection", "Connection", false },
  { "Connection: keep-alive", "Connection", "keep-alive" },
  { "Connection: Upgrades", "Connection", "Upgrades" },
  { "Connection: keep-alive Upgrade", "Connection", "keep-alive Upgrade" },
} do
  local fields = { [row[2]] = row[3] }
  if row[2] ~= "Connection" then fields.Connection = "Upgrade, close" end
  family:case(("answers %s with 426"):format(row[1]), {
    request = { fields = fields, more = row[2] == "Connection" and { "Connection: close" } or nil },
    status = 426, fields = { upgrade = "websocket" },
  })
end
refuses("no Host", 400, { fields = { Host = false } })
refuses("two Hosts", 400, { fields = { Host = { "localhost", "example.org" } } })
refuses("a Host with a space", 400, { fields = { Host = "local host" } })
refuses("a Host with a slash", 400, { fields = { Host = "localhost/echo" } })
refuses("two Origins", 400, { fields = { Origin = { "http://localhost", "http://localhost" } } })
refuses("another Origin", 403, { fields = { Origin = "http://evil.example" } })
refuses("the Origin null", 403, { fields = { Origin = "null" } })
refuses("an Origin whose end is ours", 403, { fields = { Origin = "http://evil-localhost" } })
refuses("a body", 400, { fields = { ["Content-Length"] = "5" } })
refuses("a chunked body", 400, { fields = { ["Transfer-Encoding"] = "chunked" } })

family:group("fields that aren't well formed")
for _, row in ipairs {
  { "a space before a colon", "X-Field : value" }, { "a name with a space", "X Field: value" },
  { "a line without a colon", "what is this" }, { "an empty name", ": value" },
  { "a folded line", "X-Field: one\r\n two" }, { "a NUL in a value", "X-Field: a\0b" },
  { "a control byte in a value", "X-Field: a\1b" }, { "a name in brackets", "[X]: value" },
  { "a bare CR in a value", "X-Field: a\rb" },
} do
  refuses(row[1], 400, { more = { row[2] } })
end
refuses("a hundred and one fields", 431, { more = (function()
  local lines = {}
  for i = 1, 101 do lines[i] = ("X-%d: x"):format(i) end
  return lines
end)() })
refuses("a head of 20000 bytes", 431, { fields = { ["X-Long"] = ("x"):rep(20000) } })

family:group("subprotocols")
local function protocols(offer, chosen)
  local shown = type(offer) == "table" and table.concat(offer, " and ") or offer
  accepts(("chooses %s of %s"):format(chosen or "none", shown), {
    target = "/protocols", fields = { ["Sec-WebSocket-Protocol"] = offer },
  }, { ["sec-websocket-protocol"] = chosen })
end
protocols("chat.v1", "chat.v1")
protocols("chat.v2", "chat.v2")
protocols("chat.v1, chat.v2", "chat.v2")
protocols("chat.v2, chat.v1", "chat.v2")
protocols("chat.v1,chat.v2,chat.v3", "chat.v2")
protocols({ "chat.v1", "chat.v2" }, "chat.v2")
protocols(" chat.v1 , other ", "chat.v1")
protocols("other", false)
protocols("CHAT.V1", false)
protocols("other, another", false)
accepts("chooses none where none is offered", { target = "/protocols" },
  { ["sec-websocket-protocol"] = false })
accepts("chooses none where it knows none", {
  fields = { ["Sec-WebSocket-Protocol"] = "chat.v1" },
}, { ["sec-websocket-protocol"] = false })
for _, row in ipairs { { "a subprotocol with a space", "chat v1" },
  { "one with a slash", "chat/1" }, { "the same one twice", "chat.v1, chat.v1" },
  { "one in quotes", '"chat.v1"' } } do
  refuses(row[1], 400, { target = "/protocols", fields = { ["Sec-WebSocket-Protocol"] = row[2] } })
end

family:group("extensions where none is spoken")
for _, offer in ipairs { "permessage-deflate", "permessage-deflate; client_max_window_bits",
  "x-webkit-deflate-frame", "foo, bar; baz=2",
  "mux; max-channels=4; flow-control, deflate-stream" } do
  family:case(("agrees to none of %s"):format(offer), {
    request = { fields = { ["Sec-WebSocket-Extensions"] = offer } },
    fields = { ["sec-websocket-extensions"] = false },
    sends = HELLO.sends, answers = HELLO.answers,
  })
end

family:group("what follows at once")
family:case("reads frames that come together with the request", {
  joined = true, sends = { frames.text("eager"), frames.ping("too") },
  answers = { { "text", "eager" }, { "pong", "too" } },
})
family:case("refuses a wrong frame that comes together with the request, behind its 101", {
  joined = true, sends = { frames.frame(3, "") }, ends = 1002,
})
family:case("answers a Close that comes together with the request", {
  joined = true, sends = { frames.close(1001) }, ends = 1001,
})

return family
