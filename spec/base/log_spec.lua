local kit = require("moonroom.core").testkit.base

local LINE_SIZE = 8192

-- The line of an event with these fields, without its newline.
local function line_of(event, ...)
  local line = kit.log("debug", "info", 0, event, ...)
  assert.equal("\n", line:sub(-1))
  return line:sub(1, -2)
end

-- What stands behind "key=" for a value.
local function shown(value)
  return line_of("event", { "key", value }):match("^1970%S+ info  event key=(.*)$")
end

describe("a log line", function()
  it("has time, level, event and fields", function()
    assert.equal("2023-11-14T22:13:20.500Z warn  client left code=1001 for=2.250 path=/bongo\n",
      kit.log("info", "warn", 1700000000.5, "client left", { "code", 1001 }, { "for", 2.25 },
        { "path", "/bongo" }))
  end)

  it("aligns its events, whatever the level", function()
    local columns = {}
    for i, level in ipairs({ "debug", "info", "warn", "error" }) do
      columns[i] = kit.log("debug", level, 0, "event"):find("event", 1, true)
    end
    assert.same({ 32, 32, 32, 32 }, columns)
  end)

  it("holds whole numbers as they are, and seconds to the millisecond", function()
    assert.equal("-9223372036854775808", shown(math.mininteger))
    assert.equal("0", shown(0))
    assert.equal("0.000", shown(0.0))
    assert.equal("1.235", shown(1.2346))
  end)

  it("is dropped below the log's level", function()
    local levels = { "debug", "info", "warn", "error" }
    for i, of_log in ipairs({ "debug", "info", "warn", "error", "off" }) do
      for j, of_line in ipairs(levels) do
        assert.equal(j >= i, kit.log(of_log, of_line, 0, "event") ~= nil)
      end
    end
  end)

  it("is dropped where there is no log", function()
    assert.is_true(kit.log_without_writer())
  end)
end)

