local test = require "moonroom.test"

describe("the echo", function()
  local app, ann
  before_each(function()
    app = test.load("examples/echo")
    ann = app:connect("/echo")
  end)
  after_each(function() app:stop() end)

  it("sends back what comes, each kind as it came", function()
    ann:send("hello")
    ann:send_binary("\0\255")
    assert.same({ "hello" }, ann:take("text"))
    assert.same({ "\0\255" }, ann:take("binary"))
  end)

  it("keeps the order, and an empty message", function()
    for _, text in ipairs { "one", "", "three" } do ann:send(text) end
    assert.peer(ann).received("one", "", "three")
  end)

  it("echoes nobody else's", function()
    local bob = app:connect("/echo")
    ann:send("hello")
    assert.peer(bob).received_nothing()
  end)

  it("waits for a slow reader", function()
    ann:pause()
    ann:send(("x"):rep(100000))
    assert.peer(ann).received_nothing()
    ann:resume()
    assert.peer(ann).received(("x"):rep(100000))
  end)

  it("is at /echo alone", function()
    assert.peer(app:connect("/")).refused(404)
  end)
end)
