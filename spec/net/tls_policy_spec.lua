-- Which TLS is spoken: src/net/tls_policy.c.

local noting = require "noting"
local tls = require "tls"

local context

before_each(function()
  tls.set_time(0)
  context = assert(tls.context { certificates = { tls.files.server, tls.files.server_rsa } })
end)

after_each(function()
  assert.is_true(tls.native.is_queue_empty())
end)

-- Connects; returns the peer's TLS, what it knows, and the world.
local function meet(client)
  local w = noting.echoing()
  local peer = w:peer(tls.over(context, { client = client }))
  peer:read()
  return peer.raw, peer.raw.client:info(), w, peer
end

local function accepts(client, expected)
  local raw, info = meet(client)
  assert.equal("open", raw.status)
  for name, value in pairs(expected) do assert.equal(value, info[name]) end
end

local function refuses(client, alert, reason)
  local raw, info, w, peer = meet(client)
  assert.equal("failed", raw.status)
  assert.equal(alert, info.alert)
  assert.is_true(peer:state().shut)
  assert.truthy(w:log():find(('rule=tls reason="%s"'):format(reason), 1, true))
  peer:finish()
  assert.is_true(peer:state().closed)
end

describe("a listener with TLS", function()
  it("speaks 1.3 and 1.2", function()
    accepts({}, { version = "TLSv1.3" })
    accepts({ max = "1.2" }, { version = "TLSv1.2" })
  end)

  it("refuses 1.1", function()
    refuses({ min = "1.1", max = "1.1", ciphers = "ALL:@SECLEVEL=0" }, 70, "unsupported protocol")
  end)

  it("takes each of TLS 1.3's suites but CCM's", function()
    for _, suite in ipairs {
      "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
    } do
      accepts({ min = "1.3", suites = suite }, { cipher = suite })
    end
    refuses({ min = "1.3", suites = "TLS_AES_128_CCM_8_SHA256" }, 40, "no shared cipher")
    refuses({ min = "1.3", suites = "TLS_AES_128_CCM_SHA256" }, 40, "no shared cipher")
  end)

  it("takes ECDHE with AEAD in TLS 1.2, and nothing else", function()
    for _, sort in ipairs { "ECDSA", "RSA" } do
      for _, rest in ipairs { "AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305" } do
        local cipher = ("ECDHE-%s-%s"):format(sort, rest)
        accepts({ max = "1.2", ciphers = cipher },
          { cipher = cipher, key = sort == "RSA" and "rsaEncryption" or "id-ecPublicKey" })
      end
    end
    for _, cipher in ipairs {
      "AES128-GCM-SHA256", "DHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA256",
      "ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-AES128-CCM", "ECDHE-ECDSA-AES128-CCM8", "NULL-SHA256",
      "ADH-AES128-GCM-SHA256", "PSK-AES128-GCM-SHA256",
    } do
      -- PSK needs a callback of the client's, without which it has nothing to offer.
      if not cipher:find("^PSK") then
        refuses({ max = "1.2", ciphers = cipher }, 40, "no shared cipher")
      end
    end
  end)

  it("prefers its own order, but ChaCha where the client begins with it", function()
    accepts({ suites = "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256" },
      { cipher = "TLS_AES_128_GCM_SHA256" })
    accepts({ suites = "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256" },
      { cipher = "TLS_CHACHA20_POLY1305_SHA256" })
  end)

  it("agrees on X25519, P-256 or P-384", function()
    for group, name in pairs {
      X25519 = "X25519", ["P-256"] = "prime256v1", ["P-384"] = "secp384r1",
    } do
      accepts({ groups = group }, { group = name })
      accepts({ groups = group, max = "1.2" }, { version = "TLSv1.2" })
    end
    refuses({ groups = "P-521" }, 40, "no suitable key share")
  end)

  it("agrees on http/1.1, wherever in the list it is, and needs no list", function()
    accepts({ alpn = { "http/1.1" } }, { alpn = "http/1.1" })
    accepts({ alpn = { "h2", "http/1.1" } }, { alpn = "http/1.1" })
    accepts({ alpn = { "h2", "http/1.1", "x" }, max = "1.2" }, { alpn = "http/1.1" })
    local _, info = meet {}
    assert.is_nil(info.alpn)
  end)

  it("refuses who offers only other protocols", function()
    for _, list in ipairs { { "h2" }, { "h2", "http/1.0" }, { "http/1.11" }, { "http/1." } } do
      refuses({ alpn = list }, 120, "no application protocol")
      refuses({ alpn = list, max = "1.2" }, 120, "no application protocol")
    end
  end)

  it("refuses early data, and goes on with a handshake of one round trip", function()
    local w = noting.echoing()
    local first = w:connect("/room", tls.over(context))
    first:read()
    local early = "GET /room HTTP/1.1\r\nHost: early\r\n\r\n"
    local peer = w:connect("/room", tls.over(context, {
      client = { session = first.raw.client:session(), early_data = early },
    }))
    assert.equal(101, peer.status)
    local info = peer.raw.client:info()
    assert.equal("rejected", info.early_data)
    peer:text("late")
    assert.same({ "late" }, w.heard)
    assert.equal(2, #w.clients)
  end)
end)
