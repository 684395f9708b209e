-- A board is a text of nine cells, row by row: "X", "O", or "-" where nobody has played.
local board = { empty = ("-"):rep(9) }

local THREE = {
  "^(%a)%1%1", "^...(%a)%1%1", "(%a)%1%1$", -- in a row
  "(%a)..%1..%1", -- in a column
  "^(%a)...%1...%1$", "^..(%a).%1.%1", -- across
}

-- Of any value, since it comes from outside.
function board.is_free(cells, cell)
  return math.type(cell) == "integer" and cell >= 1 and cells:sub(cell, cell) == "-"
end

function board.put(cells, cell, mark)
  return cells:sub(1, cell - 1) .. mark .. cells:sub(cell + 1)
end

function board.has_three(cells)
  for _, pattern in ipairs(THREE) do
    if cells:find(pattern) then return true end
  end
  return false
end

function board.is_full(cells) return not cells:find("-", 1, true) end

return board
