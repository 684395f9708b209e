-- What comes goes to everybody, the sender too.
local moonroom = require "moonroom"

local Crowd = moonroom.Room:extend("Crowd")
function Crowd:on_text(_, text) self:broadcast(text) end
return Crowd
