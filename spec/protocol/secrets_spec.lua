local kit = require("moonroom.core").testkit.app

local mask = kit.mask_secrets

local function head(...)
  return table.concat({ ... }, "\r\n") .. "\r\n\r\n"
end

-- What becomes of one field behind a request line.
local function field(line)
  local masked = mask(head("GET / HTTP/1.1", line))
  return masked:match("^GET / HTTP/1%.1\r\n(.*)\r\n\r\n$")
end

local function target(text)
  return mask(head("GET " .. text .. " HTTP/1.1", "Host: a")):match("^GET (%S*) HTTP/1%.1\r\n")
end

describe("secrets_mask", function()
  it("leaves a head without secrets as it is", function()
    local plain = head("GET /bongo?name=ann&age=5 HTTP/1.1", "Host: chat.example", "Origin: null",
      "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: chat.v2, chat.v1",
      "Sec-WebSocket-Extensions: permessage-deflate", "User-Agent: curl", "Empty:")
    assert.equal(plain, mask(plain))
    assert.equal("\r\n" .. plain, mask("\r\n" .. plain))
  end)

  it("masks the values of fields that are called like a secret", function()
    for _, name in ipairs {
      "X-Api-Key", "X-Auth-Token", "my-secret", "X-Password", "x-passphrase", "X-Pwd",
      "X-Session-Id", "X-JWT", "Credentials", "X-Hub-Signature-256", "OTP",
    } do
      assert.equal(name .. ": xxxxx", field(name .. ": a\"b c"), name)
      assert.equal(name .. ":", field(name .. ":"), name)
    end
  end)

  it("keeps the scheme of Authorization and Proxy-Authorization", function()
    assert.equal("Authorization: Bearer xxx", field("Authorization: Bearer abc"))
    assert.equal("proxy-authorization:Basic  xx ", field("proxy-authorization:Basic  a= "))
    assert.equal("AUTHORIZATION: xxx", field("AUTHORIZATION: abc"))
  end)

  it("masks every cookie's value, and one without a name", function()
    assert.equal("Cookie: a=xxx; theme=xxxx; xxxx; e=; q=xxx",
      field('Cookie: a=b=c; theme=dark; bare; e=; q="v"'))
  end)

  it("masks query parameters that are called like a secret, encoded or not", function()
    assert.equal("/r?token=xxx&name=ann&API_KEY=xx&code=x&author=xx&e&=v",
      target("/r?token=abc&name=ann&API_KEY=%2&code=1&author=me&e&=v"))
    assert.equal("/r?%74oken=xxx&to%6Ben=x&bad%zz=1&pass%zz=x",
      target("/r?%74oken=abc&to%6Ben=1&bad%zz=1&pass%zz=1"))
    assert.equal("/r?" .. ("n"):rep(300) .. "=x", target("/r?" .. ("n"):rep(300) .. "=1"))
    assert.equal("/r?sid=x&side=1&resign=1&sig=x", target("/r?sid=1&side=1&resign=1&sig=1"))
    assert.equal("/token=abc", target("/token=abc"))
    assert.equal("http://a/?key=xx", target("http://a/?key=ab"))
  end)

  it("masks those of Referer", function()
    assert.equal("Referer: https://a.example/?x=1&access_token=xxx",
      field("Referer: https://a.example/?x=1&access_token=abc"))
  end)

  it("masks subprotocols that look like a token, each in its own way", function()
    local long = "abcdefghijklmnopqrs1"
    assert.equal("Sec-WebSocket-Protocol: graphql-transport-ws, " .. ("a"):rep(20) .. ","
      .. ("b"):rep(20), field("Sec-WebSocket-Protocol: graphql-transport-ws, " .. long .. ","
      .. long:upper()))
    assert.equal("Sec-WebSocket-Protocol: " .. long:sub(2),
      field("Sec-WebSocket-Protocol: " .. long:sub(2)))
    assert.equal("sec-websocket-protocol: bearer, aaa, chat",
      field("sec-websocket-protocol: bearer, abc, chat"))
    assert.equal("sec-websocket-protocol: access_token, aaaaaa, chat",
      field("sec-websocket-protocol: access_token, token2, chat"))
  end)

  it("masks the addresses that a proxy tells", function()
    for _, name in ipairs {
      "X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP",
      "X-Originating-IP", "X-Remote-IP", "x-remote-addr",
    } do
      assert.equal(name .. ": xxxxxxxxxxxx", field(name .. ": 198.51.100.7"))
    end
  end)

  it("masks the names that a proxy or the peer itself tells", function()
    for _, name in ipairs {
      "Remote-User", "X-Forwarded-User", "X-Forwarded-Email", "X-Auth-Request-Email", "From",
    } do
      assert.equal(name .. ": xxxxxxxxxxxxx", field(name .. ": ann@a.example"))
    end
    assert.equal("Fromage: brie", field("Fromage: brie"))
  end)

  it("masks what follows in a folded line, or behind a bare line feed", function()
    assert.equal("Cookie: a=x\r\n\txxx\r\n xx\r\nHost: a\r\n b",
      field("Cookie: a=1\r\n\tb=2\r\n cc\r\nHost: a\r\n b"))
    assert.equal("GET / HTTP/1.1\nX-Token: xxx\nX: abc\n\n",
      mask("GET / HTTP/1.1\nX-Token: abc\nX: abc\n\n"))
  end)

  it("masks what there is of a head that is cut anywhere, and keeps its length", function()
    local whole = head("GET /?key=SECRET HTTP/1.1", "Cookie: a=SECRET; b=SECRET",
      "Authorization: Basic SECRET", "X-Token: SECRET", "Sec-WebSocket-Protocol: bearer, SECRET")
    for cut = 0, #whole do
      local masked = mask(whole:sub(1, cut))
      assert.equal(cut, #masked)
      assert.is_nil(masked:find("SE", 1, true), cut)
    end
  end)

  it("takes any bytes", function()
    for byte = 0, 255 do
      local one = string.char(byte)
      for _, text in ipairs { one, one:rep(3), "\n" .. one, "a\n" .. one .. ":" .. one .. "\n" } do
        assert.equal(#text, #mask(text))
      end
    end
  end)
end)
