-- What a guest has, by name.
local scores = { list = {} }

function scores.add(guest, points)
  local entry = scores.list[guest.name]
  entry.points = entry.points + points
  return entry.points
end

return scores
