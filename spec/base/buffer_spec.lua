local kit = require("moonroom.core").testkit.base

local memory, buffer

before_each(function()
  memory = kit.memory()
  buffer = kit.buffer(memory)
end)

describe("a buffer", function()
  it("owns nothing at first, and for nothing appended", function()
    assert.is_true(buffer:append(""))
    assert.equal("", buffer:bytes())
    assert.equal(0, buffer:capacity())
    assert.equal(0, memory:requests())
  end)

  it("holds what was appended, in order", function()
    local expected = {}
    for i = 1, 300 do
      expected[i] = ("%d\0"):format(i)
      assert.is_true(buffer:append(expected[i]))
    end
    assert.equal(table.concat(expected), buffer:bytes())
  end)

  it("grows by doubling: few allocations, and at most twice the bytes", function()
    for i = 1, 1000 do
      buffer:append(("x"):rep(100))
      assert.is_true(buffer:capacity() <= 2 * math.max(128, i * 100))
    end
    assert.equal(1, memory:blocks())
    assert.is_true(memory:requests() <= 11)
  end)

  it("asks for nothing while there is room", function()
    buffer:reserve(1000)
    local requests = memory:requests()
    buffer:append(("x"):rep(600))
    buffer:append(("x"):rep(400))
    buffer:reserve(0)
    assert.equal(requests, memory:requests())
  end)

  it("grows to the size it is given at most", function()
    assert.is_true(buffer:reserve(10, 20))
    assert.equal(20, buffer:capacity())
    buffer:append(("x"):rep(20))
    assert.is_true(buffer:reserve(1, 30))
    assert.equal(30, buffer:capacity())
    assert.is_true(buffer:reserve(11, 100000))
    assert.equal(60, buffer:capacity())
  end)

  it("refuses a size that no memory has, and stays as it is", function()
    buffer:append("kept")
    local capacity = buffer:capacity()
    assert.is_false(buffer:reserve(math.maxinteger))
    assert.is_false(buffer:reserve(-1))
    assert.equal("kept", buffer:bytes())
    assert.equal(capacity, buffer:capacity())
  end)

  it("loses bytes at its front", function()
    buffer:append("0123456789")
    buffer:consume(0)
    assert.equal("0123456789", buffer:bytes())
    buffer:consume(3)
    assert.equal("3456789", buffer:bytes())
    buffer:append("ab")
    buffer:consume(8)
    assert.equal("b", buffer:bytes())
    buffer:consume(1)
    assert.equal("", buffer:bytes())
  end)

  it("gives its memory back, and may be used again", function()
    buffer:append("old")
    buffer:release()
    assert.equal(0, memory:blocks())
    assert.equal(0, buffer:capacity())
    buffer:append("new")
    assert.equal("new", buffer:bytes())
  end)

  it("stays as it is where there is no memory, and works when there is", function()
    buffer:append("kept")
    memory:fail_at(1)
    assert.is_false(buffer:append(("x"):rep(1000)))
    assert.equal("kept", buffer:bytes())
    assert.is_true(buffer:append(("x"):rep(1000)))
    assert.equal("kept" .. ("x"):rep(1000), buffer:bytes())
  end)
end)
