local close = require("moonroom.core").testkit.message.close

-- RFC 6455 7.4 and IANA's registry, written out.
local function may_be_sent(code)
  local registered = {
    [1000] = true, [1001] = true, [1002] = true, [1003] = true, [1007] = true, [1008] = true,
    [1009] = true, [1010] = true, [1011] = true, [1012] = true, [1013] = true, [1014] = true,
  }
  return registered[code] or code >= 3000 and code <= 4999
end

local function body(code, reason)
  return string.pack(">I2", code) .. (reason or "")
end

describe("a close code", function()
  it("may be sent where it is registered for the wire or left to applications", function()
    for code = 0, 5100 do
      assert.equal(may_be_sent(code) or false, close.is_valid(code), code)
    end
  end)

  it("is refused where it is no code at all", function()
    for _, code in ipairs({ -1, -1000, 65535, 65536 + 1000, 70000 }) do
      assert.is_false(close.is_valid(code))
    end
  end)
end)

describe("the body of a received Close", function()
  it("has no code where it is empty, which reads as 1005", function()
    assert.same({ 1005, "" }, { close.parse("") })
  end)

  it("is refused where it is one byte long", function()
    for byte = 0, 255 do
      assert.same({ nil, 1002 }, { close.parse(string.char(byte)) })
    end
  end)

  it("tells its code, or is refused with 1002 where that may not be sent", function()
    for code = 0, 65535 do
      local got, second = close.parse(body(code))
      if may_be_sent(code) then
        assert(got == code and second == "", code)
      else
        assert(got == nil and second == 1002, code)
      end
    end
  end)

  it("tells its reason, as long as one can be", function()
    assert.same({ 1000, "bye" }, { close.parse(body(1000, "bye")) })
    assert.same({ 4999, ("r"):rep(123) }, { close.parse(body(4999, ("r"):rep(123))) })
    assert.same({ 3000, "a\0é€😀" }, { close.parse(body(3000, "a\0é€😀")) })
  end)

  it("is refused with 1007 where the reason is not UTF-8", function()
    for _, reason in ipairs({ "\xff\xfe", "ok\xc3", "\xed\xa0\x80", "\xc0\x80", "a\x80" }) do
      assert.same({ nil, 1007 }, { close.parse(body(1000, reason)) })
    end
  end)

  it("is refused for its code before its reason is looked at", function()
    assert.same({ nil, 1002 }, { close.parse(body(1005, "\xff")) })
  end)
end)

describe("the body of a Close to send", function()
  it("is empty for no code", function()
    assert.equal("", close.write(0, "unheard"))
    assert.equal("", close.write(1005, "unheard"))
  end)

  it("holds the code, most significant byte first, and the reason", function()
    assert.equal("\x03\xe8", close.write(1000))
    assert.equal("\x13\x87bye", close.write(4999, "bye"))
  end)

  it("cuts a reason at 123 bytes, and never inside a character", function()
    assert.equal(body(1000, ("r"):rep(123)), close.write(1000, ("r"):rep(123)))
    assert.equal(body(1000, ("r"):rep(123)), close.write(1000, ("r"):rep(124)))
    assert.equal(body(1000, ("é"):rep(61)), close.write(1000, ("é"):rep(62)))
    assert.equal(body(1000, ("€"):rep(41)), close.write(1000, ("€"):rep(42)))
    assert.equal(body(1000, ("😀"):rep(30)), close.write(1000, ("😀"):rep(31)))
  end)

  it("is read back as it was written", function()
    for _, code in ipairs({ 1000, 1001, 1011, 3000, 4999 }) do
      for _, reason in ipairs({ "", "a", ("é"):rep(61) }) do
        assert.same({ code, reason }, { close.parse(close.write(code, reason)) })
      end
    end
  end)
end)
