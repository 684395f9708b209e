local core = require "moonroom.core"
local kit = core.testkit.app

describe("a line that a script logs", function()
  it("has level, event and message, on the hub's clock", function()
    local hub = kit.hub()
    kit.advance(hub, 1.5)
    core.log(hub, "warn", "script", "look out")
    assert.equal('2023-11-14T22:13:21.500Z warn  script message="look out"\n', kit.log(hub))
  end)

  it("is one line, whatever is in it", function()
    local hub = kit.hub()
    core.log(hub, "info", "print", "a\nb\0c\27[31m\xff")
    local log = kit.log(hub)
    assert.equal(1, select(2, log:gsub("\n", "\n")))
    assert.is_nil(log:find("[%z\27\x80-\xff]"))
    core.log(hub, "info", "print", ("x"):rep(100000))
    assert.is_true(#kit.log(hub) <= 8192)
  end)

  it("needs a level that exists, and a hub", function()
    assert.error_matches(function() core.log(kit.hub(), "loud", "a", "b") end, "invalid option")
    assert.error_matches(function() core.log(nil, "info", "a", "b") end, "moonroom.Hub expected")
  end)
end)
