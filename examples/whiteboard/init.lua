-- Whiteboards at /boards/NAME, for all who are there to draw on, and the page in public/.
--
-- A message is a stroke, both ways: binary, in one frame.
--
--   byte 0   the colour, an index into the page's palette
--   byte 1   the width, in thousandths of the board's
--   then     0 to 64 points of four bytes: x and y, each of 16 bits, the high byte first, from 0 at
--            the left or upper edge to 65535 at the right or lower one
--
-- One without points wipes the board. Any bytes will do, so the server looks at the length only.
local moonroom = require "moonroom"

local HEAD, POINT, POINTS = 2, 4, 64
local KEPT = 2000 -- strokes of a board's history
local PIECE = 100 -- strokes that a newcomer is sent at a time
local RATE = 100 -- strokes a second; a hand makes 20

local Painter = moonroom.Client:extend("Painter")

-- Counts by the seconds of the clock: so twice the rate can pass, around the turn of one.
function Painter:is_too_fast()
  local second = moonroom.now() // 1
  if self.second ~= second then self.second, self.count = second, 0 end
  self.count = self.count + 1
  return self.count > RATE
end

local Board = moonroom.Room:extend("Board", {
  Client = Painter,
  max_message = HEAD + POINTS * POINT,
  max_fragments = 1, -- so the first header tells the length of the whole stroke
  send_queue = 256 * 1024, -- half a history
  linger = 3600,
})
moonroom.mount("/boards/:name", Board)

-- The history is strokes[first] to strokes[last]; both only ever grow.
function Board:init() self.strokes, self.first, self.last = {}, 1, 0 end

function Board:keep(stroke)
  if #stroke == HEAD then self.strokes, self.first = {}, self.last + 1 end
  self.last = self.last + 1
  self.strokes[self.last] = stroke
  if self.last - self.first < KEPT then return end
  self.strokes[self.first] = nil
  self.first = self.first + 1
end

-- A newcomer who waits hears no broadcast yet, so this goes on to what was drawn meanwhile.
function Board:on_open(painter)
  local index = self.first
  while index <= self.last do
    painter:send_binary(self.strokes[index])
    if index % PIECE == 0 and not painter:flush(20) then return false, 1013, "too slow" end
    index = math.max(index + 1, self.first)
  end
end

function Board:check_message(_, kind, _, total)
  if kind == "text" then return 1003, "a stroke is binary" end
  if total % POINT ~= HEAD then return 1007, "no stroke has this length" end
end

-- Who drew it gets it as well: all boards agree then which stroke is on top.
function Board:on_binary(painter, stroke)
  if painter:is_too_fast() then return painter:close(1008, "too many strokes") end
  self:keep(stroke)
  self:broadcast_binary(stroke)
end
