local raise = require "moonroom.test.raise"
local raises_here = require "raises_here"
local test = require "moonroom.test"

describe("what the kit raises", function()
  it("is at the spec's line, however deep in the kit", function()
    raises_here("100% wrong", function() raise("100% wrong") end)
    raises_here("three is 3", function() raise("%s is %d", "three", 3) end)
    raises_here("what is loaded is a string", function() test.load(5) end)
    raises_here("there is no option foo", function() test.load(print, { foo = 1 }) end)
  end)

  it("has no line where no Lua has called", function()
    local ok, why = coroutine.resume(coroutine.create(raise), "alone")
    assert.same({ false, "alone" }, { ok, why })
  end)
end)
