local kit = require("moonroom.core").testkit.network

local signature = "\r\n\r\n\0\r\nQUIT\n"

-- A version 2 header. what: command (0x21), family (0x11), length (of the body).
local function v2(body, what)
  what = what or {}
  return signature .. string.pack(">BBI2", what.command or 0x21, what.family or 0x11,
    what.length or #body) .. body
end

local tcp4 = "\192\0\2\7\10\0\0\1" .. string.pack(">I2I2", 40001, 443)
local tcp6 = "\32\1\13\184" .. ("\0"):rep(11) .. "\7" .. ("\0"):rep(15) .. "\1"
  .. string.pack(">I2I2", 40002, 443)
local unix = ("\0"):rep(216)

-- header -> address, port, or nothing where it tells none.
local GOOD = {
  ["PROXY TCP4 192.0.2.7 10.0.0.1 40001 443\r\n"] = { "192.0.2.7", 40001 },
  ["PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"] = { "255.255.255.255", 65535 },
  ["PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n"] = { "0.0.0.0", 0 },
  ["PROXY TCP6 2001:db8::7 ::1 40002 443\r\n"] = { "2001:db8::7", 40002 },
  ["PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n"] = { "192.0.2.7", 1 },
  ["PROXY UNKNOWN\r\n"] = {},
  ["PROXY UNKNOWN ffff::1 whatever 5 6 7\r\n"] = {},
  ["PROXY TCP6 " .. ("ffff:"):rep(7) .. "ffff " .. ("ffff:"):rep(7) .. "ffff 65535 65535\r\n"] =
    { ("ffff:"):rep(7) .. "ffff", 65535 },
  ["PROXY UNKNOWN " .. ("x"):rep(91) .. "\r\n"] = {}, -- 107 bytes
  [v2(tcp4)] = { "192.0.2.7", 40001 },
  [v2(tcp6, { family = 0x21 })] = { "2001:db8::7", 40002 },
  [v2("", { command = 0x20, family = 0 })] = {},
  [v2("", { family = 0 })] = {},
  [v2(tcp4, { command = 0x20 })] = {}, -- LOCAL: what stands there doesn't count
  [v2("abc", { command = 0x20, family = 0x77 })] = {},
  [v2(unix, { family = 0x31 })] = {},
  [v2(tcp4 .. "\4\0\3abc")] = { "192.0.2.7", 40001 },
  [v2(tcp6 .. "\32" .. string.pack(">s2", ("x"):rep(300)), { family = 0x21 })] =
    { "2001:db8::7", 40002 },
  [v2("\4\0\1a", { family = 0 })] = {},
}

local BAD = {
  ["GET / HTTP/1.1\r\n"] = "there is no PROXY header", ["\22\3\1"] = "there is no PROXY header",
  ["\r\n\r\n\0\r\nQUIT\r"] = "there is no PROXY header", ["PROXZ"] = "there is no PROXY header",
  ["proxy TCP4"] = "there is no PROXY header", ["PROXY\r\n"] = "there is no PROXY header",
  [""] = false,
}
for _, line in ipairs {
  "", "TCP4", "TCP4 ", "TCP5 192.0.2.7 10.0.0.1 1 2", "tcp4 192.0.2.7 10.0.0.1 1 2",
  "TCP4 192.0.2.7 10.0.0.1 1", "TCP4 192.0.2.7 10.0.0.1 1 2 3", "TCP4 192.0.2.7 10.0.0.1 1 2 ",
  "TCP4  192.0.2.7 10.0.0.1 1 2", "TCP4 192.0.2.7 10.0.0.1 1  2", "TCP4 192.0.2 10.0.0.1 1 2",
  "TCP4 ::1 ::1 1 2", "TCP6 192.0.2.7 ::1 1 2", "TCP6 ::1 192.0.2.7 1 2",
  "TCP4 192.0.2.7 10.0.0.1 65536 2", "TCP4 192.0.2.7 10.0.0.1 1 65536",
  "TCP4 192.0.2.7 10.0.0.1 01 2", "TCP4 192.0.2.7 10.0.0.1 -1 2", "TCP4 192.0.2.7 10.0.0.1 1 2x",
  "TCP4 192.0.2.7\0 10.0.0.1 1 2", "TCP4 192.0.2.7 10.0.0.1 1 2\r", "UNKNOWNS", "UDP4 1.1.1.1",
} do
  BAD["PROXY " .. line .. "\r\n"] = "the PROXY line is wrong"
end
BAD["PROXY TCP4 192.0.2.7 10.0.0.1 1 2\n"] = "the PROXY line is wrong"
BAD["PROXY UNKNOWN " .. ("x"):rep(93)] = "the PROXY line is too long"
BAD["PROXY UNKNOWN " .. ("x"):rep(92) .. "\r\n"] = "the PROXY line is too long"
for _, command in ipairs { 0x00, 0x11, 0x22, 0x2f, 0x31, 0xff } do
  BAD[v2(tcp4, { command = command })] = "the PROXY header has an unknown version or command"
end
for _, family in ipairs { 0x01, 0x10, 0x12, 0x22, 0x32, 0x41, 0xff } do
  BAD[v2(tcp6, { family = family })] = "the PROXY header has an unknown family"
end
BAD[v2(tcp4, { length = 11 })] = "the PROXY header is too short for its addresses"
BAD[v2(tcp6, { family = 0x21, length = 35 })] = "the PROXY header is too short for its addresses"
BAD[v2(tcp4, { length = 4097 })] = "the PROXY header is too long"
BAD[v2("", { command = 0x20, length = 65535 })] = "the PROXY header is too long"
BAD[""] = nil

local function bytes_of(text)
  local list = {}
  for at = 1, #text do list[at] = text:sub(at, at) end
  return list
end

describe("a PROXY header", function()
  it("tells the source, and leaves what comes behind it", function()
    for header, source in pairs(GOOD) do
      for _, rest in ipairs { "", "GET", header } do
        local outcome, consumed, address, port = kit.proxy(header .. rest)
        assert.same({ "done", #header, source[1], source[2] }, { outcome, consumed, address, port })
      end
    end
  end)

  it("is the same byte by byte, and at every split", function()
    for header, source in pairs(GOOD) do
      local outcome, consumed, address, port = kit.proxy(table.unpack(bytes_of(header)))
      assert.same({ "done", 1, source[1], source[2] }, { outcome, consumed, address, port })
      for cut = 1, #header - 1 do
        outcome, consumed, address, port = kit.proxy(header:sub(1, cut), header:sub(cut + 1) .. "G")
        assert.same({ "done", #header - cut, source[1], source[2] },
          { outcome, consumed, address, port })
      end
    end
  end)

  it("needs more as long as it isn't whole", function()
    for header in pairs(GOOD) do
      for cut = 0, #header - 1 do assert.equal("more", (kit.proxy(header:sub(1, cut)))) end
    end
  end)

  it("is refused where it is wrong, at the same byte in every split", function()
    for header, reason in pairs(BAD) do
      assert.same({ "wrong", reason }, { kit.proxy(header .. "more") })
      assert.same({ "wrong", reason }, { kit.proxy(table.unpack(bytes_of(header))) })
      for cut = 1, #header - 1 do
        assert.same({ "wrong", reason }, { kit.proxy(header:sub(1, cut), header:sub(cut + 1)) })
      end
    end
  end)

  it("is skipped up to 4096 bytes of addresses and TLVs", function()
    local longest = v2(tcp4 .. ("x"):rep(4096 - 12))
    assert.same({ "done", #longest, "192.0.2.7", 40001 }, { kit.proxy(longest .. "y") })
    local outcome = kit.proxy(table.unpack(bytes_of(longest:sub(1, 250))))
    assert.equal("more", outcome)
  end)
end)
