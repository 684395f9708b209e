-- Two chat rooms and the page in public/. Edit a line, restart, and the rooms behave so.
local moonroom = require "moonroom"

local User = moonroom.Client:extend("User")
function User:init(request)
  self.name = request.query.name or request.headers["user-agent"] or "somebody"
end

local ChatRoom = moonroom.Room:extend("ChatRoom", { Client = User })
function ChatRoom:say(format, ...)    self:broadcast(format:format(...)) end
function ChatRoom:on_join(user)       self:say("%s has joined %s", user.name, self.path) end
function ChatRoom:on_leave(user)      self:say("%s has left %s", user.name, self.path) end
function ChatRoom:on_text(user, text) self:say("%s says %s", user.name, text) end

local rooms = { ["/bongo"] = ChatRoom { path = "/bongo" }, ["/fury"] = ChatRoom { path = "/fury" } }
table.insert(moonroom.dispatch, function(request) return rooms[request.path] end)
