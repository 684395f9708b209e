local kit = require("moonroom.core").testkit.base
local logs = require "moonroom.test.logs"

-- The one entry of a line that the core has written.
local function entry_of(...)
  local entries = logs.parse(kit.log("debug", ...))
  assert.equal(1, #entries)
  return entries[1]
end

describe("a line of the log", function()
  it("is its time, level, event and fields", function()
    local entry = entry_of("warn", 0, "handler failed", { "where", "on_text" }, { "count", 3 })
    assert.same({
      time = "1970-01-01T00:00:00.000Z", level = "warn", event = "handler failed",
      where = "on_text", count = "3",
      text = "1970-01-01T00:00:00.000Z warn  handler failed where=on_text count=3",
    }, entry)
  end)

  it("may have no field", function()
    assert.equal("stopping", entry_of("info", 0, "stopping").event)
  end)

  it("has each value as it was before it was escaped", function()
    for _, value in ipairs {
      "", "plain", "two words", 'a "quoted" one', "a=b", "back\\slash", "\\n", "line\nline\t.",
      "\x01\x7f\x1b[0m", "\u{80}\u{9f}", "ä ☾", "\xff\xfe", "\\x41", "\\u0041", "\\\\", 'x\\"',
      "a\n1234", "\x01\x01ff",
    } do
      local entry = entry_of("info", 0, "x", { "value", value }, { "after", "1" })
      assert.equal(value, entry.value)
      assert.equal("1", entry.after)
    end
  end)

  it("may have been cut", function()
    local entry = entry_of("info", 0, "x", { "value", ("long text "):rep(2000) })
    assert.is_true(#entry.value > 8000)
    assert.matches("^long text ", entry.value)
  end)

  it("that is another's is its text", function()
    assert.same({ { text = "==ERROR" } }, logs.parse("==ERROR\n"))
  end)
end)
