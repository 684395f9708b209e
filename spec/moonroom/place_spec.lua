local place = require "moonroom.place"

-- What a chunk of that name, one line, gives when it is called with a function.
local function answer(name, code, fn) return assert(load(code, name))(fn) end

local function here() return (place.at(3)) end
local function called() return (place.of_call(3)) end

describe("the place of a script's line", function()
  it("is its file, however long the name, and the line", function()
    local long = ("a/"):rep(100) .. "init.lua"
    assert.equal(long .. ":2", answer("@" .. long, "local f = ...\nlocal at = f() return at", here))
    assert.equal(long .. ":1", answer("@" .. long, "local at = (...)() return at", called))
  end)

  it("is named as Lua does where there is no file", function()
    assert.equal('[string "local at = (...)() return at"]:1',
      answer("local at = (...)() return at", "local at = (...)() return at", here))
  end)

  it("is named below a directory where it lies there", function()
    assert.equal("a/init.lua:2", place.below("app", "app/a/init.lua:2"))
    assert.equal("init.lua:2", place.below("app", "app//init.lua:2"))
    assert.equal("init.lua:2", place.below(nil, "./init.lua:2"))
    assert.equal("other/init.lua:2", place.below("app", "other/init.lua:2"))
  end)

  it("is unknown where C has called", function()
    assert.is_nil(select(2, pcall(here)))
    assert.is_nil(select(2, pcall(called)))
  end)

  it("is unknown of a tail call", function()
    assert.is_nil(answer("@a.lua", "return (...)()", called))
  end)
end)
