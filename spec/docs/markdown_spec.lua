local markdown = require "docs.markdown"

local function kinds(blocks)
  local list = {}
  for index, block in ipairs(blocks) do list[index] = block.kind .. " " .. block.line end
  return list
end

describe("a text of Markdown", function()
  it("is blocks, each with the line that it begins at", function()
    local blocks = markdown.read("a.md",
      "# One\n\ntwo\nlines\n- an\n  item\n- another\n1. first\n| a | b |\n|---|---|\n| 1 | 2 |\n"
        .. "```lua not run\n# x\n\n```\n")
    assert.same({ "heading 1", "paragraph 3", "list 5", "list 8", "table 9", "code 12" },
      kinds(blocks))
    assert.same({ 1, "One" }, { blocks[1].level, blocks[1].text })
    assert.equal("two lines", blocks[2].text)
    assert.same({ { "an item", "another" }, false }, { blocks[3].items, blocks[3].is_ordered })
    assert.same({ { "first" }, true }, { blocks[4].items, blocks[4].is_ordered })
    assert.same({ { "a", "b" }, { "1", "2" } }, blocks[5].rows)
    assert.same({ "lua", "not run", { "# x", "" } },
      { blocks[6].language, blocks[6].remark, blocks[6].lines })
  end)

  it("counts its lines from the one that it stands at", function()
    assert.same({ "paragraph 8" }, kinds(markdown.read_lines("a.md", { "", "x" }, 7)))
  end)

  it("is refused with file and line where code has no end or a heading no blank", function()
    local function fault(text) return select(2, pcall(markdown.read, "a.md", text)) end
    assert.equal("a.md:3: the code has no end", fault("x\n\n```\n"))
    assert.equal("a.md:2: a heading has a blank behind its #", fault("\n#x\n"))
  end)
end)

describe("a line of Markdown", function()
  it("is spans", function()
    assert.same({
      { kind = "text", text = "a " }, { kind = "code", text = "b*" }, { kind = "text", text = " " },
      { kind = "strong", text = "c" }, { kind = "emphasis", text = "d" },
      { kind = "text", text = " " }, { kind = "link", text = "e", href = "f.html#g" },
    }, markdown.spans("a `b*` **c***d* [e](f.html#g)"))
  end)

  it("keeps signs that mark nothing", function()
    for _, text in ipairs { "2 * 3 * 4", "a[1]", "`", "string[] and [x]", "" } do
      local spans = markdown.spans(text)
      assert.same(text == "" and {} or { { kind = "text", text = text } }, spans)
    end
  end)
end)
