-- `moonroom test`: src/process/specs.c, lua/moonroom/test/runner.lua and busted.lua there.
local process = require "process"
local program = require "program"

-- The core for lua5.4 is the release build's: a sanitizer's can't be loaded into a child.
local binary = os.getenv("MOONROOM_RELEASE_BINARY") or "./build/moonroom"

local PASSES = [[
describe("the app", function()
  it("finds what the server would", function()
    assert.equal("lib", require("below_lib"))
    assert.equal("rock", require("a_rock"))
    assert.is_table(require("moonroom.core"))
    assert.is_function(require("moonroom").mount)
  end)
end)]]

local FILES = {
  ["init.lua"] = "",
  ["lib/below_lib.lua"] = 'return "lib"',
  ["lua_modules/share/lua/5.4/a_rock.lua"] = 'return "rock"',
  ["spec/passes_spec.lua"] = PASSES,
}

local FAILS = [[
it("fails", function() assert.equal(1, 2) end)
it("fails again", function() assert.equal(1, 2) end)
it("raises", function() error("oops") end)
it("holds", function() end)]]

-- Says where it is run, and on what.
local SAYS = [[
it("says", function()
  print("here=" .. require("lfs").currentdir() .. " dir=" .. os.getenv("MOONROOM_TEST_DIR"))
end)]]

local function test(arguments, options)
  table.insert(arguments, 1, "test")
  return program.run(arguments, options)
end

-- What standard error says of a command line that is refused with an exit code.
local function refusal(expected, arguments, options)
  local code, out, err = test(arguments, options)
  assert.equal(expected, code, out .. err)
  assert.equal("", out)
  assert.equal(1, select(2, err:gsub("\n", "\n")), "one line")
  return err
end

