-- The field Accept-Encoding: src/protocol/accept_encoding.c.

local kit = require("moonroom.core").testkit

-- Whether gzip is preferred by who sends these values, each in a field of its own.
local function prefers(...)
  local head = "GET / HTTP/1.1\r\nHost: a\r\n"
  for _, value in ipairs { ... } do head = head .. "Accept-Encoding: " .. value .. "\r\n" end
  local request = assert(kit.http.request(head .. "\r\n"))
  local result = kit.files.prefers_gzip(request)
  request:release()
  return result
end

describe("accept_encoding_prefers_gzip", function()
  it("holds for who names gzip, by whatever name and weight", function()
    for _, value in ipairs {
      "gzip", "GZip", "x-gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8", "gzip;q=0.001",
      "gzip ; q=0.5", "gzip;Q=1", "gzip;q=1.", "gzip;q=1.000", "gzip;q=0.", "*", "*;q=0.1",
      "br, *;q=0.5",
    } do
      assert.equal(value ~= "gzip;q=0.", prefers(value), value)
    end
    assert.is_true(prefers("br", "deflate", "gzip"))
  end)

  it("doesn't for who doesn't name it, or weighs it nothing", function()
    assert.is_false(prefers())
    for _, value in ipairs {
      "", "identity", "br", "deflate", "gzipped", "gzip;q=0", "gzip;q=0.000", "x-gzip;q=0",
      "*;q=0", "gzip;q=0, *", "*;q=1, gzip;q=0",
    } do
      assert.is_false(prefers(value), value)
    end
  end)

  it("doesn't for who likes a body better as it is", function()
    assert.is_false(prefers("gzip;q=0.5, identity"))
    assert.is_false(prefers("identity;q=0.6, *;q=0.5"))
    assert.is_true(prefers("gzip;q=0.5, identity;q=0.5"))
    assert.is_true(prefers("gzip;q=0.5, identity;q=0"))
  end)

  it("passes over an element that is wrong", function()
    for _, value in ipairs {
      "gzip;q", "gzip;q=", "gzip;q=2", "gzip;q=1.1", "gzip;q=1.001", "gzip;q=0.1234", "gzip;q=-1",
      "gzip;q=.5", "gzip;q=0,5", "gzip;q=0.a", "gzip;level=9", "gzip;q=1;q=1", "gzip;q=1 x",
    } do
      assert.is_false(prefers(value), value)
    end
    assert.is_true(prefers("br;q=nan, gzip"))
  end)
end)
