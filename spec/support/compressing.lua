-- Raw peers that speak permessage-deflate by lua-zlib, for spec/support/world.lua.

local deflated = require "deflated"
local world = require "world"

local RSV1 = 4

-- The answer's parameters, by name; true without a value.
local function terms_of(value)
  local terms = {}
  for name, bits in value:gmatch(";%s*([%w_]+)=?(%d*)") do terms[name] = tonumber(bits) or true end
  return terms
end

-- A peer that has offered compression, and its codecs as the answer has them. offer: the value of
-- its Sec-WebSocket-Extensions.
local function connect(w, path, offer)
  local peer = w:connect(path, {
    headers = { ["Sec-WebSocket-Extensions"] = offer or "permessage-deflate" },
  })
  assert(peer.status == 101, peer.status)
  peer.extensions = peer.headers["sec-websocket-extensions"]
  local terms = terms_of(peer.extensions or "")
  peer.deflate = deflated.sender {
    takeover = not terms.client_no_context_takeover,
    window_bits = math.max(9, terms.client_max_window_bits or 15),
  }
  peer.inflate = deflated.receiver {
    takeover = not terms.server_no_context_takeover,
    window_bits = terms.server_max_window_bits or 15,
  }
  return peer
end

-- The bytes of a compressed message.
local function frame(peer, kind, message)
  return world.frame(kind, peer.deflate(message), { rsv = RSV1 })
end

local function send(peer, kind, message) return peer:send(frame(peer, kind, message)) end

-- What has come since the last look, inflated: { kind, message, bytes on the wire or nil }.
local function take(peer)
  local list = {}
  for at, one in ipairs(peer:frames()) do
    assert(one.rsv == 0 or one.rsv == RSV1 and (one.kind == "text" or one.kind == "binary"))
    local is_compressed = one.rsv == RSV1
    list[at] = { one.kind, is_compressed and peer.inflate(one.payload) or one.payload,
      is_compressed and #one.payload or nil }
  end
  return list
end

return { connect = connect, frame = frame, send = send, take = take }
