local log = require "moonroom.log"
local raises_here = require "raises_here"
local world = require "world"

describe("moonroom.log", function()
  it("writes a line at each level, formatted where there are arguments", function()
    local w = world.new()
    for _, level in ipairs { "debug", "info", "warn", "error" } do
      w.moonroom.log[level]("%s has %d of 100%%", "ann", 3)
      local line = w:log()
      assert.is_truthy(line:find(" " .. level, 1, true))
      assert.is_truthy(line:find('message="ann has 3 of 100%"', 1, true))
    end
  end)

  it("takes a text without arguments as it is, and any value", function()
    local w = world.new()
    w.moonroom.log.info("100% %d")
    assert.is_truthy(w:log():find('message="100% %d"', 1, true))
    w.moonroom.log.info(nil)
    w.moonroom.log.info(w.moonroom.Room {})
    assert.is_truthy(w:log():find('message=nil\n.*message="Room, 0 clients"'))
  end)

  it("raises for a format that doesn't fit, at the line that logs", function()
    local moonroom = world.new().moonroom
    raises_here("bad argument #2 to", function() moonroom.log.info("%d", "x") end)
    raises_here("invalid conversion", function() moonroom.log.error("%y", 1) end)
  end)

  it("drops what it is told outside any app", function()
    log.new(nil).info("nobody hears %s", "this")
  end)
end)

describe("print in a script", function()
  it("writes to the log as Lua's print would write", function()
    local w = world.new()
    local print_to_log = log.new_print(w.hub)
    print_to_log("a", 1, nil, true)
    assert.is_truthy(w:log():find('info  print message="a\\t1\\tnil\\ttrue"', 1, true))
    print_to_log()
    assert.is_truthy(w:log():find('message=""', 1, true))
    assert.is_false(pcall(print_to_log, setmetatable({}, { __tostring = error })))
  end)
end)
