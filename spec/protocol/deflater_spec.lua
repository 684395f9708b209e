local deflated = require "deflated"
local kit = require("moonroom.core").testkit.deflate

local noise = deflated.noise
local TEXT = ("The quick brown fox jumps over the lazy dog. "):rep(200)

describe("a deflater", function()
  it("makes of Hello what RFC 7692 7.2.3.1 and 7.2.3.2 show", function()
    local deflater = kit.deflater(6)
    assert.equal("\xf2\x48\xcd\xc9\xc9\x07\x00", deflater:deflate("Hello"))
    assert.equal("\xf2\x00\x11\x00\x00", deflater:deflate("Hello"))
    deflater:reset()
    assert.equal("\xf2\x48\xcd\xc9\xc9\x07\x00", deflater:deflate("Hello"))
  end)

  it("makes one byte of an empty message, also between others", function()
    local deflater, receive = kit.deflater(), deflated.receiver()
    for _, text in ipairs { "", "Hello", "", "", "Hello" } do
      local bytes = deflater:deflate(text)
      if text == "" then assert.equal("\0", bytes) end
      assert.equal(text, receive(bytes))
    end
  end)

  it("makes what another inflater takes, at any level and window, of any size", function()
    local texts = { "a", TEXT, noise(100), noise(70000), ("x"):rep(300000), TEXT .. noise(20000),
      TEXT }
    for level = 1, 9 do
      for window_bits = 9, 15 do
        local deflater = kit.deflater(level, window_bits)
        local receive = deflated.receiver { window_bits = window_bits }
        for at, text in ipairs(texts) do
          local got = receive(deflater:deflate(text))
          assert(got == text, ("level %d, %d bits, text %d"):format(level, window_bits, at))
        end
      end
    end
  end)

  it("makes what another inflater takes where the output just fills a step", function()
    local receive = deflated.receiver { takeover = false }
    for length = 16340, 16400 do
      local deflater = kit.deflater()
      local text = noise(length, length)
      assert.equal(text, receive(deflater:deflate(text)))
    end
  end)

  it("refers to the messages before, and after a reset to none", function()
    local deflater, text = kit.deflater(), noise(1000)
    local first = deflater:deflate(text)
    local second = deflater:deflate(text)
    assert.is_true(#second < 100)
    deflater:reset()
    assert.equal(first, deflater:deflate(text))
    local receive = deflated.receiver()
    assert.equal(text, receive(first))
    assert.equal(text, receive(second))
    -- A fresh stream is taken by who keeps a window, too.
    assert.equal(text, receive(first))
  end)

  it("gives up where more would come out than it may", function()
    local deflater = kit.deflater()
    local size = #deflater:deflate(TEXT)
    for _, case in ipairs { { TEXT, size }, { "", 1 } } do
      deflater:reset()
      assert.equal(case[2], #assert(deflater:deflate(case[1], case[2])))
      deflater:reset()
      assert.is_nil(deflater:deflate(case[1], case[2] - 1))
    end
    deflater:reset()
    assert.is_nil(deflater:deflate(noise(200000), 199999))
    deflater:reset()
    assert.equal(TEXT, deflated.receiver()(deflater:deflate(TEXT)))
  end)

  it("allocates nothing but its output once it is made", function()
    local deflater = kit.deflater()
    deflater:deflate(TEXT)
    local blocks, before = deflater:memory()
    for _ = 1, 20 do
      deflater:reset()
      deflater:deflate(TEXT)
    end
    local blocks_after, after = deflater:memory()
    assert.equal(blocks, blocks_after)
    assert.equal(20, after - before)
  end)

  it("gives up where there is no memory for its output, and works again then", function()
    local deflater = kit.deflater()
    deflater:fail_at(1)
    assert.is_nil(deflater:deflate(TEXT))
    deflater:reset()
    assert.equal(TEXT, deflated.receiver()(deflater:deflate(TEXT)))
  end)
end)
