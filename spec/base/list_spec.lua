local list = require("moonroom.core").testkit.base.list

-- The members of the lists a and b after the steps, as digits.
local function lists(...)
  return { list(...) }
end

describe("a list", function()
  it("is empty at first", function()
    assert.same({ "", "" }, lists())
  end)

  it("keeps its members in the order they came", function()
    assert.same({ "312", "" }, lists("a3", "a1", "a2"))
  end)

  it("takes a member in front", function()
    assert.same({ "1", "" }, lists("p1"))
    assert.same({ "312", "" }, lists("a1", "a2", "p3"))
    assert.same({ "2", "" }, lists("p1", "p2", "-1"))
  end)

  it("lets go of any member", function()
    assert.same({ "23", "" }, lists("a1", "a2", "a3", "-1"))
    assert.same({ "13", "" }, lists("a1", "a2", "a3", "-2"))
    assert.same({ "12", "" }, lists("a1", "a2", "a3", "-3"))
    assert.same({ "", "" }, lists("a1", "-1"))
  end)

  it("doesn't mind that a member of no list is removed", function()
    assert.same({ "2", "" }, lists("a2", "-1"))
    assert.same({ "2", "" }, lists("a1", "a2", "-1", "-1"))
  end)

  it("takes a member back at its end, or into another list", function()
    assert.same({ "231", "" }, lists("a1", "a2", "a3", "-1", "a1"))
    assert.same({ "2", "1" }, lists("a1", "a2", "-1", "b1"))
  end)

  it("is taken from at its front, until it is empty", function()
    assert.same({ "23", "" }, lists("a1", "a2", "a3", "ta"))
    assert.same({ "", "" }, lists("a1", "ta", "ta"))
    assert.same({ "1", "" }, lists("a1", "ta", "a1"))
  end)

  it("is moved as a whole to the end of another", function()
    assert.same({ "1234", "" }, lists("a1", "a2", "b3", "b4", "ma"))
    assert.same({ "", "3412" }, lists("a1", "a2", "b3", "b4", "mb"))
    assert.same({ "12", "" }, lists("b1", "b2", "ma"))
    assert.same({ "12", "" }, lists("a1", "a2", "ma"))
    assert.same({ "1", "2" }, lists("b1", "ma", "b2"))
  end)
end)
