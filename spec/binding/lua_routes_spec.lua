local core = require "moonroom.core"

describe("a table of routes", function()
  it("finds the first pattern that matches, from where it is told", function()
    local routes = core.routes()
    routes:add("/:name")
    routes:add("/lobby")
    routes:add("/rooms/:room/:seat")
    assert.same({ 1, { name = "lobby" } }, { routes:match("/lobby") })
    assert.same({ 2, {} }, { routes:match("/lobby", 2) })
    assert.same({ 3, { room = "a b", seat = "é" } }, { routes:match("/rooms/a%20b/%C3%A9") })
    assert.is_nil(routes:match("/lobby", 3))
    assert.is_nil(routes:match("/a/b"))
    assert.is_nil(routes:match(""))
    assert.is_nil(routes:match("/lobby", math.maxinteger))
  end)

  it("raises for a pattern that is none, and keeps the others", function()
    local routes = core.routes()
    routes:add("/a")
    for _, pattern in ipairs { "", "a", "/:", "/:x/:x", "/::" } do
      assert.error_matches(function() routes:add(pattern) end, "pattern ")
    end
    assert.equal(1, (routes:match("/a")))
    assert.error_matches(function() routes:match("/a", 0) end, "counts from 1")
  end)

  it("tells a literal pattern", function()
    local routes = core.routes()
    assert.is_true(routes:is_literal("/a/b"))
    assert.is_false(routes:is_literal("/a/:b"))
  end)

  it("raises for a wrong self", function()
    local routes = core.routes()
    assert.error_matches(function() routes.add({}, "/a") end, "moonroom.Routes expected, got table")
    assert.error_matches(function() routes.match("/a") end, "moonroom.Routes expected, got string")
  end)
end)
