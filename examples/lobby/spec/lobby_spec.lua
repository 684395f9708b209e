local test = require "moonroom.test"

describe("the lobby", function()
  local app

  before_each(function() app = test.load("examples/lobby") end)
  after_each(function() app:stop() end)

  -- Somebody at the door, who has been asked for a name.
  local function knock()
    local peer = app:connect("/lobby")
    assert.peer(peer).received("* What is your name?")
    return peer
  end

  -- Somebody who is in.
  local function enter(name)
    local peer = knock()
    peer:send(name)
    app:drain()
    return peer
  end

  describe("at the door", function()
    it("lets in with a name, and tells who is here", function()
      local ann = enter("ann")
      local bob = knock()
      bob:send("bob")
      assert.peer(bob).received("* Welcome, bob. Here: ann, bob.")
      assert.peer(ann).received("* bob has come in.")
    end)

    it("lets nobody hear the lobby who has not said a name", function()
      local ann, stranger = enter("ann"), knock()
      ann:send("are we alone?")
      assert.peer(stranger).received_nothing()
    end)

    it("asks again for what is no name", function()
      local peer = knock()
      peer:send("* ann")
      assert.peer(peer)
        .received("* A name has up to 20 letters, digits, - and _. What is your name?")
      peer:send(("x"):rep(20))
      assert.matches("^%* Welcome, x+%.", peer:last())
    end)

    it("asks again for a name that is taken, however it is written", function()
      enter("ann")
      local peer = knock()
      peer:send("ANN")
      assert.peer(peer).received("* ANN is here already. What is your name?")
      peer:send("anna")
      assert.peer(peer).received("* Welcome, anna. Here: ann, anna.")
    end)

    it("gives a name to the first one who says it", function()
      local first, second = knock(), knock()
      first:send("ann")
      second:send("ann")
      assert.peer(first).received("* Welcome, ann. Here: ann.")
      assert.peer(second).received("* ann is here already. What is your name?")
    end)

    it("gives a name again when its bearer has left", function()
      enter("ann"):close()
      local peer = knock()
      peer:send("ann")
      assert.peer(peer).received("* Welcome, ann. Here: ann.")
    end)

    it("closes after three names that won't do", function()
      local peer = knock()
      peer:send("")
      peer:send("a b")
      assert.equal("open", peer.state)
      app:drain()
      peer:send(("x"):rep(21))
      assert.peer(peer).received_nothing()
      assert.peer(peer).closed(1008, "no name after 3 tries")
    end)

    it("closes after a minute, whatever was said in it", function()
      local peer = knock()
      app:advance(59)
      peer:send("no name!")
      assert.equal("open", peer.state)
      app:advance(1)
      assert.peer(peer).closed(1008, "you took too long to say your name")
    end)

    it("has no ear for what is not text", function()
      local peer = knock()
      peer:send_binary("ann")
      assert.peer(peer).closed(1003)
    end)

    it("forgets those who go without a name", function()
      local ann = enter("ann")
      knock():drop()
      knock():close()
      assert.peer(ann).received_nothing()
    end)
  end)

  describe("inside", function()
    local ann, bob

    before_each(function()
      bob, ann = enter("bob"), enter("ann")
      app:drain()
    end)

    it("passes on what is said, with the speaker's name", function()
      ann:send("hi")
      assert.peer(ann).received("ann: hi")
      assert.peer(bob).received("ann: hi")
    end)

    it("keeps what is said on one line", function()
      ann:send("hi\r\nbob: I am a fool")
      assert.peer(bob).received("ann: hi bob: I am a fool")
    end)

    it("tells who is here, and only who asks", function()
      bob:send("/who")
      assert.peer(bob).received("* Here: ann, bob.")
      assert.peer(ann).received_nothing()
    end)

    it("tells of those who leave", function()
      bob:drop()
      assert.peer(ann).received("* bob has left.")
      ann:send("/who")
      assert.peer(ann).received("* Here: ann.")
    end)

    it("is patient with those who are in", function()
      app:advance(3600)
      assert.equal("open", ann.state)
    end)
  end)
end)