describe("moonroom test", function()
  local made

  local function make(files)
    local path = program.directory(files)
    made[#made + 1] = path
    return path
  end

  before_each(function() made = {} end)
  after_each(function()
    for _, path in ipairs(made) do program.remove(path) end
  end)

  it("runs DIR/spec with the paths of the server, and ends with 0 where all pass", function()
    local code, out, err = test({ make(FILES) }, { binary = binary })
    assert.equal(0, code, out .. err)
    assert.matches("1 success / 0 failures / 0 errors", out)
  end)

  it("has each spec load the app that it belongs to", function()
    local loads = [[
      it("loads", function()
        local app = require("moonroom.test").load()
        assert.equal(]] .. '"%s"' .. [[, app:require("which"))
        app:stop()
      end)]]
    local there = make {
      ["one/init.lua"] = "", ["one/lib/which.lua"] = "return 'one'",
      ["one/spec/a_spec.lua"] = loads:format("one"),
      ["two/init.lua"] = "", ["two/lib/which.lua"] = "return 'two'",
      ["two/spec/deep/a_spec.lua"] = loads:format("two"), ["elsewhere.lua"] = loads:format("one"),
    }
    for _, words in ipairs {
      { there .. "/one" }, { there .. "/one", there .. "/two/spec" },
      { there .. "/one", there .. "/elsewhere.lua" },
    } do
      local code, out, err = test(words, { binary = binary })
      assert.equal(0, code, out .. err)
    end
  end)

  it("says and ends with what busted's own script would", function()
    local there = make { ["spec/fails_spec.lua"] = FAILS, ["broken/a_spec.lua"] = "it(",
                         ["fine/a_spec.lua"] = 'it("holds", function() end)' }
    local function without_times(text) return (text:gsub("%d+%.%d+ seconds", "")) end
    for _, words in ipairs {
      { "spec" }, { "-o", "TAP", "spec" }, { "--no-keep-going", "spec" }, { "-t", "none", "spec" },
      { "broken" }, { "fine" }, { "nowhere" }, { "--bogus" },
    } do
      local command = { "sh", "-c", 'cd "$1"; shift; exec lua5.4 /usr/bin/busted "$@"', "sh",
                        there, table.unpack(words) }
      local code, out, err = process.run(command)
      local same_code, same, same_err = test({ ".", table.unpack(words) }, { directory = there })
      assert.equal(without_times(out), without_times(same))
      assert.equal(err, same_err)
      assert.equal(code, same_code)
    end
  end)

  it("stays in the current directory, and names the one under test", function()
    local there = make { ["chat/spec/says_spec.lua"] = SAYS }
    local _, real = process.run { "realpath", there }
    real = real:match("[^\n]+")
    local function said(words, directory)
      local code, out, err = test(words, { directory = directory })
      assert.equal(0, code, err)
      return out
    end
    local outside = ("here=%s dir=%s/chat\n"):format(real, real)
    assert.equal(outside, said({ "chat" }, there):match("here=[^\n]+\n"))
    assert.equal(outside, said({ "chat/" }, there):match("here=[^\n]+\n"))
    local inside = ("here=%s/chat dir=%s/chat\n"):format(real, real)
    assert.equal(inside, said({}, there .. "/chat"):match("here=[^\n]+\n"))
    assert.equal(inside, said({ "--filter", "says" }, there .. "/chat"):match("here=[^\n]+\n"))
  end)

  it("gives busted what stands behind DIR: flags, and files instead of spec/", function()
    local there = make { ["spec/a_spec.lua"] = 'it("one", error)',
                         ["spec/b_spec.lua"] = 'it("two", function() end)' }
    local code, out = test({ there, "--filter", "two", "--output", "TAP" })
    assert.equal(0, code, out)
    assert.matches("^ok 1 %- two\n1%.%.1\n", out)
    code, out = test({ there, there .. "/spec/b_spec.lua", "--output=TAP" })
    assert.equal(0, code, out)
    assert.matches("^ok 1 %- two\n1%.%.1\n", out)
  end)

  it("runs what is called _spec, below spec/ too, and nothing else", function()
    local there = make { ["spec/deep/a_spec.lua"] = 'it("deep", function() end)',
                         ["spec/helper.lua"] = 'error("no spec")',
                         ["other/b_spec.lua"] = 'error("no spec of this")' }
    local code, out = test({ there, "-o", "TAP" })
    assert.equal(0, code, out)
    assert.matches("^ok 1 %- deep\n1%.%.1\n", out)
  end)

  it("names the files as they are seen from the current directory", function()
    local there = make { ["chat/spec/fails_spec.lua"] = FAILS }
    local _, out = test({ "chat" }, { directory = there })
    assert.matches("\nFailure %-> chat/spec/fails_spec%.lua @ 1\n", out)
    _, out = test({}, { directory = there .. "/chat" })
    assert.matches("\nFailure %-> spec/fails_spec%.lua @ 1\n", out)
  end)

  it("leaves another directory's .busted alone", function()
    local there = make { [".busted"] = "return { default = { ROOT = { 'none' }, tags = 'x' } }",
                         ["chat/spec/a_spec.lua"] = 'it("runs", function() end)' }
    local code, out = test({ "chat", "-o", "TAP" }, { directory = there })
    assert.equal(0, code, out)
    assert.matches("^ok 1 %- runs\n1%.%.1\n", out)
  end)

  it("obeys DIR/.busted, its paths seen from DIR", function()
    local there = make {
      [".busted"] = [[return {
        _all = { lpath = "./support/?.lua", helper = "support/first.lua" },
        default = { ROOT = { "spec/few" }, output = "TAP" },
        all = { ROOT = { "spec" } },
      }]],
      ["support/first.lua"] = 'FIRST = "helped"',
      ["support/mine.lua"] = 'return "mine"',
      ["spec/few/a_spec.lua"] = 'it(require("mine") .. " " .. FIRST, function() end)',
      ["spec/b_spec.lua"] = 'it("many", function() end)',
    }
    local code, out, err = test { there }
    assert.equal(0, code, out .. err)
    assert.matches("^ok 1 %- mine helped\n1%.%.1\n", out)
    code, out = test { there, "--run", "all", "-o", "TAP" }
    assert.equal(0, code, out)
    assert.matches("\n1%.%.2\n", out)
  end)

  it("obeys a config file of the command line's more than DIR/.busted", function()
    local there = make {
      [".busted"] = 'error("not this one")',
      ["mine"] = 'return { default = { output = "TAP" } }',
      ["spec/a_spec.lua"] = 'it("runs", function() end)',
    }
    local code, out = test { there, "-f", there .. "/mine", there .. "/spec" }
    assert.equal(0, code, out)
    assert.matches("^ok 1 %- runs\n1%.%.1\n", out)
  end)

  it("says which .busted is no table of settings, or raises", function()
    local there = make { [".busted"] = "return 5", ["spec/a_spec.lua"] = "" }
    local code, _, err = test { there }
    assert.equal(1, code)
    assert.matches("^busted: error: /.*/%.busted must return a table\n$", err)
    there = make { [".busted"] = "return {\n} +", ["spec/a_spec.lua"] = "" }
    code, _, err = test { there }
    assert.equal(1, code)
    assert.matches("/%.busted:2: unexpected symbol", err)
  end)

  it("keeps the search paths that the environment has", function()
    local there = make {
      ["more/extra.lua"] = 'return "extra"',
      ["spec/a_spec.lua"] = 'it(require("extra"), function() end)',
    }
    for _, name in ipairs { "LUA_PATH", "LUA_PATH_5_4" } do
      local code, out, err = test({ there, "-o", "TAP" },
        { env = { [name] = there .. "/more/?.lua;;" } })
      assert.equal(0, code, out .. err)
      assert.matches("ok 1 %- extra\n", out)
    end
  end)

  it("works where it is installed", function()
    local there = make { ["root/here"] = "" }
    local build = binary:match("^(.*)/[^/]*$")
    local code, out, err = process.run { "sh", "-c", [[
      unset MAKEFLAGS MFLAGS MAKELEVEL
      exec make -s install BUILD="$1" PREFIX=/usr DESTDIR="$2"]], "sh", build, there .. "/root" }
    assert.equal(0, code, out .. err)
    local app = make(FILES)
    code, out, err = test({ app }, {
      binary = there .. "/root/usr/bin/moonroom", directory = there,
      env = { LUA_PATH = false, LUA_CPATH = false },
    })
    assert.equal(0, code, out .. err)
    assert.matches("1 success / 0 failures / 0 errors", out)
  end)

  it("refuses what isn't a directory with spec/", function()
    local there = make { ["spec"] = "a file", ["a;b/spec/a_spec.lua"] = "" }
    assert.equal("moonroom: nowhere: No such file or directory; moonroom test takes the directory "
      .. "that has spec/\n", refusal(64, { "nowhere" }))
    assert.matches("^moonroom: : No such file", refusal(64, { "" }))
    assert.equal(("moonroom: %s/spec is no directory; a spec file is named behind DIR: moonroom "
      .. "test DIR FILE\n"):format(there), refusal(64, { there .. "/spec" }))
    assert.equal(("moonroom: %s has no directory spec/: put its specs there, in files whose "
      .. "names end in _spec.lua\n"):format(there), refusal(66, { there }))
    assert.matches("can't find modules below a path with ; or %?",
      refusal(64, { there .. "/a;b" }))
  end)

  it("refuses flags in front of it", function()
    for _, words in ipairs { { "--max-rooms=5", "test", "." }, { "--", "test" } } do
      local code, _, err = program.run(words)
      assert.equal(64, code)
      assert.equal("moonroom: test comes first, then DIR, then busted's flags: moonroom test DIR "
        .. "--filter PATTERN\n", err)
    end
  end)

  it("leaves --help behind it to the program, and behind DIR to busted", function()
    for flag, said in pairs { ["--help"] = "^Moonroom %d", ["-h"] = "^Moonroom %d",
                              ["--version"] = "^moonroom %d" } do
      local code, out = test { flag, "--bogus", "." }
      assert.equal(0, code)
      assert.matches(said, out)
    end
    local there = make(FILES)
    local _, out, err = test { there, "--help" }
    assert.matches("Usage: busted", out .. err)
  end)

  it("says what to install where lua5.4 or busted is missing", function()
    local there = make(FILES)
    assert.equal("moonroom: lua5.4 is not on the PATH: install Lua 5.4 (Debian's package is "
      .. "lua5.4)\n", refusal(69, { there }, { before = "PATH=/nowhere;" }))
    assert.equal("moonroom: busted is missing for Lua 5.4: install it (Debian's package is "
      .. "lua-busted; luarocks --lua-version 5.4 install busted)\n",
      refusal(69, { there }, { env = { LUA_PATH = "/nowhere/?.lua", LUA_PATH_5_4 = false } }))
  end)

  it("says where it looked for core.so where that is missing", function()
    local there = make { ["bin/here"] = "", ["share/lua/5.4/here"] = "" }
    local app = make(FILES)
    assert(os.execute(("cp %s %s/bin/moonroom && cp -r lua/moonroom %s/share/lua/5.4/")
      :format(program.binary, there, there)))
    assert.equal("moonroom: Moonroom's core for lua5.4 is missing: there is no moonroom/core.so "
      .. "in lua or ../lib/lua/5.4 of " .. there .. "/bin; make builds it, make install copies "
      .. "it\n", refusal(70, { app }, { binary = there .. "/bin/moonroom" }))
  end)
end)

describe("plain busted", function()
  it("runs the same specs with the paths in the environment", function()
    local there = program.directory(FILES)
    local root = require("luv").cwd()
    local build = binary:match("^(.*)/[^/]*$")
    if not build:find("^/") then build = root .. "/" .. build end
    local code, out, err = process.run({
      "sh", "-c", 'cd "$1" && exec lua5.4 /usr/bin/busted', "sh", there,
    }, {
      LUA_PATH = table.concat({
        root .. "/lua/?.lua", root .. "/lua/?/init.lua", "./lib/?.lua",
        "./lua_modules/share/lua/5.4/?.lua", ";",
      }, ";"),
      LUA_CPATH = build .. "/lua/?.so;;",
    })
    program.remove(there)
    assert.equal(0, code, out .. err)
    assert.matches("1 success / 0 failures / 0 errors", out)
  end)
end)
