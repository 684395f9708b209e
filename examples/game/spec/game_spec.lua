local test = require "moonroom.test"

describe("the game", function()
  local app, ann, bob

  before_each(function()
    app = test.load("examples/game")
    ann, bob = app:connect("/play"), app:connect("/play")
  end)
  after_each(function() app:stop() end)

  -- The two play these cells in turns; ann begins.
  local function play(...)
    for turn, cell in ipairs { ... } do
      (turn % 2 == 1 and ann or bob):send { cell = cell }
    end
  end

  local function come_back(peer) return app:connect("/play?token=" .. peer:last_json().token) end

  -- Checks what a peer has been shown last; nil where there must be nothing is "nothing".
  local function shows(peer, expected)
    local view = peer:last_json()
    for field, value in pairs(expected) do
      if value == "nothing" then value = nil end
      assert.equal(value, view[field], field)
    end
  end

  describe("in the lobby", function()
    it("has one wait who is alone", function()
      local carl = app:connect("/play")
      assert.peer(carl).received { type = "waiting" }
      carl:send("hello?")
      carl:send { cell = 1 }
      assert.peer(carl).received_nothing()
    end)

    it("pairs two, with the one who has waited to begin", function()
      shows(ann, { type = "game", mark = "X", turn = "X", cells = "---------", left = 20 })
      shows(bob, { type = "game", mark = "O", turn = "X", cells = "---------", left = 20 })
    end)

    it("gives every pair a game of its own", function()
      local carl, dora = app:connect("/play"), app:connect("/play")
      carl:send { cell = 9 }
      shows(dora, { cells = "--------X" })
      shows(bob, { cells = "---------" })
    end)

    it("pairs nobody with one who has gone", function()
      app:connect("/play"):drop()
      local carl = app:connect("/play")
      assert.peer(carl).received { type = "waiting" }
    end)
  end)

  describe("when played", function()
    it("goes on in turns", function()
      play(5, 1)
      for _, peer in ipairs { ann, bob } do
        shows(peer, { cells = "O---X----", turn = "X", winner = "nothing" })
      end
    end)

    it("is won with three in a row", function()
      play(1, 4, 2, 5, 3)
      shows(ann, { cells = "XXXOO----", winner = "X", why = "three", left = "nothing" })
      shows(bob, { winner = "X" })
    end)

    it("is won with the last cell, too", function()
      play(1, 2, 3, 4, 6, 5, 8, 7, 9)
      shows(bob, { winner = "X", why = "three" })
    end)

    it("is nobody's when the board is full", function()
      play(1, 2, 3, 5, 4, 6, 8, 7, 9)
      shows(ann, { cells = "XOXXOOOXX", winner = "nobody", why = "full" })
    end)
  end)

  describe("with bad input", function()
    local function refuses(peer, message, why)
      app:drain()
      peer:send(message)
      assert.peer(peer).received { type = "error", why = why }
    end

    it("refuses a move out of turn", function()
      refuses(bob, { cell = 1 }, "it is not your turn")
      assert.peer(ann).received_nothing()
    end)

    it("refuses what is no free cell", function()
      play(5, 1)
      for _, message in ipairs {
        '{"cell":5}', '{"cell":0}', '{"cell":10}', '{"cell":-1}', '{"cell":1.5}', '{"cell":"2"}',
        '{"cell":null}', '{"cell":[2]}', "{}", "[]", "2", '"2"', "null", "true", '{"again":true}',
      } do
        refuses(ann, message, "that is no free cell")
      end
    end)

    it("refuses moves when it is over", function()
      play(1, 4, 2, 5, 3)
      refuses(bob, { cell = 9 }, "the game is over")
    end)

    it("takes what is no JSON for a drop", function()
      ann:send("five")
      assert.peer(ann).closed(1007)
      shows(bob, { away = 30, winner = "nothing" })
    end)
  end)

  describe("with a turn of 20 seconds", function()
    it("is lost by who doesn't move", function()
      app:advance(19.9)
      shows(bob, { winner = "nothing" })
      app:advance(0.1)
      shows(ann, { winner = "O", why = "time" })
      shows(bob, { winner = "O", why = "time" })
    end)

    it("counts anew for every move, and not for what is refused", function()
      app:advance(19)
      play(5)
      shows(bob, { left = 20 })
      app:advance(19)
      bob:send { cell = 5 }
      app:advance(1)
      shows(ann, { winner = "X", why = "time" })
    end)
  end)

  describe("when a player drops", function()
    it("waits for 30 seconds, then the other one has won", function()
      play(5)
      bob:drop()
      shows(ann, { away = 30, left = "nothing" })
      app:advance(29.9)
      shows(ann, { winner = "nothing" })
      app:advance(0.1)
      shows(ann, { winner = "X", why = "away" })
    end)

    it("has him back at his seat, with his token", function()
      play(5)
      bob:drop()
      app:advance(29)
      bob = come_back(bob)
      shows(bob, { mark = "O", cells = "----X----", turn = "O", away = "nothing" })
      shows(ann, { away = "nothing" })
      bob:send { cell = 1 }
      shows(ann, { cells = "O---X----" })
    end)

    it("stops the clock until he is back", function()
      app:advance(15)
      bob:drop()
      app:advance(10)
      come_back(bob)
      shows(ann, { left = 5, winner = "nothing" })
      app:advance(5)
      shows(ann, { winner = "O", why = "time" })
    end)

    it("takes no moves until he is back", function()
      bob:close()
      ann:send { cell = 1 }
      shows(ann, { type = "error", why = "the other one is away" })
    end)

    it("gives him 30 seconds in all", function()
      bob:drop()
      app:advance(20)
      bob = come_back(come_back(bob)) -- to take over from himself gains nothing
      bob:drop()
      shows(ann, { away = 10 })
      app:advance(10)
      shows(ann, { winner = "X", why = "away" })
    end)

    it("lets him take over from a connection that hangs", function()
      ann:stop_answering()
      local again = come_back(ann)
      assert.peer(ann).closed(4000)
      shows(again, { mark = "X", left = 20, away = "nothing" })
      again:send { cell = 1 }
      app:advance(10) -- by now the old one has gone for good
      shows(bob, { cells = "X--------", away = "nothing" })
      again:drop()
      shows(bob, { away = 30 })
    end)

    it("is decided by who has been away longer, where both are", function()
      ann:drop()
      app:advance(1)
      bob:drop()
      app:advance(28)
      ann = come_back(ann)
      shows(ann, { away = 2, left = "nothing" })
      app:advance(2)
      shows(ann, { winner = "X" })
    end)

    it("goes on where it was, also after both were away", function()
      app:advance(15)
      ann:drop()
      bob:drop()
      app:advance(10)
      ann, bob = come_back(ann), come_back(bob)
      shows(bob, { left = 5, away = "nothing" })
    end)

    it("comes to an end without anybody", function()
      ann:drop()
      app:advance(1)
      bob:drop()
      app:advance(29)
      assert.equal(1, #app:timers()) -- which closes the room
      app:advance(60)
      assert.same({}, app:timers())
    end)

    it("has no seat for who guesses a token", function()
      assert.peer(app:connect("/play?token=" .. ("0"):rep(32))).received { type = "waiting" }
    end)

    it("has no seat for who comes back too late", function()
      bob:drop()
      app:advance(30)
      assert.peer(come_back(bob)).received { type = "waiting" }
      shows(ann, { winner = "X" })
    end)
  end)

  describe("when it is over", function()
    before_each(function()
      play(1, 4, 2, 5, 3)
      app:drain()
    end)

    it("sends those who want another one to the lobby", function()
      ann:send { again = true }
      assert.peer(ann).received { type = "waiting" }
      bob:send { again = true }
      shows(ann, { mark = "X", cells = "---------", winner = "nothing" })
      shows(bob, { mark = "O", cells = "---------", winner = "nothing" })
      ann:send { cell = 1 }
      shows(bob, { cells = "X--------" })
    end)

    it("pairs them with whoever waits there", function()
      local carl = app:connect("/play")
      ann:send { again = true }
      shows(carl, { mark = "X" })
      shows(ann, { mark = "O" })
      assert.peer(bob).received_nothing()
    end)

    it("closes the room after a minute", function()
      app:advance(59)
      ann:send { again = true }
      app:advance(1)
      assert.peer(bob).closed(1000, "the game is over")
      assert.equal("open", ann.state)
    end)
  end)

  -- Whatever people send, and however they come and go. An error in a handler fails it, too.
  it("never has two wait for each other", function()
    local texts = { '{"again":true}', "null", "[]", '{"cell":{}}', "no JSON" }
    for cell = 1, 9 do table.insert(texts, ('{"cell":%d}'):format(cell)) end
    test.simulate {
      app = function() return test.load("examples/game") end,
      paths = { "/play" }, texts = texts, steps = 500, weights = { text = 30 },
      check = function(simulated)
        local lobby = simulated:room("/play")
        assert.is_true(lobby == nil or #lobby <= 1)
      end,
    }
  end)
end)
