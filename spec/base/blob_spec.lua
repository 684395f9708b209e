local kit = require("moonroom.core").testkit.base

local memory

before_each(function()
  memory = kit.memory()
end)

describe("a blob", function()
  it("holds its bytes, in one allocation", function()
    for _, bytes in ipairs({ "", "a", "a\0b", ("x"):rep(100000) }) do
      local requests = memory:requests()
      local blob = kit.blob(memory, bytes)
      assert.equal(bytes, blob:bytes())
      assert.equal(requests + 1, memory:requests())
      assert.equal(1, blob:references())
      blob:unref()
      assert.equal(0, memory:blocks())
    end
  end)

  it("is shared, not copied", function()
    local first = kit.blob(memory, "shared")
    local second = first:ref()
    local third = second:ref()
    assert.equal(1, memory:requests())
    assert.equal(3, first:references())
    assert.equal("shared", third:bytes())
  end)

  it("lives as long as its last reference, whichever that is", function()
    local first = kit.blob(memory, "shared")
    local second = first:ref()
    first:unref()
    assert.equal(1, memory:blocks())
    assert.equal("shared", second:bytes())
    assert.equal(1, second:references())
    second:unref()
    assert.equal(0, memory:blocks())
  end)

  it("that is none is given back without harm", function()
    local blob = kit.blob(memory, "once")
    blob:unref()
    blob:unref()
    assert.equal(0, memory:blocks())
  end)

  it("is not made where there is no memory", function()
    memory:fail_at(1)
    assert.is_nil(kit.blob(memory, "none"))
    assert.equal(0, memory:blocks())
  end)

  it("is not made where its size has no number", function()
    assert.is_true(kit.blob_too_long(memory))
    assert.equal(0, memory:requests())
  end)
end)
