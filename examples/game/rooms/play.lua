-- The lobby, at /play: whoever comes in waits for another one, and the two go to a game. Who comes
-- with the token of a seat, as /play?token=..., goes there instead.
local Game = require "game"
local moonroom = require "moonroom"

local Lobby = moonroom.Room:extend("Lobby", { max_message = 200 })

local function send_to(seat, player)
  player.seat = seat
  return player:move(seat.game)
end

function Lobby:on_open(player)
  local seat = Game.find_seat(player.request.query.token)
  if seat then send_to(seat, player) end
end

function Lobby:on_join(player)
  for other in self:clients() do
    if other ~= player then return self:pair(other, player) end
  end
  player:send { type = "waiting" }
end

function Lobby:pair(first, second)
  local seats = Game { lobby = self }.seats
  send_to(seats.X, first)
  send_to(seats.O, second)
end

return Lobby
