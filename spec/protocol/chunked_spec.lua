-- The chunked transfer coding: src/protocol/chunked.c.

local chunked = require("moonroom.core").testkit.http.chunked

local good = {
  { "0\r\n\r\n", "" },
  { "5\r\nhello\r\n0\r\n\r\n", "hello" },
  { "5\r\nhello\r\n1\r\n \r\n05\r\nworld\r\n000\r\n\r\n", "hello world" },
  { "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", ("0123456789"):rep(2) },
  { "3;a=b;c=\"d\"\r\n\r\n\0\r\n0;last\r\n\r\n", "\r\n\0" },
  { "3 \t;a\r\nabc\r\n0\r\n\r\n", "abc" },
  { "1\r\nx\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n", "x" },
  { "000000000000000f\r\n" .. ("x"):rep(15) .. "\r\n0\r\n\r\n", ("x"):rep(15) },
}

local bad = {
  ["no size"] = "\r\nabc\r\n0\r\n\r\n",
  ["no size before an extension"] = ";a\r\n",
  ["a sign"] = "+3\r\nabc\r\n0\r\n\r\n",
  ["a minus"] = "-1\r\n",
  ["0x"] = "0x3\r\nabc\r\n0\r\n\r\n",
  ["a blank before the size"] = " 3\r\nabc\r\n0\r\n\r\n",
  ["a blank behind the size"] = "3 \r\nabc\r\n0\r\n\r\n",
  ["17 digits"] = ("0"):rep(16) .. "3\r\nabc\r\n0\r\n\r\n",
  ["a bare LF behind the size"] = "3\nabc\r\n0\r\n\r\n",
  ["a bare LF in an extension"] = "3;a\nabc\r\n0\r\n\r\n",
  ["a bare CR in an extension"] = "3;a\rb\r\nabc\r\n0\r\n\r\n",
  ["a NUL in an extension"] = "3;\0\r\nabc\r\n0\r\n\r\n",
  ["a chunk that goes on"] = "3\r\nabcd\r\n0\r\n\r\n",
  ["a chunk that ends early"] = "3\r\nab\r\n0\r\n\r\n",
  ["a bare LF behind a chunk"] = "3\r\nabc\n0\r\n\r\n",
  ["a trailer without a colon"] = "0\r\nabc\r\n\r\n",
  ["a trailer without a name"] = "0\r\n: a\r\n\r\n",
  ["a trailer with a blank before the colon"] = "0\r\nA : a\r\n\r\n",
  ["a folded trailer"] = "0\r\nA: a\r\n b\r\n\r\n",
  ["a bare LF at the end"] = "0\r\n\n",
  ["another size behind the last chunk"] = "0\r\n3\r\nabc\r\n0\r\n\r\n",
}

local function bytes_of(text)
  local pieces = {}
  for at = 1, #text do pieces[at] = text:sub(at, at) end
  return pieces
end

-- What is said of a text is the same of its bytes, and for every split of it.
local function parse(text, max_extra)
  local whole = table.pack(chunked({ text }, max_extra))
  assert.same(whole, table.pack(chunked(bytes_of(text), max_extra)))
  for cut = 0, #text do
    assert.same(whole, table.pack(chunked({ text:sub(1, cut), text:sub(cut + 1) }, max_extra)), cut)
  end
  return table.unpack(whole)
end

describe("a chunked body", function()
  it("is the bytes of its chunks, however they come, and ends behind the trailers", function()
    for _, one in ipairs(good) do
      local progress, consumed, body = parse(one[1] .. "GET / HTTP/1.1\r\n")
      assert.same({ "complete", #one[1], one[2] }, { progress, consumed, body })
    end
  end)

  it("needs more at every byte before its end", function()
    for _, one in ipairs(good) do
      for cut = 0, #one[1] - 1 do
        local progress, consumed = chunked { one[1]:sub(1, cut) }
        assert.same({ "needs more", cut }, { progress, consumed })
      end
    end
  end)

  it("is refused for what another parser might read otherwise", function()
    for what, text in pairs(bad) do
      local progress, _, _, reason = parse(text)
      assert.equal("wrong", progress, what)
      assert.is_string(reason, what)
    end
  end)

  it("may announce a chunk of any 64-bit size", function()
    local progress, consumed, body = parse "FFFFFFFFFFFFFFFF\r\nabc"
    assert.same({ "needs more", 21, "abc" }, { progress, consumed, body })
  end)

  it("may have so many bytes of extensions and trailers in all, and no more", function()
    local extension, trailer = "1;23456\r\nx\r\n0;\r\n\r\n", "0\r\nA: 3456\r\n\r\n"
    assert.equal("complete", (parse(extension, 7)))
    assert.equal("wrong", (parse(extension, 6)))
    assert.equal("complete", (parse(trailer, 8)))
    local progress, _, _, _, is_too_long = parse(trailer, 7)
    assert.same({ "wrong", true }, { progress, is_too_long })
    assert.equal("wrong", (chunked { "1;" .. ("x"):rep(20000) }))
  end)
end)
