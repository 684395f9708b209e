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

describe("an allocator that keeps spare memory", function()
  local KEPT, LEAST, MOST = 4, 131072, 1048576
  local buffers

  local function fill(size)
    local buffer = kit.buffer(memory)
    assert.is_true(buffer:append(("x"):rep(size)))
    buffers[#buffers + 1] = buffer
    return buffer
  end

  local function release()
    for _, buffer in ipairs(buffers) do buffer:release() end
    buffers = {}
  end

  before_each(function()
    buffers = {}
    memory:keep_spare()
  end)

  after_each(function()
    release()
    memory:trim()
  end)

  it("begins a large buffer with a large block that was one, the size it has", function()
    fill(MOST)
    release()
    assert.equal(0, memory:blocks())
    local buffer = fill(LEAST)
    assert.equal(MOST, buffer:capacity())
    assert.equal(1, memory:blocks())
    assert.equal(LEAST, fill(LEAST):capacity())
  end)

  it("passes over those that are too small", function()
    fill(LEAST)
    release()
    assert.equal(MOST, fill(MOST):capacity())
  end)

  it("keeps a few, and none that are small or huge", function()
    for _ = 1, KEPT + 1 do fill(MOST) end
    release()
    for _ = 1, KEPT do assert.equal(MOST, fill(LEAST):capacity()) end
    assert.equal(LEAST, fill(LEAST):capacity())
    release()
    memory:trim()
    fill(LEAST // 2)
    fill(MOST * 2)
    release()
    assert.equal(LEAST, fill(LEAST):capacity())
  end)

  it("gives all of them back when it is told to", function()
    fill(MOST)
    release()
    memory:trim()
    assert.equal(LEAST, fill(LEAST):capacity())
  end)

  it("fails where it is to fail, and keeps the block", function()
    fill(MOST)
    release()
    memory:fail_at(1, 2)
    local buffer = kit.buffer(memory)
    assert.is_false(buffer:append(("x"):rep(LEAST)))
    assert.is_true(buffer:append(("x"):rep(LEAST)))
    assert.equal(MOST, buffer:capacity())
    buffer:release()
  end)
end)
