-- What tells a file's states apart, and the conditions of requests: src/core/validators.c.

local world = require "world"

local date = require("moonroom.core").testkit.files.date

local WALL = 1700000000 -- of a world when it begins
local THEN = WALL - 1000
local TAG = '"5e2b2e3a-x"'

local function new(files, options)
  local w = world.new(options)
  w.kit.files(w.hub, files)
  return w
end

-- A world with one file, of ten bytes, last changed at THEN, and its validators.
local function with_file(modified)
  local w = new { ["f.txt"] = { "0123456789", modified = modified or THEN } }
  local headers = w:get("/f.txt").headers
  return w, headers.etag, headers["last-modified"]
end

local function fields(list)
  local lines = {}
  for index, field in ipairs(list) do lines[index] = field .. "\r\n" end
  return table.concat(lines)
end

local function ask(w, list, method)
  return w:get("/f.txt", { fields = fields(list), method = method })
end

local function status(w, list, method) return ask(w, list, method).status end

describe("a file's validators", function()
  it("are a strong tag, and when it was changed", function()
    local _, tag, modified = with_file()
    assert.matches('^"[%x%-]+"$', tag)
    assert.equal(date(THEN), modified)
  end)

  it("stay while it stays the same, and change with its time and its size", function()
    local tags, count = {}, 0
    for _, file in ipairs {
      { "a", modified = THEN }, { "b", modified = THEN }, { "ab", modified = THEN },
      { "a", modified = THEN + 1 }, { "a", modified = THEN + 0.001 }, { "a" },
    } do
      local tag = new({ ["f.txt"] = file }):get("/f.txt").headers.etag
      if not tags[tag] then count = count + 1 end
      tags[tag] = true
    end
    assert.equal(5, count)
  end)

  it("don't lie in the future", function()
    local _, _, modified = with_file(WALL + 5000)
    assert.equal(date(WALL), modified)
  end)

  it("are there for any time that a disk may say", function()
    for _, time in ipairs { -1e18, -1, 0, 0.5, 1e18, math.huge, -math.huge } do
      local _, tag = with_file(time)
      assert.matches('^"[%x%-]+"$', tag)
    end
  end)
end)

describe("If-None-Match", function()
  it("is answered with 304 where the tag is listed, weakly compared", function()
    local w, tag = with_file()
    for _, list in ipairs { tag, "W/" .. tag, '"other", ' .. tag, "*" } do
      assert.equal(304, status(w, { "If-None-Match: " .. list }), list)
      assert.equal(304, status(w, { "If-None-Match: " .. list }, "HEAD"), list)
    end
    assert.equal(304, status(w, { 'If-None-Match: "other"', "If-None-Match: " .. tag }))
  end)

  it("is answered with the file where it isn't, or the list is wrong", function()
    local w, tag = with_file()
    for _, list in ipairs { TAG, "W/" .. TAG, tag:sub(2), "", "x, " .. tag } do
      local response = ask(w, { "If-None-Match: " .. list })
      assert.same({ 200, "0123456789" }, { response.status, response.body }, list)
    end
  end)

  it("beats If-Modified-Since, whichever of the two would hold", function()
    local w, tag, modified = with_file()
    assert.equal(200, status(w, { "If-None-Match: " .. TAG, "If-Modified-Since: " .. modified }))
    assert.equal(304, status(w, { "If-None-Match: " .. tag, "If-Modified-Since: " .. date(1) }))
  end)
end)

describe("a 304", function()
  it("has the validator and what governs caches, but no content nor its length", function()
    local w, tag = with_file()
    local response, peer = ask(w, { "If-None-Match: " .. tag })
    assert.same({
      etag = tag, ["cache-control"] = "no-cache", connection = "keep-alive", date = date(WALL),
    }, response.headers)
    assert.equal("", peer.bytes)
    assert.equal(200, w:get("/f.txt", { peer = peer }).status)
  end)
end)

