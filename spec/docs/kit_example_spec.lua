-- What the runner of the kit's examples refuses: an example that is wrong must not pass.

local kit_example = require "kit_example"
local program = require "program"
local uv = require "luv"

local function lines_of(text)
  local lines = {}
  for line in (text .. "\n"):gmatch("([^\n]*)\n") do lines[#lines + 1] = line end
  return lines
end

local function run(text)
  local ok, why = pcall(kit_example.run, "page.md", lines_of(text), 11)
  return ok or why
end

local echo = 'local app = test.load("examples/echo")\nlocal ann = app:connect("/echo")\n'
local failing = "local app = test.load(function(moonroom)\n"
  .. 'moonroom.spawn(function() error("oops") end) end)\n'

describe("an example of the kit passes", function()
  it("where all of its specs do, and what it prints is what it says", function()
    assert.is_true(run(echo .. "ann:send('hi')\nprint(ann:last(), 1) --> hi 1\n"
      .. "it('holds', function() assert.peer(ann).received('hi') end)"))
  end)

  it("where an error of a handler's is asked for", function()
    assert.is_true(run(failing .. 'app:expect_error("oops")'))
  end)

  it("with what goes before and after each of its specs, as busted has it", function()
    assert.is_true(run([[
local order = {}
local function note(word) return function() table.insert(order, word) end end
before_each(note "a")
after_each(note "z")
describe("outer", function()
  before_each(note "b")
  after_each(note "y")
  describe("inner", function()
    before_each(note "c")
    after_each(note "x")
    it("one", note "1")
  end)
  it("two", note "2")
end)
it("three", function() print(table.concat(order)) --> abc1xyzab2yza
end)]]))
  end)
end)

describe("an example of the kit fails", function()
  it("where it is no Lua, raises or prints something else, or nothing", function()
    assert.matches("^page%.md:11:", run("local = 1"))
    assert.equal("page.md:12: oops", run("\nerror('oops')"))
    assert.equal("page.md:11: prints 1, not 2", run("print(1) --> 2"))
    assert.equal("page.md:12: nothing is printed", run("if false then\nprint(1) --> 1\nend"))
  end)

  it("where one of its specs does, or what goes before or after it", function()
    assert.matches("^page%.md:13: .*Expected objects to be equal",
      run("describe('', function() it('', function()\n\nassert.equal(1, 2) end) end)"))
    assert.matches("^page%.md:13: peer 1 at /echo was expected",
      run(echo .. "it('', function() assert.peer(ann).received('x') end)"))
    assert.equal("page.md:11: oops",
      run("before_each(function() error('oops') end) it('', function() end)"))
    assert.equal("page.md:11: oops",
      run("after_each(function() error('oops') end) it('', function() end)"))
  end)

  it("where an error of a handler's goes unnoticed", function()
    assert.matches("nobody asked .*oops", run(failing))
  end)

  it("having stopped its apps", function()
    local apps, made = require "moonroom.test.app", nil
    local new = apps.new
    function apps.new(...)
      made = new(...)
      return made
    end
    assert.matches("oops", run(echo .. 'error("oops")'))
    apps.new = new
    assert.matches("stopped", tostring(made))
  end)
end)

describe("an example of the kit that must fail", function()
  local function fail(text, why)
    local ok, problem = pcall(kit_example.fail, "page.md", lines_of(text), 11, lines_of(why))
    return ok or problem
  end

  it("passes where it fails with the text, wherever that is", function()
    assert.is_true(fail("error('a\\nb')", "spec/x_spec.lua:3: a\nb"))
    assert.is_true(fail("error('a\\nstack traceback:\\n\\tb')", "a"))
  end)

  it("fails where it doesn't, or with something else", function()
    assert.equal("page.md:11: it does not fail", fail("print(1)", "a"))
    assert.equal("page.md:11: it fails with\na", fail("error('a')", "b"))
  end)
end)

describe("an example of the kit that begins with a file's name", function()
  local here, directory = uv.cwd(), nil

  before_each(function()
    directory = program.directory()
    uv.chdir(directory)
  end)
  after_each(function()
    uv.chdir(here)
    program.remove(directory)
  end)

  it("is that file, and is run if it is a spec", function()
    assert.is_true(run('-- a/init.lua\nerror("not run")'))
    local file <close> = assert(io.open(directory .. "/a/init.lua"))
    assert.equal('-- a/init.lua\nerror("not run")\n', file:read("a"))
    assert.equal("page.md:12: run", run('-- a/spec/a_spec.lua\nerror("run")'))
    assert.matches("^page%.md:12:", run("-- b/init.lua\nlocal = 1"))
  end)
end)
