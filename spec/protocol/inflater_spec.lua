local deflated = require "deflated"
local kit = require("moonroom.core").testkit.deflate

local stored, noise = deflated.stored, deflated.noise
local HELLO = "\xf2\x48\xcd\xc9\xc9\x07\x00" -- RFC 7692 7.2.3.1

local function from_hex(text)
  return (text:gsub("%s", ""):gsub("..", function(byte) return string.char(tonumber(byte, 16)) end))
end

-- Bits in the order in which deflate reads them.
local function from_bits(text)
  text = text:gsub("%s", "")
  text = text .. ("0"):rep(-#text % 8)
  return (text:gsub("%d%d%d%d%d%d%d%d", function(bits)
    return string.char(tonumber(bits:reverse(), 2))
  end))
end

-- What comes of a message, which must be the same in steps of any size.
local function inflate(bytes, most)
  local whole, why = kit.inflater():inflate(bytes, false, most)
  for _, step in ipairs { 1, 2, 7, 1000 } do
    local inflater = kit.inflater()
    local again, why_again = inflater:inflate(bytes, false, most, step)
    assert(again == whole and why_again == why, "in steps of " .. step)
  end
  return whole, why
end

describe("an inflater", function()
  it("takes the samples of RFC 7692 7.2.3", function()
    for sample, message in pairs {
      ["f2 48 cd c9 c9 07 00"] = "Hello", -- 7.2.3.1
      ["00 05 00 fa ff 48 65 6c 6c 6f 00"] = "Hello", -- 7.2.3.3: a stored block
      ["f3 48 cd c9 c9 07 00 00"] = "Hello", -- 7.2.3.4: a final block
      ["f2 48 05 00 00 00 ff ff ca c9 c9 07 00"] = "Hello", -- 7.2.3.5: two blocks
      ["00"] = "", -- 7.2.3.6
    } do
      assert.equal(message, (inflate(from_hex(sample))), sample)
    end
  end)

  it("takes the second Hello that refers to the first: RFC 7692 7.2.3.2", function()
    local inflater = kit.inflater()
    assert.equal("Hello", inflater:inflate(HELLO))
    assert.equal("Hello", inflater:inflate(from_hex "f2 00 11 00 00", true))
    assert.same({ nil, "bad" }, { inflater:inflate(from_hex "f2 00 11 00 00", false) })
  end)

  it("takes what another deflater makes, at any level and window, of any size", function()
    local texts = { "", "a", ("abc"):rep(1000), noise(100), noise(70000), ("x"):rep(300000),
      ("The quick brown fox. "):rep(5000) .. noise(20000) }
    for level = 0, 9 do
      for window_bits = 9, 15, 3 do
        local send = deflated.sender { level = level, window_bits = window_bits }
        local inflater = kit.inflater(window_bits)
        for at, text in ipairs(texts) do
          local got, why = inflater:inflate(send(text), true)
          local place = ("level %d, %d bits, text %d: %s"):format(level, window_bits, at, why)
          assert(got == text, place)
        end
      end
    end
  end)

  it("takes a window of 8 bits for one of 9, which some peers' zlib makes of it", function()
    local inflater, text = kit.inflater(8), noise(400)
    assert.equal(text, inflater:inflate(stored(text) .. "\0", true))
    -- Three bytes from 300 before, in a fixed block (RFC 1951 3.2.6): its header, code 257,
    -- distance 16 with 43 more, code 256; and the header of the empty block.
    local bits = "0 10" .. "0000001" .. "10000" .. "1101010" .. "0000000" .. "0 00"
    assert.equal(text:sub(101, 103), inflater:inflate(from_bits(bits), true))
  end)

  it("takes an empty message of no bytes at all, also between others", function()
    local inflater = kit.inflater()
    assert.equal("", inflater:inflate("", false))
    assert.equal("Hello", inflater:inflate(HELLO, true))
    assert.equal("", inflater:inflate("", true))
    assert.equal("Hello", inflater:inflate(from_hex "f2 00 11 00 00", true))
  end)

  it("goes on behind final blocks, in the same window", function()
    local send, inflater = deflated.sender { final = true }, kit.inflater()
    for _, text in ipairs { "Hello", noise(40000), "", "Hello" } do
      assert.equal(text, inflater:inflate(send(text), true))
    end
    -- A final block, then one that refers to it.
    local both = from_hex "f3 48 cd c9 c9 07 00" .. from_hex "f2 00 11 00 00"
    assert.equal("HelloHello", (inflate(both)))
  end)

  it("takes a message that ends with a final block and nothing behind it", function()
    local inflater = kit.inflater()
    assert.equal("Hello", (inflate(from_hex "f3 48 cd c9 c9 07 00")))
    assert.equal("Hello", inflater:inflate(from_hex "f3 48 cd c9 c9 07 00", true))
    assert.equal("Hello", inflater:inflate(from_hex "f2 00 11 00 00", true))
  end)

  it("takes many final and empty blocks in time that grows with their number", function()
    local function cost(blocks)
      local before = os.clock()
      assert.equal("", (kit.inflater():inflate(("\3\0"):rep(blocks) .. "\0")))
      return os.clock() - before
    end
    cost(1000)
    -- A copy of the window for each block would take 30 s.
    assert.is_true(cost(500000) < 5)
  end)

  it("stops at the size that it is given, and takes exactly that", function()
    local send = deflated.sender { takeover = false }
    for _, size in ipairs { 1, 100, 16383, 16384, 16385, 100000 } do
      local bytes = send(("x"):rep(size))
      assert.equal(size, #assert(inflate(bytes, size)))
      assert.same({ nil, "too big" }, { inflate(bytes, size - 1) })
    end
  end)

  it("finds every truncation of a message, of any kind of block", function()
    local text = ("The quick brown fox jumps over the lazy dog. "):rep(3) .. noise(30)
    local messages = {
      deflated.sender()(text), deflated.sender { level = 9 }(text:rep(20)),
      stored(text) .. "\0", stored("abc\0\0\xff\xff") .. "\0",
      deflated.sender { final = true }(text),
      stored(("\0\0\xff\xff"):rep(20)) .. "\0",
    }
    for which, bytes in ipairs(messages) do
      assert(inflate(bytes))
      -- A first byte of 0 alone is the empty message; a final block without the last byte, which
      -- RFC 7692 7.2.3.4 has behind it, is whole.
      local first = bytes:byte() == 0 and 2 or 1
      local last = which == 5 and #bytes - 2 or #bytes - 1
      for length = first, last do
        local got, why = inflate(bytes:sub(1, length))
        local place = ("%d cut to %d: %s"):format(which, length, got or why)
        -- The tail may come to stand where a stored block's lengths would be.
        assert(not got and (why == "early" or why == "bad"), place)
      end
    end
  end)

  it("finds that the tail was not taken off", function()
    local _, why = inflate(HELLO .. deflated.tail)
    assert.equal("early", why)
  end)

  it("refuses what is no deflate stream", function()
    for _, sample in ipairs {
      "ff ff ff ff", -- a reserved kind of block
      "00 05 00 00 00 48 65 6c 6c 6f", -- NLEN doesn't match
      "f2 00 11 00 00", -- refers to before the beginning
      "fc ff ff ff", -- a dynamic block with more codes than there are
      "78 9c 03 00 00 00 00 01", -- zlib's own format
    } do
      local got, why = inflate(from_hex(sample))
      assert.is_nil(got, sample)
      assert.equal("bad", why, sample)
    end
  end)

  it("takes the next fresh message after any that failed", function()
    local inflater = kit.inflater()
    for _, bad in ipairs { "\xff\xff\xff\xff", HELLO:sub(1, 3), stored("abcdefgh"):sub(1, 8) } do
      assert.is_nil((inflater:inflate(bad, false)))
      assert.equal("Hello", inflater:inflate(HELLO, false))
    end
    assert.is_nil((inflater:inflate(deflated.sender()(("x"):rep(1000)), false, 10)))
    assert.equal("Hello", inflater:inflate(HELLO, false))
  end)

  it("allocates with its first message, and nothing more", function()
    local inflater = kit.inflater()
    inflater:inflate(HELLO)
    local _, before = inflater:memory()
    for i = 1, 50 do
      inflater:inflate(HELLO, i % 2 == 0)
      inflater:inflate(deflated.sender()(noise(50000)), i % 2 == 0)
    end
    assert.equal(before, select(2, inflater:memory()))
  end)

  it("says so where there is no memory, and works again when there is", function()
    local inflater = kit.inflater()
    inflater:fail_at(1)
    assert.same({ nil, "no memory" }, { inflater:inflate(HELLO) })
    assert.equal("Hello", inflater:inflate(HELLO))
  end)
end)
