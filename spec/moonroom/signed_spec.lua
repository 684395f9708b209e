-- moonroom.sign and moonroom.verify: lua/moonroom/signed.lua, src/binding/lua_sign.c,
-- src/protocol/signature.c and base64url.c.

local app_module = require "moonroom.app"
local raises_here = require "raises_here"
local world = require "world"

local secret = "0123456789abcdef0123456789abcdef"
local other = "0123456789abcdef0123456789abcdeF"

-- Made with Python's hmac and base64.
local known = {
  [""] = "..-nTxRXrHfi0ThFhqBwriZjTVtV4rt_7KcBctlyco3do",
  a = "YQ..h7iAmNx7XAyWbySt8vsdwkAxIVMTCNVFAOH3hozG128",
  ab = "YWI.._z22SZungk92y0uJNj_dlU_7iFsSsJw1ReFKtBhQsnQ",
  abc = "YWJj..jpRyMtEbrcjESRnsU9i04qN4vhT7au7hzK3aqkCPO7U",
  ["\xfb\xff\xfe"] = "-__-..tOjsrExGXzuzAb_ow9_zDwjYJR7jZbD3peuwE3C04H8",
}

describe("a signed value", function()
  local w = world.new()
  local sign, verify = w.moonroom.sign, w.moonroom.verify

  it("is base64url, dots, and the HMAC that others make of it", function()
    for value, signed in pairs(known) do
      assert.equal(signed, sign(value, secret))
      assert.equal(value, verify(signed, secret))
    end
  end)

  it("may be any bytes of any length, and fits in a cookie", function()
    local all = {}
    for byte = 0, 255 do all[#all + 1] = string.char(byte) end
    local bytes = table.concat(all)
    for length = 0, 256 do
      local value = bytes:sub(1, length)
      local signed = sign(value, secret)
      assert.matches("^[%w_-]*%.%.[%w_-]+$", signed)
      assert.equal(value, verify(signed, secret))
    end
    assert.equal(bytes:rep(4000), verify(sign(bytes:rep(4000), secret), secret))
  end)

  it("isn't good with another secret, or with any byte changed, lost or added", function()
    local signed = sign("ann", secret)
    assert.same({ nil, "not signed" }, { verify(signed, other) })
    for at = 1, #signed do
      for _, byte in ipairs { "A", "B", ".", "", "-", "\0", "=" } do
        local changed = signed:sub(1, at - 1) .. byte .. signed:sub(at + 1)
        if changed ~= signed then assert.is_nil(verify(changed, secret), changed) end
      end
      assert.is_nil(verify(signed:sub(1, at - 1), secret))
    end
    for _, none in ipairs { "", ".", "..", "...", "x", signed .. "=", "." .. signed } do
      assert.same({ nil, "not signed" }, { verify(none, secret) })
    end
  end)

  it("that isn't there is nothing, and no error", function()
    assert.same({ nil, "nothing" }, { verify(nil, secret) })
  end)

  it("is good for max_age, which can't be changed", function()
    local signed = sign("ann", secret, { max_age = 10 })
    w:advance(9.9)
    assert.equal("ann", verify(signed, secret))
    w:advance(1.1)
    assert.same({ nil, "expired" }, { verify(signed, secret) })
    local later = signed:gsub("%.(%d+)%.", function(till) return "." .. till + 100 .. "." end)
    assert.same({ nil, "not signed" }, { verify(later, secret) })
    assert.same({ nil, "not signed" }, { verify(signed:gsub("%.%d+%.", ".."), secret) })
  end)

  it("needs a secret of 32 bytes", function()
    local token = w.moonroom.token()
    assert.equal("x", verify(sign("x", token), token))
    for _, short in ipairs { "", ("x"):rep(31), 12, {} } do
      raises_here("a secret is a string of at least 32 bytes", function() sign("x", short) end)
      raises_here("a secret is a string of at least 32 bytes", function() verify("x", short) end)
    end
    raises_here("of at least 32 bytes, as moonroom.token() makes them, not a nil",
      function() sign("x") end)
    raises_here("not one of 6", function() sign("x", "sesame") end)
  end)

  it("raises at the line of who hands it something else", function()
    raises_here("the value to sign is a string, not a table", function() sign({}, secret) end)
    raises_here("verified is a string or nil, not a table", function() verify({}, secret) end)
    raises_here("max_age is a number", function() sign("x", secret, { max_age = -1 }) end)
    raises_here("max_age is a number", function() sign("x", secret, { max_age = 0 / 0 }) end)
    raises_here("did you mean max_age?", function() sign("x", secret, { maxage = 1 }) end)
    raises_here("options are a table", function() sign("x", secret, 60) end)
  end)

  it("can be made outside an app where it doesn't expire", function()
    local public = app_module.new(nil).public
    assert.equal("ann", public.verify(public.sign("ann", secret), secret))
    raises_here("no app", function() public.sign("ann", secret, { max_age = 1 }) end)
  end)
end)
