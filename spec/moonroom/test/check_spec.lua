local check = require "moonroom.test.check"
local raises_here = require "raises_here"

describe("a check of the kit's", function()
  it("of names tells the nearest, or all", function()
    check.names({ one = 1, two = 2 }, { "one", "two" }, "number")
    for words, given in pairs {
      ["there is no number ones; did you mean one?"] = { ones = 1 },
      ["there is no number xyz; these are one, two"] = { xyz = 1 },
      ["there is no number 1; these are one, two"] = { 5 },
    } do
      raises_here(words, function() check.names(given, { "one", "two" }, "number") end)
    end
  end)

  it("of a type takes any of those given, and returns the value", function()
    assert.equal("x", check.type_of("x", "a name", "string", "table"))
    raises_here("a name is a string or a table, not a number",
      function() check.type_of(1, "a name", "string", "table") end)
  end)

  it("of seconds takes numbers from 0 up", function()
    for _, value in ipairs { 0, 0.5, 1e9 } do assert.equal(value, check.seconds(value)) end
    for _, value in ipairs { -1, 0 / 0, math.huge, "1", {} } do
      raises_here("seconds are a number from 0 up, not ", function() check.seconds(value) end)
    end
  end)

  it("of a count takes whole numbers from the least one up", function()
    assert.equal(3, check.count(3, 3, "it"))
    for _, value in ipairs { 2, 3.5, "3", true } do
      raises_here("it is a whole number from 3 up, not ",
        function() check.count(value, 3, "it") end)
    end
  end)
end)
