local kit = require("moonroom.core").testkit.base

-- RFC 3629 4, the grammar of UTF8-char as a table: the ranges of each byte of each form.
local FORMS = {
  { { 0x00, 0x7F } },
  { { 0xC2, 0xDF }, { 0x80, 0xBF } },
  { { 0xE0, 0xE0 }, { 0xA0, 0xBF }, { 0x80, 0xBF } },
  { { 0xE1, 0xEC }, { 0x80, 0xBF }, { 0x80, 0xBF } },
  { { 0xED, 0xED }, { 0x80, 0x9F }, { 0x80, 0xBF } },
  { { 0xEE, 0xEF }, { 0x80, 0xBF }, { 0x80, 0xBF } },
  { { 0xF0, 0xF0 }, { 0x90, 0xBF }, { 0x80, 0xBF }, { 0x80, 0xBF } },
  { { 0xF1, 0xF3 }, { 0x80, 0xBF }, { 0x80, 0xBF }, { 0x80, 0xBF } },
  { { 0xF4, 0xF4 }, { 0x80, 0x8F }, { 0x80, 0xBF }, { 0x80, 0xBF } },
}

local form_of = {}
for _, form in ipairs(FORMS) do
  for lead = form[1][1], form[1][2] do
    form_of[lead] = form
  end
end

-- How many bytes at the front may begin a valid text, and whether all of them are one.
local function oracle(bytes)
  local at = 1
  while at <= #bytes do
    local form = form_of[bytes:byte(at)]
    if not form then return at - 1, false end
    for i = 2, #form do
      local byte = bytes:byte(at + i - 1)
      if not byte then return #bytes, false end
      if byte < form[i][1] or byte > form[i][2] then return at + i - 2, false end
    end
    at = at + #form
  end
  return #bytes, true
end

-- How many bytes are taken one at a time before one is refused, and whether they are a text.
local function streamed(bytes)
  local check = kit.utf8()
  for i = 1, #bytes do
    if not check:check(bytes:sub(i, i)) then return i - 1, false end
  end
  return #bytes, check:is_complete()
end

local function assert_as_oracle(bytes)
  local taken, is_valid = oracle(bytes)
  if kit.utf8_is_valid(bytes) ~= is_valid then
    error(("%q is%s valid"):format(bytes, is_valid and "" or " not"))
  end
  return taken, is_valid
end

-- The same at once and streamed, and refused at the same byte.
local function assert_streams_as_oracle(bytes)
  local taken, is_valid = assert_as_oracle(bytes)
  local streamed_taken, streamed_valid = streamed(bytes)
  if taken ~= streamed_taken or is_valid ~= streamed_valid then
    error(("%q streams otherwise"):format(bytes))
  end
end

local EDGES = { 0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xE0, 0xF0, 0xFF }

describe("UTF-8", function()
  it("is what RFC 3629 says, for the empty text and each single byte", function()
    assert.is_true(kit.utf8_is_valid(""))
    for byte = 0, 255 do
      assert_streams_as_oracle(string.char(byte))
    end
  end)

  it("is what RFC 3629 says, for all pairs of bytes", function()
    for first = 0, 255 do
      for second = 0, 255 do
        assert_streams_as_oracle(string.char(first, second))
      end
    end
  end)

  it("is what RFC 3629 says, for all bytes behind a lead that has bounds of its own", function()
    for _, lead in ipairs({ 0xE0, 0xED, 0xF0, 0xF4 }) do
      for second = 0, 255 do
        for third = 0, 255 do
          assert_as_oracle(string.char(lead, second, third))
        end
      end
    end
  end)

  it("is what RFC 3629 says, at the edges behind every lead", function()
    for lead = 0xC0, 0xFF do
      for _, second in ipairs(EDGES) do
        for _, third in ipairs(EDGES) do
          assert_streams_as_oracle(string.char(lead, second, third))
        end
      end
    end
  end)

  it("is what RFC 3629 says, for four bytes at the edges", function()
    for lead = 0xEF, 0xF5 do
      for _, second in ipairs(EDGES) do
        for _, third in ipairs(EDGES) do
          for _, fourth in ipairs(EDGES) do
            assert_as_oracle(string.char(lead, second, third, fourth))
          end
        end
      end
    end
  end)

  it("takes the first and last character of each size", function()
    for _, point in ipairs({ 0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000,
      0x10FFFF }) do
      assert.is_true(kit.utf8_is_valid(utf8.char(point)))
    end
  end)

  it("refuses surrogates, overlong forms and what is above U+10FFFF", function()
    for _, text in ipairs({ "\xed\xa0\x80", "\xed\xbf\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf",
      "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80" }) do
      assert.is_false(kit.utf8_is_valid(text))
    end
  end)

  it("is seen wherever it lies in a run of ASCII", function()
    local characters = { "é", "€", "😀", "\x80", "\xc3", "\xe2\x82", "\xff", "\xed\xa0\x80",
    }
    for before = 0, 70 do
      for _, after in ipairs({ 0, 1, 7, 8, 33 }) do
        local front, back = ("a"):rep(before), ("b"):rep(after)
        for _, character in ipairs(characters) do
          assert_as_oracle(front .. character .. back)
        end
      end
    end
  end)
end)

describe("a text in pieces", function()
  local text = "Grüße, 月の部屋: 😀 ok — \u{10FFFF}\u{D7FF}\u{E000}."

  it("is valid at every split, and complete only between characters", function()
    for split = 0, #text do
      local check = kit.utf8()
      assert.is_true(check:check(text:sub(1, split)))
      local between = split == #text or utf8.offset(text, 0, split + 1) == split + 1
      assert.equal(between, check:is_complete())
      assert.is_true(check:check(text:sub(split + 1)))
      assert.is_true(check:is_complete())
    end
  end)

  it("is refused in the piece that has the wrong byte", function()
    for at = 1, #text do
      local bytes = text:sub(1, at - 1) .. "\xff" .. text:sub(at + 1)
      for split = 0, #bytes do
        local check = kit.utf8()
        local front = check:check(bytes:sub(1, split))
        assert.equal(split < at, front)
        if front then assert.is_false(check:check(bytes:sub(split + 1))) end
      end
    end
  end)

  it("is that wherever something lies among ASCII, in texts of any length", function()
    local others = {
      "\x80", "\xff", "\xc3\xa9", "\xc3", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\xa0\x80",
    }
    for length = 1, 75 do
      for at = 0, length do
        for _, other in ipairs(others) do
          local bytes = (("a"):rep(at) .. other .. ("b"):rep(length)):sub(1, length)
          assert_as_oracle(bytes)
        end
      end
    end
  end)

  it("goes on after an empty piece", function()
    local check = kit.utf8()
    assert.is_true(check:check("\xe2\x82"))
    assert.is_true(check:check(""))
    assert.is_false(check:is_complete())
    assert.is_true(check:check("\xac"))
    assert.is_true(check:is_complete())
  end)
end)

describe("cutting a text", function()
  it("keeps the longest prefix of whole characters", function()
    for _, text in ipairs({ "", "abc", "é€😀", "aébc€", "😀😀", "\u{FFFF}\u{10FFFF}" }) do
      for limit = 0, #text + 2 do
        local longest = ""
        for position, code in utf8.codes(text) do
          local stop = position + #utf8.char(code) - 1
          if stop <= limit then longest = text:sub(1, stop) end
        end
        assert.equal(longest, kit.utf8_cut(text, limit))
      end
    end
  end)
end)
