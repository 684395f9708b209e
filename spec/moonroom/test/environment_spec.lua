-- An app's globals are its own. What a script does is run in lib/probe.lua, which returns it.

local scripts = require "scripts"

after_each(scripts.clean)

-- What a chunk in the app returns.
local function probe(code, options, more)
  local files = { ["init.lua"] = "", ["lib/probe.lua"] = code }
  for name, text in pairs(more or {}) do files[name] = text end
  return scripts.app(files, options):require("probe")
end

-- All that is in a table, tables within it left out.
local function shallow(source)
  local result = {}
  for key, value in pairs(source) do result[key] = value end
  return result
end

describe("an app's globals", function()
  it("are those of Lua, and no others", function()
    local names = probe([[
      local names = {}
      for name in pairs(_G) do names[#names + 1] = name end
      table.sort(names)
      return names]])
    local expected = {}
    for name in ([[
      _G _VERSION assert collectgarbage coroutine debug dofile error getmetatable io ipairs load
      loadfile math next os package pairs pcall print rawequal rawget rawlen rawset require select
      setmetatable string table tonumber tostring type utf8 warn xpcall]]):gmatch("%S+") do
      expected[#expected + 1] = name
    end
    assert.same(expected, names)
  end)

  it("are not the spec's, whatever a script does to them", function()
    local before, libraries = shallow(_G), {}
    local loaded, path = shallow(package.loaded), package.path
    for _, name in ipairs { "string", "table", "math", "os", "io", "debug", "coroutine", "utf8",
      "package" } do
      libraries[name] = shallow(_G[name])
    end
    probe([[
      mine, print, pcall = 1, nil, nil
      _G.other = 2
      for _, name in ipairs { "string", "table", "math", "os", "io", "debug", "coroutine", "utf8",
        "package" } do
        _G[name].mine = 1
        for key, value in pairs(_G[name]) do
          if type(value) == "function" then _G[name][key] = error end
        end
      end
      package.path = "nowhere"
      package.loaded.mine, package.loaded.string = 1, nil]])
    assert.same(before, shallow(_G))
    for name, functions in pairs(libraries) do assert.same(functions, shallow(_G[name])) end
    assert.same(loaded, shallow(package.loaded))
    assert.equal(path, package.path)
  end)

  it("are not another app's", function()
    probe("mine = 1 string.format = nil package.loaded.shared = 1")
    local kinds = probe("return { type(mine), type(string.format), type(package.loaded.shared) }")
    assert.same({ "nil", "function", "nil" }, kinds)
  end)

  it("are one table, of which the loaded libraries are those that it names", function()
    assert.is_true(probe([[
      x = 5
      assert(_G.x == 5 and _G._G == _G and package.loaded._G == _G and require "_G" == _G)
      assert(require "string" == string and require "math" == math and package.loaded.os == os)
      return true]]))
  end)

  it("are those of code that a script loads, unless it says otherwise", function()
    local seen = probe([[
      local path = ...
      x = "mine"
      local name = package.searchpath("other", package.path)
      return {
        load("return x")(), load("return x", nil, nil, { x = "given" })(),
        pcall(load("return x", "chunk", "t", nil)), loadfile(name)(),
        loadfile(name, "t", { x = "given" })(), dofile(name), select(2, load("x x")) ~= nil,
        (select(2, pcall(dofile, "nothing.lua"))),
      }]], nil, { ["lib/other.lua"] = "return x" })
    assert.same({ "mine", "given", false, "mine", "given", "mine", true,
      "cannot open nothing.lua: No such file or directory" }, seen)
  end)

  it("share one thing with the spec's: the methods of strings", function()
    assert.same({ "xx", "mine" }, probe([[
      function string.rep() return "mine" end
      return { ("x"):rep(2), string.rep("x", 2) }]]))
  end)
end)

describe("an app's clock", function()
  it("is what os.time, os.clock and os.date go by", function()
    local app = scripts.app({
      ["init.lua"] = "", ["lib/probe.lua"] = [[
        return function()
          return os.time(), os.clock(), os.date("!%Y-%m-%d %H:%M:%S"), os.date("!%Y", 0),
            os.time { year = 2000, month = 1, day = 2 }, require "moonroom".now()
        end]],
    }, { start = 1234567890.5 })
    local read = app:require "probe"
    local real = os.time { year = 2000, month = 1, day = 2 }
    assert.same({ 1234567890, 0.0, "2009-02-13 23:31:30", "1970", real, 1234567890.5 }, { read() })
    app:advance(0.75)
    assert.same({ 1234567891, 0.75, "2009-02-13 23:31:31", "1970", real, 1234567891.25 },
      { read() })
    assert.equal("integer", math.type((read())))
  end)
end)

describe("an app's chance", function()
  local code = [[
    local list = {}
    for index = 1, 5 do list[index] = math.random(1000000) end
    return list]]

  it("is decided by its seed", function()
    local one = probe(code, { seed = 7 })
    assert.same(one, probe(code, { seed = 7 }))
    assert.is_not.same(one, probe(code, { seed = 8 }))
    assert.same(probe(code), probe(code))
  end)

  it("begins anew with math.randomseed, which is not the spec's", function()
    math.randomseed(42)
    local expected = { math.random(1000000), math.random(1000000) }
    math.randomseed(42)
    local first = math.random(1000000)
    assert.same({ true, true, true }, probe([[
      local first = math.random(1000000)
      math.randomseed()
      local again = math.random(1000000)
      math.randomseed(3)
      local third = math.random(1000000)
      math.randomseed(3)
      return { first == again, third == math.random(1000000), third ~= first }]]))
    assert.same(expected, { first, math.random(1000000) })
  end)
end)

describe("an app's require", function()
  it("finds the script directory's modules before all others, and loads each once", function()
    local app, path = scripts.app {
      ["init.lua"] = [[names = { require "a", require "b", require "c.d", (require "e") }]],
      ["lib/a.lua"] = 'count = (count or 0) + 1 return "a" .. count',
      ["lib/b/init.lua"] = "return ...",
      ["lib/c/d.lua"] = "return select(2, ...)",
      ["lua_modules/share/lua/5.4/e.lua"] = "local x = 1 return nil",
    }
    local globals = app:require "_G"
    assert.same({ "a1", "b", path .. "/lib/c/d.lua", true }, globals.names)
    assert.same({ "a1", 1 }, { app:require "a", globals.count })
    for _, name in ipairs { "a", "b", "c.d", "e" } do assert.is_nil(package.loaded[name]) end
    assert.is_nil(_G.count)
  end)

  it("loads a module anew for each app, from the path of the spec too", function()
    local one = scripts.room(function() end):require "raises_here"
    local other = scripts.room(function() end):require "raises_here"
    assert.is_function(one)
    assert.is_true(one ~= other and one ~= require "raises_here")
  end)

  it("takes modules in C from the spec's state", function()
    local path, cpath = package.path, package.cpath
    local uv = probe('return require "luv"')
    assert.equal(require "luv", uv)
    assert.same({ path, cpath }, { package.path, package.cpath })
  end)

  it("has package.preload and searchers of its own", function()
    assert.same({ "preloaded", ":preload:", "searched" }, probe([[
      function package.preload.mine() return "preloaded" end
      table.insert(package.searchers, 1, function(name)
        if name == "odd" then return function() return "searched" end end
      end)
      local value, where = require "mine"
      return { value, where, (require "odd") }]]))
    assert.is_nil(package.preload.mine)
    assert.equal(4, #package.searchers)
  end)

  it("says where it looked, and what doesn't compile", function()
    local app, path = scripts.app { ["init.lua"] = "", ["lib/wrong.lua"] = "x x" }
    local ok, why = pcall(app.require, app, "missing.module")
    assert.is_false(ok)
    for _, words in ipairs {
      "module 'missing.module' not found:\n\tno field package.preload['missing.module']\n",
      path .. "/lib/missing/module.lua", path .. "/lua_modules/lib/lua/5.4/missing/module.so",
    } do
      assert.is_truthy(why:find(words, 1, true), why)
    end
    ok, why = pcall(app.require, app, "wrong")
    assert.is_false(ok)
    assert.is_truthy(why:find("error loading module 'wrong' from file '" .. path
      .. "/lib/wrong.lua':\n\t" .. path .. "/lib/wrong.lua:1:", 1, true), why)
  end)

  it("answers \"moonroom\" with the app's, and hands out Moonroom's own modules", function()
    local app = scripts.room(function() end)
    assert.equal(app:require "moonroom", app:require "_G".package.loaded.moonroom)
    assert.is_true(app:require "moonroom" ~= require "moonroom")
    assert.equal(require "moonroom.spelling", app:require "moonroom.spelling")
  end)
end)

describe("an app's coroutines", function()
  it("tell a script's yields from waits", function()
    local app = scripts.app { ["init.lua"] = "", ["lib/probe.lua"] = [[
      local moonroom = require "moonroom"
      return function()
        local inner = coroutine.wrap(function()
          coroutine.yield(1)
          moonroom.sleep(5)
          coroutine.yield(2)
        end)
        return inner(), inner(), moonroom.now()
      end]] }
    local start = app:now()
    assert.same({ 1, 2, start + 5 }, { app:run(app:require "probe") })
  end)
end)
