-- Dates as HTTP writes them: src/protocol/http_date.c.

local files = require("moonroom.core").testkit.files

local NOW = 1800000000 -- 2027

describe("http_date_write", function()
  it("writes what C's library writes, at every edge of a year", function()
    for year = 1970, 2105 do
      for _, second in ipairs { 0, 86399, 59 * 86400 - 1, 59 * 86400, 60 * 86400, 364 * 86400 } do
        local noon = os.time { year = year, month = 1, day = 1, hour = 12 }
        local time = noon // 86400 * 86400 + second
        assert.equal(os.date("!%a, %d %b %Y %H:%M:%S GMT", time), files.date(time))
      end
    end
  end)

  it("knows the years before 1970 and those without a leap day", function()
    assert.equal("Wed, 31 Dec 1969 23:59:59 GMT", files.date(-1))
    assert.equal("Sat, 01 Jan 0000 00:00:00 GMT", files.date(-62167219200))
    assert.equal("Tue, 29 Feb 2000 00:00:00 GMT", files.date(951782400))
    assert.equal("Mon, 01 Mar 2100 00:00:00 GMT", files.date(4107542400))
    assert.equal("Fri, 31 Dec 9999 23:59:59 GMT", files.date(253402300799))
  end)

  it("writes a time that no year of four digits has as the nearest that one has", function()
    assert.equal(files.date(253402300799), files.date(math.maxinteger))
    assert.equal(files.date(-62167219200), files.date(math.mininteger))
  end)
end)

-- One moment in the three formats (RFC 9110 5.6.7).
local FORMATS = {
  "Sun, 06 Nov 1994 08:49:37 GMT",
  "Sunday, 06-Nov-94 08:49:37 GMT",
  "Sun Nov  6 08:49:37 1994",
}
local MOMENT = 784111777

describe("http_date_parse", function()
  it("reads all three formats", function()
    for _, text in ipairs(FORMATS) do assert.equal(MOMENT, files.read_date(text, NOW)) end
    assert.equal(MOMENT + 8 * 86400, files.read_date("Mon Nov 14 08:49:37 1994", NOW))
  end)

  it("reads what http_date_write writes", function()
    for time = -62167219200, 253402300799, 98765432101 do
      assert.equal(time, files.read_date(files.date(time), NOW))
    end
  end)

  it("refuses a date that ends early or goes on, wherever", function()
    for _, text in ipairs(FORMATS) do
      for length = 0, #text - 1 do assert.is_nil(files.read_date(text:sub(1, length), NOW)) end
      for _, more in ipairs { " ", "x", "0", "\0" } do
        assert.is_nil(files.read_date(text .. more, NOW))
        assert.is_nil(files.read_date(more .. text, NOW))
      end
    end
  end)

  it("refuses a date with any of its bytes changed to one that can't stand there", function()
    for _, text in ipairs(FORMATS) do
      for at = 1, #text do
        for _, byte in ipairs { "\0", "/", ":", "?", "\xff" } do
          if text:sub(at, at) ~= byte then
            local changed = text:sub(1, at - 1) .. byte .. text:sub(at + 1)
            assert.is_nil(files.read_date(changed, NOW), changed)
          end
        end
      end
    end
  end)

  it("refuses a day, hour, minute or second that there isn't", function()
    for _, text in ipairs {
      "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
      "Sun, 29 Feb 1994 08:49:37 GMT", "Sun, 29 Feb 2100 08:49:37 GMT",
      "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
      "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
      "sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC",
      "Sun, 6 Nov 1994 08:49:37 GMT", "Sun Nov 06 08:49:37 94", "Sun Nov   8:49:37 1994",
      "06 Nov 1994 08:49:37 GMT", "784111777", "",
    } do
      assert.is_nil(files.read_date(text, NOW), text)
    end
    assert.equal(951782400, files.read_date("Tue, 29 Feb 2000 00:00:00 GMT"))
  end)

  it("takes the second that a minute may have more", function()
    assert.equal(files.read_date("Wed, 01 Jan 1997 00:00:00 GMT"),
      files.read_date("Tue, 31 Dec 1996 23:59:60 GMT"))
  end)

  it("takes two digits of a year for the latest that is at most 50 years ahead", function()
    local function year_of(digits, now)
      return os.date("!%Y", files.read_date("Sunday, 06-Nov-" .. digits .. " 08:49:37 GMT", now))
    end
    assert.same({ "2027", "2077", "1978", "1994", "2000" }, {
      year_of("27", NOW), year_of("77", NOW), year_of("78", NOW), year_of("94", NOW),
      year_of("00", NOW),
    })
    local later = files.read_date("Fri, 01 Jan 2066 00:00:00 GMT")
    assert.same({ "2116", "2017", "2099", "2100" }, {
      year_of("16", later), year_of("17", later), year_of("99", later), year_of("00", later),
    })
  end)
end)
