local test = require "moonroom.test"

describe("the chat", function()
  local app, ann, bob
  before_each(function()
    app = test.load("examples/chat")               -- the real core, in memory, clock stopped
    ann = app:connect("/bongo?name=ann")
    bob = app:connect("/bongo?name=bob")
    app:drain()                                    -- forget what came so far
  end)
  after_each(function() app:stop() end)            -- fails if a handler's error went unnoticed

  it("passes on what is said", function()
    ann:send("hi")
    assert.same({ "ann says hi" }, bob:take())
  end)

  it("lets you hear yourself, so that all see the same", function()
    ann:send("hi")
    assert.peer(ann).received("ann says hi")
  end)

  it("tells who joins, the newcomer too", function()
    local eve = app:connect("/bongo?name=eve")
    for _, peer in ipairs { ann, bob, eve } do
      assert.peer(peer).received("eve has joined /bongo")
    end
  end)

  it("tells who leaves", function()
    bob:close(1000)
    assert.peer(ann).received("bob has left /bongo")
  end)

  it("drops the silent", function()
    bob:stop_answering()
    app:advance(61)
    assert.equal("bob has left /bongo", ann:last())
  end)

  it("keeps the two rooms apart", function()
    local eve = app:connect("/fury?name=eve")
    eve:send("HELLO")
    assert.peer(eve).received("eve has joined /fury", "eve says HELLO")
    assert.peer(ann).received_nothing()
  end)

  it("calls those without a name after their program, or somebody", function()
    app:connect("/bongo", { headers = { ["User-Agent"] = "Netscape/4.0" } })
    app:connect("/bongo", { headers = { ["User-Agent"] = false } })
    assert.peer(ann).received("Netscape/4.0 has joined /bongo", "somebody has joined /bongo")
  end)

  it("decodes a name from the address", function()
    app:connect("/bongo?name=J%C3%BCrgen+%25s"):send("100 %d")
    assert.peer(ann).received("Jürgen %s has joined /bongo", "Jürgen %s says 100 %d")
  end)

  it("takes text only", function()
    bob:send_binary("\1\2\3")
    assert.peer(bob).closed(1003)
    assert.peer(ann).received("bob has left /bongo")
  end)

  it("has no other rooms", function()
    assert.peer(app:connect("/kitchen")).refused(404)
  end)
end)

describe("the chat at random", function()
  it("has told of everybody who is there, and of nobody else", function()
    local witness, told
    local function load()
      local app = test.load("examples/chat")
      witness, told = app:connect("/bongo?name=witness"), 0
      return app
    end
    local function check(app)
      for _, line in ipairs(witness:take()) do
        if line:find("has joined /bongo", 1, true) then told = told + 1 end
        if line:find("has left /bongo", 1, true) then told = told - 1 end
      end
      assert.equal(#app:room("/bongo"), told)
    end
    test.simulate {
      app = load, check = check, paths = { "/bongo?name=ann", "/fury?name=bob" }, texts = { "hi" },
    }
  end)
end)
