-- A client's codec against the bytes of RFC 6455 5.7, and what it must refuse.

local client_frame = require "client_frame"
local frames = require "moonroom.test.frames"

-- A server's frame. first: its first byte.
local function frame(first, payload) return string.char(first, #payload) .. payload end

-- What a reader makes of bytes: the kinds and payloads, and what is wrong at the end.
local function read(bytes, piece)
  local reader, list = frames.new_reader(), {}
  for at = 1, #bytes, piece or #bytes do
    reader:push(bytes:sub(at, at + (piece or #bytes) - 1))
    local kind, payload = reader:next()
    while kind do
      list[#list + 1] = kind .. " " .. payload
      kind, payload = reader:next()
    end
    if payload then return list, payload end
  end
  return list
end

describe("a client's frame", function()
  it("is masked, as in RFC 6455 5.7", function()
    assert.equal("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", frames.encode("text", "Hello"))
    for _, kind in ipairs { "text", "binary", "ping", "pong", "close" } do
      local opcode = ({ text = 1, binary = 2, close = 8, ping = 9, pong = 10 })[kind]
      assert.equal(client_frame(opcode, "Hello"), frames.encode(kind, "Hello"))
    end
  end)

  it("has the shortest length that will do", function()
    for _, length in ipairs { 0, 1, 125, 126, 1024 } do
      local payload = ("x"):rep(length)
      assert.equal(client_frame(2, payload), frames.encode("binary", payload))
    end
  end)

  it("has a key of zeros where it is large", function()
    for _, length in ipairs { 1025, 65535, 65536 } do
      local payload = ("x"):rep(length)
      assert.equal(client_frame(2, payload, { mask = "\0\0\0\0" }),
        frames.encode("binary", payload))
    end
  end)

  it("of a Close has a code and a reason, or neither", function()
    assert.equal(client_frame(8, ""), frames.encode_close())
    assert.equal(client_frame(8, "\x03\xe8"), frames.encode_close(1000))
    assert.equal(client_frame(8, "\x03\xe8bye"), frames.encode_close(1000, "bye"))
  end)
end)

describe("what a server sends", function()
  local medium, large = ("m"):rep(126), ("l"):rep(65536)
  local all = frame(0x81, "Hello") .. frame(0x01, "Hel") .. frame(0x89, "ping")
    .. frame(0x80, "lo") .. frame(0x82, "\xff") .. frame(0x8a, "") .. "\x82\x7e\x00\x7e" .. medium
    .. "\x82\x7f\0\0\0\0\0\1\0\0" .. large .. frame(0x88, "\x03\xe8bye")
  local heard = {
    "text Hello", "ping ping", "text Hello", "binary \xff", "pong ", "binary " .. medium,
    "binary " .. large, "close \x03\xe8bye",
  }

  it("is put together to messages, control frames between fragments", function()
    assert.same(heard, read(all))
  end)

  it("may come in pieces", function()
    for _, piece in ipairs { 1, 2, 3, 7, 1000 } do
      local bytes = piece < 7 and all:gsub("\x82\x7f........l+", "") or all
      assert.equal(piece < 7 and #heard - 1 or #heard, #read(bytes, piece))
    end
  end)

  it("is refused where the RFC says that a client must", function()
    for what, bytes in pairs {
      ["a masked frame"] = client_frame(1, "x"),
      ["a frame with a reserved bit"] = frame(0xc1, "x"),
      ["a frame with the reserved opcode 3"] = frame(0x83, "x"),
      ["a length that isn't in its shortest form"] = "\x81\x7e\0\x7d" .. ("x"):rep(125),
      ["a control frame in fragments"] = frame(0x09, "x"),
      ["a control frame of more than 125 bytes"] = "\x89\x7e\0\x7e" .. medium,
      ["a continuation of nothing"] = frame(0x80, "x"),
      ["a new message inside one in fragments"] = frame(0x01, "x") .. frame(0x81, "x"),
      ["a text that isn't UTF-8"] = frame(0x81, "\xed\xa0\x80"),
      ["a Close frame of one byte"] = frame(0x88, "x"),
      ["a Close frame with the code 1005"] = frame(0x88, "\x03\xed"),
      ["a Close frame whose reason isn't UTF-8"] = frame(0x88, "\x03\xe8\xff"),
      ["something behind its Close"] = frame(0x88, "") .. "x",
    } do
      assert.equal(what, (select(2, read(bytes))))
      assert.equal(what, (select(2, read(bytes, 1))))
    end
  end)

  it("may be compressed where that is agreed on: RSV1 in a message's first frame", function()
    local function read_inflating(bytes)
      local reader = frames.new_reader()
      function reader.inflate(payload)
        if payload == "bad" then return nil, "compressed data that can't be inflated" end
        return "inflated " .. payload
      end
      reader:push(bytes)
      return reader:next()
    end
    assert.same({ "text", "inflated Hello", true }, { read_inflating(frame(0xc1, "Hello")) })
    assert.same({ "binary", "inflated ab", true },
      { read_inflating(frame(0x42, "a") .. frame(0x80, "b")) })
    assert.same({ "text", "Hello" }, { read_inflating(frame(0x81, "Hello")) })
    assert.same({ nil, "compressed data that can't be inflated" },
      { read_inflating(frame(0xc1, "bad")) })
    for _, bytes in ipairs { frame(0x42, "a") .. frame(0xc0, "b"), frame(0xc9, ""),
      frame(0xe1, ""), frame(0xa1, "") } do
      assert.same({ nil, "a frame with a reserved bit" }, { read_inflating(bytes) })
    end
    assert.equal("\xc1\x81\x37\xfa\x21\x3d\x56", frames.encode("text", "a", true))
  end)

  it("has its length checked in each form, at the edge", function()
    assert.equal(0, #read("\x82\x7e\0\x7e"))
    assert.equal("a length that isn't in its shortest form",
      (select(2, read("\x82\x7f\0\0\0\0\0\0\xff\xff"))))
    assert.same({}, (read("\x82\x7f\0\0\0\0\0\1\0\0")))
    assert.equal("a length that isn't in its shortest form",
      (select(2, read("\x82\x7f\x80\0\0\0\0\1\0\0"))))
  end)

  it("closes with a code that may be in a frame", function()
    for code = 995, 5005 do
      local _, why = read(frame(0x88, string.pack(">I2", code)))
      local is_good = code >= 1000 and code <= 1003 or code >= 1007 and code <= 1014
        or code >= 3000 and code <= 4999
      assert.equal(is_good, why == nil, code)
    end
  end)

  it("has 1005 for a Close without a code", function()
    assert.same({ 1005, "" }, { frames.decode_close("") })
    local code, reason = frames.decode_close("\x03\xe8bye")
    assert.same({ 1000, "bye" }, { code, reason })
  end)
end)
