local program = require "program"

local function lines_of(text)
  local lines = {}
  for line in text:gmatch("([^\n]*)\n") do
    lines[#lines + 1] = line
  end
  return lines
end

describe("moonroom --help", function()
  local code, text, err = program.run { "--help" }

  it("exits with 0 and writes to standard output alone", function()
    assert.equal(0, code)
    assert.equal("", err)
    assert.matches("^Moonroom %d+%.%d+%.%d+, ", text)
  end)

  it("is what -h says too, wherever it stands before an error", function()
    for _, arguments in ipairs {
      { "-h" }, { "run", "--help" }, { "--max-rooms=4", "-h", "--oops" },
    } do
      local same_code, same = program.run(arguments)
      assert.equal(0, same_code)
      assert.equal(text, same)
    end
  end)

  it("names every option as a flag, with its default", function()
    local kit = require("moonroom.core").testkit.options
    local units = { KiB = 1024, MiB = 1024 * 1024 }
    for _, row in ipairs(kit.table()) do
      local flag = "--" .. row.name:gsub("_", "-")
      local default = text:match("\n  " .. flag:gsub("%-", "%%-") .. " [^\n]*%[([^%]\n]+)%]\n")
      assert.is_string(default, flag)
      local number, unit = default:match("^(%d+) (%a+)$")
      local plain = units[unit] and tostring(number * units[unit]) or default
      assert.equal(kit.format(row.name), plain, flag)
    end
    assert.matches("\n  %-%-listen HOST:PORT [^\n]*%[127%.0%.0%.1:12345%]\n", text)
    for _, flag in ipairs { "cert", "key" } do
      assert.matches("\n  %-%-tls%-" .. flag .. " FILE [^\n]*%[off%]\n", text)
    end
  end)

  it("keeps within 80 columns and aligns what it explains", function()
    for _, line in ipairs(lines_of(text)) do
      assert.is_true(#line <= 80, line)
      if line:find("^  %-%-") then
        assert.matches("^  %-%-%S+ ?[%u:]*  +%S", line)
        assert.equal(33, line:find("%S", 32), line)
      end
    end
  end)

  it("offers what there is and nothing else", function()
    assert.matches("moonroom %[run%] ", text)
    assert.matches("moonroom dev ", text)
    assert.matches("moonroom check ", text)
    assert.matches("moonroom test ", text)
    assert.matches("moonroom new ", text)
  end)

end)

describe("moonroom --version", function()
  it("says the version and exits with 0", function()
    local code, out, err = program.run { "--version" }
    assert.equal(0, code)
    assert.matches("^moonroom %d+%.%d+%.%d+\n$", out)
    assert.equal("", err)
  end)

  it("says the version that scripts see", function()
    local _, out = program.run { "--version" }
    assert.equal(out, "moonroom " .. require("moonroom").version .. "\n")
  end)
end)

describe("the binary", function()
  it("says where it looked for its Lua modules where it was moved away", function()
    local directory = program.directory { ["bin/here"] = "" }
    assert(os.execute(("cp %s %s/bin/moonroom"):format(program.binary, directory)))
    local code, out, err = program.run({ "check", directory },
      { binary = directory .. "/bin/moonroom" })
    program.remove(directory)
    assert.equal(70, code)
    assert.equal("", out)
    assert.equal("moonroom: Moonroom's Lua modules are missing: there is no moonroom/init.lua in "
      .. "../lua, ../../lua or ../share/lua/5.4 of " .. directory .. "/bin\n", err)
  end)

  it("finds them where it is installed", function()
    local directory = program.directory {
      ["bin/here"] = "", ["share/lua/5.4/here"] = "", ["chat/init.lua"] = 'require("moonroom")',
    }
    assert(os.execute(("cp %s %s/bin/moonroom && cp -r lua/moonroom %s/share/lua/5.4/")
      :format(program.binary, directory, directory)))
    local code, _, err = program.run({ "check", directory .. "/chat" },
      { binary = directory .. "/bin/moonroom" })
    program.remove(directory)
    assert.equal(0, code, err)
  end)

  it("runs with its standard descriptors closed", function()
    local code = program.run({ "check", "examples/echo" }, { before = "exec 0<&- 1>&- 2>&-;" })
    assert.equal(0, code)
  end)
end)
