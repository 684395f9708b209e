local core = require "moonroom.core"

describe("core.random", function()
  it("gives hexadecimal digits, other ones each time", function()
    local seen = {}
    for size = 1, 64 do
      local text = core.random(size)
      assert.is_truthy(#text == 2 * size and text:find("^%x+$"))
      seen[core.random()] = true
    end
    local count = 0
    for text in pairs(seen) do
      count = count + 1
      assert.equal(32, #text)
    end
    assert.equal(64, count)
  end)

  it("raises for a size that makes no sense", function()
    for _, size in ipairs { 0, -1, 65, 1.5, "x", math.maxinteger } do
      assert.error_matches(function() core.random(size) end, "bad argument #1 to 'random'")
    end
  end)
end)
