--- Certificates that a spec makes when it runs: files NAME.pem and NAME.key in a directory.
---
---   local made = certificates.new()          a directory in /tmp
---   made:authority("ca")                     signs itself
---   made:issue("ann", { by = "ca", subject = "/O=Example/CN=ann" })
---   made:path("ann.pem")
---   made:remove()
local process = require "process"
local program = require "program"

local certificates = {}
certificates.__index = certificates

function certificates.new()
  return setmetatable({ directory = program.directory() }, certificates)
end

function certificates:path(name) return self.directory .. "/" .. name end

function certificates:remove() program.remove(self.directory) end

local function run(command)
  local code, _, err = process.run(command)
  if code ~= 0 then error(err, 3) end
end

local function request(self, name, options)
  return {
    "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-sha256",
    "-days", tostring(options.days or 30), "-subj", options.subject or "/CN=" .. name,
    "-keyout", self:path(name .. ".key"), "-out", self:path(name .. ".pem"),
  }
end

--- Makes a certificate that signs itself. options: subject ("/CN=NAME"), days (30),
--- name (a host's: SAN), password (of the key).
function certificates:authority(name, options)
  options = options or {}
  local command = request(self, name, options)
  local more = options.password and { "-passout", "pass:" .. options.password } or { "-nodes" }
  if options.name then
    table.move({ "-addext", "subjectAltName=DNS:" .. options.name }, 1, 2, #more + 1, more)
  end
  run(table.move(more, 1, #more, #command + 1, command))
end

--- Makes one that the authority `by` signs.
function certificates:issue(name, options)
  local command = request(self, name, options)
  local more = {
    "-nodes", "-CA", self:path(options.by .. ".pem"), "-CAkey", self:path(options.by .. ".key"),
    "-addext", "basicConstraints=critical,CA:FALSE",
  }
  run(table.move(more, 1, #more, #command + 1, command))
end

--- Has one that signs itself have expired yesterday.
function certificates:expire(name)
  local path = self:path(name .. ".pem")
  run { "openssl", "x509", "-in", path, "-signkey", self:path(name .. ".key"), "-days", "-1",
    "-out", path }
end

--- What openssl says is the SHA-256 of the certificate, in small letters.
function certificates:fingerprint(name)
  local _, out = process.run { "openssl", "x509", "-in", self:path(name .. ".pem"), "-noout",
    "-fingerprint", "-sha256" }
  return (out:match("=([%x:]+)"):gsub(":", ""):lower())
end

--- Copies files of one name to another: how a certificate is renewed.
function certificates:install(from, to)
  for _, extension in ipairs { ".pem", ".key" } do
    local file <close> = assert(io.open(self:path(from .. extension), "rb"))
    program.write(self:path(to .. extension), file:read("a"))
  end
end

return certificates
