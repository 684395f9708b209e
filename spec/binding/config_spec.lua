local program = require "program"
local tls = require "tls"

local SCRIPT = [[
local app = require("moonroom").config.app
io.stdout:write("title ", tostring(app and app.title), "\n")
]]

describe("config.lua", function()
  local directories = {}

  local function directory_of(config, script)
    local directory = program.directory { ["config.lua"] = config, ["init.lua"] = script or SCRIPT }
    directories[#directories + 1] = directory
    return directory
  end

  -- What `check` prints, for a configuration that is right.
  local function accepted(config, script)
    local code, out, err = program.run { "check", directory_of(config, script) }
    assert.equal(0, code, err)
    return out
  end

  -- Standard error behind the directory's name, for one that is wrong; it is
  -- `run`, so that something could listen.
  local function refused(config, ...)
    local directory = directory_of(config, 'io.stdout:write("the script has run")')
    local code, out, err = program.run { directory, "--listen", "127.0.0.1:0", ... }
    assert.equal(78, code, err)
    assert.equal("", out)
    assert.equal(directory .. "/", err:sub(1, #directory + 1))
    assert.equal(1, select(2, err:gsub("\n", "\n")), "one line")
    return err:sub(#directory + 2, -2)
  end

  after_each(function()
    for i, directory in ipairs(directories) do
      program.remove(directory)
      directories[i] = nil
    end
  end)

  it("need not be there", function()
    local directory = program.directory { ["init.lua"] = SCRIPT }
    local code, out = program.run { "check", directory }
    program.remove(directory)
    assert.equal(0, code)
    assert.matches("title nil", out)
  end)

  it("is not passed over where its path is too long", function()
    local directory = directory_of("return {}")
    local long = directory .. ("/."):rep((4090 - #directory) // 2)
    local code, _, err = program.run { "check", long }
    assert.equal(78, code)
    assert.equal(long .. "/config.lua: File name too long\n", err)
  end)

  it("may set every option by its name", function()
    local kit = require("moonroom.core").testkit.options
    local lines = { "return {" }
    local words = {
      level = '"warn"', boolean = "true", slow = '"drop"', hosts = '{ "a.example" }',
      prefixes = '{ "10.0.0.0/8" }', directory = '"public"',
    }
    for _, row in ipairs(kit.table()) do
      local value = words[row.type] or ("%d"):format(row.maximum)
      lines[#lines + 1] = ("  %s = %s,"):format(row.name, value)
    end
    lines[#lines + 1] = '  listen = "127.0.0.1:0", app = { title = "all" },\n}'
    assert.matches("title all", accepted(table.concat(lines, "\n")))
  end)

  it("may write sizes and times as a flag does", function()
    accepted('return { max_message = "4m", close_timeout = "500ms", max_rooms = "7" }')
    accepted('return { compression = "on", compression_takeover = "no" }')
  end)

  it("hands its app table to the scripts", function()
    assert.matches("title Bongo", accepted('return { app = { title = "Bongo" } }'))
  end)

  it("is asked for addresses to listen on, one or a list", function()
    for _, listen in ipairs { '"192.0.2.1:80"', '{ "192.0.2.1:80", "127.0.0.1:0" }' } do
      local code, _, err = program.run { directory_of("return { listen = " .. listen .. " }") }
      assert.equal(71, code)
      assert.matches("192%.0%.2%.1:80", err)
    end
  end)

  it("is beaten by a flag", function()
    local directory = directory_of('return { listen = { "192.0.2.1:80", "192.0.2.1:81" } }')
    local code, _, err = program.run { directory, "--listen", "192.0.2.9:80" }
    assert.equal(71, code)
    assert.matches("192%.0%.2%.9:80", err)
  end)

  it("is refused even where a flag would beat what is wrong", function()
    local directory = directory_of("return { max_rooms = 0 }")
    assert.equal(78, (program.run { "check", directory, "--max-rooms=5" }))
  end)

  it("is read without its directory's name where that is the current one", function()
    local directory = directory_of("return {\nfoo = 1 }")
    local code, _, err = program.run({ "check" }, { directory = directory })
    assert.equal(78, code)
    assert.matches("^config%.lua:2: unknown option foo;", err)
  end)

  it("has a list as a table of strings, or as one with commas", function()
    for _, text in ipairs {
      '{ "a.example", "b.example" }', '"a.example, b.example"', "{}", '""',
    } do
      accepted("return { hosts = " .. text .. " }")
    end
    assert.equal('config.lua:2: hosts must be host names without a port, not "b:80"',
      refused('return {\n  hosts = { "a", "b:80" } }'))
    assert.equal("config.lua:1: hosts[2] must be a string, not a number",
      refused('return { hosts = { "a", 5 } }'))
    assert.equal("config.lua:1: hosts must be a list of strings, not a boolean",
      refused("return { hosts = true }"))
  end)

  it("names the directory of static files, or false for none", function()
    for _, text in ipairs { '"public"', '"."', '"/tmp"', "false", '""', '"off"' } do
      accepted("return { public = " .. text .. " }")
    end
    for text, said in pairs {
      ["true"] = "a directory's name, or false, not a boolean",
      ["{}"] = "a directory's name, or false, not a table",
      ["5"] = "the name of a directory, or false, not 5",
    } do
      assert.equal("config.lua:1: public must be " .. said,
        refused("return { public = " .. text .. " }"))
    end
  end)

  it("is not read for a single file", function()
    local directory = directory_of("return 1", 'return require("moonroom").Room {}')
    local code, _, err = program.run { "check", directory .. "/init.lua" }
    assert.equal(0, code, err)
  end)

  describe("with a mistake", function()
    it("is refused with the line of an unknown option and a suggestion", function()
      assert.equal("config.lua:3: unknown option max_mesage; did you mean max_message?",
        refused("return {\n  max_rooms = 5,\n  max_mesage = 5,\n}"))
      assert.equal("config.lua:1: unknown option port; did you mean listen?",
        refused("return { port = 8080 }"))
      assert.equal("config.lua:1: unknown option ap; did you mean app?",
        refused("return { ap = {} }"))
      assert.equal("config.lua:1: unknown option max-rooms; did you mean max_rooms?",
        refused('return { ["max-rooms"] = 5 }'))
    end)

    it("is refused with a hint where an unknown option is like none", function()
      assert.equal("config.lua:2: unknown option colour; moonroom --help lists all, "
        .. "app = {...} is for your own", refused('return {\n  colour = "red" }'))
    end)

    it("is refused with the line of a bad value", function()
      assert.equal("config.lua:2: max_rooms must be a whole number from 1 to 1000000000, not -5",
        refused("return {\n  max_rooms = -5 }"))
      assert.equal("config.lua:2: max_rooms must be a whole number from 1 to 1000000000, not 1.5",
        refused("return {\n  max_rooms = 1.5 }"))
      assert.equal("config.lua:2: max_rooms must be a whole number from 1 to 1000000000, not NaN",
        refused("return {\n  max_rooms = 0/0 }"))
      assert.equal("config.lua:2: compression must be true or false, not 1",
        refused("return {\n  compression = 1 }"))
      assert.equal('config.lua:2: compression must be on or off, not "maybe"',
        refused('return {\n  compression = "maybe" }'))
      assert.equal("config.lua:2: compression must be a boolean, not a table",
        refused("return {\n  compression = {} }"))
      assert.equal("config.lua:2: log_level must be a level's name, not a boolean",
        refused("return {\n  log_level = false }"))
      assert.equal("config.lua:2: max_rooms must be a number, not a boolean",
        refused("return {\n  max_rooms = true }"))
      assert.equal('config.lua:2: log_level must be debug, info, warn, error or off, not "loud"',
        refused('return {\n  log_level = "loud" }'))
      assert.equal("config.lua:2: log_level must be a level's name, not a table",
        refused("return {\n  log_level = {} }"))
    end)

    it("is refused with the line of a bad address", function()
      assert.equal('config.lua:2: listen is wrong: a port is a number from 0 to 65535, not "70000"',
        refused('return {\n  listen = "127.0.0.1:70000" }'))
      assert.equal('config.lua:1: listen must be "HOST:PORT" or a list of such, not a number',
        refused("return { listen = 8080 }"))
      assert.equal('config.lua:1: listen must be "HOST:PORT" or a list of such, not a boolean',
        refused('return { listen = { "127.0.0.1:0", true } }'))
      assert.equal("config.lua:1: listen must have an address", refused("return { listen = {} }"))
    end)

    it("is refused with the line of the entry that is no address", function()
      assert.equal('config.lua:4: listen must be "HOST:PORT" or a list of such, not a boolean',
        refused('return {\n  listen = {\n    "127.0.0.1:0",\n    true,\n  },\n}'))
      local one_address = " has one address; several are a list of tables"
      for entry, said in pairs {
        ["tls = false"] = ' needs an address, "HOST:PORT"',
        ["address = 80"] = ' needs an address, "HOST:PORT"',
        ['"127.0.0.1:0", "127.0.0.1:1", tls = false'] = one_address,
        ['"127.0.0.1:0", [true] = 1'] = one_address,
        ['adress = "127.0.0.1:0"'] = ".adress is unknown; did you mean address?",
        ['"127.0.0.1:0", colour = 5'] = ".colour is unknown; there are address and tls",
      } do
        assert.equal("config.lua:2: listen[1]" .. said,
          refused("return { listen = {\n{" .. entry .. "} } }"))
      end
    end)

    it("is refused where app is no table", function()
      assert.equal("config.lua:1: app must be a table, not a string",
        refused('return { app = "chat" }'))
    end)

    it("is refused where it returns no table of options", function()
      assert.equal("config.lua: must return a table of options, not nil", refused(""))
      assert.equal("config.lua: must return a table of options, not a string",
        refused('return "4"'))
      assert.equal("config.lua: an option is a name = value, not a bare number",
        refused("return { 4 }"))
    end)

    it("is refused with Lua's own line where it doesn't compile", function()
      assert.matches("^config%.lua:2: .*expected.*near", refused("return {\n  a b }"))
    end)

    it("is refused with Lua's own line where it raises", function()
      assert.equal("config.lua:3: no title", refused('local title\n\nerror("no title")'))
      assert.matches("^config%.lua:1: attempt to index a nil value", refused("return nothing.here"))
    end)

    it("is refused with what there is where it asks for more of Lua", function()
      local rest = "; it may use assert, error, ipairs, next, pairs, pcall, select, tonumber, "
        .. "tostring, type, string, table, math, utf8, os.clock, os.date, os.getenv, os.time"
      for code, name in pairs {
        ['require "secrets"'] = "require", ['print("hello")'] = "print", ['load("")'] = "load",
        ['io.open("x")'] = "io", ["local x = debug.traceback"] = "debug",
        ['os.execute("ls")'] = "os.execute", ["os.exit()"] = "os.exit", ["f()"] = "f",
      } do
        assert.equal("config.lua:2: config.lua has no " .. name .. rest, refused("\n" .. code))
      end
    end)

    it("is refused after load_timeout where it doesn't end, whatever it catches", function()
      local stopped = "config.lua:2: stopped after 0.1 s of CPU: load_timeout"
      for _, line in ipairs { "while true do end", "while true do pcall(error) end" } do
        assert.equal(stopped, refused("\n" .. line, "--load-timeout", "0.1"))
      end
    end)

    it("is refused after load_timeout by check too", function()
      local directory = directory_of "\nwhile true do end"
      local code, _, err = program.run { "check", directory, "--load-timeout", "100ms" }
      assert.equal(78, code)
      assert.equal(directory .. "/config.lua:2: stopped after 0.1 s of CPU: load_timeout\n", err)
    end)

    it("is refused where it needs more than lua_memory", function()
      local config = 'local all = {}\nwhile true do all[#all + 1] = ("x"):rep(1000000) end'
      assert.equal("config.lua: not enough memory: lua_memory is 33554432 bytes",
        refused(config, "--lua-memory", "32m"))
    end)

    it("is refused whatever it raises", function()
      assert.equal("config.lua: no place", refused('error("no place", 0)'))
      assert.equal("config.lua: (error object is a nil value)", refused("error()"))
      assert.equal("config.lua: (error object is a table value)", refused("error({})"))
      assert.matches("^config%.lua:.*stack overflow",
        refused("local function f() return 1 + f() end return f()"))
    end)

    it("is refused where it is no text", function()
      assert.matches("^config%.lua: attempt to load a binary chunk",
        refused(string.dump(function() return {} end)))
    end)

    it("is refused where it can't be read", function()
      local directory = program.directory { ["init.lua"] = SCRIPT, ["config.lua/here"] = "" }
      local code, _, err = program.run { "check", directory }
      program.remove(directory)
      assert.equal(78, code)
      assert.equal(directory .. "/config.lua: Is a directory\n", err)
    end)

    it("is refused for the topmost mistake", function()
      assert.matches("^config%.lua:2: ",
        refused("return {\n  one = 1,\n  two = 2,\n  three = 3,\n  four = 4,\n  five = 5,\n}"))
    end)
  end)

  describe("with a mistake in tls", function()
    local words = '"none", "optional" or "required"'
    local pair = 'cert = "c", key = "k", '
    local wrong = {
      ["5"] = " must be a table, or false for none, not a number",
      ["true"] = " must be a table, or false for none, not true",
      ["{}"] = " needs cert and key, the names of PEM files",
      ['{ cert = "c" }'] = " needs key, the name of a PEM file",
      ['{ key = "k" }'] = " needs cert, the name of a PEM file",
      ['{ key_password = "p" }'] = " needs cert, the name of a PEM file",
      ['{ cert = 5, key = "k" }'] = ".cert must be the name of a PEM file, not a number",
      ['{ cert = "", key = "k" }'] = ".cert must be the name of a PEM file, not empty",
      ['{ cert = "a\\0b", key = "k" }'] = ".cert must be the name of a PEM file, "
        .. "without zero bytes",
      ["{ " .. pair .. "key_password = 1234 }"] = ".key_password must be the key's password, text, "
        .. "not a number",
      ["{ " .. pair .. 'cret = "c" }'] = ".cret is unknown; did you mean cert?",
      ["{ " .. pair .. "colour = 1 }"] = ".colour is unknown; there are cert, key, key_password, "
        .. "certificates, verify and ca",
      ['{ "c", "k" }'] = " has names, not a bare string",
      ["{ " .. pair .. "verify = 1 }"] = ".verify must be " .. words .. ", not a number",
      ["{ " .. pair .. 'verify = "always" }'] = ".verify must be " .. words .. ', not "always"',
      ["{ " .. pair .. 'verify = "required" }'] = ".verify needs ca, the PEM file of those who "
        .. "sign the clients' certificates",
      ["{ " .. pair .. 'ca = "ca" }'] = '.ca needs verify = "optional" or "required" beside it',
      ["{ " .. pair .. "ca = {} }"] = ".ca must be the name of a PEM file, not a table",
      ['{ certificates = "c" }'] = ".certificates must be a list of tables with cert and key",
      ["{ certificates = {} }"] = ".certificates must be a list of tables with cert and key",
      ["{ certificates = { { " .. pair .. "}, " .. pair .. "} }"]
        = ".certificates must be a list of tables with cert and key",
      ["{ certificates = { [1] = { " .. pair .. "}, [2.5] = { " .. pair .. "} } }"]
        = ".certificates must be a list of tables with cert and key",
      ["{ certificates = { 5 } }"] = ".certificates[1] must be a table with cert and key, "
        .. "not a number",
      ["{ certificates = { {} } }"] = ".certificates[1] needs cert, the name of a PEM file",
      ["{ certificates = { { " .. pair .. "}, { " .. pair .. 'ca = "x" } } }']
        = ".certificates[2].ca is unknown; there are cert, key and key_password",
    }

    it("is refused with the name and what is allowed", function()
      for value, said in pairs(wrong) do
        assert.equal("config.lua:3: tls" .. said, refused("return {\n\ntls = " .. value .. "}"))
      end
    end)

    it("is refused the same for one address", function()
      for value, said in pairs(wrong) do
        assert.equal("config.lua:2: listen[2].tls" .. said,
          refused('return { listen = { "127.0.0.1:0",\n{ ":0", tls = ' .. value .. "} } }"))
      end
    end)

    it("is refused for more than 16 certificates", function()
      local function list(count) return ("{ cert = 'c', key = 'k' }, "):rep(count) end
      local said = " is one too many: there are at most 16 certificates"
      assert.equal("config.lua:1: tls.certificates[17]" .. said,
        refused("return { tls = { certificates = {" .. list(17) .. "} } }"))
      assert.equal("config.lua:1: tls.certificates[16]" .. said,
        refused("return { tls = { " .. pair .. "certificates = {" .. list(16) .. "} } }"))
      -- As many as that are allowed, but the first is no file.
      assert.matches("^/.*/config%.lua:1: tls: /.*/c: No such file or directory\n$",
        select(3, program.run { "check",
          directory_of("return { tls = { certificates = {" .. list(16) .. "} } }") }))
    end)

    it("is refused with the line of what is wrong inside", function()
      local lines = {
        "local other = { cert = 1 }",
        "return {",
        '  app = { tls = { cert = "x" } },',
        "  listen = {",
        '    "127.0.0.1:0",',
        "    [ [[also]] ] = nil, [1 + 1] = nil,",
        "    (function(a, b) return a end)('127.0.0.1:0', 2),",
        "    { [1] = '127.0.0.1:0',",
        "      tls = {",
        '        cert = "cert",',
        '        key = "key",',
        "        certificates = {",
        '          { cert = "cert", key = "key" },',
        "          {",
        '            cert = "cert",',
        "            -- key = 5,",
        '            ["key"] = 5,',
        "          },",
        "        },",
        "      },",
        "    },",
        "  },",
        "}",
      }
      assert.equal("config.lua:17: listen[3].tls.certificates[2].key must be the name of a PEM "
        .. "file, not a number", refused(table.concat(lines, "\n")))
    end)

    it("is refused with the line of what holds it where that was set elsewhere", function()
      assert.equal("config.lua:3: tls.cert must be the name of a PEM file, not a number",
        refused("local mine = { key = 'k' }\nmine.cert = 5\nreturn { tls = mine }"))
      assert.equal("config.lua:2: tls.cert must be the name of a PEM file, not a number",
        refused("local config = {}\nconfig.tls = { cert = 5 }\nreturn config"))
    end)
  end)

  describe("in the README", function()
    local file <close> = assert(io.open("README.md"))
    local readme = file:read("a"):match("\n## Configuration\n(.-)\n## ")

    it("shows the message that a mistake gives", function()
      local line, name, what = readme:match("\n    examples/chat/config%.lua:(%d+): "
        .. "(unknown option (%S+); did you mean [%w_]+%?)\n")
      local source = "return {" .. ("\n"):rep(line - 1) .. what:gsub(";", "") .. " = 1 }"
      assert.equal(("config.lua:%d: %s"):format(line, name), refused(source))
    end)

    it("is an example that works", function()
      local source = readme:match("```lua\n(.-)```")
      assert.matches("listen = .*tls = .*max_message = .*compression = .*app = ", source)
      local directory, files = directory_of(source), tls.files.server
      for name, path in pairs { fullchain = files.cert, privkey = files.key } do
        local pem <close> = assert(io.open(path))
        program.write(("%s/keys/%s.pem"):format(directory, name), pem:read("a"))
      end
      local code, out, err = program.run { "check", directory }
      assert.equal(0, code, err)
      assert.matches("title Chat", out)
    end)

    it("says every exit code", function()
      for _, code in ipairs { 0, 64, 70, 71, 78 } do
        assert.is_truthy(readme:match("Exit codes.*"):find("%f[%d]" .. code .. "%f[%D]"), code)
      end
    end)
  end)

  describe("is searched for the line", function()
    it("outside of comments and strings", function()
      local source = table.concat({
        "-- foo = 1",
        "--[[ foo = 2", "]] --[==[ foo = 3 ]] ", "]==]",
        "local text = 'foo = 5 \\' foo = 5' .. \"foo = 5 \\\\\"",
        "local long = [[ foo = 6", "]] .. [=[ foo = 7 ]] ]=]",
        "return {",
        "  max_rooms = 1,",
        "  foo = text .. long,",
        "}",
      }, "\n")
      assert.matches("^config%.lua:10: unknown option foo;", refused(source))
    end)

    it("outside of the application's own table", function()
      assert.matches("^config%.lua:3: unknown option foo;",
        refused("return {\n  app = { foo = 1, x = { foo = 2 } },\n  foo = 3,\n  max_rooms = 5 }"))
    end)

    it("where the option is written with brackets", function()
      assert.matches("^config%.lua:2: unknown option foo;",
        refused('return {\n  [ "foo" ] = "foo",\n}'))
    end)

    it("where the option is set after the table was made", function()
      assert.matches("^config%.lua:3: unknown option foo;",
        refused("local config = {}\nif config.foo == 1 then end\nconfig.foo = 1\nreturn config"))
      assert.matches("^config%.lua:2: unknown option foo;",
        refused('local config = {}\nconfig["foo"] = 1\nreturn config'))
    end)

    it("and named without one where the option was computed", function()
      assert.matches("^config%.lua: unknown option foo;",
        refused('local config = {}\nconfig["f" .. "oo"] = 1\nreturn config'))
    end)

    it("in files that end anywhere", function()
      assert.matches("^config%.lua:1: unknown option foo;", refused("return {foo=1}--[["
        .. "]]"))
      assert.matches("^config%.lua:1: unknown option foo;", refused("return {foo=1}--"))
    end)
  end)

  describe("has an environment", function()
    it("with Lua's harmless functions", function()
      local code, out, err = program.run({ "check", directory_of([[
        local names = {}
        for _, name in ipairs { "b", "a" } do table.insert(names, (name:upper())) end
        assert(type(tonumber("4")) == "number" and select("#", 1, 2) == 2 and math.pi and utf8.char)
        assert(next({}) == nil and pcall(error) == false and os.time() > 0)
        for _ in pairs(names) do end
        return { app = { title = os.getenv("TITLE") .. table.concat(names) } }
      ]]) }, { env = { TITLE = "from" } })
      assert.equal(0, code, err)
      assert.matches("title fromBA", out)
    end)

    it("without those that reach outside", function()
      for _, name in ipairs { "io", "require", "package", "debug", "load", "dofile", "loadfile",
                              "_G", "rawset", "setmetatable", "coroutine", "print", "moonroom" } do
        accepted(("assert(%s == nil) return {}"):format(name))
      end
      accepted("assert(os.exit == nil and os.execute == nil and os.remove == nil) return {}")
    end)

    it("whose globals the scripts don't see", function()
      local out = accepted("mine = 5 string.mine = 6 table.concat = nil return {}",
        "io.stdout:write(tostring(mine), tostring(string.mine), type(table.concat))")
      assert.matches("nilnilfunction", out)
    end)
  end)
end)
