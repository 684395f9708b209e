-- Percent-encoding, queries and cookies: src/protocol/url.c.

local http = require("moonroom.core").testkit.http

describe("url_decode", function()
  it("decodes every escape in either case", function()
    for byte = 0, 255 do
      assert.equal(string.char(byte), http.decode(("%%%02x"):format(byte)))
      assert.equal(string.char(byte), http.decode(("%%%02X"):format(byte)))
    end
    assert.equal("a b/c%", http.decode("a%20b%2fc%25"))
    assert.equal("%41", http.decode("%2541"))
  end)

  it("leaves what is not escaped as it is", function()
    assert.equal("", http.decode(""))
    assert.equal("caf\xc3\xa9+\0", http.decode("caf\xc3\xa9+\0"))
  end)

  it("takes '+' for a blank where told to", function()
    assert.equal("a b+", http.decode("a+b%2B", true))
    assert.equal("a+b", http.decode("a+b"))
  end)

  it("refuses a '%' without two hexadecimal digits", function()
    for _, text in ipairs {
      "%", "%4", "a%", "a%4", "%zz", "%4g", "%g4", "%%41", "%+1", "% 1", "%0x",
    } do
      assert.is_nil(http.decode(text), text)
      assert.is_nil(http.decode("x" .. text, true), text)
    end
  end)
end)

describe("url_query_next", function()
  it("takes pairs apart, still encoded", function()
    assert.same({ { "a", "b" }, { "c", "%20+d" } }, http.query("a=b&c=%20+d"))
    assert.same({ { "a", "b=c?/" } }, http.query("a=b=c?/"))
  end)

  it("tells an empty value from none", function()
    assert.same({ { "a", "" }, { "b", false } }, http.query("a=&b"))
  end)

  it("passes over pairs without a name", function()
    assert.same({}, http.query(""))
    assert.same({}, http.query("&&=&=x"))
    assert.same({ { "a", "1" }, { "a", "2" } }, http.query("&a=1&&=x&a=2&"))
  end)
end)

describe("url_cookie_next", function()
  it("takes cookies apart", function()
    assert.same({ { "a", "1" }, { "b", "x=y" } }, http.cookies("a=1; b=x=y"))
    assert.same({ { "a", "1" }, { "b", "2" } }, http.cookies("a=1;b=2;"))
  end)

  it("drops blanks and the quotes around a value", function()
    assert.same({ { "a", "1 2" }, { "b", "q" }, { "c", "" } },
      http.cookies("\ta = 1 2 ; b=\"q\"; c=\"\""))
  end)

  it("keeps a quote that has no partner", function()
    assert.same({ { "a", "\"" }, { "b", "\"x" }, { "c", "x\"" } },
      http.cookies("a=\"; b=\"x; c=x\""))
  end)

  it("tells an empty value, and passes over what has no name or no '='", function()
    assert.same({ { "a", "" } }, http.cookies("a="))
    assert.same({ { "b", "1" } }, http.cookies("a; =x; ; b=1"))
    assert.same({}, http.cookies(""))
  end)
end)
