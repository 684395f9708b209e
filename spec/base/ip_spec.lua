local kit = require("moonroom.core").testkit.network

describe("an address", function()
  it("is read and written as it is", function()
    for _, text in ipairs { "0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::7",
      "fe80::1" } do
      assert.equal(text, (kit.ip(text)))
    end
  end)

  it("is the same however it is written", function()
    for text, same in pairs {
      ["2001:0DB8:0:0::0007"] = "2001:db8::7", ["::ffff:192.0.2.1"] = "192.0.2.1",
      ["::FFFF:c000:201"] = "192.0.2.1", ["0:0:0:0:0:ffff:10.0.0.1"] = "10.0.0.1",
    } do
      assert.equal(same, (kit.ip(text)))
    end
  end)

  it("is nothing else", function()
    for _, text in ipairs { "", " ", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "1.2.3.4 ", " 1.2.3.4",
      "1.2.3.4\0", "1.2.3.4:80", "[::1]", "::1%lo", ":::", "::g", "1.2.3.4/8", "localhost",
      ("1"):rep(45), ("1"):rep(46), ("1"):rep(1000) } do
      assert.is_nil(kit.ip(text), text)
    end
  end)

  it("is a subscriber's by all of an IPv4 address, and the first 64 bits of an IPv6 one", function()
    for text, subscriber in pairs {
      ["192.0.2.1"] = "192.0.2.1", ["::ffff:192.0.2.1"] = "192.0.2.1",
      ["2001:db8:1:2:3:4:5:6"] = "2001:db8:1:2::", ["2001:db8:1:2::"] = "2001:db8:1:2::",
    } do
      assert.equal(subscriber, (select(2, kit.ip(text))))
    end
  end)
end)

describe("a prefix", function()
  it("has what begins with it", function()
    for prefix, members in pairs {
      ["10.0.0.0/8"] = { "10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3" },
      ["10.1.2.3/8"] = { "10.0.0.0" }, ["192.0.2.1"] = { "192.0.2.1" },
      ["192.0.2.1/32"] = { "192.0.2.1" }, ["192.0.2.128/25"] = { "192.0.2.128", "192.0.2.255" },
      ["0.0.0.0/0"] = { "0.0.0.0", "255.255.255.255" }, ["::/0"] = { "::1", "192.0.2.1" },
      ["2001:db8::/33"] = { "2001:db8:7fff::1" }, ["::1"] = { "::1" },
      ["::ffff:10.0.0.0/104"] = { "10.9.9.9" },
    } do
      for _, member in ipairs(members) do assert.is_true(kit.prefix_has(prefix, member), prefix) end
    end
  end)

  it("hasn't what doesn't", function()
    for prefix, others in pairs {
      ["10.0.0.0/8"] = { "11.0.0.0", "9.255.255.255", "::10.0.0.1", "::1" },
      ["192.0.2.1"] = { "192.0.2.0", "192.0.2.2" }, ["192.0.2.128/25"] = { "192.0.2.127" },
      ["0.0.0.0/0"] = { "::1", "2001:db8::1" }, ["2001:db8::/33"] = { "2001:db8:8000::" },
      ["::1"] = { "::", "::2", "1.0.0.1" },
    } do
      for _, other in ipairs(others) do assert.is_false(kit.prefix_has(prefix, other), other) end
    end
  end)

  it("is nothing else", function()
    for _, text in ipairs { "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "::/129",
      "10.0.0.0/ 8", "10.0.0.0/8/8", "10.0.0/8", "::/0008", "::/1000", "10.0.0.0/8x" } do
      assert.is_nil(kit.prefix_has(text, "10.0.0.0"), text)
    end
  end)
end)
