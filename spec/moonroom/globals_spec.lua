local globals = require "moonroom.globals"
local scripts = require "scripts"

after_each(scripts.clean)

local own = globals.names_of(_G)

-- What is told of a directory of files, its name left out; there: further globals by now.
local function told(files, there)
  local directory = scripts.directory(files)
  local list = globals.undeclared(directory, own, setmetatable(there or {}, nil))
  for index, text in ipairs(list) do
    assert.equal(1, text:find(directory .. "/", 1, true), text)
    list[index] = text:sub(#directory + 2)
  end
  return list
end

describe("undeclared globals", function()
  it("are told where they are read, with what may be meant", function()
    assert.same({
      "init.lua:1: reads the global prnt, which nothing sets; did you mean print?",
      "init.lua:2: reads the global nothing_like_it, which nothing sets",
    }, told { ["init.lua"] = "prnt(1) prnt(2)\nreturn nothing_like_it.x" })
  end)

  it("are told where they are set, and not again where they are read", function()
    assert.same({
      "init.lua:2: sets the global count (is `local` missing?)",
      "lib/more.lua:1: sets the global count (is `local` missing?)",
    }, told { ["init.lua"] = "local x\ncount = 1\nreturn count", ["lib/more.lua"] = "count = 2" })
  end)

  it("are told of init.lua, rooms/ and lib/, however deep, and of no other file", function()
    local found = told {
      ["init.lua"] = "return a1", ["rooms/b.lua"] = "return b1", ["rooms/c/d.lua"] = "return d1",
      ["lib/e/f.lua"] = "return f1", ["config.lua"] = "return g1", ["spec/h_spec.lua"] = "h1()",
      ["lua_modules/share/lua/5.4/i.lua"] = "i1()", ["lib/note.txt"] = "j1",
    }
    assert.equal(4, #found)
    assert.matches("^init.lua:1: reads the global a1,", found[1])
    assert.matches("^rooms/b.lua:1: reads the global b1,", found[2])
    assert.matches("^rooms/c/d.lua:1: reads the global d1,", found[3])
    assert.matches("^lib/e/f.lua:1: reads the global f1,", found[4])
  end)

  it("are none of Lua's own, set or read", function()
    assert.same({}, told { ["init.lua"] = "local p = print\nfunction print(...) p('x', ...) end" })
  end)

  it("are none that something else has set meanwhile", function()
    assert.same({}, told({ ["init.lua"] = "return from_c.x" }, { from_c = {} }))
  end)

  it("are told of a file alone", function()
    local directory = scripts.directory { ["one.lua"] = "return x1", ["init.lua"] = "return y1" }
    local path = directory .. "/one.lua"
    assert.same({ path .. ":1: reads the global x1, which nothing sets" },
      globals.undeclared(path, own, {}))
  end)

  it("stand behind files that can't be compiled, which nobody may have loaded yet", function()
    local found = told { ["init.lua"] = "x1()", ["lib/broken.lua"] = "local = 5" }
    assert.equal(2, #found)
    assert.matches("^lib/broken.lua:1: <name> expected", found[1])
  end)
end)
