local core = require "moonroom.core"

local function run(command) assert(os.execute(command)) end

describe("a directory's files", function()
  local root
  before_each(function()
    root = os.tmpname()
    os.remove(root)
    run(("mkdir -p '%s/a/b' '%s/.hidden' '%s/x.lua'"):format(root, root, root))
    for _, name in ipairs { "b.lua", "a.lua", "a/index.lua", "a/b/c.lua", "note.txt", ".lua",
      ".secret.lua", ".hidden/d.lua", "x.lua/in.lua", "two words.lua" } do
      assert(io.open(root .. "/" .. name, "w")):close()
    end
  end)
  after_each(function() run(("rm -r '%s'"):format(root)) end)

  it("are listed below it, sorted, those with the ending and no dot in front", function()
    assert.same({ "a.lua", "a/b/c.lua", "a/index.lua", "b.lua", "two words.lua", "x.lua/in.lua" },
      core.list_files(root, ".lua"))
    assert.same({ "note.txt" }, core.list_files(root, ".txt"))
    assert.same({}, core.list_files(root, ".none"))
  end)

  it("are none where there is no such directory", function()
    assert.same({}, core.list_files(root .. "/nothing", ".lua"))
    assert.same({}, core.list_files(root .. "/a.lua", ".lua"))
  end)

  it("end, also where a link leads back, and take only regular files", function()
    run(("cd '%s' && ln -s .. a/b/up && ln -s no.lua broken.lua && mkfifo pipe.lua"):format(root))
    local names = core.list_files(root, ".lua")
    assert.is_true(#names > 6 and #names < 200)
    for _, name in ipairs(names) do
      assert.is_nil(name:find("broken", 1, true) or name:find("pipe", 1, true))
    end
  end)

  it("tell a directory from anything else", function()
    assert.is_true(core.is_directory(root))
    assert.is_false(core.is_directory(root .. "/a.lua"))
    assert.is_false(core.is_directory(root .. "/nothing"))
    assert.is_false(core.is_directory(""))
  end)

  it("leave no descriptor open", function()
    local function open_descriptors() return #core.list_files("/proc/self/fdinfo", "") end
    local before = open_descriptors()
    for _ = 1, 50 do core.list_files(root, ".lua") end
    assert.equal(before, open_descriptors())
  end)
end)
