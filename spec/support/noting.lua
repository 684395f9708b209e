-- A world whose one room, at /room, notes who joins, what is heard, and how each one leaves.

local world = require "world"

local frame = world.frame

-- handlers: the room's. Notes into w.clients (in the order of joining), w.joins and w.leaves
-- ({ code, reason, clean }).
local function new(options, handlers)
  return world.new(options, function(moonroom, w)
    local Room = moonroom.Room:extend("Noting", handlers)
    w.joins, w.leaves, w.clients = 0, {}, {}
    local on_join = Room.on_join
    function Room.on_join(room, client)
      w.joins = w.joins + 1
      table.insert(w.clients, client)
      if on_join then on_join(room, client) end
    end
    function Room.on_leave(_, _, code, reason, clean)
      table.insert(w.leaves, { code, reason, clean })
    end
    w.room = Room { path = "/room" }
    moonroom.mount("/room", w.room)
  end)
end

-- The same with a room that echoes, and notes each text into w.heard. fields: further ones.
local function echoing(options, fields)
  local heard = {}
  local handlers = {
    on_text = function(_, client, text)
      table.insert(heard, text)
      client:send(text)
    end,
    on_binary = function(_, client, data) client:send_binary(data) end,
  }
  for name, value in pairs(fields or {}) do handlers[name] = value end
  local w = new(options, handlers)
  w.heard = heard
  return w
end

-- A new member, and its client.
local function join(w)
  local peer = w:connect("/room")
  assert(peer.status == 101, peer.status)
  return peer, w.clients[#w.clients]
end

-- The Close frames that a peer got, as { code, reason }, and whatever came behind the first.
local function closes(peer)
  local list = {}
  for _, one in ipairs(peer:frames()) do
    if #list > 0 or one.kind == "close" then
      list[#list + 1] = {
        #one.payload >= 2 and string.unpack(">I2", one.payload) or 1005, one.payload:sub(3),
      }
    end
  end
  return list
end

-- All that a peer was sent since the last look, as bytes.
local function sent_to(peer)
  peer:read()
  local bytes = peer.bytes
  peer.bytes = ""
  return bytes
end

-- The messages that each peer got since the last look, joined by commas.
local function heard(peers)
  local list = {}
  for index, peer in ipairs(peers) do list[index] = table.concat(peer:take(), ",") end
  return list
end

-- A message in as many frames as parts.
local function fragments(kind, ...)
  local parts, list = { ... }, {}
  for index, part in ipairs(parts) do
    list[index] = frame(index == 1 and kind or "continuation", part, { fin = index == #parts })
  end
  return table.concat(list)
end

-- The numbers from one to another (1) as texts.
local function texts(to, from)
  local list = {}
  for number = from or 1, to do list[#list + 1] = frame("text", tostring(number)) end
  return table.concat(list)
end

-- An ordinary request. fields: further lines.
local function plain(path, fields, method)
  return ("%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n"):format(method or "GET", path, fields or "")
end

-- The blocks that a hub owns, but for what scripts don't hold any more.
local function blocks(w)
  collectgarbage()
  return (select(2, w:memory()))
end

return {
  new = new, echoing = echoing, join = join, closes = closes, sent_to = sent_to,
  heard = heard, fragments = fragments, texts = texts, plain = plain, blocks = blocks,
}
