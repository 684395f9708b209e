-- A world in memory with one room, "Talk" at /talk, made of the given fields: a table, or a
-- function(moonroom, world) that returns one.

local world = require "world"

return function(fields, options)
  return world.new(options, function(moonroom, w)
    if type(fields) == "function" then fields = fields(moonroom, w) end
    w.Talk = moonroom.Room:extend("Talk", fields or {})
    w.room = w.Talk { path = "/talk" }
    moonroom.mount("/talk", w.room)
  end)
end
