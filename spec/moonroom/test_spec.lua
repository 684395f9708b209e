-- What issue readers and the README are promised, word by word.

local test = require "moonroom.test"
describe("the chat", function()
  local app, ann, bob
  before_each(function()
    app = test.load("examples/chat")               -- the real core, in memory, clock stopped
    ann = app:connect("/bongo?name=ann")
    bob = app:connect("/bongo?name=bob")
    app:drain()                                     -- forget what came so far
  end)
  after_each(function() app:stop() end)             -- fails if a handler's error went unnoticed
  it("passes on what is said", function()
    ann:send("hi"); assert.same({ "ann says hi" }, bob:take())
  end)
  it("drops the silent", function()
    bob:stop_answering(); app:advance(61); assert.equal("bob has left /bongo", ann:last())
  end)
end)
