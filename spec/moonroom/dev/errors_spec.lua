local core = require "moonroom.core"
local errors = require "moonroom.dev.errors"
local program = require "program"
local scripts = require "scripts"

local SOURCE = {}
for number = 1, 12 do SOURCE[number] = "line " .. number end

describe("the errors that the page shows", function()
  local directory

  before_each(function()
    directory = scripts.directory {
      ["init.lua"] = table.concat(SOURCE, "\n"), ["lib/a.lua"] = "one\ntwo\n\xFF three",
      ["data.txt"] = "secret\n",
    }
  end)

  after_each(scripts.clean)

  -- The places of an error with these lines in its traceback.
  local function places(message, ...)
    local list = errors.new(directory)
    local traceback = message .. "\nstack traceback:\n\t" .. table.concat({ ... }, "\n\t")
    return list:add(0, message, traceback, "on_text", "/").places
  end

  it("have the lines around each place of the scripts, the innermost first", function()
    local list = places(directory .. "/lib/a.lua:2: oh",
      directory .. "/lib/a.lua:2: in function 'x'", "[C]: in function 'error'",
      directory .. "/init.lua:7: in function <" .. directory .. "/init.lua:3>")
    assert.same({ "lib/a.lua", 2, "init.lua", 7 },
      { list[1].file, list[1].line, list[2].file, list[2].line })
    assert.equal(2, #list)
    assert.same({ number = 3, text = "\u{FFFD} three" }, list[1].lines[3])
    assert.same({ 3, 11 }, { list[2].lines[1].number, list[2].lines[9].number })
    assert.equal("line 7", list[2].lines[5].text)
  end)

  it("find a script whose name Lua has shortened", function()
    local name = "..." .. (directory .. "/lib/a.lua"):sub(5)
    assert.equal("lib/a.lua", places(name .. ":1: oh", "[C]: in ?")[1].file)
    assert.same({}, places("....lua:1: oh", "[C]: in ?")[2] or {})
  end)

  it("read no other file, whatever an error's text names", function()
    assert.same({}, places("/etc/passwd:1: oh", "/etc/passwd:1: in ?"))
    assert.same({}, places(directory .. "/data.txt:1: oh", directory .. "/data.txt:1: in ?"))
    assert.same({}, places(directory .. "/lib/../data.txt.lua:1: oh", "[C]: in ?"))
    assert.same({}, places(directory .. "/none.lua:1: oh", "[C]: in ?"))
  end)

  it("read no script that no server loads", function()
    for _, name in ipairs { ".a.lua", "node_modules/a.lua", "lib/.x/a.lua", "public/a.lua" } do
      program.write(directory .. "/" .. name, "one\n")
      assert.same({}, places(directory .. "/" .. name .. ":1: oh", "[C]: in ?"), name)
    end
  end)

  it("look for a few names only", function()
    local lines, opened, open = {}, 0, io.open
    for number = 1, 1000 do lines[number] = directory .. "/n" .. number .. ".lua:1: in x" end
    io.open = function(...) -- luacheck: ignore
      opened = opened + 1
      return open(...)
    end
    local ok, list = pcall(places, "oh", table.unpack(lines))
    io.open = open -- luacheck: ignore
    assert.is_true(ok, list)
    assert.same({ 64, {} }, { opened, list })
  end)

  it("are UTF-8, and of 8 KiB at most, whatever they were", function()
    local one = errors.new(directory):add(0, ("\xFF"):rep(100000), "\nstack traceback:\n\t"
      .. ("\u{FFFD}"):rep(10000), "a timer at \xFF", "/\xFF")
    assert.same({ "a timer at \u{FFFD}", "/\u{FFFD}" }, { one.where, one.path })
    for _, name in ipairs { "message", "traceback" } do
      assert.is_true(#one[name] > 8000 and #one[name] <= 8192 + 4, name)
      assert.is_truthy(utf8.len(one[name]))
      assert.matches("\n...", one[name]:sub(-4), 1, true)
    end
    assert.is_truthy(core.json.encode(one))
  end)

  it("name a file that a slash too many was given for", function()
    assert.equal("init.lua", places(directory .. "//init.lua:1: oh", "[C]: in ?")[1].file)
  end)

  it("have no lines where it isn't known what is served", function()
    local traceback = "init.lua:1: oh\nstack traceback:\n\t[C]: in ?"
    local one = errors.new(nil):add(5, "init.lua:1: oh", traceback, "timer", "")
    assert.same({}, one.places)
    assert.same({ 5, "timer", "stack traceback:\n\t[C]: in ?" },
      { one.time, one.where, one.traceback })
  end)

  it("are the latest fifty, and may be cleared", function()
    local list = errors.new(directory)
    for number = 1, 60 do list:add(0, tostring(number), "", "on_text", "/") end
    assert.equal(50, #list.list)
    assert.same({ "11", "60" }, { list.list[1].message, list.list[50].message })
    list:clear()
    assert.same({}, list.list)
  end)
end)
