local kit = require("moonroom.core").testkit.base

describe("comparing slices", function()
  local pairs_of = {
    { "", "", true, true },
    { "a", "", false, false },
    { "abc", "abc", true, true },
    { "abc", "abd", false, false },
    { "abc", "ABC", false, true },
    { "Sec-WebSocket-Key", "sec-websocket-key", false, true },
    { "a", "ab", false, false },
    { "a\0b", "a\0b", true, true },
    { "a\0b", "a\0c", false, false },
    { "[", "{", false, false },
    { "@", "`", false, false },
    { "É", "é", false, false },
  }

  for _, row in ipairs(pairs_of) do
    it(("says what %q and %q have in common"):format(row[1], row[2]), function()
      assert.equal(row[3], kit.slice_equals(row[1], row[2]))
      assert.equal(row[3], kit.slice_equals(row[2], row[1]))
      assert.equal(row[4], kit.slice_equals_nocase(row[1], row[2]))
      assert.equal(row[4], kit.slice_equals_nocase(row[2], row[1]))
    end)
  end

  it("disregards the case of ASCII letters and of nothing else", function()
    for a = 0, 255 do
      for b = 0, 255 do
        local x, y = string.char(a), string.char(b)
        local expected = x:gsub("%u", string.lower) == y:gsub("%u", string.lower)
        assert(kit.slice_equals_nocase(x, y) == expected, a << 8 | b)
      end
    end
  end)

  it("to a string stops at neither's front", function()
    assert.is_true(kit.slice_is("GET", "GET"))
    assert.is_false(kit.slice_is("GET", "get"))
    assert.is_false(kit.slice_is("GE", "GET"))
    assert.is_false(kit.slice_is("GETS", "GET"))
    assert.is_false(kit.slice_is("GET\0", "GET"))
    assert.is_true(kit.slice_is("", ""))
    assert.is_true(kit.slice_is_nocase("Upgrade", "uPGRADE"))
    assert.is_false(kit.slice_is_nocase("Upgrades", "upgrade"))
  end)
end)

describe("trimming a slice", function()
  it("takes blanks and tabs off both ends", function()
    for text, expected in pairs({
      [""] = "", [" "] = "", [" \t "] = "", ["a"] = "a", [" a"] = "a", ["a\t"] = "a",
      ["\t a b \t"] = "a b", ["\na\n"] = "\na\n", ["\0 "] = "\0",
    }) do
      assert.equal(expected, kit.slice_trim(text))
    end
  end)
end)

describe("cutting a slice", function()
  it("gives what stands before the first separator, and what follows it", function()
    assert.same({ "a", "b,c" }, { kit.slice_cut("a,b,c", ",") })
    assert.same({ "", "a" }, { kit.slice_cut(",a", ",") })
    assert.same({ "a\0", "b" }, { kit.slice_cut("a\0,b", ",") })
  end)

  it("tells an empty rest from none", function()
    assert.same({ "a", "" }, { kit.slice_cut("a,", ",") })
    assert.same({ "a", nil }, { kit.slice_cut("a", ",") })
    assert.same({ "", nil }, { kit.slice_cut("", ",") })
  end)

  it("ends, whatever the text", function()
    local parts, rest = {}, ",a,,b,"
    while rest do
      parts[#parts + 1], rest = kit.slice_cut(rest, ",")
    end
    assert.same({ "", "a", "", "b", "" }, parts)
  end)
end)
