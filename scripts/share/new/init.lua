-- Rooms that people talk in, each by its name, and the page in public/. `moonroom dev` loads what
-- you change here as soon as it is saved; a server that runs otherwise does at the signal HUP.
local moonroom = require "moonroom"

-- One for each connection. What init sets here is there whenever the room meets the guest.
local Guest = moonroom.Client:extend("Guest")

function Guest:init(request)
  self.name = request.query.name or "somebody"
end

-- Options of a room stand beside its Client; `moonroom --help` says what there is.
local Talk = moonroom.Room:extend("Talk", { Client = Guest, max_message = 2000 })

-- A table goes out as JSON, to everybody who is in the room.
function Talk:on_join(guest)
  self:broadcast { event = "join", name = guest.name, here = #self }
end

function Talk:on_leave(guest)
  self:broadcast { event = "leave", name = guest.name, here = #self }
end

-- What comes is any JSON, since anybody may send it: look before you use it.
function Talk:on_json(guest, message)
  if type(message) ~= "table" or type(message.text) ~= "string" then
    return guest:close(1008, "what is said is {\"text\": \"...\"}")
  end
  self:broadcast { event = "text", name = guest.name, text = message.text }
end

-- A room is made when somebody asks for its path, and dropped when it has been empty for a while.
moonroom.mount("/rooms/:name", Talk)
