-- The field Range: src/protocol/range.c.

local files = require("moonroom.core").testkit.files

local function range(value, size) return { files.range(value, size or 1000) } end

describe("range_parse", function()
  it("takes one part, its last byte or none said, or so many of the last", function()
    assert.same({ "part", 0, 500 }, range "bytes=0-499")
    assert.same({ "part", 500, 500 }, range "bytes=500-")
    assert.same({ "part", 999, 1 }, range "bytes=999-999")
    assert.same({ "part", 900, 100 }, range "bytes=-100")
    assert.same({ "part", 7, 1 }, range "BYTES=7-7")
  end)

  it("lets a part end where all ends", function()
    assert.same({ "part", 10, 990 }, range "bytes=10-1000")
    assert.same({ "part", 0, 1000 }, range "bytes=0-99999999999999999999999999")
    assert.same({ "part", 0, 1000 }, range "bytes=-1001")
    assert.same({ "part", 0, 1000 }, range "bytes=-18446744073709551616")
  end)

  it("says of a part without a byte that it lies beyond", function()
    for _, value in ipairs {
      "bytes=1000-", "bytes=1000-1000", "bytes=18446744073709551615-", "bytes=-0",
      "bytes=18446744073709551616-18446744073709551617", "bytes=-000",
    } do
      assert.same({ "beyond" }, range(value), value)
    end
  end)

  it("passes over what is wrong, as if it weren't there", function()
    for _, value in ipairs {
      "", "bytes", "bytes=", "bytes=-", "bytes=,", "bytes=1", "bytes=a-b", "bytes=1-a",
      "bytes=2-1", "bytes=+1-2", "bytes=1--2", "bytes=--1", "bytes= 1 - 2", "bytes=0x1-2",
      "bytes=1-2;", "items=0-1", "byte=0-1", "bytes =0-1", "=0-1", "0-1", "bytes=1-2=3",
      "bytes=\0-1", "bytes=1-2\0",
    } do
      assert.same({ "none" }, range(value), value)
    end
  end)

  it("answers several with all, and takes empty elements for none", function()
    assert.same({ "none" }, range "bytes=0-1,5-6")
    assert.same({ "none" }, range "bytes=0-1, -1")
    assert.same({ "none" }, range "bytes=2000-,3000-")
    assert.same({ "none" }, range("bytes=" .. ("0-0,"):rep(2000)))
    assert.same({ "part", 0, 2 }, range "bytes=, 0-1 ,")
  end)

  it("gives all of what is empty", function()
    for _, value in ipairs { "bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0", "bytes=5-" } do
      assert.same({ "none" }, range(value, 0), value)
    end
  end)

  it("knows sizes beyond 32 bits, and the largest", function()
    assert.same({ "part", 1 << 40, 1 }, range("bytes=1099511627776-", (1 << 40) + 1))
    assert.same({ "part", math.maxinteger - 1, 1 }, range("bytes=-1", math.maxinteger))
  end)

  it("reads no range in what is only the beginning of one", function()
    local value = "bytes=12-34"
    for length = 0, #value - 1 do
      local kind = files.range(value:sub(1, length), 1000)
      local is_whole = length == #"bytes=12-"
      assert.equal((is_whole or length == #value - 1) and (is_whole and "part" or "none") or "none",
        kind, length)
    end
  end)
end)
