-- A bridge from HTTP to WebSockets: what is posted to a room is heard by all who listen there. For
-- whatever can't hold a WebSocket open: a cron job, a deploy script, another server's hook.
--
--   BRIDGE_TOKEN=$(openssl rand -hex 16) moonroom examples/bridge
--
--   curl -H "Authorization: Bearer $BRIDGE_TOKEN" -d "it is ready" localhost:12345/rooms/tea
--   {"heard":2}
--
-- Listeners connect to ws://localhost:12345/rooms/tea, and say nothing. A body is text, or, with
-- Content-Type: application/octet-stream, binary:
--
--   curl -H "Authorization: Bearer $BRIDGE_TOKEN" -H "Content-Type: application/octet-stream" \
--     --data-binary @picture.png localhost:12345/rooms/tea
--
--   the answer                           when
--   200 {"heard": 2}                     so many listeners get it; 0 where nobody is there
--   400 {"error": "invalid UTF-8"}       a text that is none
--   401                                  no token, or another
--   413                                  a body of more than max_body bytes
local moonroom = require "moonroom"

-- In config.lua it is app = { token = "..." }. Without one whoever reads the log may post.
local token = moonroom.config.app.token or os.getenv "BRIDGE_TOKEN"
if not token then
  token = moonroom.token()
  moonroom.log.warn("BRIDGE_TOKEN is not set; until the server ends it is %s", token)
end

-- Who listens has nothing to say: what would be heard here had no token. A byte, which some send to
-- keep a connection open, does no harm; more ends it.
local Bridge = moonroom.Room:extend("Bridge", { max_message = 1 })
function Bridge:on_text() end
moonroom.mount("/rooms/:name", Bridge)

-- Signatures are compared instead of tokens: how long it takes says nothing of where they differ.
local secret = moonroom.token()
local signed = moonroom.sign(token, secret)
local function may_post(request)
  local given = (request.headers.authorization or ""):match("^[Bb]earer +(%S+)$")
  return given ~= nil and moonroom.sign(given, secret) == signed
end

local function is_binary(request)
  return (request.headers["content-type"] or ""):find("^application/octet%-stream") ~= nil
end

moonroom.post("/rooms/:name", function(request)
  if not may_post(request) then return 401, nil, { ["WWW-Authenticate"] = "Bearer" } end
  local room = moonroom.room(request.path)
  if not room then return { heard = 0 } end
  local broadcast = is_binary(request) and room.broadcast_binary or room.broadcast
  local heard, why = broadcast(room, request.body)
  if not heard then return 400, { error = why } end
  return { heard = heard }
end)
