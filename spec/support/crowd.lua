local one_room = require "one_room"

-- A world with a room and that many clients in it, whose names are their order.
return function(count, fields)
  local w = one_room(fields or {})
  local peers, clients = {}, {}
  for index = 1, count do
    peers[index] = w:connect("/talk")
    for client in w.room:clients() do
      if not client.name then client.name, clients[index] = index, client end
    end
  end
  return w.room, clients, peers, w
end
