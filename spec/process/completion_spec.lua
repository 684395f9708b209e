-- scripts/share/moonroom.bash, in bash itself.
local process = require "process"
local program = require "program"
local uv = require "luv"

local binary = uv.fs_realpath(os.getenv("MOONROOM_RELEASE_BINARY") or "./build/moonroom")
local source = uv.cwd() .. "/scripts/share/moonroom.bash"

-- What bash does where somebody presses Tab behind the last of the words, as it splits them.
local COMPLETE = [[
cd "$1" && source "$2" && shift 2 && complete -p moonroom >/dev/null || exit 1
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_moonroom "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
[ ${#COMPREPLY[@]} = 0 ] || printf '%s\n' "${COMPREPLY[@]}"]]

describe("bash completes", function()
  local here

  setup(function()
    here = program.directory {
      ["chat/init.lua"] = "", ["check-in/init.lua"] = "", ["c.lua"] = "", ["cert.pem"] = "",
      ["my chat/init.lua"] = "", ["chat/spec/a_spec.lua"] = "",
    }
  end)

  teardown(function() program.remove(here) end)

  local function complete(...)
    local code, out, err = process.run {
      "bash", "--norc", "-c", COMPLETE, "bash", here, source, binary, ...
    }
    assert.equal(0, code, err)
    assert.equal("", err)
    local list = {}
    for line in out:gmatch("[^\n]+") do list[#list + 1] = line end
    table.sort(list)
    return list
  end

  it("the commands that there are, directories and scripts first", function()
    local list = complete("")
    local has = {}
    for _, word in ipairs(list) do has[word] = true end
    for _, word in ipairs { "run", "check", "test", "new", "chat", "my chat", "c.lua" } do
      assert.is_true(has[word], word)
    end
    assert.is_nil(has["cert.pem"])
    assert.same({ "c.lua", "chat", "check", "check-in" }, complete("c"))
    assert.same({ "check", "check-in" }, complete("che"))
    assert.same({ "test" }, complete("te"))
  end)

  it("directories and scripts behind a command", function()
    assert.same({ "c.lua", "chat", "check-in" }, complete("run", "c"))
    assert.same({ "c.lua", "chat", "check-in" }, complete("check", "c"))
    assert.same({ "my chat" }, complete("run", "my"))
    assert.same({ "chat/init.lua", "chat/spec" }, complete("run", "chat/"))
  end)

  it("each flag of the program, and no other", function()
    local expected = { "--help", "--version" }
    local _, help = program.run { "--help" }
    for flag in help:gmatch("\n  (%-%-%S+)") do expected[#expected + 1] = flag end
    table.sort(expected)
    assert.same(expected, complete("run", "--"))
    assert.same(expected, complete("-"))
    assert.same({ "--max-message" }, complete("--max-mess"))
  end)

  it("the values of a flag, behind a blank or a =", function()
    for _, between in ipairs { {}, { "=" } } do
      local function value(flag, start)
        local words = { "run", flag }
        table.move(between, 1, #between, 3, words)
        words[#words + 1] = start
        return complete(table.unpack(words))
      end
      assert.same({ "off", "on" }, value("--compression", "o"))
      assert.same({ "debug", "error", "info", "off", "warn" }, value("--log-level", ""))
      assert.same({ "drop" }, value("--slow", "d"))
      assert.same({ "cert.pem" }, value("--tls-cert", "ce"))
      assert.same({}, value("--max-rooms", ""))
    end
    assert.same({ "off", "on" }, complete("run", "--compression", "="))
    assert.same({ "c.lua", "chat", "check-in" }, complete("run", "--no-tls", "c"))
  end)

  it("files behind test, and directories behind new", function()
    assert.same({ "chat/spec/a_spec.lua" }, complete("test", "chat", "chat/spec/"))
    assert.same({ "chat", "check-in" }, complete("new", "c"))
  end)

  it("paths, where the program can't be asked", function()
    binary, here = here .. "/none", here
    local list = complete("run", "c")
    binary = uv.fs_realpath(os.getenv("MOONROOM_RELEASE_BINARY") or "./build/moonroom")
    assert.same({ "c.lua", "chat", "check-in" }, list)
  end)
end)
