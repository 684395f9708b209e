local test = require "moonroom.test"

-- A module of the app is required in the app.
describe("the board", function()
  local app, board

  before_each(function()
    app = test.load("examples/game")
    board = app:require "board"
  end)
  after_each(function() app:stop() end)

  it("has nine free cells at first", function()
    for cell = 1, 9 do assert.is_true(board.is_free(board.empty, cell)) end
  end)

  it("has no other cells, whatever is asked for", function()
    for _, cell in ipairs { 0, 10, -1, 1.5, 1.0, "1", {}, true } do
      assert.is_false(board.is_free(board.empty, cell))
    end
    assert.is_false(board.is_free(board.empty, nil))
  end)

  it("has a cell no longer free when somebody has played there", function()
    local cells = board.put(board.empty, 5, "X")
    assert.equal("----X----", cells)
    assert.is_false(board.is_free(cells, 5))
    assert.equal("O---X----", board.put(cells, 1, "O"))
    assert.equal("----X---O", board.put(cells, 9, "O"))
  end)

  -- Every way to put down three marks, against the eight lines as they are taught.
  it("knows three in a line, and nothing else", function()
    local lines = {}
    for line in ("123 456 789 147 258 369 159 357"):gmatch("%d+") do lines[line] = true end
    for a = 1, 7 do
      for b = a + 1, 8 do
        for c = b + 1, 9 do
          local cells = board.empty
          for _, cell in ipairs { a, b, c } do cells = board.put(cells, cell, "X") end
          assert.equal(lines[a .. b .. c] or false, board.has_three(cells), cells)
        end
      end
    end
  end)

  it("takes three of different marks for nothing", function()
    assert.is_false(board.has_three("XOX-O-X--"))
  end)

  it("is full when nine have been played", function()
    assert.is_false(board.is_full("XOXOXOOX-"))
    assert.is_true(board.is_full("XOXOXOOXO"))
  end)
end)
