local frame = require("world").frame
local kit = require("moonroom.core").testkit.app

local function zero(opcode, payload, options)
  options = options or {}
  options.key = "zero"
  return frame(opcode, payload, options)
end

-- Frames of every header's size, and the same as they are to become.
local function session(make)
  return table.concat {
    make("text", "hello"), make("text", ""), make("text", "part", { fin = false }),
    make("ping", "p"), make("continuation", ("m"):rep(126)), make("binary", ("b"):rep(3000)),
    make("binary", ("x"):rep(70000)), make("close", "\3\xe8bye"),
  }
end

describe("unmasker_run", function()
  it("unmasks payloads and sets the keys to zero", function()
    assert.equal(zero("text", "hello"), kit.unmasker():run(frame("text", "hello")))
  end)

  it("does so at every split", function()
    local small = frame("text", "hello") .. frame("binary", ("b"):rep(300)) .. frame("ping", "p")
    local expected = zero("text", "hello") .. zero("binary", ("b"):rep(300)) .. zero("ping", "p")
    for cut = 0, #small do
      local unmasker = kit.unmasker()
      assert.equal(expected, unmasker:run(small:sub(1, cut)) .. unmasker:run(small:sub(cut + 1)))
    end
  end)

  it("does so byte by byte, and in pieces of any size", function()
    local bytes, expected = session(frame), session(zero)
    for _, size in ipairs { 1, 2, 3, 7, 4096, #bytes } do
      local unmasker, pieces = kit.unmasker(), {}
      for at = 1, #bytes, size do
        pieces[#pieces + 1] = unmasker:run(bytes:sub(at, at + size - 1))
      end
      assert.is_true(expected == table.concat(pieces), size)
    end
  end)

  it("changes nothing from a wrong header on", function()
    for _, wrong in ipairs {
      frame("text", "no mask", { key = false }), frame(3, "reserved"),
      frame("ping", "in part", { fin = false }),
      string.pack(">BBI2", 0x81, 0x80 | 126, 5) .. "key.hello",
    } do
      local rest = wrong .. frame("text", "after it")
      local unmasker = kit.unmasker()
      assert.equal(zero("text", "before"), unmasker:run(frame("text", "before")))
      assert.equal(rest, unmasker:run(rest))
      assert.equal(frame("text", "x"), unmasker:run(frame("text", "x")))
    end
  end)

  it("lets reserved bits through", function()
    assert.equal(zero("text", "deflated", { rsv = 4 }),
      kit.unmasker():run(frame("text", "deflated", { rsv = 4 })))
  end)
end)
