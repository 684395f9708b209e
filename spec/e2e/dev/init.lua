-- What the page of `moonroom dev` is tried with.
local moonroom = require "moonroom"
local scores = require "scores"

local Guest = moonroom.Client:extend("Guest")
function Guest:init(request) self.name = request.query.name or "somebody" end

local Lobby = moonroom.Room:extend("Lobby", { Client = Guest, protocols = { "chat.v2" } })

function Lobby:on_join(guest) self:broadcast { joined = guest.name, here = #self } end
function Lobby:on_leave(guest) self:broadcast { left = guest.name, here = #self } end

local says = {}

function says.fail(_, guest) scores.add(guest, 1) end

function says.flood(room)
  for _ = 1, 64 do room:broadcast(("x"):rep(1024)) end
end

function Lobby:on_text(guest, text)
  local act = says[text]
  if act then return act(self, guest) end
  self:broadcast { from = guest.name, text = text }
end

moonroom.mount("/lobby", Lobby)

local Echo = moonroom.Room:extend("Echo")
function Echo:on_text(client, text) client:send(text) end
function Echo:on_binary(client, data) client:send_binary(data) end
moonroom.mount("/echo", Echo)

local Door = moonroom.Room:extend("Door")
function Door:on_accept(request)
  if request.cookies.key ~= "gold" then return false, 401, "Where is your key?\n" end
end
function Door:on_text(client, text) client:close(4001, text) end
moonroom.mount("/door", Door)

table.insert(moonroom.dispatch, function(request)
  return request.path == "/broken" and request.path.no.such.field or nil
end)

moonroom.get("/scores", function() return scores.list end)
moonroom.post("/scores/:name", function(request)
  return { points = scores.add({ name = request.params.name }, 1) }
end)
