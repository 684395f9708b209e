local kit = require("moonroom.core").testkit.network

local function as_address(text) return (kit.loopback(text)) end
local function as_host(text) return (select(2, kit.loopback(text))) end
local function as_origin(text) return (select(3, kit.loopback(text))) end

describe("loopback", function()
  it("knows the addresses of this machine alone", function()
    for _, text in ipairs { "127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1" } do
      assert.is_true(as_address(text), text)
    end
    for _, text in ipairs {
      "", "128.0.0.1", "126.255.255.255", "0.0.0.0", "10.0.0.1", "::", "::2", "::127.0.0.1",
      "[::1]", "localhost", "127.1", "127.0.0.1 ",
    } do
      assert.is_false(as_address(text), text)
    end
  end)

  it("knows the Hosts that no stranger can point here", function()
    for _, text in ipairs {
      "localhost", "LocalHost:80", "127.0.0.1:12345", "127.3.2.1", "[::1]", "[::1]:80",
    } do
      assert.is_true(as_host(text), text)
    end
    for _, text in ipairs {
      "", "a.example", "localhost.example", "a.localhost", "localhost.", "127.0.0.1.example",
      "localhost:99999", "::1", "[::2]", "user@localhost", "localhost/x",
    } do
      assert.is_false(as_host(text), text)
    end
  end)

  it("knows the origins of such a Host, at any port", function()
    for _, text in ipairs {
      "http://localhost", "https://localhost:5173", "HTTP://127.0.0.1:1", "http://[::1]:3000",
    } do
      assert.is_true(as_origin(text), text)
    end
    for _, text in ipairs {
      "", "null", "localhost", "http:localhost", "http:/localhost", "file://localhost",
      "http://a.example", "http://localhost/", "http://localhost.example:80", "https://", "http:",
    } do
      assert.is_false(as_origin(text), text)
    end
  end)
end)
