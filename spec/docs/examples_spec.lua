-- Runs every example of the manual: of the declarations, and of the guides.

local example = require "example"
local files = require "docs.files"
local kit_example = require "kit_example"
local markdown = require "docs.markdown"
local parse = require "docs.parse"
local process = require "process"
local program = require "program"
local uv = require "luv"

local here = uv.cwd()
local binaries = (os.getenv("MOONROOM_RELEASE_BINARY") or here .. "/build/moonroom"):match("^(.*)/")
local function is_kit(path) return path:find("/test[_%w]*%.lua$") or path:find("/testing%.md$") end

-- The Lua among Markdown's blocks that is run, and isn't a file (```lua NAME), each with the text
-- behind it, if there is one: what it fails with.
local function codes_of(blocks)
  local codes = {}
  for index, block in ipairs(blocks) do
    local behind = blocks[index + 1] or {}
    if block.kind == "code" and block.language == "lua" and block.remark == "" then
      local is_failure = behind.kind == "code" and behind.language == "text"
      block.failure = is_failure and behind.lines or nil
      table.insert(codes, block)
    end
  end
  return codes
end

-- A code's lines begin behind its fence.
local function run_each(path, codes)
  local runner = is_kit(path) and kit_example or example
  for _, code in ipairs(codes) do
    it(("run from line %d of %s"):format(code.line, path), function()
      if code.failure then return runner.fail(path, code.lines, code.line + 1, code.failure) end
      runner.run(path, code.lines, code.line + 1)
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

local FILES = { text = true, lua = true }

-- The files of a guide: ```text NAME, ```lua NAME.
local function save_files(blocks)
  for _, block in ipairs(blocks) do
    if block.kind == "code" and FILES[block.language] and block.remark ~= "" then
      it("have " .. block.remark, function()
        program.write(block.remark, table.concat(block.lines, "\n") .. "\n")
      end)
    end
  end
end

local not_run = 0

-- The commands of a guide, for a shell: with moonroom on the PATH, and the checkout in MOONROOM.
local function run_commands(path, blocks)
  for _, block in ipairs(blocks) do
    if block.kind == "code" and block.remark == "not run" then
      not_run = not_run + 1
    elseif block.kind == "code" and block.language == "sh" then
      it(("run from line %d of %s"):format(block.line, path), function()
        local code, out, err = process.run({ "sh", "-ec", table.concat(block.lines, "\n") }, {
          PATH = binaries .. ":" .. os.getenv("PATH"), MOONROOM = here,
        })
        assert.equal(0, code, out .. err)
      end)
    end
  end
end

-- In a directory of their own, where a guide's files are.
describe("the examples of the first page and the guides", function()
  local directory

  setup(function()
    directory = program.directory()
    uv.chdir(directory)
  end)
  teardown(function()
    uv.chdir(here)
    program.remove(directory)
  end)

  for _, path in ipairs { files.first, table.unpack(files.guides()) } do
    local blocks = markdown.read(path, files.read(path))
    save_files(blocks)
    run_each(path, codes_of(blocks))
    run_commands(path, blocks)
  end
end)

describe("the commands that aren't run", function()
  it("are the one that would serve on", function() assert.equal(1, not_run) end)
end)
