local client_frame = require("client_frame")
local frame = require("moonroom.core").testkit.message.frame

local OPCODES = { [0] = true, [1] = true, [2] = true, [8] = true, [9] = true, [10] = true }

-- The header's progress after each of its bytes, and what the last step told.
local function step_by_step(bytes, allowed)
  local steps, result = {}, nil
  for size = 1, #bytes do
    result = { frame.parse(bytes:sub(1, size), allowed) }
    steps[size] = result[1]
    if result[1] ~= "more" then break end
  end
  return steps, table.unpack(result, 2)
end

-- After how many bytes a header is refused.
local function refused_after(bytes, allowed)
  local steps, reason = step_by_step(bytes, allowed)
  assert.equal("wrong", steps[#steps])
  assert.equal("string", type(reason))
  return #steps
end

-- RFC 6455 5.2 for the first two bytes: after how many they are refused, or nil.
local function oracle(first, second)
  local opcode, is_final = first & 0xf, first & 0x80 ~= 0
  if first & 0x70 ~= 0 or not OPCODES[opcode] then return 1 end
  if opcode >= 8 and not is_final then return 1 end
  if second & 0x80 == 0 then return 2 end
  if opcode >= 8 and second & 0x7f > 125 then return 2 end
  return nil
end

describe("a frame's header", function()
  local forms = {
    { 7, { 0, 1, 124, 125 }, 6 },
    { 16, { 126, 127, 128, 255, 256, 65534, 65535 }, 8 },
    { 64, { 65536, 65537, 1 << 20, (1 << 32) - 1, (1 << 32) + 5, (1 << 48), math.maxinteger }, 14 },
  }

  for _, form in ipairs(forms) do
    it("is read in the form of " .. form[1] .. " bits, and complete at one size only", function()
      for _, length in ipairs(form[2]) do
        local header = client_frame(2, "", { declared = length })
        assert.equal(form[3], #header)
        local steps, parsed, size = step_by_step(header)
        assert.equal(form[3], #steps)
        assert.equal("complete", steps[#steps])
        assert.equal(length, parsed.length)
        assert.equal(form[3], size)
        assert.same({ "complete", parsed, size }, { frame.parse(header .. "payload") })
      end
    end)
  end

  it("needs more where it is empty", function()
    assert.equal("more", (frame.parse("")))
  end)

  it("tells opcode, end and mask", function()
    local header = client_frame(1, "", { mask = "\1\2\3\4", final = false })
    assert.same({ is_final = false, reserved = 0, opcode = 1, length = 0, mask = "\1\2\3\4" },
      select(2, frame.parse(header)))
    header = client_frame(10, "hi", { mask = "\0\xff\0\xff" })
    assert.same({ is_final = true, reserved = 0, opcode = 10, length = 2, mask = "\0\xff\0\xff" },
      select(2, frame.parse(header)))
  end)

  it("is refused or taken by each pair of first bytes as the RFC says", function()
    for first = 0, 255 do
      for second = 0, 255 do
        local bytes = string.char(first, second)
        local refused = oracle(first, second)
        local whole = frame.parse(bytes)
        local alone = frame.parse(bytes:sub(1, 1))
        assert((alone == "wrong") == (refused == 1), first)
        assert((whole == "wrong") == (refused ~= nil), first << 8 | second)
      end
    end
  end)

  it("is refused after one byte for each reserved opcode", function()
    for opcode = 0, 15 do
      if not OPCODES[opcode] then
        assert.equal(1, refused_after(client_frame(opcode, "x")))
        assert.equal(1, refused_after(client_frame(opcode, "x", { final = false })))
      end
    end
  end)

  it("is refused after one byte for each reserved bit that no extension uses", function()
    for reserved = 1, 7 do
      assert.equal(1, refused_after(client_frame(1, "Hello", { reserved = reserved })))
    end
  end)

  it("takes the reserved bits that are allowed, and those alone", function()
    for reserved = 1, 7 do
      for allowed = 0, 7 do
        local progress, parsed = frame.parse(client_frame(1, "", { reserved = reserved }), allowed)
        if reserved & ~allowed ~= 0 then
          assert.equal("wrong", progress)
        else
          assert.equal("complete", progress)
          assert.equal(reserved, parsed.reserved)
        end
      end
    end
  end)

  it("is refused after two bytes where it is not masked", function()
    for _, payload in ipairs({ "", "Hello", ("a"):rep(126), ("a"):rep(65536) }) do
      assert.equal(2, refused_after(client_frame(2, payload, { mask = false })))
    end
  end)

  it("is refused after one byte for a fragmented control frame", function()
    for opcode = 8, 10 do
      assert.equal(1, refused_after(client_frame(opcode, "x", { final = false })))
    end
  end)

  it("is refused after two bytes for a control frame of more than 125", function()
    for opcode = 8, 10 do
      assert.equal(2, refused_after(client_frame(opcode, ("a"):rep(126))))
      assert.equal(2, refused_after(client_frame(opcode, "", { declared = 65536 })))
      assert.equal("complete", (frame.parse(client_frame(opcode, ("a"):rep(125)))))
    end
  end)

  it("is refused as soon as a 16-bit length is seen not to be the shortest form", function()
    for _, length in ipairs({ 0, 5, 125 }) do
      assert.equal(4, refused_after(client_frame(1, "", { declared = length, form = 16 })))
    end
  end)

  it("is refused as soon as a 64-bit length is seen not to be the shortest form", function()
    for _, length in ipairs({ 0, 5, 125, 126, 200, 65535 }) do
      assert.equal(8, refused_after(client_frame(1, "", { declared = length, form = 64 })))
    end
  end)

  it("is refused at the top bit of a 64-bit length", function()
    for _, length in ipairs({ math.mininteger, math.mininteger + 5, -1 }) do
      assert.equal(3, refused_after(client_frame(2, "", { declared = length, form = 64 })))
    end
  end)
end)

describe("unmasking", function()
  local random = {}
  for i = 1, 200 do
    random[i] = string.char((i * 151 + i // 7 * 29) % 256)
  end
  local source = table.concat(random)

  local function naive(bytes, mask, offset)
    local result = {}
    for i = 1, #bytes do
      result[i] = string.char(bytes:byte(i) ~ mask:byte((offset + i - 1) % 4 + 1))
    end
    return table.concat(result)
  end

  it("is what a byte at a time gives, for any length, offset and alignment", function()
    local mask = "\x12\x34\xab\xff"
    for length = 0, 100 do
      for offset = 0, 7 do
        local bytes = source:sub(1 + offset, length + offset)
        local expected = naive(bytes, mask, offset)
        for shift = 0, 7 do
          assert(frame.unmask(bytes, mask, offset, shift) == expected,
            ("length %d, offset %d, shift %d"):format(length, offset, shift))
        end
      end
    end
  end)

  it("goes on where a piece ended", function()
    local mask = "\1\2\3\4"
    local whole = naive(source, mask, 0)
    for split = 0, #source do
      local front = frame.unmask(source:sub(1, split), mask, 0)
      local back = frame.unmask(source:sub(split + 1), mask, split)
      assert.equal(whole, front .. back)
    end
  end)

  it("changes nothing under a mask of zero, and undoes itself", function()
    assert.equal(source, frame.unmask(source, "\0\0\0\0"))
    assert.equal(source, frame.unmask(frame.unmask(source, "\xff\0\x80\1", 3), "\xff\0\x80\1", 3))
  end)
end)

describe("a header to send", function()
  it("has its length in the shortest form, and no mask", function()
    assert.equal("\x81\x00", frame.write(1, 0, 0))
    assert.equal("\x82\x7d", frame.write(2, 0, 125))
    assert.equal("\x82\x7e\x00\x7e", frame.write(2, 0, 126))
    assert.equal("\x82\x7e\x00\x7f", frame.write(2, 0, 127))
    assert.equal("\x82\x7e\xff\xff", frame.write(2, 0, 65535))
    assert.equal("\x82\x7f\0\0\0\0\0\1\0\0", frame.write(2, 0, 65536))
    assert.equal("\x82\x7f\x7f" .. ("\xff"):rep(7), frame.write(2, 0, math.maxinteger))
  end)

  it("carries opcode and reserved bits", function()
    assert.equal("\x88\x02", frame.write(8, 0, 2))
    assert.equal("\x89\x00", frame.write(9, 0, 0))
    assert.equal("\x8a\x7d", frame.write(10, 0, 125))
    assert.equal("\xc1\x05", frame.write(1, 4, 5))
    assert.equal("\xf1\x05", frame.write(1, 7, 5))
  end)
end)
