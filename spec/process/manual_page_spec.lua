-- The manual page that scripts/man makes of scripts/share/moonroom.1 and the binary's options.
local process = require "process"
local program = require "program"

local binary = os.getenv("MOONROOM_RELEASE_BINARY") or "./build/moonroom"

describe("the manual page", function()
  local page, path, directory

  setup(function()
    local code, err
    code, page, err = process.run { "scripts/man", binary }
    assert.equal(0, code, err)
    assert.equal("", err)
    directory = program.directory { ["moonroom.1"] = page }
    path = directory .. "/moonroom.1"
  end)

  teardown(function() program.remove(directory) end)

  local function plain(text) return (text:gsub("\\([%-e])", { ["-"] = "-", e = "\\" })) end

  it("has each option of the binary, what it does and its default, in its order", function()
    local _, help = program.run({ "--help" }, { binary = binary })
    local expected, got = {}, {}
    for flag, value, words in help:gmatch("\n  (%-%-%S+) ?([%u:]*) +([^\n]+)") do
      expected[#expected + 1] = flag .. " " .. value .. ": " .. words
    end
    for flag, words in page:gmatch("\n%.TP\n%.B (\\%-\\%-[^\n]+)\n([^\n]+)") do
      local name, value = flag:match("^(%S+) \\fI(.*)\\fR$")
      got[#got + 1] = plain((name or flag) .. " " .. (value or "") .. ": " .. words)
    end
    assert.same(expected, got)
    assert.is_true(#got > 40)
  end)

  it("has each option of the core's table", function()
    local kit = require("moonroom.core").testkit.options
    for _, row in ipairs(kit.table()) do
      local flag = "\n.B --" .. row.name:gsub("_", "-") .. " "
      assert.is_truthy(plain(page):find(flag, 1, true), flag)
    end
  end)

  it("has the commands that --help has", function()
    local _, help = program.run({ "--help" }, { binary = binary })
    local count = 0
    for command in help:gmatch("moonroom %[?(%l+)%]? ") do
      assert.is_truthy(page:find("\n.TP\n.B " .. command .. "\n", 1, true), command)
      count = count + 1
    end
    assert.is_true(count >= 4)
  end)

  it("says the program's version", function()
    local version = require("moonroom").version
    assert.matches('\n%.TH MOONROOM 1 "" "Moonroom ' .. version:gsub("%.", "%%.") .. '" ', page)
    assert.is_nil(page:find("@", 1, true))
  end)

  it("is laid out without a warning", function()
    local code, out, err = process.run({ "man", "--warnings=w", "-l", path },
      { MANWIDTH = "80", LC_ALL = "C.UTF-8", PAGER = "cat", MANPAGER = "cat" })
    assert.equal(0, code, err)
    assert.equal("", err)
    assert.matches("NAME\n +moonroom %- a WebSocket server", out)
    assert.matches("\n +%-%-max%-message BYTES\n", out)
  end)

  it("ends a run without a binary with the usage", function()
    local code, _, err = process.run { "scripts/man" }
    assert.equal(64, code)
    assert.equal("scripts/man: usage: scripts/man BINARY\n", err)
  end)
end)
