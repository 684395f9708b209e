-- From a good handshake to a client in a room, or to a refusal that says what would allow it.

local class = require "moonroom.class"
local core = require "moonroom.core"
local doors = require "moonroom.doors"
local fields = require "moonroom.fields"
local guard = require "moonroom.guard"
local rooms = require "moonroom.rooms"
local rules = require "moonroom.rules"
local settling = require "moonroom.settling"
local spelling = require "moonroom.spelling"

local format, lower = string.format, string.lower

local function refuse(request, status, rule, reason, lines, body)
  core.refuse(request, status, lines or "", body or "", rule, reason)
end

-- --- what on_accept may answer ---------------------------------------------

-- These say how the connection goes on, which is the core's to decide.
local own_fields = {
  ["connection"] = true, ["content-length"] = true, ["sec-websocket-accept"] = true,
  ["sec-websocket-extensions"] = true, ["sec-websocket-protocol"] = true,
  ["sec-websocket-version"] = true, ["transfer-encoding"] = true, ["upgrade"] = true,
}

local function check_status(status, who)
  if status == nil then return 403 end
  if math.type(status) == "integer" and status >= 200 and status <= 599 then return status end
  error(format("%s refused with the status %s, which is no integer from 200 to 599", who,
    tostring(status)), 0)
end

local function check_body(body, who)
  if body == nil or type(body) == "string" then return body end
  error(format("%s's body is a string, not a %s", who, type(body)), 0)
end

local verdict_names = { "protocol", "headers" }

local function check_verdict(verdict, who)
  if type(verdict) ~= "table" then
    error(format("%s returned a %s, not nil, a boolean or a table", who, type(verdict)), 0)
  end
  for key in pairs(verdict) do
    if key ~= "protocol" and key ~= "headers" then
      local meant = type(key) == "string" and spelling.nearest(key, verdict_names)
      error(format("%s returned a table with the unknown key %s; %s", who, tostring(key),
        meant and format("did you mean %s?", meant) or "it may have protocol and headers"), 0)
    end
  end
end

-- --- origins ---------------------------------------------------------------

local function is_listed(origins, origin)
  for _, allowed in ipairs(origins) do
    if lower(allowed) == lower(origin) then return true end
  end
  return false
end

-- Returns whether the origin is allowed. An absent one is: it isn't a browser's. In dev so is any
-- of this machine, such as a bundler's own port.
local function allows_origin(app, target, request)
  local origin, origins = request.origin, target.origins
  if origin == nil or origins == "*" then return true end
  if app.dev and app.dev:allows_origin(target, origin) then return true end
  if origins == "same" then return core.is_same_origin(origin, request.host) end
  if type(origins) == "table" then return is_listed(origins, origin) end
  return origins(origin, core.shown(request)) and true or false
end

-- What would have let the origin in, as the script would write it.
local function origin_advice(origins, origin, name)
  if type(origins) == "function" then return format("the function %s.origins says no", name) end
  if not rules.is_origin(origin) then return format('%s.origins = "*" would allow it', name) end
  return format("%s.origins = {%q} would allow it", name, origin)
end

local function refuse_origin(request, target, name)
  local origin = request.origin
  local shown = #origin > 200 and string.sub(origin, 1, 200) .. "..." or origin
  refuse(request, 403, "origins", format("the Origin %q is not allowed for the Host %q; %s", shown,
    request.host, origin_advice(target.origins, shown, name)))
end

-- --- the room --------------------------------------------------------------

local function name_of(target)
  return rooms.is_room(target) and class.class_of(target).name or target.name
end

-- Checks what is known before a room exists. Returns true, or nil after a refusal.
local function check_room(app, request, target, room)
  local name = name_of(target)
  if not allows_origin(app, target, request) then return refuse_origin(request, target, name) end
  local most = target.max_clients or 0
  if room and most > 0 and core.occupancy(room) >= most then
    return refuse(request, 503, "max_clients", format("the room has %d clients, as many as it may: "
      .. "%s.max_clients", core.occupancy(room), name), "Retry-After: 5\r\n")
  end
  return true
