local place = require "moonroom.test.place"
local uv = require "luv"

describe("place.above_spec", function()
  it("is what holds the innermost spec/", function()
    for path, expected in pairs {
      ["spec/a_spec.lua"] = ".", ["./spec/a_spec.lua"] = ".", ["/spec/a_spec.lua"] = "/",
      ["examples/chat/spec/a_spec.lua"] = "examples/chat", ["../spec/a/b/c_spec.lua"] = "..",
      ["/home/spec/chat/spec/a_spec.lua"] = "/home/spec/chat",
    } do
      assert.equal(expected, place.above_spec(path), path)
    end
  end)

  it("is nothing for a path that has none", function()
    for _, path in ipairs { "a_spec.lua", "spec", "aspec/a.lua", "spec.d/a.lua", "/a/spec" } do
      assert.is_nil(place.above_spec(path), path)
    end
  end)
end)

describe("place.directory", function()
  local before
  before_each(function() before = os.getenv("MOONROOM_TEST_DIR") end)
  after_each(function()
    if before then uv.os_setenv("MOONROOM_TEST_DIR", before) end
    if not before then uv.os_unsetenv("MOONROOM_TEST_DIR") end
  end)

  -- Calls it as kit and script would, in a coroutine: this spec itself is below a spec/.
  local function called_from(...)
    local call = place.directory
    for _, name in ipairs { "@lua/kit.lua", ... } do
      local code = "local call = ... return function() local found = call() return found end"
      call = assert(load(code, name))(call)
    end
    return coroutine.wrap(call)()
  end

  it("is that of the nearest caller which is below a spec/, whatever the environment says",
    function()
      uv.os_setenv("MOONROOM_TEST_DIR", "/else/where")
      assert.equal("apps/a", called_from("@apps/a/spec/a_spec.lua"))
      assert.equal("apps/a", called_from("@lib/help.lua", "@apps/a/spec/a.lua", "@b/spec/b.lua"))
    end)

  it("is the one that moonroom test was given where no caller is, else the current one", function()
    uv.os_setenv("MOONROOM_TEST_DIR", "/else/where")
    assert.equal("/else/where", called_from("@a_spec.lua"))
    uv.os_unsetenv("MOONROOM_TEST_DIR")
    assert.equal(".", called_from("@a_spec.lua", "=spec/x.lua"))
  end)
end)
