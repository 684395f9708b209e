-- The script that makes a certificate for trying, and the program with what it makes.

local process = require "process"
local program = require "program"
local server = require "server"
local tls = require "tls"
local uv = require "luv"

describe("scripts/certificate", function()
  local root

  before_each(function() root = program.directory() end)
  after_each(function()
    server.stop_all()
    program.remove(root)
  end)

  local function make(...) return process.run { "scripts/certificate", ... } end

  local function read(name)
    local file <close> = assert(io.open(root .. "/new/" .. name, "rb"))
    return file:read("a")
  end

  local function openssl(...)
    local command = { "openssl", "x509", "-in", root .. "/new/cert.pem", "-noout", ... }
    return select(2, process.run(command))
  end

  it("makes one for this machine, and a key that nobody else may read", function()
    local code, out, err = make(root .. "/new")
    assert.same({ 0, "" }, { code, err })
    assert.matches("wrote " .. root .. "/new/cert.pem\n", out, 1, true)
    local flags = ("--tls-cert %s/new/cert.pem --tls-key %s/new/key.pem"):format(root, root)
    assert.matches(flags, out, 1, true)
    assert.matches("curl --cacert " .. root .. "/new/cert.pem https://", out, 1, true)
    assert.equal(tonumber("100600", 8), uv.fs_stat(root .. "/new/key.pem").mode)
    assert.matches("DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
      openssl("-ext", "subjectAltName"), 1, true)
    assert.matches("will not expire", openssl("-checkend", "86400"))
    assert.matches("will expire", openssl("-checkend", tostring(826 * 86400)))
    assert.equal("cert.pem\nkey.pem\n", (select(2, process.run { "ls", root .. "/new" })))
  end)

  it("makes one that the server and a client that is told to trust it take", function()
    make(root .. "/new")
    local cert = root .. "/new/cert.pem"
    local here = server.start("examples/echo", { "--tls-cert", cert, "--tls-key",
      root .. "/new/key.pem" })
    local connection = assert(tls.wire(here.port))
    assert.equal("localhost", connection.client:info().name)
    connection:close()
    local code, out, err = process.run { "curl", "--silent", "--show-error", "--cacert", cert,
      "--output", "/dev/null", "--write-out", "%{http_code}",
      ("https://localhost:%d/"):format(here.port) }
    assert.same({ 0, "404", "" }, { code, out, err })
  end)

  it("leaves one that is valid, unless it is told to", function()
    make(root .. "/new")
    local before = read("cert.pem")
    local _, out = make(root .. "/new")
    assert.matches("is still valid, and stays; %-%-force makes a new one", out)
    assert.equal(before, read("cert.pem"))
    make("--force", root .. "/new")
    local forced = read("cert.pem")
    assert.not_equal(before, forced)
    program.write(root .. "/new/key.pem", "of no certificate")
    make(root .. "/new")
    assert.not_equal(forced, read("cert.pem"))
    assert.equal(tonumber("100600", 8), uv.fs_stat(root .. "/new/key.pem").mode)
  end)

  it("says what is wrong", function()
    program.write(root .. "/file", "")
    local code, _, err = make(root .. "/file/new")
    assert.equal(73, code)
    assert.equal("scripts/certificate: the directory " .. root .. "/file/new can't be made\n", err)
    code, _, err = make("--days=9")
    assert.equal(64, code)
    assert.matches("unknown flag %-%-days=9; usage: ", err)
    code, _, err = make("a", "b")
    assert.same({ 64, "scripts/certificate: one DIR, please\n" }, { code, err })
  end)
end)
