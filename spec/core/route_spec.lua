-- Patterns of paths: src/core/route.c.

local http = require("moonroom.core").testkit.http

local function routes(...)
  return assert(http.routes { ... })
end

local function assert_refused(words, pattern)
  local got, reason = http.routes { pattern }
  assert.is_nil(got, pattern)
  assert.truthy(reason:find(words, 1, true), reason)
end

-- Whether one pattern matches a path.
local function matches(pattern, path)
  return routes(pattern):match(path) ~= nil
end

describe("routes_match", function()
  it("finds a literal path and no other", function()
    local table_of_two = routes("/lobby", "/a/b")
    assert.equal(1, table_of_two:match("/lobby"))
    assert.equal(2, table_of_two:match("/a/b"))
    for _, path in ipairs {
      "/", "", "lobby", "/lobb", "/lobbyx", "/Lobby", "/lobby/", "//lobby", "/a", "/a/b/c", "/a//b",
      "*",
    } do
      assert.is_nil(table_of_two:match(path), path)
    end
  end)

  it("finds the root", function()
    assert.is_true(matches("/", "/"))
    assert.is_false(matches("/", ""))
    assert.is_false(matches("/", "//"))
  end)

  it("tells a path from the one with a slash at its end", function()
    assert.is_true(matches("/a/", "/a/"))
    assert.is_false(matches("/a/", "/a"))
    assert.is_false(matches("/:x", "/a/"))
  end)

  it("gives parameters their segments, still encoded", function()
    local index, values = routes("/rooms/:name/of/:owner-id"):match("/rooms/a%20b/of/c+d")
    assert.equal(1, index)
    assert.same({ { "name", "a%20b" }, { "owner-id", "c+d" } }, values)
  end)

  it("gives a literal route no parameters", function()
    assert.same({}, select(2, routes("/a"):match("/a")))
  end)

  it("takes the first that was added, and goes on from an index", function()
    local three = routes("/a", "/:x", "/a")
    assert.equal(1, three:match("/a"))
    assert.equal(2, three:match("/a", 2))
    assert.equal(3, three:match("/a", 3))
    assert.is_nil(three:match("/a", 4))
    assert.equal(2, three:match("/b"))
  end)

  it("drops the parameters of a route that failed late", function()
    local index, values = routes("/:a/:b/x", "/:c/y/z"):match("/1/y/z")
    assert.equal(2, index)
    assert.same({ { "c", "1" } }, values)
  end)

  it("compares literals after decoding the path", function()
    assert.is_true(matches("/caf\xc3\xa9", "/caf%C3%a9"))
    assert.is_true(matches("/lobby", "/%6cobby"))
    assert.is_true(matches("/a b", "/a%20b"))
    assert.is_false(matches("/a b", "/a+b"))
    assert.is_false(matches("/a/b", "/a%2fb"))
    assert.is_false(matches("/lobby", "/lobby%"))
    assert.is_false(matches("/lobby", "/lobb%7"))
    assert.is_false(matches("/a%20b", "/a%20b"))
  end)

  it("takes no empty segment for a parameter", function()
    assert.is_false(matches("/:x", "/"))
    assert.is_false(matches("/:x/b", "//b"))
  end)

  it("takes no slash, NUL or broken escape for a parameter", function()
    for _, path in ipairs { "/a%2Fb", "/%2f", "/a%00", "/%00", "/a%", "/a%4", "/%zz", "/a\0" } do
      assert.is_false(matches("/:x", path), path)
    end
  end)

  it("takes 255 decoded bytes for a parameter and no more", function()
    assert.is_true(matches("/:x", "/" .. ("a"):rep(255)))
    assert.is_false(matches("/:x", "/" .. ("a"):rep(256)))
    assert.is_true(matches("/:x", "/" .. ("%61"):rep(255)))
    assert.is_false(matches("/:x", "/" .. ("%61"):rep(256)))
  end)

  it("finds nothing in an empty table", function()
    assert.is_nil(routes():match("/"))
  end)
end)

describe("routes_add", function()
  it("refuses a pattern that does not begin with a slash", function()
    assert_refused("begins with '/'", "")
    assert_refused("begins with '/'", "lobby")
    assert_refused("begins with '/'", ":x")
  end)

  it("refuses a '*', which elsewhere stands for several segments", function()
    for _, pattern in ipairs { "/*", "/files/*", "/a*", "/:name/*/b" } do
      assert_refused("has no '*': a parameter", pattern)
    end
  end)

  it("refuses a parameter without a name, or that is no whole segment", function()
    assert_refused("no name", "/:")
    assert_refused("no name", "/a/:/b")
    assert_refused("whole segment", "/:name.json")
    assert_refused("whole segment", "/:a:b")
    assert_refused("whole segment", "/:a b")
  end)

  it("takes a colon within a literal", function()
    assert.is_true(matches("/a:b", "/a:b"))
    assert.is_false(matches("/a:b", "/ac"))
  end)

  it("refuses a parameter that is used twice", function()
    assert_refused("same name", "/:a/b/:a")
    assert.is_true(matches("/:a/:A", "/1/2"))
  end)

  it("takes sixteen parameters and no more", function()
    local pattern, path = {}, {}
    for i = 1, 17 do
      pattern[i], path[i] = "/:p" .. i, "/" .. i
    end
    assert.equal(16, #select(2, routes(table.concat(pattern, "", 1, 16))
      :match(table.concat(path, "", 1, 16))))
    assert_refused("16", table.concat(pattern))
  end)

  it("takes a parameter's name of 255 bytes and no longer", function()
    assert.is_true(matches("/:" .. ("n"):rep(255), "/a"))
    assert_refused("255", "/:" .. ("n"):rep(256))
  end)

  it("says where there is no memory, with nothing lost", function()
    local patterns = {}
    for i = 1, 20 do
      patterns[i] = "/" .. i
    end
    for fail_at = 1, 23 do
      local got, reason = http.routes(patterns, fail_at)
      assert.is_nil(got)
      assert.equal("no memory", reason)
    end
    assert.equal(20, assert(http.routes(patterns, 24)):match("/20"))
  end)
end)

describe("routes_release", function()
  it("gives everything back", function()
    local before, after = routes("/a", "/:b"):release()
    assert.equal(3, before)
    assert.equal(0, after)
  end)
end)

describe("route_is_literal", function()
  it("is true without a parameter", function()
    for _, pattern in ipairs { "/", "/a", "/a/b:c", "/a/" } do
      assert.is_true(http.is_literal(pattern), pattern)
    end
    for _, pattern in ipairs { "/:a", "/a/:b", "/a/:b/c" } do
      assert.is_false(http.is_literal(pattern), pattern)
    end
  end)
end)
