-- What `moonroom check` says beside the routes: src/process/overview.c, and the mistakes that it
-- tells in the log.
local program = require "program"
local tls = require "tls"

local TITLE = "\nOptions that differ from the default:\n"

describe("moonroom check", function()
  local directory

  local function check(files, ...)
    directory = program.directory(files)
    local code, out, err = program.run { "check", directory, ... }
    assert.equal(0, code, err)
    return out, err
  end

  after_each(function() program.remove(directory) end)

  -- What the rows behind the title say, by their names; the directory is DIR.
  local function options(config, ...)
    local out, err = check({ ["init.lua"] = "", ["config.lua"] = config }, ...)
    assert.equal("", err)
    local _, last = out:find(TITLE, 1, true)
    local rows = {}
    for row in out:sub((last or #out) + 1):gmatch("([^\n]*)\n") do
      local name, rest = row:gsub("/%S*/moonroom%-%w+", "DIR"):match("^(%S+) +(.*)$")
      rows[name] = rest
    end
    return rows
  end

  it("says nothing of options where nothing differs from the default", function()
    assert.same({}, options(nil))
    assert.same({}, options("return { max_rooms = 10000, listen = '127.0.0.1:12345' }"))
    assert.same({}, options("return { max_rooms = 5 }", "--max-rooms", "10000"))
  end)

  it("says which flag or line of config.lua has set an option, and to what", function()
    assert.same({
      max_rooms = "6 [10000], --max-rooms",
      compression = "on [off], DIR/config.lua:2",
      max_message = "4 MiB [1 MiB], DIR/config.lua:4",
      hosts = "a.example,b.example [none], DIR/config.lua:5",
    }, options([[
return {
  compression = true,
  max_rooms = 5,
  max_message = "4m",
  hosts = { "a.example", "b.example" },
}]], "--max-rooms=6"))
  end)

  it("says it of addresses and the log's file too", function()
    assert.same({
      listen = "127.0.0.1:1, [::1]:2 [127.0.0.1:12345], DIR/config.lua:1",
      log_file = "DIR/a.log [standard error], DIR/config.lua:2",
    }, options("return { listen = { '127.0.0.1:1', '[::1]:2' },\n  log_file = 'a.log' }"))
    assert.same({
      listen = ":0 [127.0.0.1:12345], --listen",
      log_file = "b.log [standard error], --log-file",
    }, options("return { listen = ':1', log_file = 'a.log' }", "--listen=:0", "--log-file=b.log"))
  end)

  it("says it of certificates", function()
    local cert, key = tls.files.server.cert, tls.files.server.key
    assert.same({ tls_cert = cert .. " [off], --tls-cert" },
      options("return {}", "--tls-cert", cert, "--tls-key", key))
    local own = ("return {\n  tls = { cert = %q, key = %q } }"):format(cert, key)
    assert.same({ tls = cert .. " [off], DIR/config.lua:2" }, options(own))
    assert.same({}, options(own, "--no-tls"))
  end)

  it("says the file alone where a name of config.lua is computed", function()
    assert.same({ max_rooms = "5 [10000], DIR/config.lua" },
      options("return { ['max_' .. 'rooms'] = 5 }"))
  end)

  it("says config.lua as the user would name it", function()
    directory = program.directory { ["init.lua"] = "", ["config.lua"] = "return { max_rooms = 5 }" }
    local _, out = program.run({ "check" }, { directory = directory })
    assert.matches("[10000], config.lua:1\n", out, 1, true)
  end)

  it("warns of undeclared globals with file and line, and ends well", function()
    local _, err = check {
      ["init.lua"] = "count = 1\nfunction helper() return prnt end",
      ["rooms/a.lua"] = 'local m = require("moonroom")\nreturn m.Room { on_text = x1 }',
      ["lib/later.lua"] = "return\nmaht.floor(1)",
    }
    for _, words in ipairs {
      "/init.lua:1: sets the global count (is `local` missing?)",
      "/init.lua:2: sets the global helper (is `local` missing?)",
      "/init.lua:2: reads the global prnt, which nothing sets; did you mean print?",
      "/rooms/a.lua:2: reads the global x1, which nothing sets",
      "/lib/later.lua:2: reads the global maht, which nothing sets",
    } do
      assert.is_truthy(err:find('warn  script message="' .. directory .. words, 1, true), err)
    end
    assert.equal(5, select(2, err:gsub("\n", "")), err)
  end)

  it("warns of all of them, however many, and whatever init.lua has taken away", function()
    local lines = {
      'getmetatable("").__index = nil string.dump = nil',
    }
    for i = 1, 3000 do lines[#lines + 1] = ("g%d = %d"):format(i, i) end
    local _, err = check { ["init.lua"] = table.concat(lines, "\n") }
    assert.equal(3000, select(2, err:gsub("sets the global", "")))
    assert.is_nil(err:find("suppressed", 1, true))
  end)

  it("warns of none where the scripts run", function()
    local _, err = check { ["init.lua"] = 'local m = require "moonroom"\nm.mount("/:x", print)\n'
      .. 'print(package.path, utf8.char(65), warn, _VERSION, _G, debug.getinfo)' }
    assert.is_nil(err:find("global", 1, true), err)
  end)
end)
