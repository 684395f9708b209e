-- Runs every example of the manual: of the declarations, and of the guides.

local example = require "example"
local files = require "docs.files"
local markdown = require "docs.markdown"
local parse = require "docs.parse"

-- The Lua among Markdown's blocks.
local function codes_of(blocks)
  local codes = {}
  for _, block in ipairs(blocks) do
    if block.kind == "code" and block.language == "lua" then table.insert(codes, block) end
  end
  return codes
end

-- A code's lines begin behind its fence.
local function run_each(path, codes)
  for _, code in ipairs(codes) do
    it(("run from line %d of %s"):format(code.line, path), function()
      example.run(path, code.lines, code.line + 1)
    end)
  end
end

local function codes_of_text(path, text)
  return codes_of(markdown.read_lines(path, text.lines, text.line))
end

describe("the examples of the declarations", function()
  for _, path in ipairs(files.declarations()) do
    for _, class in ipairs(parse.parse(path, files.read(path)).classes) do
      run_each(path, codes_of_text(path, class.text))
      for _, fn in ipairs(class.functions) do
        local codes = codes_of_text(path, fn.text)
        it(("are there for %s of %s"):format(fn.name, class.name), function()
          assert.is_truthy(codes[1], ("%s:%d: an example is missing"):format(path, fn.line))
        end)
        run_each(path, codes)
      end
    end
  end
end)

describe("the examples of the first page and the guides", function()
  for _, path in ipairs { files.first, table.unpack(files.guides()) } do
    run_each(path, codes_of(markdown.read(path, files.read(path))))
  end
end)
