local kit = require("moonroom.core").testkit.base

local memory

before_each(function()
  memory = kit.memory()
end)

describe("the allocator", function()
  it("counts what is asked for and what is alive", function()
    assert.same({ 0, 0 }, { memory:requests(), memory:blocks() })
    local a, b = memory:block(10), memory:block(0)
    assert.same({ 2, 2 }, { memory:requests(), memory:blocks() })
    a:free()
    assert.same({ 2, 1 }, { memory:requests(), memory:blocks() })
    a:free()
    b:free()
    assert.same({ 2, 0 }, { memory:requests(), memory:blocks() })
  end)

  it("hands out zeroes where they are asked for", function()
    for size = 0, 100 do
      assert.equal(("\0"):rep(size), memory:block(size, true):bytes())
    end
  end)

  it("resizes a block, keeping its bytes and the number of blocks", function()
    local block = memory:block(3)
    block:write("abc")
    assert.is_true(block:resize(10000))
    assert.equal("abc", block:bytes():sub(1, 3))
    assert.is_true(block:resize(2))
    assert.equal("ab", block:bytes())
    assert.is_true(block:resize(0))
    assert.same({ 4, 1 }, { memory:requests(), memory:blocks() })
  end)

  it("makes a block by resizing none", function()
    local block = memory:block(3)
    block:free()
    assert.is_true(block:resize(5))
    assert.equal(1, memory:blocks())
  end)
end)

describe("an allocator that fails", function()
  it("fails at the request with its number, and no other", function()
    memory:fail_at(2)
    assert.is_truthy(memory:block(1))
    assert.is_nil(memory:block(1))
    assert.is_truthy(memory:block(1))
    assert.same({ 3, 2 }, { memory:requests(), memory:blocks() })
  end)

  it("fails as often as it is told", function()
    memory:fail_at(2, 3)
    local made = {}
    for i = 1, 6 do
      made[i] = memory:block(1, true) ~= nil
    end
    assert.same({ true, false, false, false, true, true }, made)
  end)

  it("leaves a block that it can't resize as it was", function()
    local block = memory:block(3)
    block:write("abc")
    memory:fail_at(1)
    assert.is_false(block:resize(100000))
    assert.equal("abc", block:bytes())
    assert.equal(1, memory:blocks())
  end)
end)
