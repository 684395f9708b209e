-- nginx with lua-resty-websocket: what comes goes to everybody. A client has a thread that reads
-- and one that writes; only its own threads may use its socket.
local members = require "members"
local semaphore = require "ngx.semaphore"
local server = require "nginx.websocket.server"

local client = assert(server:new { max_payload_len = 65536, timeout = 600000 })
local self = { queue = {}, first = 1, last = 0, ready = semaphore.new(), is_open = true }

local function take()
  local text = self.queue[self.first]
  self.queue[self.first] = nil
  self.first = self.first + 1
  return text
end

local function write()
  while self.is_open do
    self.ready:wait(600)
    while self.first <= self.last do
      if not client:send_text(take()) then return end
    end
  end
end

local function broadcast(text)
  for member in pairs(members) do
    member.last = member.last + 1
    member.queue[member.last] = text
    if member.last == member.first then member.ready:post() end
  end
end

members[self] = true
local writer = ngx.thread.spawn(write)

while true do
  local data, kind = client:recv_frame()
  if kind == "text" then
    broadcast(data)
  elseif kind ~= "ping" and kind ~= "pong" then
    break
  end
end

members[self] = nil
self.is_open = false
self.ready:post()
ngx.thread.wait(writer)
client:send_close(1000)