end

-- The room that the request is for. Returns nil after a refusal; nil and why where it is to be
-- looked for anew.
local function room_for(app, request, found)
  local target = found.target
  local path = found.path
  if rooms.is_room(target) then
    if core.is_closed(target) then return nil, "closed" end
    return check_room(app, request, target, target) and target
  end
  if #path > rooms.max_path then
    return refuse(request, 404, "path", "the path is too long for a room's name")
  end
  local room, why = app.rooms:made_as(target, path), nil
  if not check_room(app, request, room or target, room) then return nil end
  if not room then
    room, why = app.rooms:make(target, path, found.params or {}, found.is_literal)
  end
  if why == "reloaded" then return nil, why end
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
  for _, protocol in ipairs(room.protocols) do
    if contains(request.protocols, protocol) then return protocol end
  end
  return ""
end

-- The subprotocol and the response fields of a verdict that isn't false.
local function accept_as(verdict, room, request, who)
  if verdict == nil or verdict == true then return choose_protocol(room, request), "" end
  check_verdict(verdict, who)
  local protocol = verdict.protocol or choose_protocol(room, request)
  if protocol ~= "" and not contains(request.protocols, protocol) then
    error(format("%s chose the subprotocol %q, which the client did not offer", who,
      tostring(protocol)), 0)
  end
  return protocol, fields.of(verdict.headers, own_fields, who)
end

-- Asks on_accept. Returns protocol and response fields, or nil after a refusal.
local function ask_room(room, request)
  if not room.on_accept then return choose_protocol(room, request), "" end
  local verdict, status, body, headers = room:on_accept(core.shown(request))
  local who = name_of(room) .. ".on_accept"
  if verdict ~= false then return accept_as(verdict, room, request, who) end
  refuse(request, check_status(status, who), "on_accept", who .. " refused",
    fields.of(headers, own_fields, who), check_body(body, who))
end

-- By how the search for a room has failed twice.
local reasons = {
  closed = "the room that it is for is closed",
  reloaded = "the scripts were loaded again while it waited",
}

local function refuse_for_now(request, why)
  refuse(request, 503, why, reasons[why], "Retry-After: 5\r\n")
end

local function join(app, request, room)
  local protocol, lines = ask_room(room, request)
  if not protocol then return end
  if core.is_closed(room) then return refuse_for_now(request, "closed") end
  local client_class = room.Client
  if client_class.init then core.shown(request) end
  local client = app.make_client(request, room, client_class)
  if not client then return end
  if client.init then client:init(request) end
  core.accept(request, client, protocol, lines)
end

-- Keeps a room while a request for it is answered; closed at the end of a scope, error or not.
local function new_hold(app)
  return guard.new(function(hold)
    if hold.room then app.rooms:release(hold.room) end
  end)
end

-- As room_for, of the mounts and functions of now: what has waited over a reload was an old one.
local function find_room(app, request)
  local found = app.dev and app.dev:resolve(request)
  if found then return room_for(app, request, found) end
  local registered
  found, registered = app.rooms:resolve(request, true)
  if registered ~= app.registered and not (found and settling.may_stand(app, found)) then
    return nil, "reloaded"
  end
  if found then
    local room, why = room_for(app, request, found)
    if room and registered == app.registered then doors.note(app, request, found, room) end
    return room, why
  end
  refuse(request, 404, "dispatch", format("no room at %s: neither moonroom.dispatch nor a mount "
    .. "answers for it", request.path))
end

-- Answers a handshake: with 101 and a client in a room, or with a refusal.
local function decide(app, request)
  if doors.enter(app, request) then return end
  local hold <close> = new_hold(app)
  local room, why = find_room(app, request)
  if why then
    core.set_params(request, {})
    room, why = find_room(app, request)
  end
  if why then return refuse_for_now(request, why) end
  if not room then return end
  app.rooms:hold(room)
  hold.room = room
  join(app, request, room)
end

return { decide = decide }
