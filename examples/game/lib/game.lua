-- A game of tic-tac-toe, in a room of its own. There are two seats, and whoever has the token of
-- one may sit there: so a player who drops finds his place again.
--
-- A player sends { cell = 1 to 9 }, and { again = true } when it is over. He gets Game:view after
-- each change, and { type = "error", why = ... } for what he may not do.
local board = require "board"
local moonroom = require "moonroom"

local TURN = 20 -- seconds for a move, which count while both are here
local ABSENCE = 30 -- seconds for which a player may be away, in all: else dropping would gain time
local LINGER = 60 -- seconds to look at how it has ended
local TAKEN_OVER = 4000 -- the close code for whoever sits where a newer connection sits down

local OTHER = { X = "O", O = "X" }

local seats = {} -- by their tokens, while their games go on

local Game = moonroom.Room:extend("Game", { max_message = 200 })

-- The seat with that token, if there is one; without a token there is none.
function Game.find_seat(token) return seats[token] end

-- Stops a timer, and says with what it is to be restarted; nil where it has been stopped already.
local function pause(timer)
  local left = timer.left
  timer:stop()
  return left
end

function Game:init()
  self.cells, self.turn = board.empty, "X"
  self.clock = self:after(TURN, "run_out")
  self.turn_left = pause(self.clock)
  self.seats = { X = self:add_seat("X"), O = self:add_seat("O") }
end

-- Its player is away from the beginning, until he sits down.
function Game:add_seat(mark)
  local seat = { mark = mark, token = moonroom.token(), game = self }
  seat.absence = self:after(ABSENCE, "give_up", seat)
  seats[seat.token] = seat
  return seat
end

function Game:is_complete() return self.seats.X.player and self.seats.O.player end

-- At the beginning, or after a drop; and the server may not have heard of the drop yet.
function Game:on_join(player)
  local seat = player.seat
  if seat.player then seat.player:close(TAKEN_OVER, "your seat was taken from elsewhere") end
  seat.player = player
  seat.left = pause(seat.absence) or seat.left
  if self:is_complete() then self.clock:restart(self.turn_left) end
  self:show()
end

function Game:on_leave(player)
  local seat = player.seat
  if self.winner or seat.player ~= player then return end
  seat.player = nil
  seat.absence:restart(seat.left)
  self.turn_left = pause(self.clock) or self.turn_left
  self:show()
end

-- Whatever comes from outside may be anything.
function Game:on_json(player, message)
  local wish = type(message) == "table" and message or {}
  if self.winner and wish.again then return player:move(self.lobby) end
  local objection = self:objection(player.seat, wish.cell)
  if objection then return player:send { type = "error", why = objection } end
  self:play(wish.cell)
end

function Game:objection(seat, cell)
  if self.winner then return "the game is over" end
  if not self:is_complete() then return "the other one is away" end
  if seat.mark ~= self.turn then return "it is not your turn" end
  if not board.is_free(self.cells, cell) then return "that is no free cell" end
end

function Game:play(cell)
  self.cells = board.put(self.cells, cell, self.turn)
  if board.has_three(self.cells) then return self:finish(self.turn, "three") end
  if board.is_full(self.cells) then return self:finish("nobody", "full") end
  self.turn = OTHER[self.turn]
  self.clock:restart(TURN)
  self:show()
end

function Game:run_out() self:finish(OTHER[self.turn], "time") end
function Game:give_up(seat) self:finish(OTHER[seat.mark], "away") end

-- The players stay until they want another game, or the room is closed.
function Game:finish(winner, why)
  self.winner, self.why = winner, why
  self.clock:stop()
  for _, seat in pairs(self.seats) do
    seat.absence:stop()
    seats[seat.token] = nil
  end
  self:show()
  self:after(LINGER, "close", 1000, "the game is over")
end

-- Everything, each time: who comes back needs no more than this.
function Game:view(seat)
  return {
    type = "game", token = seat.token, mark = seat.mark, cells = self.cells, turn = self.turn,
    left = self.clock.left, away = self.seats[OTHER[seat.mark]].absence.left,
    winner = self.winner, why = self.why,
  }
end

function Game:show()
  for _, seat in pairs(self.seats) do
    if seat.player then seat.player:send(self:view(seat)) end
  end
end

return Game
