-- `moonroom test` runs this on the server's own core, in memory: no port, no waiting.
local test = require "moonroom.test"

describe("a room", function()
  local app, ann, bob

  before_each(function()
    app = test.load()
    ann = app:connect("/rooms/kitchen?name=Ann")
    bob = app:connect("/rooms/kitchen?name=Bob")
    app:drain()
  end)

  after_each(function() app:stop() end)

  it("tells everybody who comes in", function()
    app:connect("/rooms/kitchen?name=Cid")
    assert.peer(ann).received { event = "join", name = "Cid", here = 3 }
    assert.peer(bob).received { event = "join", name = "Cid", here = 3 }
  end)

  it("passes on what is said, with the speaker's name", function()
    ann:send { text = "Is there tea?" }
    assert.peer(ann).received { event = "text", name = "Ann", text = "Is there tea?" }
    assert.peer(bob).received { event = "text", name = "Ann", text = "Is there tea?" }
  end)

  it("tells who has left, whichever way", function()
    ann:drop()
    assert.peer(bob).received { event = "leave", name = "Ann", here = 1 }
  end)

  it("is apart from a room of another name", function()
    local eve = app:connect("/rooms/garden?name=Eve")
    app:drain()
    ann:send { text = "Where is Eve?" }
    assert.peer(eve).received_nothing()
  end)

  it("shows out whoever sends something else", function()
    ann:send { shout = "Tea!" }
    assert.peer(ann).closed(1008)
    bob:send("no JSON")
    assert.peer(bob).closed(1007)
  end)
end)
