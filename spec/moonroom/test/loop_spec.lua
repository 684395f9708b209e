local loop = require "moonroom.test.loop"
local uv = require "luv"

describe("loop.wait", function()
  it("returns what the condition does as soon as that is something", function()
    assert.equal(5, loop.wait(function() return 5 end, 0))
    local timer, is_due = uv.new_timer(), nil
    timer:start(1, 0, function() is_due = "due" end)
    assert.equal("due", loop.wait(function() return is_due end, 20))
    timer:close()
  end)

  it("sees what was due before the loop ran, and doesn't wait for more", function()
    local timer, is_due = uv.new_timer(), nil
    timer:start(1, 0, function() is_due = "due" end)
    local before = loop.now()
    while loop.now() < before + 0.005 do end -- luacheck: ignore 542
    assert.equal("due", loop.wait(function() return is_due end, 20))
    assert.is_true(loop.now() - before < 10)
    timer:close()
  end)

  it("gives up after so many seconds", function()
    local before = loop.now()
    assert.is_falsy(loop.wait(function() return false end, 0.02))
    assert.is_true(loop.now() - before >= 0.015)
  end)
end)

describe("the loop without luv", function()
  it("says what is missing", function()
    local loaded, preload = package.loaded.luv, package.preload.luv
    package.loaded.luv = nil
    package.preload.luv = function() error("no such thing", 0) end
    local path = package.searchpath("moonroom.test.loop", package.path)
    local ok, why = pcall(dofile, path)
    package.loaded.luv, package.preload.luv = loaded, preload
    assert.is_false(ok)
    assert.matches("needs luv for Lua 5.4 %(Debian's package is lua%-luv.*: no such thing", why)
  end)
end)