describe("a value in a log line", function()
  it("stands as it is where it is plain", function()
    for _, value in ipairs({ "a", "/bongo", "127.0.0.1:80", "[::1]:80", "grüße-月-😀", "a,b;c'd" }) do
      assert.equal(value, shown(value))
    end
  end)

  it("is quoted where its end could not be seen", function()
    assert.equal('""', shown(""))
    assert.equal('"a b"', shown("a b"))
    assert.equal('"a=b"', shown("a=b"))
    assert.equal('" "', shown(" "))
  end)

  it("has its quotes and backslashes escaped", function()
    assert.equal([["say \"hi\""]], shown('say "hi"'))
    assert.equal([["C:\\dir"]], shown([[C:\dir]]))
    assert.equal([["\\\""]], shown([[\"]]))
  end)

  it("cannot begin a line of its own", function()
    assert.equal([["a\x0d\nb"]], shown("a\r\nb"))
  end)

  it("cannot drive a terminal", function()
    assert.equal([["\x1b[31mred"]], shown("\27[31mred"))
    assert.equal([["\x07\x08\t\x00\x7f"]], shown("\a\b\t\0\127"))
    assert.equal([["a\u009b31mb"]], shown("a\u{9B}31mb"))
    assert.equal([["\u0080\u0085\u009f"]], shown("\u{80}\u{85}\u{9F}"))
  end)

  it("shows as an escape what is not UTF-8", function()
    assert.equal([["\xff"]], shown("\xff"))
    assert.equal([["a\x9bb"]], shown("a\x9bb"))
    assert.equal([["\xe2\x82"]], shown("\xe2\x82"))
    assert.equal([["\xed\xa0\x80"]], shown("\xed\xa0\x80"))
    assert.equal([["\xc2"]], shown("\xc2"))
    assert.equal([["\xc3€"]], shown("\xc3€"))
  end)

  it("shows each byte, alone, as printable text", function()
    for byte = 0, 255 do
      local text = shown(string.char(byte))
      assert(not text:find("[^ -~]"), byte)
    end
  end)

  it("keeps what is next to the C1 controls", function()
    assert.equal("\u{A0}\u{7FF}", shown("\u{A0}\u{7FF}"))
  end)
end)

describe("an event in a log line", function()
  it("has blanks and quotes as they are, and controls escaped", function()
    assert.equal([[1970-01-01T00:00:00.000Z info  he said "a\nb\x1b[0m"]],
      line_of('he said "a\nb\27[0m"'))
  end)
end)

describe("a line that is too long", function()
  it("is cut, marked and still one line", function()
    for _, value in ipairs({ ("x"):rep(LINE_SIZE), ("x "):rep(LINE_SIZE), ("x"):rep(1000000) }) do
      local line = kit.log("info", "info", 0, "event", { "key", value })
      assert.is_true(#line <= LINE_SIZE)
      assert.is_true(#line > LINE_SIZE - 16)
      assert.equal("x...\n", (line:gsub(" ", "")):sub(-5))
    end
  end)

  it("drops whatever else is added", function()
    local line = kit.log("info", "info", 0, "event", { "key", ("x"):rep(LINE_SIZE) },
      { "other", "value" }, { "number", 1 }, { "seconds", 1.5 })
    assert.is_nil(line:find("other", 1, true))
    assert.equal("xx...\n", line:sub(-6))
  end)

  it("is cut for a long event too", function()
    local line = kit.log("info", "info", 0, ("e"):rep(LINE_SIZE), { "key", "value" })
    assert.is_true(#line <= LINE_SIZE)
    assert.equal("ee...\n", line:sub(-6))
  end)

  it("is not cut inside a character", function()
    for pad = 0, 5 do
      for _, character in ipairs({ "é", "€", "😀" }) do
        local value = ("x"):rep(pad) .. character:rep(LINE_SIZE)
        for _, blank in ipairs({ "", " " }) do
          local line = kit.log("info", "info", 0, "event", { "key", blank .. value })
          assert.is_truthy(utf8.len(line))
          assert.equal(character .. "...\n", line:sub(-#character - 4))
        end
      end
    end
  end)

  it("is marked only where something is missing", function()
    local prefix = #line_of("event", { "key", "" }) - 2
    local room = LINE_SIZE - 8 - prefix
    local fits = line_of("event", { "key", ("x"):rep(room) })
    assert.equal("xx", fits:sub(-2))
    assert.equal(prefix + room, #fits)
    assert.equal("x...", line_of("event", { "key", ("x"):rep(room + 1) }):sub(-4))
  end)
end)

describe("a log level", function()
  it("has a name, by which it is found", function()
    for _, name in ipairs({ "debug", "info", "warn", "error", "off" }) do
      assert.equal(name, kit.log_level(name))
    end
  end)

  it("is not found by another word", function()
    for _, name in ipairs({ "", "Info", "warning", "inf", "infos", "info\0" }) do
      assert.is_nil(kit.log_level(name))
    end
  end)
end)

describe("a log whose writer fails", function()
  it("counts what is lost, and tells it before the next line that is taken", function()
    local log = kit.log_new(0)
    log:fail(true)
    for _ = 1, 3 do log:say(0, "a") end
    assert.equal("", log:lines())
    log:fail(false)
    log:say(0, "b")
    log:say(0, "c")
    assert.equal("1970-01-01T00:00:00.000Z warn  log lines lost=3\n"
      .. "1970-01-01T00:00:00.000Z info  b\n1970-01-01T00:00:00.000Z info  c\n", log:lines())
  end)

  it("is tried once a second, whether or not there is something new", function()
    local log = kit.log_new(0)
    assert.equal(math.huge, log:settle(0))
    log:fail(true)
    log:say(0, "a")
    assert.equal(1, log:settle(0))
    assert.equal(1, log:settle(1))
    log:fail(false)
    assert.equal(math.huge, log:settle(2))
    assert.equal("1970-01-01T00:00:02.000Z warn  log lines lost=1\n", log:lines())
  end)

  it("counts the counts of what was suppressed too", function()
    local log = kit.log_new(10, 1)
    log:say(0, "a")
    log:say(0, "a")
    log:lines()
    log:fail(true)
    assert.equal(1, log:settle(1))
    log:fail(false)
    log:finish(2)
    assert.equal("1970-01-01T00:00:02.000Z warn  log lines lost=1\n", log:lines())
  end)
end)

describe("a value of several lines", function()
  local TRACEBACK = "stack traceback:\n\tinit.lua:3: in on_text\n\27[31m\\"

  it("is one line in a file", function()
    local log = kit.log_new(0)
    log:say(0, "failed", nil, "info", "traceback", TRACEBACK)
    assert.equal([[1970-01-01T00:00:00.000Z info  failed ]]
      .. [[traceback="stack traceback:\n\tinit.lua:3: in on_text\n\x1b[31m\\"]] .. "\n",
      log:lines())
  end)

  it("follows its line on a terminal, which it can't drive either", function()
    local log = kit.log_new(0)
    log:terminal()
    log:say(0, "failed", nil, "info", "traceback", TRACEBACK)
    assert.equal("1970-01-01T00:00:00.000Z info  failed\n    stack traceback:\n"
      .. "        init.lua:3: in on_text\n    \\x1b[31m\\\n", log:lines())
  end)

  it("is cut as a whole where it is too long", function()
    local log = kit.log_new(0)
    log:terminal()
    log:say(0, "failed", nil, "info", "traceback", ("x\n"):rep(LINE_SIZE))
    local lines = log:lines()
    assert.is_true(#lines <= LINE_SIZE)
    assert.equal("...\n", lines:sub(-4))
  end)
end)
