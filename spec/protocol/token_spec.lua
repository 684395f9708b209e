-- Tokens and lists of them: src/protocol/token.c.

local http = require("moonroom.core").testkit.http

describe("token_is_valid", function()
  it("takes the letters, digits and marks of RFC 9110 and no other byte", function()
    local marks = "!#$%&'*+-.^_`|~"
    for byte = 0, 255 do
      local char = string.char(byte)
      local expected = char:find("^[0-9A-Za-z]$") ~= nil or marks:find(char, 1, true) ~= nil
      assert.equal(expected, http.is_token(char), byte)
      assert.equal(expected, http.is_token("a" .. char), byte)
    end
  end)

  it("refuses an empty one", function()
    assert.is_false(http.is_token(""))
  end)
end)

describe("token_list_next", function()
  it("takes a list apart at its commas, without blanks", function()
    assert.same({ "a", "b c", "d" }, http.token_list("a, b c\t ,\t d "))
    assert.same({ "keep-alive", "Upgrade" }, http.token_list("keep-alive,Upgrade"))
  end)

  it("passes over empty elements", function()
    assert.same({}, http.token_list(""))
    assert.same({}, http.token_list(" \t"))
    assert.same({}, http.token_list(", ,,\t,"))
    assert.same({ "a", "b" }, http.token_list(",a,, b ,"))
  end)

  it("takes an element of any length", function()
    local long = "b" .. (" "):rep(15000) .. "x"
    assert.same({ long }, http.token_list(long))
    assert.equal(8000, #http.token_list(("a,"):rep(8000)))
  end)
end)

describe("field_value_has_byte", function()
  it("refuses control bytes but tab", function()
    assert.is_true(http.has_value_bytes("\t a~\x80\xff"))
    for _, char in ipairs { "\0", "\r", "\n", "\27", "\x1f", "\x7f" } do
      assert.is_false(http.has_value_bytes("a" .. char))
    end
  end)
end)
