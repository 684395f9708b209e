-- The program over TLS, seen from outside: what it is told to, and what its clients get.

local process = require "process"
local program = require "program"
local server = require "server"
local tls = require "tls"
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

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

local function split(path) return path:match("^(.*)/([^/]*)$") end

-- Has the files now.crt and now.key be those of a certificate: how one is renewed.
local function install(name)
  local files = tls.files[name]
  local cert, key = read(files.cert), read(files.key)
  return { cert = tls.write("now.crt", cert), key = tls.write("now.key", key) }
end

describe("a server over TLS", function()
  local opened

  before_each(function() opened = {} end)
  after_each(function()
    for _, connection in ipairs(opened) do connection:close() end
    server.stop_all()
  end)

  local function flags(name)
    local files = tls.files[name]
    return "--tls-cert=" .. files.cert, "--tls-key=" .. files.key
  end

  -- A server whose config.lua has the path of a file for "@server.cert"; now: see install.
  local function start(config, now, ...)
    local function path(name, what) return (name == "now" and now or tls.files[name])[what] end
    return server.start({
      ["init.lua"] = SCRIPT,
      ["config.lua"] = "return {" .. config:gsub("@(%w+)%.(%w+)", path) .. "}",
    }, { listens = true, ... })
  end

  local function by_flags(name, ...)
    local cert, key = flags(name)
    return server.start({ ["init.lua"] = SCRIPT }, { cert, key, ... })
  end

  -- A connection; options are those of spec/native/native_client.c.
  local function open(port, options)
    local connection = assert(tls.wire(port, { client = options }))
    table.insert(opened, connection)
    return connection
  end

  -- An upgraded client, and what its room told of it.
  local function connect(port, options)
    local client = assert(websocket.over(open(port, options), "/"))
    return client, json.decode((client:receive()))
  end

  -- The TLS that is spoken, and the name in the certificate.
  local function served(port, server_name)
    local info = open(port, { server_name = server_name }).client:info()
    return info.version .. " " .. info.name
  end

  it("says where, with https and wss", function()
    local here = by_flags("server")
    assert.equal(("moonroom: https://127.0.0.1:%d/ (wss) serves %s (only this machine; "
      .. "--listen 0.0.0.0:%d for others)\n"):format(here.port, here.root, here.port),
      here:log():match("^[^\n]*\n"))
  end)

  it("echoes, and the script is told how", function()
    local client, told = connect(by_flags("server").port, { server_name = "chat.example" })
    assert.is_true(told.secure)
    assert.equal("TLSv1.3", told.version)
    assert.matches("^TLS_AES", told.cipher)
    assert.equal("chat.example", told.server_name)
    assert.is_nil(told.subject)
    for _, size in ipairs { 1, 125, 70000, 500000 } do
      client:send(("x"):rep(size))
      assert.equal(size, #client:receive())
    end
  end)

  it("says the version in the line of a session that ends", function()
    local here = by_flags("server")
    local client = connect(here.port)
    client:send("\x03\xe8", "close")
    assert.equal(1000, (client:receive_close()))
    here:wait_for_log("client left [^\n]* code=1000 closed_by=them clean=yes tls=TLSv1.3\n")
  end)

  it("speaks plain and TLS side by side", function()
    local here = start [[
      tls = { cert = "@server.cert", key = "@server.key" },
      listen = {
        "127.0.0.1:0",
        { address = "127.0.0.1:0", tls = { cert = "@chained.cert", key = "@chained.key" } },
        { "127.0.0.1:0", tls = false },
      } ]]
    local port = "127%.0%.0%.1:%d+/"
    assert.matches("^moonroom: https://" .. port .. " %(wss%), https://" .. port
      .. " %(wss%) and http://" .. port .. " serve ", here:log())
    assert.equal("TLSv1.3 localhost", served(here.ports[1]))
    assert.equal("TLSv1.3 chained.example", served(here.ports[2]))
    local plain = assert(websocket.connect(here.ports[3], "/"))
    assert.same({ secure = false }, json.decode((plain:receive())))
    plain:close()
    local _, told = connect(here.ports[2])
    assert.is_true(told.secure)
  end)

  it("has its flags' certificate where config.lua has another, none with --no-tls", function()
    local config = [[
      tls = { cert = "@server.cert", key = "@server.key", verify = "required", ca = "@ca.cert" },
      listen = {
        "127.0.0.1:0",
        { "127.0.0.1:0", tls = { cert = "@server.cert", key = "@server.key" } },
      } ]]
    local here = start(config, nil, flags("chained"))
    assert.equal("TLSv1.3 chained.example", served(here.ports[1]))
    local _, told = connect(here.ports[1], tls.files.client)
    assert.matches("CN=Ann", told.subject) -- whether they are asked is not for the flag to say
    assert.equal("TLSv1.3 localhost", served(here.ports[2]))
    local plain = start(config, nil, "--no-tls")
    for _, port in ipairs(plain.ports) do
      local client = assert(websocket.connect(port, "/"))
      client:close()
    end
  end)

  it("finds files beside config.lua, and those of flags where it is started", function()
    local here = server.start {
      ["init.lua"] = SCRIPT,
      ["config.lua"] = 'return { tls = { cert = "keys/a.pem", key = "keys/a.key" } }',
      ["keys/a.pem"] = read(tls.files.server.cert),
      ["keys/a.key"] = read(tls.files.server.key),
    }
    assert.equal("TLSv1.3 localhost", served(here.port))
    local beside = { directory = split(tls.files.server.cert) }
    local code, _, err = program.run({ "check", "--tls-cert=server.crt", "--tls-key=server.key",
      here.root }, beside)
    assert.same({ 0, "" }, { code, err })
    code, _, err = program.run({ "check", "--tls-cert=keys/a.pem", "--tls-key=keys/a.key",
      here.root }, beside)
    assert.same({ 78, "keys/a.pem: No such file or directory\n" }, { code, err })
  end)

  it("opens a key with its password", function()
    local here = start [[ listen = "127.0.0.1:0",
      tls = { cert = "@locked.cert", key = "@locked.key", key_password = "sesame" } ]]
    assert.equal("TLSv1.3 locked.example", served(here.port))
  end)

  it("chooses the certificate by the name that is asked for", function()
    local here = start [[ listen = "127.0.0.1:0", tls = {
      cert = "@server.cert", key = "@server.key",
      certificates = { { cert = "@chained.cert", key = "@chained.key" } } } ]]
    assert.equal("TLSv1.3 chained.example", served(here.port, "chained.example"))
    assert.equal("TLSv1.3 localhost", served(here.port, "chat.example"))
    assert.equal("TLSv1.3 localhost", served(here.port, "nobody.example"))
    assert.equal("TLSv1.3 localhost", served(here.port))
  end)

  describe("that asks clients for a certificate", function()
    local function asking(verify)
      return start(([[ listen = "127.0.0.1:0", tls = { cert = "@server.cert", key = "@server.key",
        verify = "%s", ca = "@ca.cert" } ]]):format(verify))
    end

    -- In TLS 1.3 the client is done before the server has looked.
    local function turned_away(port, options)
      local connection = open(port, options)
      connection:send(websocket.handshake("/"))
      local bytes, ended = connection:receive_all()
      assert.equal("", bytes)
      return ended
    end

    it("tells the script whose it is", function()
      for _, verify in ipairs { "optional", "required" } do
        local _, told = connect(asking(verify).port, tls.files.client)
        assert.equal("CN=Ann\\, \u{e9}t\u{e9},O=Moon", told.subject)
        assert.equal(tls.files.client.made:fingerprint(), told.fingerprint)
      end
    end)

    it("lets in who has none where it is optional, and doesn't where it is required", function()
      local _, told = connect(asking("optional").port)
      assert.is_nil(told.subject)
      assert.is_nil(told.fingerprint)
      assert.matches("alert certificate required", turned_away(asking("required").port))
    end)

    it("turns away who has one of somebody else's", function()
      for _, verify in ipairs { "optional", "required" } do
        local here = asking(verify)
        assert.matches("alert unknown ca", turned_away(here.port, tls.files.client_foreign))
      end
    end)
  end)

  describe("at HUP", function()
    local now

    before_each(function() now = install("server") end)

    local function reloading()
      return start([[ listen = { "127.0.0.1:0", "127.0.0.1:0" },
        tls = { cert = "@now.cert", key = "@now.key" } ]], now)
    end

    it("gives new clients the new certificate, and who is there goes on", function()
      local here = reloading()
      local client = connect(here.ports[2])
      install("chained")
      assert.equal("TLSv1.3 localhost", served(here.ports[1]))
      here:signal("sighup")
      assert.equal(("127.0.0.1:%d, 127.0.0.1:%d"):format(here.ports[1], here.ports[2]),
        here:wait_for_log('info  certificates reloaded listeners="([^"]*)"\n'))
      here:wait_for_log("scripts reloaded version=2 ms=%d+\n")
      client:send("still here")
      assert.equal("still here", (client:receive()))
      for _, port in ipairs(here.ports) do
        assert.equal("TLSv1.3 chained.example", served(port))
      end
    end)

    it("refuses a bad one, says which and why, and the old one serves", function()
      local here = reloading()
      local client = connect(here.port)
      tls.write("now.crt", "nonsense")
      here:signal("sighup")
      assert.matches("now%.crt: ", here:wait_for_log(
        'error certificates not reloaded, the old ones serve reason="([^"]*)"'))
      assert.not_matches("certificates reloaded", here:log(), 1, true)
      assert.equal("TLSv1.3 localhost", served(here.port))
      client:send("still here")
      assert.equal("still here", (client:receive()))
      install("chained")
      here:signal("sighup")
      here:wait_for_log("certificates reloaded")
      assert.equal("TLSv1.3 chained.example", served(here.port))
    end)

    it("warns of a new one that will expire soon", function()
      local here = reloading()
      install("other")
      here:signal("sighup")
      assert.matches("now%.crt$",
        here:wait_for_log("warn  a certificate will expire soon cert=(%S+) days=10\n"))
    end)

    it("does without certificates as before", function()
      local here = server.start { ["init.lua"] = "" }
      here:signal("sighup")
      here:wait_for_log("info  reloading signal=HUP\n")
      here:wait_for_log("scripts reloaded")
      assert.not_matches("certificates", here:log(), 1, true)
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
      local here = by_flags("server")
      local seen = recorded(here.port, function(port) return (connect(port)) end)
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
    local here = by_flags("server", "--handshake-timeout", "0.3")
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
    local here = by_flags("server")
    for _, bytes in ipairs { "", "\x81\xfe" } do
      local before = select(2, here:log():gsub("print ", ""))
      local client = connect(here.port)
      if bytes ~= "" then client.wire:send(bytes) end
      client.wire.wire:shutdown()
      wait(function() return select(2, here:log():gsub("print ", "")) > before end, "on_leave")
      assert.matches('print message="?left\\t1006\\tfalse', here:log():match("[^\n]*\n$"))
    end
  end)

  it("answers a close over TLS, and ends with close_notify", function()
    local here = by_flags("server")
    local client = connect(here.port)
    client:send_close(1000)
    assert.equal(1000, (client:receive_close()))
    assert.same({ "", "close_notify" }, { client.wire:receive_all() })
    here:wait_for_log('left\\t1000\\ttrue')
  end)

  it("sends everybody 1001 at TERM, and lets them answer", function()
    local here = by_flags("server")
    local client = connect(here.port)
    here:signal("sigterm")
    assert.equal(1001, (client:receive_close()))
    here:signal("sighup") -- there is nothing left to reload
    here:wait_for_log("stopping, nothing is reloaded signal=HUP")
    client:send_close(1001)
    assert.same({ "", "close_notify" }, { client.wire:receive_all() })
    assert.same({ 0, 0 }, { here:finish() })
  end)

  it("closes without a word where descriptors have run out, as no answer could be read", function()
    local here = start([[ listen = { { "127.0.0.1:0", tls = false }, "127.0.0.1:0" },
      tls = { cert = "@server.cert", key = "@server.key" } ]])
    local clients = {}
    for i = 1, 30 do clients[i] = assert(websocket.connect(here.ports[1], "/")) end
    -- Below what is open: nobody else gets a descriptor, and nobody is there to make room.
    local limit = { "prlimit", "--pid", tostring(here.pid), "--nofile=20:20" }
    assert.equal(0, (process.run(limit)))
    local plain = assert(wire.connect(here.ports[1]))
    assert.matches("^HTTP/1%.1 503 ", (plain:receive_all()))
    local secure = assert(wire.connect(here.ports[2]))
    assert.same({ "", "end" }, { secure:receive_all() })
    here:wait_for_log("connections are turned away rule=descriptors listener=127.0.0.1:"
      .. here.ports[2])
    for _, peer in ipairs { plain, secure, table.unpack(clients) } do peer:close() end
  end)
end)

describe("moonroom check, of certificates,", function()
  local directory

  setup(function() directory = program.directory { ["init.lua"] = "" } end)
  teardown(function() program.remove(directory) end)

  -- Its exit code and standard error; run's are the same.
  local function check(cert, key)
    local arguments = { "--tls-cert", cert, "--tls-key", key, "--listen", "127.0.0.1:0", directory }
    local code, out, err = program.run { "check", table.unpack(arguments) }
    if code ~= 0 then
      local run_code, _, run_err = program.run(arguments)
      assert.same({ code, err, "" }, { run_code, run_err, out })
    end
    local where = split(cert)
    return code, (err:gsub("^" .. where:gsub("%p", "%%%0") .. "/", ""))
  end

  local files = tls.files

  it("is silent where all is well", function()
    assert.same({ 0, "" }, { check(files.server.cert, files.server.key) })
  end)

  it("says where config.lua names a file that is wrong, unless a flag names another", function()
    local root = program.directory { ["init.lua"] = "", ["config.lua"] = [[return {
      tls = { cert = "none.crt", key = "none.key" },
    }]] }
    local code, _, err = program.run { "check", root }
    assert.same({ 78, ("%s/config.lua:2: tls: %s/none.crt: No such file or directory\n")
      :format(root, root) }, { code, err })
    local flags = { "check", "--tls-cert", files.server.cert, "--tls-key", files.server.key, root }
    assert.equal(0, (program.run(flags)))
    flags[3] = root .. "/flag.crt"
    code, _, err = program.run(flags)
    assert.same({ 78, root .. "/flag.crt: No such file or directory\n" }, { code, err })
    program.write(root .. "/config.lua", [[return { listen = { ":0", { "127.0.0.1:0",
      tls = { cert = "none.crt", key = "none.key" } } } }]])
    code, _, err = program.run { "check", root }
    assert.same({ 78, ("%s/config.lua:2: listen[2].tls: %s/none.crt: No such file or directory\n")
      :format(root, root) }, { code, err })
    program.remove(root)
  end)

  it("names the file that is wrong and the reason, and ends with 78", function()
    local where = split(files.server.cert)
    assert.same({ 78, "none.crt: No such file or directory\n" },
      { check(where .. "/none.crt", files.server.key) })
    assert.same({ 78, "none.key: No such file or directory\n" },
      { check(files.server.cert, where .. "/none.key") })
    local code, err = check(files.server.cert, files.other.key)
    assert.equal(78, code)
    assert.matches("^other%.key: .*server%.crt", err)
    code, err = check(tls.write("odd.crt", "odd"), files.server.key)
    assert.equal(78, code)
    assert.matches("^odd%.crt: ", err)
  end)

  it("warns of one that will expire soon, and of one that has", function()
    local code, err = check(files.other.cert, files.other.key)
    assert.equal(0, code)
    assert.matches("warn  a certificate will expire soon cert=%S+other%.crt days=10\n$", err)
    code, err = check(files.expired.cert, files.expired.key)
    assert.equal(0, code)
    assert.matches("warn  a certificate has expired cert=%S+expired%.crt days=3\n$", err)
  end)
end)
