-- What the cases talk to: rooms that send everything back as it came. The same script runs in the
-- real program and in memory.
local moonroom = require "moonroom"

local Echo = moonroom.Room:extend("Echo")
function Echo.on_text(_, client, text)   client:send(text) end
function Echo.on_binary(_, client, data) client:send_binary(data) end

local MIB = 1 << 20

moonroom.mount("/echo", Echo)

-- 16 MiB are allowed, and no more.
moonroom.mount("/big", Echo { max_message = 16 * MIB })

-- Small enough for limits to be met by short cases.
moonroom.mount("/small", Echo { max_message = 1000, max_frame = 600, max_fragments = 8 })

-- 4 MiB in 65,536 fragments.
moonroom.mount("/many", Echo { max_message = 4 * MIB, max_fragments = 65536 })

-- What isn't taken at all.
local TextOnly = moonroom.Room:extend("TextOnly")
function TextOnly.on_text(_, client, text) client:send(text) end
moonroom.mount("/text", TextOnly)

-- Closes by itself, with the code that the text says.
local Leaving = moonroom.Room:extend("Leaving")
function Leaving.on_text(_, client, text)
  client:send(text)
  client:close(tonumber(text), "as you say")
end
moonroom.mount("/leaving", Leaving)

-- All but what is empty is worth compressing here. With takeover it is only where the client
-- doesn't rule it out.
moonroom.mount("/compressed", Echo { compression = true, compression_min_size = 1 })
moonroom.mount("/takeover", Echo {
  compression = true, compression_min_size = 1, compression_takeover = true,
})
moonroom.mount("/compressed/small", Echo {
  compression = true, compression_min_size = 1, max_message = 1000, max_fragments = 8,
})

-- The server's order of preference.
moonroom.mount("/protocols", Echo { protocols = { "chat.v2", "chat.v1" } })
