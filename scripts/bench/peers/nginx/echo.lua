-- nginx with lua-resty-websocket: what comes goes back as it came.
local server = require "nginx.websocket.server"

local client = assert(server:new { max_payload_len = 1048576, timeout = 600000 })

local answers = {
  text = function(data) return client:send_text(data) end,
  binary = function(data) return client:send_binary(data) end,
  ping = function(data) return client:send_pong(data) end,
  pong = function() return true end,
}

while true do
  local data, kind = client:recv_frame()
  if kind == "close" then
    client:send_close(1000)
    return
  end
  local answer = answers[kind]
  if not answer or not answer(data) then return end
end
