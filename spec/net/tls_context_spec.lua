-- A listener's certificates: src/net/tls_context.c, tls_generation.c and tls_files.c.

local noting = require "noting"
local tls = require "tls"

local files = tls.files

before_each(function() tls.set_time(0) end)

after_each(function()
  assert.is_true(tls.native.is_queue_empty())
end)

-- Connects with a context; returns what the client knows, the peer and the world.
local function meet(context, client)
  local w = noting.echoing()
  local peer = w:peer(tls.over(context, { client = client }))
  peer:read()
  return peer.raw.client:info(), peer, w
end

local function certificate_for(context, name, client)
  local options = { server_name = name }
  for key, value in pairs(client or {}) do options[key] = value end
  local info, peer = meet(context, options)
  assert.equal("open", peer.raw.status)
  return info.name, info.key
end

-- --- files -----------------------------------------------------------------------------------

describe("a context without", function()
  local function refuses(options, ...)
    local context, problem = tls.context(options)
    assert.is_nil(context)
    assert.equal(table.concat({ ... }), problem)
  end

  local function pair(cert, key, password)
    return { certificates = { { cert = cert, key = key, password = password } } }
  end

  local server = files.server

  it("any certificate says so", function()
    refuses({ certificates = {} }, "no certificate is given")
  end)

  it("a file names it", function()
    refuses(pair("/nowhere/a.crt", server.key), "/nowhere/a.crt: No such file or directory")
    refuses(pair(server.cert, "/nowhere/a.key"), "/nowhere/a.key: No such file or directory")
    refuses({ verify = "optional", ca = "/nowhere/ca.crt" },
      "/nowhere/ca.crt: No such file or directory")
  end)

  it("a file but with a directory says so", function()
    refuses(pair("/tmp", server.key), "/tmp: it is a directory, not a file")
    refuses(pair(server.cert, "/tmp"), "/tmp: it is a directory, not a file")
  end)

  it("a regular file says so, and waits for nobody to write to a pipe", function()
    local pipe = tls.write("pipe.crt", "")
    os.remove(pipe)
    assert(os.execute(("mkfifo '%s'"):format(pipe)))
    for _, path in ipairs { pipe, "/dev/null" } do
      refuses(pair(path, server.key), path, ": it is not a regular file")
      refuses(pair(server.cert, path), path, ": it is not a regular file")
      refuses({ verify = "optional", ca = path }, path, ": it is not a regular file")
    end
  end)

  it("a certificate in the file says so", function()
    local empty, text = tls.write("empty.crt", ""), tls.write("text.crt", "hello\n")
    for _, path in ipairs { empty, text, server.key } do
      refuses(pair(path, server.key), path, ": there is no certificate in PEM form in it")
    end
  end)

  it("a whole one says which is broken", function()
    local pem = server.made:cert()
    local half = tls.write("half.crt", pem:sub(1, #pem // 2))
    local wrong = tls.write("wrong.crt", (pem:gsub("\nMII", "\nAAA", 1)))
    local second = tls.write("second.crt", pem .. pem:sub(1, #pem // 2))
    refuses(pair(half, server.key), half, ": certificate 1 of the file can't be read")
    refuses(pair(wrong, server.key), wrong, ": certificate 1 of the file can't be read")
    refuses(pair(second, server.key), second, ": certificate 2 of the file can't be read")
  end)

  it("a key in the file says so", function()
    for _, path in ipairs { tls.write("empty.key", ""), server.cert } do
      refuses(pair(server.cert, path), path, ": there is no private key in PEM form in it")
    end
  end)

  it("the key of the certificate names both", function()
    for _, other in ipairs { files.other, files.server_rsa } do
      refuses(pair(server.cert, other.key), other.key,
        ": this is not the key of the certificate in ", server.cert)
    end
  end)

  it("the password of the key says so, and asks nobody", function()
    local locked = files.locked
    refuses(pair(locked.cert, locked.key), locked.key,
      ": the key is encrypted and needs a password")
    refuses(pair(locked.cert, locked.key, "open"), locked.key,
      ": the password is not that of the key")
    refuses(pair(locked.cert, locked.key, ("x"):rep(5000)), locked.key,
      ": the password is not that of the key")
    assert(tls.context(pair(locked.cert, locked.key, "sesame")))
    assert(tls.context(pair(server.cert, server.key, "not needed")))
  end)

  it("the CA for the clients says so", function()
    for _, verify in ipairs { "optional", "required" } do
      refuses({ verify = verify }, "verify: clients' certificates can't be verified without ca, "
        .. "the file of who may sign them")
      refuses({ verify = verify, ca = server.key }, server.key,
        ": there is no certificate in PEM form in it")
    end
    assert(tls.context { ca = "/nowhere/unused.crt" })
  end)

  it("a use for a certificate names both", function()
    refuses({ certificates = { server, files.other, files.server_again } },
      files.server_again.cert, ": it has the names and the kind of key of ", server.cert,
      ", and would never be used")
  end)

  it("a key that is strong enough says so", function()
    local weak = tls.native.certificate { names = { "weak.example" }, key = "rsa-1024" }
    local cert = tls.write("weak.crt", weak:cert())
    local key = tls.write("weak.key", weak:key())
    refuses(pair(cert, key), cert, ": ee key too small")
  end)

  it("room for its sentence is cut short", function()
    local _, problem = tls.context(pair("/" .. ("x"):rep(600), server.key))
    assert.equal(511, #problem)
  end)
end)

-- --- SNI -------------------------------------------------------------------------------------

describe("the name that a client asks for", function()
  local context

  before_each(function()
    context = assert(tls.context {
      certificates = { files.server, files.wildcard, files.other, files.nameless },
    })
  end)

  for _, version in ipairs { "1.2", "1.3" } do
    it("gets the certificate that has it, TLS " .. version, function()
      local client = { max = version }
      for name, expected in pairs {
        ["localhost"] = "localhost", ["chat.example"] = "localhost", ["CHAT.EXAMPLE"] = "localhost",
        ["a.moon.example"] = "*.moon.example", ["other.example"] = "other.example",
      } do
        assert.equal(expected, (certificate_for(context, name, client)))
      end
    end)
  end

  it("gets the first where none has it", function()
    for _, name in ipairs {
      "moon.example", "a.b.moon.example", "nobody.example", "xother.example",
    } do
      assert.equal("localhost", (certificate_for(context, name)))
    end
    assert.equal("localhost", (certificate_for(context, nil)))
  end)

  it("is looked for among the alternative names alone, not in the subject", function()
    context = assert(tls.context { certificates = { files.other, files.nameless } })
    assert.equal("other.example", (certificate_for(context, "chat.example")))
  end)

  it("gets the kind of key that the client knows, where both are there", function()
    context = assert(tls.context {
      certificates = { files.other, files.server_rsa, files.server },
    })
    for cipher, kind in pairs {
      ["ECDHE-RSA-AES128-GCM-SHA256"] = "rsaEncryption",
      ["ECDHE-ECDSA-AES128-GCM-SHA256"] = "id-ecPublicKey",
    } do
      local name, key = certificate_for(context, "chat.example", { max = "1.2", ciphers = cipher })
      assert.equal("localhost", name)
      assert.equal(kind, key)
    end
  end)

  it("is told to the script, or that there was none", function()
    local _, peer = meet(context, { server_name = "nobody.example" })
    assert.equal("open", peer.raw.status)
    local about = context:describe()
    assert.same({
      version = "TLSv1.3", cipher = "TLS_AES_128_GCM_SHA256", server_name = "nobody.example",
    }, about)
    meet(context, { max = "1.2" })
    assert.same({ version = "TLSv1.2", cipher = "ECDHE-ECDSA-AES128-GCM-SHA256" },
      context:describe())
  end)
end)

describe("a chain", function()
  it("is sent as the file has it", function()
    local context = assert(tls.context { certificates = { files.chained } })
    assert.equal(2, meet(context, {}).chain)
  end)

  it("is not made longer from the clients' CA", function()
    local context = assert(tls.context { verify = "optional", ca = files.ca.cert })
    assert.equal(1, meet(context, {}).chain)
  end)

  it("of some length is no matter, in pieces of any size", function()
    local many = {}
    for index = 1, 40 do many[index] = files.ca.made:cert() end
    local cert = tls.write("long.crt", files.server.made:cert() .. table.concat(many))
    local pair = { cert = cert, key = files.server.key }
    local context = assert(tls.context { certificates = { pair } })
    assert.equal(41, meet(context, {}).chain)
    assert.equal(41, meet(context, { max = "1.2" }).chain)
  end)

  local function longer()
    local many = {}
    for index = 1, 230 do many[index] = files.ca.made:cert() end
    local cert = tls.write("longer.crt", files.server.made:cert() .. table.concat(many))
    return assert(tls.context { certificates = { { cert = cert, key = files.server.key } } })
  end

  it("that is longer than the buffer for what goes out is sent all the same", function()
    local _, peer = meet(longer(), {})
    assert.is_true(#peer.raw:received() > 67584, #peer.raw:received())
    assert.equal("open", peer.raw.status)
  end)

  it("that is longer than that breaks off where the transport is broken", function()
    local over = tls.over(longer())
    local wrap = over.wrap
    function over.wrap(raw)
      raw:faults { broken = true }
      return wrap(raw)
    end
    local w = noting.echoing()
    local peer = w:peer(over)
    assert.truthy(w:log():find('rule=tls reason="the connection is broken"', 1, true))
    peer:reset()
    assert.is_true(peer:state().closed)
  end)
end)

-- --- clients' certificates -------------------------------------------------------------------

describe("a client's certificate", function()
  local function context_for(verify)
    return assert(tls.context { verify = verify, ca = files.ca.cert })
  end

  local function with(pair, version) return { cert = pair.cert, key = pair.key, max = version } end

  local function refuses(context, client, alert, reason)
    for _, version in ipairs { "1.2", "1.3" } do
      client.max = version
      local info, peer, w = meet(context, client)
      peer:read()
      assert.equal(alert, info.alert or peer.raw.client:info().alert)
      assert.truthy(w:log():find(('rule=tls reason="%s"'):format(reason), 1, true))
      assert.is_true(peer:state().shut)
      peer:finish()
      assert.is_true(peer:state().closed)
    end
  end

  it("isn't asked for by default", function()
    local context = context_for("none")
    local info, peer = meet(context, with(files.client))
    assert.equal("open", peer.raw.status)
    assert.equal(0, info.authorities)
    assert.is_nil(context:describe().subject)
    assert.is_nil(context:describe().fingerprint)
  end)

  for _, version in ipairs { "1.2", "1.3" } do
    for _, verify in ipairs { "optional", "required" } do
      it(("is told to the script where %s, TLS %s"):format(verify, version), function()
        local context = context_for(verify)
        local info, peer = meet(context, with(files.client, version))
        assert.equal("open", peer.raw.status)
        assert.equal(1, info.authorities)
        local about = context:describe()
        assert.equal("CN=Ann\\, \u{e9}t\u{e9},O=Moon", about.subject)
        assert.equal(files.client.made:fingerprint(), about.fingerprint)
        assert.same(about, context:describe())
      end)

      it(("is known again by a ticket where %s, TLS %s"):format(verify, version), function()
        local context = context_for(verify)
        local client = with(files.client, version)
        local _, peer = meet(context, client)
        peer:read()
        client.session = peer.raw.client:session()
        local again = meet(context, client)
        assert.is_true(again.reused)
        assert.equal(files.client.made:fingerprint(), context:describe().fingerprint)
      end)
    end
  end

  it("may be missing where optional", function()
    local context = context_for("optional")
    local _, peer = meet(context, {})
    assert.equal("open", peer.raw.status)
    assert.is_nil(context:describe().subject)
  end)

  it("must be there where required", function()
    local context = context_for("required")
    local reason = "peer did not return a certificate"
    local info, peer, w = meet(context, { max = "1.3" })
    assert.equal(116, info.alert) -- certificate_required
    assert.truthy(w:log():find(reason, 1, true))
    assert.is_true(peer:state().shut)
    info, peer, w = meet(context, { max = "1.2" })
    assert.is_true(peer:state().shut)
    assert.equal(40, info.alert)
    assert.truthy(w:log():find(reason, 1, true))
  end)

  it("that isn't good is refused, where optional too", function()
    for _, verify in ipairs { "optional", "required" } do
      local context = context_for(verify)
      refuses(context, with(files.client_expired), 45,
        "certificate verify failed: certificate has expired")
      refuses(context, with(files.client_foreign), 48,
        "certificate verify failed: unable to get local issuer certificate")
      refuses(context, with(files.client_self), 48,
        "certificate verify failed: self-signed certificate")
    end
  end)

  it("that has expired since is verified again, in spite of a ticket", function()
    for _, version in ipairs { "1.2", "1.3" } do
      tls.set_time(0)
      local context = context_for("required")
      local brief = tls.native.certificate { subject = "Brief", issuer = files.ca.made, to = 1800 }
      local client = {
        cert = tls.write("brief.crt", brief:cert()), key = tls.write("brief.key", brief:key()),
        max = version,
      }
      local _, peer = meet(context, client)
      client.session = peer.raw.client:session()
      tls.set_time(1700)
      assert.is_true(meet(context, client).reused)
      tls.set_time(1801)
      assert.is_false(meet(context, client).reused)
    end
  end)
end)

-- --- reload ----------------------------------------------------------------------------------

describe("a reload", function()
  local cert, key

  before_each(function()
    cert = tls.write("reloaded.crt", files.server.made:cert())
    key = tls.write("reloaded.key", files.server.made:key())
  end)

  local function serving()
    return assert(tls.context { certificates = { { cert = cert, key = key } } })
  end

  it("serves what the files have now, to who comes now", function()
    local context = serving()
    local w = noting.echoing()
    local old = w:connect("/room", tls.over(context))
    tls.write("reloaded.crt", files.other.made:cert())
    tls.write("reloaded.key", files.other.made:key())
    assert.is_true(context:reload())
    assert.equal("other.example", (certificate_for(context)))
    old:text("still here")
    assert.same({ "still here" }, old:take())
    assert.equal("localhost", old.raw.client:info().name)
  end)

  it("that fails says why, and the old ones go on", function()
    local context = serving()
    tls.write("reloaded.crt", files.other.made:cert())
    assert.same({ nil, key .. ": this is not the key of the certificate in " .. cert },
      { context:reload() })
    assert.equal("localhost", (certificate_for(context)))
    os.remove(cert)
    assert.same({ nil, cert .. ": No such file or directory" }, { context:reload() })
    assert.equal("localhost", (certificate_for(context)))
  end)

  it("within a handshake changes nothing for that one, its ticket either", function()
    local context = assert(tls.context { verify = "required", ca = files.ca.cert })
    local w = noting.echoing()
    local client = tls.native.client { cert = files.client.cert, key = files.client.key }
    local peer = w:peer { layer = context:layer(), secure = true }
    client:handshake()
    peer:send(client:get())
    assert.is_true(context:reload())
    client:put(peer.raw:take())
    assert.is_true(client:handshake())
    peer:send(client:get())
    client:put(peer.raw:take())
    assert.same({ "", "open" }, { client:read() })
    local session = client:session()
    assert.is_truthy(session)
    local info = meet(context,
      { cert = files.client.cert, key = files.client.key, session = session })
    assert.is_false(info.reused)
  end)

  it("withdraws a CA from those who come after it", function()
    local ca = tls.write("reloaded_ca.crt", files.ca.made:cert())
    local context = assert(tls.context { verify = "required", ca = ca })
    local client = { cert = files.client.cert, key = files.client.key }
    local _, peer = meet(context, client)
    client.session = peer.raw.client:session()
    tls.write("reloaded_ca.crt", files.other_ca.made:cert())
    assert.is_true(context:reload())
    local _, refused, w = meet(context, client)
    assert.is_true(refused:state().shut)
    assert.truthy(w:log():find("certificate verify failed", 1, true))
  end)
end)

describe("a context", function()
  it("knows how long its certificates last", function()
    local days, file = assert(tls.context { certificates = { files.other } }):days_left()
    assert.equal(10, days)
    assert.equal(files.other.cert, file)
    days, file = assert(tls.context {
      certificates = { files.other, files.server, files.expired },
    }):days_left()
    assert.equal(-3, days)
    assert.equal(files.expired.cert, file)
  end)

  it("may go before its connections", function()
    local context = assert(tls.context())
    local w = noting.echoing()
    local peer = w:connect("/room", tls.over(context))
    context:free()
    peer:text("still here")
    assert.same({ "still here" }, peer:take())
    peer:close(1000)
    peer:read()
    assert.equal("closed", peer.raw.status)
  end)

  it("copies what it was told", function()
    local context = assert(tls.context())
    collectgarbage()
    assert.is_true(context:reload())
  end)
end)
