local parse = require("docs.parse").parse

local good = [[
---@meta
-- Rooms: what a path
-- resolves to.

---A room,
---that is.
---@class moonroom.Room : moonroom.Class
---@field path string|nil read-only;
--- of the request
---@field room? string where
---@field [string] integer|nil how often
---@operator call(table?): moonroom.Room
---@operator len: integer
local Room = {}

---Says it.
---
---```lua
---@not_an_annotation
---  room:say("hi")
---```
---@param text string|number
---@param ...? any more
---@return true|nil
---@return string? error "closed",
--- or not
function Room:say(text, ...) end
]]

-- What is said about the declarations where one text in them is replaced by another.
local function fault(from, to)
  local first, last = good:find(from, 1, true)
  local text = good:sub(1, first - 1) .. to .. good:sub(last + 1)
  local ok, why = pcall(parse, "meta/room.lua", text)
  assert.is_false(ok)
  return why
end

describe("the declarations of a file", function()
  local page = parse("meta/room.lua", good)
  local room = page.classes[1]
  local say = room.functions[1]

  it("have a title and say what the file is about", function()
    assert.same({ "Rooms", "What a path resolves to." }, { page.title, page.intro })
    assert.same({ "moonroom.Room", "" }, (function()
      local other = parse("x", "---@meta\n-- moonroom.Room.\n")
      return { other.title, other.intro }
    end)())
  end)

  it("are classes, with what they descend from and their fields", function()
    assert.same({ "moonroom.Room", "moonroom.Class" }, { room.name, room.parent })
    assert.same({ lines = { "A room,", "that is." }, line = 5 }, room.text)
    assert.same({
      {
        name = "path", type = "string|nil", text = "read-only; of the request", line = 8,
        is_optional = false,
      },
      { name = "room", type = "string", text = "where", line = 10, is_optional = true },
      { key = "string", type = "integer|nil", text = "how often", line = 11 },
    }, room.fields)
  end)

  it("are functions, with their text, parameters and results", function()
    assert.same({ "say", true, 27 }, { say.name, say.is_method, say.line })
    assert.same({
      { name = "text", type = "string|number", text = "", is_optional = false, line = 22 },
      { name = "...", type = "any", text = "more", is_optional = true, line = 23 },
    }, say.parameters)
    assert.same({
      { type = "true|nil", text = "" },
      { type = "string?", name = "error", text = '"closed", or not' },
    }, say.results)
  end)

  it("keep an example as it is, blanks and signs", function()
    assert.same({ "```lua", "@not_an_annotation", '  room:say("hi")', "```" },
      table.move(say.text.lines, 3, 6, 1, {}))
  end)

  it("may type the self of a method", function()
    local text = good:gsub("%-%-%-@param text", "---@param self T\n%0")
    assert.equal(2, #parse("x", text).classes[1].functions[1].parameters)
  end)
end)

describe("a declaration that can't be read is told with file and line:", function()
  it("an annotation that is unknown", function()
    assert.equal("meta/room.lua:22: the annotation @parm is unknown",
      fault("---@param text", "---@parm text"))
  end)

  it("a function without a description, whether an example is there or not", function()
    assert.equal("meta/room.lua:27: the function Room:say has no description",
      fault("---Says it.", "---"))
    assert.equal("meta/room.lua:28: the function Room:hush has no description",
      fault("...) end", "...) end\nfunction Room:hush() end"))
  end)

  it("a parameter that is not documented, is not there, or stands elsewhere", function()
    assert.equal("meta/room.lua:26: the parameter text is not documented",
      fault("---@param text string|number\n", ""))
    assert.equal("meta/room.lua:23: @param ...: there is no such parameter",
      fault("(text, ...)", "(text)"))
    assert.equal("meta/room.lua:22: @param text stands where ... is meant",
      fault("(text, ...)", "(..., text)"))
  end)

  it("a type or a name that is none", function()
    assert.equal('meta/room.lua:22: @param: no type can be read in "table<string"',
      fault("string|number", "table<string"))
    assert.equal('meta/room.lua:8: @field: no name can be read in "path"',
      fault("@field path string|nil read-only;\n--- of the request", "@field path"))
    assert.equal('meta/room.lua:22: @param: no name can be read in "text"',
      fault("text string|number", "text"))
    assert.equal('meta/room.lua:7: @class: no name can be read in "a b"',
      fault("moonroom.Room : moonroom.Class", "a b"))
    assert.equal('meta/room.lua:13: @operator: "len" cannot be read',
      fault("len: integer", "len"))
    assert.equal('meta/room.lua:11: @field: "string|" is no type', fault("[string]", "[string|]"))
    assert.equal('meta/room.lua:11: @field: no type can be read in "{"',
      fault("integer|nil how often", "{"))
  end)

  it("an example that has no end, or stands behind an annotation", function()
    assert.equal("meta/room.lua:18: the example has no end",
      fault('hi")\n---```\n', 'hi")\n'))
    assert.equal("meta/room.lua:23: an example stands before the annotations, not behind them",
      fault("@param ...? any more", "```lua"))
  end)

  it("a function of no class, a field outside one, and code that is something else", function()
    assert.equal("meta/room.lua:27: Table:say: Table is no class that is declared",
      fault("function Room:say", "function Table:say"))
    assert.equal("meta/room.lua:7: @field: there is no @class before it",
      fault("---@class moonroom.Room : moonroom.Class\n", ""))
    assert.equal("meta/room.lua:27: the declaration cannot be read",
      fault("...) end", "...) return 1 end"))
    assert.equal("meta/room.lua:17: the local other has no @class before it",
      fault("---Says it.", "---Says it.\nlocal other = {}"))
    assert.equal("meta/room.lua:16: the comment belongs to no declaration",
      fault("function Room:say(text, ...) end", ""))
  end)
end)