describe("If-Modified-Since", function()
  it("is answered with 304 unless the file was changed after it", function()
    local w = with_file()
    assert.equal(304, status(w, { "If-Modified-Since: " .. date(THEN) }))
    assert.equal(304, status(w, { "If-Modified-Since: " .. date(THEN + 1) }))
    assert.equal(200, status(w, { "If-Modified-Since: " .. date(THEN - 1) }))
  end)

  it("compares whole seconds", function()
    assert.equal(304, status(with_file(THEN + 0.75), { "If-Modified-Since: " .. date(THEN) }))
  end)

  it("may be a date of any format", function()
    local w = with_file(784111777)
    for _, text in ipairs {
      "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    } do
      assert.equal(304, status(w, { "If-Modified-Since: " .. text }), text)
    end
  end)

  it("that is wrong, or there twice, makes no condition", function()
    local w = with_file()
    assert.equal(200, status(w, { "If-Modified-Since: yesterday" }))
    assert.equal(200, status(w, { "If-Modified-Since: " .. WALL }))
    local line = "If-Modified-Since: " .. date(WALL)
    assert.equal(200, status(w, { line, line }))
  end)
end)

describe("If-Match", function()
  it("is answered with 412 unless the tag is listed, strongly compared", function()
    local w, tag = with_file()
    assert.equal(200, status(w, { "If-Match: " .. TAG .. ", " .. tag }))
    assert.equal(200, status(w, { "If-Match: *" }))
    for _, list in ipairs { TAG, "W/" .. tag, "" } do
      local response, peer = ask(w, { "If-Match: " .. list })
      assert.same({ 412, "", false }, { response.status, response.body, peer:state().shut }, list)
    end
  end)

  it("beats If-Unmodified-Since", function()
    local w, tag = with_file()
    assert.equal(200, status(w, { "If-Match: " .. tag, "If-Unmodified-Since: " .. date(1) }))
    assert.equal(412, status(w, { "If-Match: " .. TAG, "If-Unmodified-Since: " .. date(WALL) }))
  end)

  it("comes before If-None-Match", function()
    local w, tag = with_file()
    assert.equal(412, status(w, { "If-None-Match: " .. tag, "If-Match: " .. TAG }))
    assert.equal(304, status(w, { "If-None-Match: " .. tag, "If-Match: " .. tag }))
  end)
end)

describe("If-Unmodified-Since", function()
  it("is answered with 412 where the file was changed after it", function()
    local w = with_file()
    assert.equal(200, status(w, { "If-Unmodified-Since: " .. date(THEN) }))
    assert.equal(412, status(w, { "If-Unmodified-Since: " .. date(THEN - 1) }))
    assert.equal(200, status(w, { "If-Unmodified-Since: soon" }))
  end)
end)

describe("If-Range", function()
  local function ranged(w, ...)
    return status(w, { "Range: bytes=2-4", ... })
  end

  it("lets a part go out of the very state that it names", function()
    local w, tag, modified = with_file()
    assert.equal(206, ranged(w, "If-Range: " .. tag))
    assert.equal(206, ranged(w, "If-Range: " .. modified))
  end)

  it("has the whole file sent otherwise", function()
    local w, tag, modified = with_file()
    for _, value in ipairs {
      TAG, "W/" .. tag, tag .. ", " .. tag, "*", "", date(THEN + 1), date(THEN - 1),
    } do
      assert.equal(200, ranged(w, "If-Range: " .. value), value)
    end
    assert.equal(200, ranged(w, "If-Range: " .. tag, "If-Range: " .. tag))
    assert.equal(200, ranged(w, "If-Range: " .. modified, "If-Range: " .. modified))
  end)

  it("doesn't trust a date within whose second the file may change again", function()
    local w, tag, modified = with_file(WALL + 0.25)
    assert.equal(200, ranged(w, "If-Range: " .. modified))
    assert.equal(206, ranged(w, "If-Range: " .. tag))
    w:advance(1)
    assert.equal(206, ranged(w, "If-Range: " .. modified))
  end)

  it("is looked at when the other conditions hold", function()
    local w, tag = with_file()
    assert.equal(304, ranged(w, "If-Range: " .. tag, "If-None-Match: " .. tag))
    assert.equal(412, ranged(w, "If-Range: " .. tag, "If-Match: " .. TAG))
    assert.equal(206, ranged(w, "If-Range: " .. tag, "If-Match: " .. tag))
  end)

  it("means nothing without Range", function()
    local w = with_file()
    assert.equal(200, status(w, { "If-Range: " .. TAG }))
  end)
end)
