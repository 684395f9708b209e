-- The program over TLS, seen from outside: what it is told to, and what its clients get.

local certificates = require "certificates"
local process = require "process"
local program = require "program"
local server = require "server"
local tls_client = require "tls_client"
local uv = require "luv"
local wait = require "wait"
local websocket = require "websocket"
local wire = require "wire"

local SCRIPT = [[
local moonroom = require "moonroom"
local Echo = moonroom.Room:extend("Echo")
function Echo:on_join(client)
  local request = client.request
  local tls = request.tls or {}
  client:send(moonroom.json.encode {
    secure = request.secure, version = tls.version, cipher = tls.cipher,
    server_name = tls.server_name, subject = tls.subject, fingerprint = tls.fingerprint,
  })
end
function Echo:on_text(client, text) client:send(text) end
function Echo:on_leave(client, code, reason, clean) print("left", code, clean) end
moonroom.mount("/", Echo)
]]

local json = require("moonroom").json

-- A proxy to a port that keeps what goes through. Returns it and its port.
local function recording_proxy(port)
  local proxy = { seen = "", handles = {} }
  local listener = uv.new_tcp()
  table.insert(proxy.handles, listener)
  listener:bind("127.0.0.1", 0)
  local function pump(from, to)
    from:read_start(function(_, bytes)
      if not bytes then return to:is_closing() or to:shutdown() end
      proxy.seen = proxy.seen .. bytes
      to:write(bytes)
    end)
  end
  listener:listen(1, function()
    local near, far = uv.new_tcp(), uv.new_tcp()
    table.move({ near, far }, 1, 2, #proxy.handles + 1, proxy.handles)
    listener:accept(near)
    far:connect("127.0.0.1", port, function()
      pump(near, far)
      pump(far, near)
    end)
  end)
  function proxy.close()
    for _, handle in ipairs(proxy.handles) do
      if not handle:is_closing() then handle:close() end
    end
  end
  return proxy, listener:getsockname().port
end

describe("a server over TLS", function()
  local made

  setup(function()
    made = certificates.new()
    for _, name in ipairs { "alpha", "beta" } do
      made:authority(name, { name = name .. ".example" })
    end
    made:authority("locked", { password = "open sesame" })
    made:authority("ca")
    made:authority("other-ca")
    made:issue("ann", { by = "ca", subject = "/O=Example/CN=ann" })
    made:issue("eve", { by = "other-ca" })
    made:authority("short", { days = 5 })
  end)
  teardown(function() made:remove() end)
  after_each(function()
    tls_client.stop_all()
    server.stop_all()
  end)

  local function flags(name)
    return "--tls-cert=" .. made:path(name .. ".pem"), "--tls-key=" .. made:path(name .. ".key")
  end

  -- A server whose config.lua is a format for the directory of the certificates.
  local function start(config, ...)
    return server.start({
      ["init.lua"] = SCRIPT, ["config.lua"] = "return {" .. config:gsub("@", made.directory) .. "}",
    }, { listens = true, ... })
  end

  local function by_flags(name, ...)
    local cert, key = flags(name)
    return server.start({ ["init.lua"] = SCRIPT }, { cert, key, ... })
  end

  -- An upgraded client, what its room told of it, and the bridge.
  local function connect(port, name, options)
    options = options or {}
    options.ca = options.ca or made:path(name .. ".pem")
    local bridge = tls_client.open(port, options)
    assert.is_string(bridge.connected, bridge.failed)
    local client = assert(websocket.over(bridge.wire, "/"))
    return client, json.decode((client:receive())), bridge
  end

  local function server_name_of(port, ca, name)
    return tls_client.open(port, { ca = made:path(ca .. ".pem"), name = name }).connected
  end

  it("says where, with https and wss", function()
    local here = by_flags("alpha")
    assert.equal(("moonroom: https://127.0.0.1:%d/ (wss) serves %s (only this machine; "
      .. "--listen 0.0.0.0:%d for others)\n"):format(here.port, here.root, here.port), here:log())
  end)

  it("echoes, and the script is told how", function()
    local client, told = connect(by_flags("alpha").port, "alpha", { name = "alpha.example" })
    assert.is_true(told.secure)
    assert.equal("TLSv1.3", told.version)
    assert.matches("^TLS_AES", told.cipher)
    assert.equal("alpha.example", told.server_name)
    assert.is_nil(told.subject)
    for _, size in ipairs { 1, 125, 70000, 500000 } do
      client:send(("x"):rep(size))
      assert.equal(size, #client:receive())
    end
  end)

  it("speaks plain and TLS side by side", function()
    local here = start [[
      tls = { cert = "@/alpha.pem", key = "@/alpha.key" },
      listen = {
        "127.0.0.1:0",
        { address = "127.0.0.1:0", tls = { cert = "@/beta.pem", key = "@/beta.key" } },
        { "127.0.0.1:0", tls = false },
      } ]]
    local port = "127%.0%.0%.1:%d+/"
    assert.matches("^moonroom: https://" .. port .. " %(wss%), https://" .. port
      .. " %(wss%) and http://" .. port .. " serve ", here:log())
    assert.equal("TLSv1.3 alpha", server_name_of(here.ports[1], "alpha"))
    assert.equal("TLSv1.3 beta", server_name_of(here.ports[2], "beta"))
    local plain = assert(websocket.connect(here.ports[3], "/"))
    assert.same({ secure = false }, json.decode((plain:receive())))
    plain:close()
    local _, told = connect(here.ports[2], "beta")
    assert.is_true(told.secure)
  end)

  it("has its flags' certificate where config.lua has another, none with --no-tls", function()
    local config = [[
      tls = { cert = "@/alpha.pem", key = "@/alpha.key", verify = "required", ca = "@/ca.pem" },
      listen = {
        "127.0.0.1:0",
        { "127.0.0.1:0", tls = { cert = "@/alpha.pem", key = "@/alpha.key" } },
      } ]]
    local here = start(config, flags("beta"))
    local _, told, bridge = connect(here.ports[1], "beta",
      { cert = made:path("ann.pem"), key = made:path("ann.key") })
    assert.equal("TLSv1.3 beta", bridge.connected)
    assert.matches("CN=ann", told.subject) -- whether they are asked is not for the flag to say
    assert.equal("TLSv1.3 alpha", server_name_of(here.ports[2], "alpha"))
    local plain = start(config, "--no-tls")
    for _, port in ipairs(plain.ports) do
      local client = assert(websocket.connect(port, "/"))
      client:close()
    end
  end)

  it("finds files beside config.lua, and those of flags where it is started", function()
    local files = { ["init.lua"] = SCRIPT,
      ["config.lua"] = 'return { tls = { cert = "keys/a.pem", key = "keys/a.key" } }' }
    for _, extension in ipairs { "pem", "key" } do
      local file <close> = assert(io.open(made:path("alpha." .. extension), "rb"))
      files["keys/a." .. extension] = file:read("a")
    end
    local here = server.start(files)
    assert.equal("TLSv1.3 alpha", server_name_of(here.port, "alpha"))
    local code, _, err = program.run({ "check", "--tls-cert=alpha.pem", "--tls-key=alpha.key",
      here.root }, { directory = made.directory })
    assert.same({ 0, "" }, { code, err })
    code, _, err = program.run({ "check", "--tls-cert=keys/a.pem", "--tls-key=keys/a.key",
      here.root }, { directory = made.directory })
    assert.same({ 78, "keys/a.pem: No such file or directory\n" }, { code, err })
  end)

  it("opens a key with its password", function()
    local here = start [[ listen = "127.0.0.1:0",
      tls = { cert = "@/locked.pem", key = "@/locked.key", key_password = "open sesame" } ]]
    assert.equal("TLSv1.3 locked", server_name_of(here.port, "locked"))
  end)

  it("chooses the certificate by the name that is asked for", function()
    local here = start [[ listen = "127.0.0.1:0", tls = {
      cert = "@/alpha.pem", key = "@/alpha.key",
      certificates = { { cert = "@/beta.pem", key = "@/beta.key" } } } ]]
    assert.equal("TLSv1.3 beta", server_name_of(here.port, "beta", "beta.example"))
    assert.equal("TLSv1.3 alpha", server_name_of(here.port, "alpha", "alpha.example"))
    assert.equal("TLSv1.3 alpha", server_name_of(here.port, "alpha", "other.example"))
    assert.equal("TLSv1.3 alpha", server_name_of(here.port, "alpha"))
  end)

  describe("that asks clients for a certificate", function()
    local function asking(verify)
      return start(([[ listen = "127.0.0.1:0", tls = { cert = "@/alpha.pem", key = "@/alpha.key",
        verify = "%s", ca = "@/ca.pem" } ]]):format(verify))
    end
    local function who(name)
      return { cert = made:path(name .. ".pem"), key = made:path(name .. ".key") }
    end

    -- In TLS 1.3 the client is done before the server has looked.
    local function turned_away(port, options)
      options.ca = made:path("alpha.pem")
      local bridge = tls_client.open(port, options)
      bridge.wire:send(websocket.handshake("/"))
      local bytes = bridge.wire:receive_all()
      assert.equal("", bytes)
      return bridge:server_end()
    end

    it("tells the script whose it is", function()
      for _, verify in ipairs { "optional", "required" } do
        local _, told = connect(asking(verify).port, "alpha", who "ann")
        assert.equal("CN=ann,O=Example", told.subject)
        assert.equal(made:fingerprint("ann"), told.fingerprint)
      end
    end)

    it("lets in who has none where it is optional, and doesn't where it is required", function()
      local _, told = connect(asking("optional").port, "alpha")
      assert.is_nil(told.subject)
      assert.is_nil(told.fingerprint)
      assert.matches("CERTIFICATE_REQUIRED", turned_away(asking("required").port, {}))
    end)

    it("turns away who has one of somebody else's", function()
      for _, verify in ipairs { "optional", "required" } do
        local here = asking(verify)
        assert.matches("UNKNOWN_CA", turned_away(here.port, who "eve"))
      end
    end)
  end)

  describe("at HUP", function()
    before_each(function() made:install("alpha", "now") end)

    local function reloading()
      return start [[ listen = { "127.0.0.1:0", "127.0.0.1:0" },
        tls = { cert = "@/now.pem", key = "@/now.key" } ]]
    end

    it("gives new clients the new certificate, and who is there goes on", function()
      local here = reloading()
      local client = connect(here.ports[2], "alpha")
      made:install("beta", "now")
      assert.equal("TLSv1.3 alpha", server_name_of(here.ports[1], "alpha"))
      here:signal("sighup")
      assert.equal(("127.0.0.1:%d, 127.0.0.1:%d"):format(here.ports[1], here.ports[2]),
        here:wait_for_log('info  certificates reloaded listeners="([^"]*)"\n'))
      here:wait_for_log("scripts are not reloaded, restart to load new ones signal=HUP\n")
      client:send("still here")
      assert.equal("still here", (client:receive()))
      for _, port in ipairs(here.ports) do
        assert.equal("TLSv1.3 beta", server_name_of(port, "beta"))
      end
    end)

    it("refuses a bad one, says which and why, and the old one serves", function()
      local here = reloading()
      local client = connect(here.port, "alpha")
      program.write(made:path("now.pem"), "nonsense")
      here:signal("sighup")
      assert.matches("now%.pem: ", here:wait_for_log(
        'error certificates not reloaded, the old ones serve reason="([^"]*)"'))
      assert.not_matches("certificates reloaded", here:log(), 1, true)
      assert.equal("TLSv1.3 alpha", server_name_of(here.port, "alpha"))
      client:send("still here")
      assert.equal("still here", (client:receive()))
      made:install("beta", "now")
      here:signal("sighup")
      here:wait_for_log("certificates reloaded")
      assert.equal("TLSv1.3 beta", server_name_of(here.port, "beta"))
    end)

    it("warns of a new one that will expire soon", function()
      local here = reloading()
      made:install("short", "now")
      here:signal("sighup")
      assert.matches("now%.pem$",
        here:wait_for_log("warn  a certificate will expire soon cert=(%S+) days=[45]\n"))
    end)

    it("does without certificates as before", function()
      local here = server.start { ["init.lua"] = "" }
      here:signal("sighup")
      here:wait_for_log("warn  reloading is not available[^\n]* signal=HUP\n")
    end)
  end)

  describe("on the wire", function()
    local TEXT = ("the secret of the lighthouse "):rep(20)

    -- What goes between the client and the server while it sends the text and gets it back.
    local function recorded(port, over)
      local proxy, near = recording_proxy(port)
      local client = over(near)
      client:send(TEXT, "text", { mask = "\0\0\0\0" })
      assert.equal(TEXT, (client:receive()))
      client.wire:close()
      proxy.close()
      return proxy.seen
    end

    it("shows no plaintext", function()
      local here = by_flags("alpha")
      local seen = recorded(here.port, function(port) return (connect(port, "alpha")) end)
      assert.is_true(#seen > 2 * #TEXT)
      assert.is_nil(seen:find("lighthouse", 1, true))
      assert.is_nil(seen:find("Upgrade", 1, true))
    end)

    it("shows all of it where it is plain", function()
      local here = server.start { ["init.lua"] = SCRIPT }
      local seen = recorded(here.port, function(port)
        local client = assert(websocket.connect(port, "/"))
        client:receive()
        return client
      end)
      assert.equal(2, select(2, seen:gsub(TEXT, "")))
      assert.is_truthy(seen:find("Upgrade", 1, true))
    end)
  end)

  it("drops a handshake that never ends", function()
    local here = by_flags("alpha", "--handshake-timeout", "0.3")
    for _, bytes in ipairs { "", "\x16\x03\x01\x00\xf1\x01\x00\x00\xed\x03\x03" } do
      local peer = assert(wire.connect(here.port))
      if bytes ~= "" then peer:send(bytes) end
      local since = uv.hrtime()
      peer:receive_all()
      assert.is_true(uv.hrtime() - since >= 0.2e9)
      peer:close()
    end
  end)

  it("has 1006 where the end comes without close_notify, even after a frame's half", function()
    local here = by_flags("alpha")
    for _, bytes in ipairs { "", "\x81\xfe" } do
      local before = select(2, here:log():gsub("print ", ""))
      local client, _, bridge = connect(here.port, "alpha", { ending = "fin" })
      if bytes ~= "" then client.wire:send(bytes):flush() end
      client.wire:close()
      bridge.process:finish()
      wait(function() return select(2, here:log():gsub("print ", "")) > before end, "on_leave")
      assert.matches('print message="?left\\t1006\\tfalse', here:log():match("[^\n]*\n$"))
    end
  end)

  it("answers a close over TLS, and ends with close_notify", function()
    local here = by_flags("alpha")
    local client, _, bridge = connect(here.port, "alpha")
    client:send_close(1000)
    assert.equal(1000, (client:receive_close()))
    assert.equal("close_notify", bridge:server_end())
    here:wait_for_log('left\\t1000\\ttrue')
  end)

  it("sends everybody 1001 at TERM, and lets them answer", function()
    local here = by_flags("alpha")
    local client, _, bridge = connect(here.port, "alpha")
    here:signal("sigterm")
    assert.equal(1001, (client:receive_close()))
    here:signal("sighup") -- there is nothing left to reload
    here:wait_for_log("signal=HUP")
    client:send_close(1001)
    assert.equal("close_notify", bridge:server_end())
    assert.same({ 0, 0 }, { here:finish() })
  end)

  it("closes without a word where descriptors have run out, as no answer could be read", function()
    local here = start([[ listen = { { "127.0.0.1:0", tls = false }, "127.0.0.1:0" },
      tls = { cert = "@/alpha.pem", key = "@/alpha.key" } ]])
    local clients = {}
    for i = 1, 30 do clients[i] = assert(websocket.connect(here.ports[1], "/")) end
    -- Below what is open: nobody else gets a descriptor, and nobody is there to make room.
    local limit = { "prlimit", "--pid", tostring(here.pid), "--nofile=20:20" }
    assert.equal(0, (process.run(limit)))
    local plain = assert(wire.connect(here.ports[1]))
    assert.matches("^HTTP/1%.1 503 ", (plain:receive_all()))
    local secure = assert(wire.connect(here.ports[2]))
    assert.same({ "", "end" }, { secure:receive_all() })
    here:wait_for_log("connections are turned away listener=127.0.0.1:" .. here.ports[2])
    for _, peer in ipairs { plain, secure, table.unpack(clients) } do peer:close() end
  end)
end)

describe("moonroom check, of certificates,", function()
  local made, directory

  setup(function()
    made = certificates.new()
    for _, name in ipairs { "good", "other" } do made:authority(name) end
    made:authority("short", { days = 5 })
    directory = program.directory { ["init.lua"] = "" }
  end)
  teardown(function()
    made:remove()
    program.remove(directory)
  end)

  -- Its exit code and standard error; run's are the same.
  local function check(cert, key)
    local arguments = { "--tls-cert", made:path(cert), "--tls-key", made:path(key), "--listen",
      "127.0.0.1:0", directory }
    local code, out, err = program.run { "check", table.unpack(arguments) }
    if code ~= 0 then
      local run_code, _, run_err = program.run(arguments)
      assert.same({ code, err, "" }, { run_code, run_err, out })
    end
    return code, (err:gsub("^" .. made.directory:gsub("%p", "%%%0") .. "/", ""))
  end

  it("is silent where all is well", function()
    assert.same({ 0, "" }, { check("good.pem", "good.key") })
  end)

  it("names the file that is wrong and the reason, and ends with 78", function()
    assert.same({ 78, "none.pem: No such file or directory\n" }, { check("none.pem", "good.key") })
    assert.same({ 78, "none.key: No such file or directory\n" }, { check("good.pem", "none.key") })
    local code, err = check("good.pem", "other.key")
    assert.equal(78, code)
    assert.matches("^other%.key: .*good%.pem", err)
    program.write(made:path("odd.pem"), "odd")
    code, err = check("odd.pem", "good.key")
    assert.equal(78, code)
    assert.matches("^odd%.pem: ", err)
  end)

  it("warns of one that will expire soon, and of one that has", function()
    local code, err = check("short.pem", "short.key")
    assert.equal(0, code)
    assert.matches("warn  a certificate will expire soon cert=%S+short%.pem days=[45]\n$", err)
    made:expire("short")
    code, err = check("short.pem", "short.key")
    assert.equal(0, code)
    assert.matches("warn  a certificate has expired cert=%S+short%.pem days=[12]\n$", err)
  end)
end)
