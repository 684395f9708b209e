local links = require "docs.links"
local parse = require "docs.parse"
local reference = require "docs.reference"

local function body(text)
  local page = parse.parse("meta/room.lua", "---@meta\n-- Rooms: where.\n\n" .. text)
  page.href = "room.html"
  return reference.body_of(page, links.collect { page }), reference.entries_of(page)
end

local class = "---@class moonroom.Room\n---@field path string at most 255 bytes\n"
  .. "local Room = {}\n\n"

describe("a page of declarations", function()
  it("has what the file is about, its classes and their fields", function()
    local text = body(class)
    assert.matches('<h1>Rooms</h1>\n<p class="lead">Where.</p>', text, 1, true)
    assert.matches('<h2 id="Room"><code>moonroom.Room</code></h2>', text, 1, true)
    assert.matches('<div id="Room.path"><dt><code>path</code> <span class="type">string</span></dt>'
      .. "<dd>at most 255 bytes</dd></div>", text, 1, true)
  end)

  it("marks fields that may be missing, and says what any other name stands for", function()
    local text = body("---@class moonroom.Room\n---@field path? string\n"
      .. "---@field at? string|number\n---@field [string] moonroom.Room others\n"
      .. "---@field [integer] string\n")
    for _, expected in ipairs {
      '<div id="Room.path"><dt><code>path</code> <span class="type">string?</span></dt>',
      '<code>at</code> <span class="type">(string|number)?</span>',
      '<div><dt>any other name <span class="type"><a href="room.html#Room">Room</a></span></dt>'
        .. "<dd>others</dd></div>",
      '<div><dt>any integer <span class="type">string</span></dt>',
    } do
      assert.matches(expected, text, 1, true)
    end
  end)

  it("has the test kit's functions as specs write them, and links its types", function()
    local text, entries = body("---@class moonroom.test\nlocal test = {}\n"
      .. "---Loads.\n---@return moonroom.test.App\nfunction test.load() end\n"
      .. "---@class moonroom.test.App\nlocal App = {}\n---Stops.\nfunction App:stop() end\n"
      .. "---@class moonroom.test.Assertions\nlocal Assertions = {}\n"
      .. "---Holds.\nfunction Assertions.closed() end\n")
    assert.same({ "test.load", "app:stop", "assert.peer(peer).closed" },
      { entries[1].title, entries[2].title, entries[3].title })
    assert.matches('<a href="room.html#App">App</a>', text, 1, true)
  end)

  it("has a function's arguments, optional ones in brackets", function()
    local _, entries = body(class .. "---Closes.\n---@param code? integer\n---@param why? string\n"
      .. "function Room:close(code, why) end\n")
    assert.same({ { href = "room.html#Room.close", title = "room:close" } }, entries)
    local text = body(class .. "---Adds.\n---@param a any\n---@param b? any\n"
      .. "function Room:add(a, b) end\n---Closes.\n---@param code? any\n"
      .. "function Room:close(code) end\n")
    assert.matches("room:add<wbr><span>(a [, b])</span>", text, 1, true)
    assert.matches("room:close<wbr><span>([code])</span>", text, 1, true)
  end)

  it("tells what a script writes from what it calls", function()
    local text, entries = body(class .. "---Override: it opens.\nfunction Room:on_open() end\n")
    assert.equal("Room:on_open", entries[1].title)
    assert.matches('<span class="kind">you write it</span></h3>\n<p>It opens.</p>', text, 1, true)
  end)

  it("links types, and has the example behind parameters and results", function()
    local text = body(class .. "---Finds.\n---```lua\n---find()\n---```\n"
      .. "---@param of moonroom.Room\n---@return moonroom.Room|nil room the other\n"
      .. "function Room:find(of) end\n")
    local type = '<span class="type"><a href="room.html#Room">Room</a>%s</span>'
    assert.matches("<code>of</code> " .. type:format(""), text, 1, true)
    assert.matches("<h4>Returns</h4>\n<dl>\n<div><dt><code>room</code> " .. type:format("|nil")
      .. "</dt><dd>the other</dd></div>\n</dl>\n<pre", text, 1, true)
  end)
end)
