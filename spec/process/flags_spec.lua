local program = require "program"

-- The whole of standard error, for a command line that is refused.
local function refusal(...)
  local code, out, err = program.run { ... }
  assert.equal(64, code)
  assert.equal("", out)
  assert.equal(1, select(2, err:gsub("\n", "\n")), "one line")
  return err
end

-- A directory whose script says what was decided.
local function checked(arguments, options)
  local code, out, err = program.run(arguments, options)
  return code, out .. err
end

describe("the command line", function()
  local directory

  setup(function()
    directory = program.directory {
      ["init.lua"] = 'io.stdout:write("loaded\\n")',
      ["check/init.lua"] = 'io.stdout:write("the directory check\\n")',
      ["--odd/init.lua"] = 'io.stdout:write("odd\\n")',
      ["lobby.lua"] = 'io.stdout:write("a file\\n") return require("moonroom").Room {}',
    }
  end)

  teardown(function()
    program.remove(directory)
  end)

  it("suggests the flag that an unknown one was meant to be", function()
    assert.equal("moonroom: unknown flag --max-mesage; did you mean --max-message?\n",
      refusal("--max-mesage", "5"))
    assert.equal("moonroom: unknown flag --lisen; did you mean --listen?\n",
      refusal("--lisen=:80"))
    assert.equal("moonroom: unknown flag --versoin; did you mean --version?\n",
      refusal("--versoin"))
    assert.equal("moonroom: unknown flag --recrod; did you mean --record?\n",
      refusal("--recrod=f"))
    assert.equal("moonroom: unknown flag --tls-cret; did you mean --tls-cert?\n",
      refusal("--tls-cret=f"))
    assert.equal("moonroom: unknown flag --port; did you mean --listen?\n",
      refusal("--port", "8080"))
  end)

  it("points to --help where an unknown flag is like none", function()
    assert.equal("moonroom: unknown flag --colour; --help lists all\n", refusal("--colour"))
    assert.equal("moonroom: unknown flag -x; --help lists all\n", refusal("-x"))
    assert.equal("moonroom: unknown flag --; --help lists all\n", refusal("--=1"))
  end)

  it("says the flag, the value and what is allowed where a value is bad", function()
    assert.equal("moonroom: --max-rooms must be a whole number from 1 to 1000000000, "
      .. 'not "many"\n', refusal("--max-rooms", "many"))
    assert.equal("moonroom: --max-rooms must be a whole number from 1 to 1000000000, "
      .. 'not "-1"\n', refusal("--max-rooms=-1"))
    assert.equal('moonroom: --log-level must be debug, info, warn, error or off, not "loud"\n',
      refusal("--log-level=loud"))
    assert.matches("^moonroom: %-%-max%-message must be .* %(such as 65536, 64k or 4m%), "
      .. 'not ""\n$', refusal("--max-message="))
  end)

  it("says which address is wrong", function()
    assert.equal('moonroom: --listen is wrong: a port is a number from 0 to 65535, not "70000"\n',
      refusal("--listen", "127.0.0.1:70000"))
    assert.matches("^moonroom: %-%-listen .*HOST:PORT.*localhost", refusal("--listen=localhost"))
    assert.matches("^moonroom: %-%-listen .*HOST:PORT.*::1:80", refusal("--listen", "::1:80"))
    assert.matches("^moonroom: %-%-listen .*HOST:PORT", refusal("--listen", "a b:80"))
    assert.matches("^moonroom: %-%-listen .*HOST:PORT",
      refusal("--listen", ("a"):rep(300) .. ":80"))
  end)

  it("takes at most 16 addresses", function()
    local arguments = {}
    for i = 1, 17 do
      arguments[i] = "--listen=127.0.0.1:0"
    end
    assert.equal("moonroom: --listen takes at most 16 addresses\n",
      refusal(table.unpack(arguments)))
  end)

  it("asks for a value that is missing", function()
    assert.equal("moonroom: --listen needs a value: --listen HOST:PORT\n", refusal("--listen"))
    assert.equal("moonroom: --max-rooms needs a value: --max-rooms VALUE\n",
      refusal("--max-rooms"))
    assert.equal("moonroom: --record needs a value: --record FILE\n", refusal("--record"))
    assert.equal("moonroom: --record needs the name of a file\n", refusal("--record="))
    assert.equal("moonroom: --max-rooms needs a value: --max-rooms VALUE\n",
      refusal("--max-rooms", "--listen", ":0"))
  end)

  it("asks for the key of a certificate, and for the certificate of a key", function()
    assert.equal("moonroom: --tls-cert needs --tls-key FILE, the certificate's private key\n",
      refusal("--tls-cert", "cert.pem"))
    assert.equal("moonroom: --tls-key needs --tls-cert FILE, the certificate that it belongs to\n",
      refusal("--tls_key=key.pem"))
    assert.equal("moonroom: --tls-cert needs a value: --tls-cert FILE\n",
      refusal("--tls-cert", "--tls-key=key.pem"))
    assert.equal("moonroom: --tls-key needs the name of a file\n",
      refusal("--tls-cert=cert.pem", "--tls-key="))
    assert.equal("moonroom: --tls-cert and --no-tls contradict each other\n",
      refusal("--tls-cert=cert.pem", "--tls-key=key.pem", "--no-tls"))
  end)

  it("refuses a value where none is taken", function()
    assert.equal("moonroom: --help takes no value\n", refusal("--help=yes"))
    assert.equal("moonroom: --version takes no value\n", refusal("--version=1"))
    assert.equal("moonroom: --no-tls takes no value\n", refusal("--no-tls=off"))
  end)

  it("refuses to record where nothing is served", function()
    local said = "moonroom: --record needs a server to record: check starts none\n"
    assert.equal(said, refusal("check", "--record=f", "examples/echo"))
    assert.equal(said, refusal("check", "examples/echo", "--record", "f"))
  end)

  it("refuses a second path", function()
    assert.equal('moonroom: one DIR or FILE, please, not "a" and "b"\n', refusal("a", "b"))
    assert.equal('moonroom: one DIR or FILE, please, not "a" and "check"\n',
      refusal("run", "a", "check"))
  end)

  it("suggests the command that a word was meant to be", function()
    for word, meant in pairs {
      chek = "check", cehck = "check", rum = "run", help = "--help", version = "--version",
      hepl = "--help", tset = "test", tests = "test", nwe = "new",
    } do
      local said = ('moonroom: "%s" is no file or directory; did you mean %s?\n')
        :format(word, meant)
      assert.equal(said, refusal(word))
      assert.equal(said, refusal(word, "examples/chat"))
      assert.equal(said, refusal("--max-rooms=5", word))
    end
    assert.matches("nor a command", refusal("run", "chek"))
  end)

  it("takes a directory behind new, and nothing else", function()
    assert.equal("moonroom: new needs a directory to make: moonroom new DIR\n", refusal("new"))
    assert.equal("moonroom: new needs a directory to make: moonroom new DIR\n", refusal("new", ""))
    assert.equal('moonroom: one DIR or FILE, please, not "a" and "b"\n', refusal("new", "a", "b"))
    for _, arguments in ipairs { { "--no-tls", "new", "a" }, { "new", "a", "--no-tls" } } do
      assert.equal("moonroom: new takes no flags: what would be --no-tls is set in "
        .. "DIR/config.lua\n", refusal(table.unpack(arguments)))
    end
  end)

  it("suggests the flag that a short one was meant to be", function()
    for word, meant in pairs {
      ["-v"] = "--version", ["-V"] = "--version", ["-help"] = "--help", ["-version"] = "--version",
    } do
      assert.equal(("moonroom: unknown flag %s; did you mean %s?\n"):format(word, meant),
        refusal(word))
    end
  end)

  it("takes a path for one where it is there, however it is called", function()
    local here = program.directory { ["chek/init.lua"] = 'io.stdout:write("chek\\n")' }
    local code, _, err = program.run({ "chek", "--listen=192.0.2.1:80" }, { directory = here })
    program.remove(here)
    assert.equal(71, code, err)
  end)

  it("refuses a word that is neither a command nor a path", function()
    for _, word in ipairs { "serve-it", "test/none", "init.lua/x", "" } do
      assert.equal(('moonroom: "%s" is no file or directory, nor a command '
        .. "(these are run, dev, check, test and new)\n"):format(word), refusal(word))
    end
  end)

  it("refuses a path that Lua can't search for modules", function()
    local odd = program.directory { ["a;b/init.lua"] = "" }
    local said = refusal(odd .. "/a;b")
    program.remove(odd)
    assert.matches("can't find modules below a path with ; or %?", said)
  end)

  it("shows only the start of a long word", function()
    assert.is_true(#refusal("--" .. ("x"):rep(5000)) < 200)
    assert.is_true(#refusal("--max-rooms=" .. ("x"):rep(5000)) < 200)
    assert.is_true(#refusal(("x"):rep(5000)) < 200)
  end)

  it("means the current directory where it names none", function()
    local code, said = checked({ "check" }, { directory = directory })
    assert.equal(0, code)
    assert.matches("loaded", said)
  end)

  it("takes a subcommand for one even where a directory has its name", function()
    local _, said = checked({ "check" }, { directory = directory })
    assert.matches("loaded", said)
    local _, nested = checked({ "check", "check" }, { directory = directory })
    assert.matches("the directory check", nested)
    local _, spelled = checked({ "check", "./check" }, { directory = directory })
    assert.matches("the directory check", spelled)
  end)

  it("takes a file", function()
    local code, said = checked { "check", directory .. "/lobby.lua" }
    assert.equal(0, code)
    assert.matches("a file", said)
  end)

  it("takes flags before and after the path, with a blank or an equals sign", function()
    for _, arguments in ipairs {
      { "check", "--max-rooms", "5", directory }, { "check", directory, "--max-rooms=5" },
      { "--max-rooms=5", "check", directory }, { "check", directory, "--max_rooms", "5" },
    } do
      local code, said = checked(arguments)
      assert.equal(0, code, said)
      assert.matches("loaded", said)
    end
  end)

  it("takes no flags after --", function()
    local code, said = checked({ "check", "--", "--odd" }, { directory = directory })
    assert.equal(0, code, said)
    assert.matches("odd", said)
  end)

  it("lets the last of several flags win", function()
    assert.matches('"x"', refusal("--max-rooms=5", "--max-rooms=x"))
    assert.equal(0, (checked { "check", "--max-rooms=5", "--max-rooms=6", directory }))
  end)
end)
