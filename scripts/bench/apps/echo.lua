-- What comes goes back as it came.
local moonroom = require "moonroom"

local Echo = moonroom.Room:extend("Echo")
function Echo.on_text(_, client, text)   client:send(text) end
function Echo.on_binary(_, client, data) client:send_binary(data) end
return Echo
