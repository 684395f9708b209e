-- From a good handshake to a client in a room, or to a refusal that says what would allow it.

local core = require "moonroom.core"
local rooms = require "moonroom.rooms"

local function refuse(request, status, rule, reason, fields, body)
  core.refuse(request, status, fields or "", body or "", rule, reason)
end

-- { name = value } as response fields; a list of values makes several of them.
local function fields_of(headers)
  local lines = {}
  for name, value in pairs(headers or {}) do
    local values = type(value) == "table" and value or { value }
    for _, item in ipairs(values) do
      lines[#lines + 1] = core.field(tostring(name), tostring(item))
    end
  end
  table.sort(lines)
  return table.concat(lines)
end

-- --- origins ---------------------------------------------------------------

local function is_listed(origins, origin)
  for _, allowed in ipairs(origins) do
    if allowed:lower() == origin:lower() then return true end
  end
  return false
end

-- Returns whether the origin is allowed. An absent one is: it isn't a browser's.
local function allows_origin(origins, request)
  local origin = request.origin
  if origin == nil or origins == "*" then return true end
  if origins == "same" then return core.is_same_origin(origin, request.host) end
  if type(origins) == "table" then return is_listed(origins, origin) end
  return origins(origin, request) and true or false
end

local function refuse_origin(request, name)
  local origin = request.origin
  local shown = #origin > 200 and origin:sub(1, 200) .. "..." or origin
  refuse(request, 403, "origins", ("the Origin %q is not allowed for the Host %q; %s.origins = {%q}"
    .. " would allow it"):format(shown, request.host, name, shown))
end

-- --- the room --------------------------------------------------------------

local function name_of(target)
  return rooms.is_room(target) and tostring(target):match("^%S+") or target.name
end

-- Checks what is known before a room exists. Returns true, or nil after a refusal.
local function check_room(request, target, room)
  if not allows_origin(target.origins, request) then
    return refuse_origin(request, name_of(target))
  end
  local most = target.max_clients or 0
  if room and most > 0 and #room >= most then
    return refuse(request, 503, "max_clients", ("the room has %d clients, as many as it may: "
      .. "%s.max_clients"):format(#room, name_of(target)), "Retry-After: 5\r\n")
  end
  return true
end

-- The room that the request is for. Returns nil after a refusal.
local function room_for(app, request, found)
  local target = found.target
  local path = request.path
  if rooms.is_room(target) then return check_room(request, target, target) and target end
  if #path > rooms.max_path then
    return refuse(request, 404, "path", "the path is too long for a room's name")
  end
  local room = app.rooms.made[path]
  if not check_room(request, room or target, room) then return nil end
  room = room or app.rooms:make(target, path, found.params, found.is_literal)
  if not room then
    return refuse(request, 503, "max_rooms", "the server has as many rooms as it may",
      "Retry-After: 5\r\n")
  end
  return room
end

-- --- acceptance ------------------------------------------------------------

local function contains(list, item)
  for _, other in ipairs(list) do
    if other == item then return true end
  end
  return false
end

-- The room's order decides (RFC 6455 4.2.2); what wasn't offered is never chosen.
local function choose_protocol(room, request)
  local offered = request.protocols
  for _, protocol in ipairs(room.protocols) do
    if contains(offered, protocol) then return protocol end
  end
  return ""
end

-- Asks on_accept. Returns protocol and response fields, or nil after a refusal.
local function ask_room(room, request)
  if not room.on_accept then return choose_protocol(room, request), "" end
  local verdict, status, body, headers = room:on_accept(request)
  if verdict == false then
    status = status or 403
    refuse(request, status, "on_accept", ("%s refused"):format(tostring(room)),
      fields_of(headers), body and tostring(body))
    return nil
  end
  local answer = type(verdict) == "table" and verdict or {}
  local protocol = answer.protocol or choose_protocol(room, request)
  if protocol ~= "" and not contains(request.protocols, protocol) then
    error(("on_accept chose the subprotocol %q, which the client did not offer"):format(protocol),
      0)
  end
  return protocol, fields_of(answer.headers)
end

-- Answers a handshake: with 101 and a client in a room, or with a refusal.
local function decide(app, request)
  local found = app.rooms:resolve(request, true)
  if not found then
    return refuse(request, 404, "dispatch", ("no room at %s: neither moonroom.dispatch nor a mount "
      .. "answers for it"):format(request.path))
  end
  local room = room_for(app, request, found)
  if not room then return end
  local protocol, fields = ask_room(room, request)
  if protocol then
    local client = app.make_client(request, room, room.Client)
    if client and client.init then client:init(request) end
    if client then core.accept(request, client, protocol, fields) end
  end
  app.rooms:emptied(room)
end

-- --- ordinary requests -----------------------------------------------------

local upgrade_required = "Upgrade: websocket\r\nConnection: Upgrade\r\n"

-- Answers an ordinary request: a file, 426 where a room is, else 404.
local function answer_plain(app, request)
  if request.method ~= "GET" and request.method ~= "HEAD" then
    return refuse(request, 405, "method", "only GET and HEAD are answered here",
      "Allow: GET, HEAD\r\n")
  end
  if core.send_file(request) then return end
  if app.rooms:resolve(request, false) then
    return refuse(request, 426, "upgrade", "a room is here: connect with a WebSocket",
      upgrade_required)
  end
  refuse(request, 404, "path", "nothing is here")
end

return { decide = decide, answer_plain = answer_plain }
