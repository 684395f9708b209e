-- Clients of three kinds over TLS with permessage-deflate, in both modes of context takeover.
local checks = require "spec.e2e.checks"
local server = require "server"
local tls = require "tls"

local SOURCE = {
  ["init.lua"] = [[
local moonroom = require "moonroom"

local Echo = moonroom.Room:extend("Echo")
function Echo:on_text(client, text) client:send(text) end
function Echo:on_binary(client, data) client:send_binary(data) end
moonroom.mount("/echo", Echo)
]],
  ["public/index.html"] = "<!doctype html><title>Echo</title><link rel=icon href=data:,>\n",
}

-- Debian's, which python3-websockets is packaged for; another may come first on PATH.
local PYTHON = "/usr/bin/python3"

local CLIENTS = {
  { name = "npm's ws",
    command = function(port, ca, mode)
      return { "node", "spec/e2e/wss_client.js", port, ca, mode }
    end,
    "agrees on the extension and on what contexts keep",
    "gets 1 MiB of text back, and less came than that",
    "gets 1 MiB of random bytes back, three times",
    "gets a message again, smaller only where contexts are kept",
    "gets 500 messages of many sizes back in order",
    "may offer windows of every size",
    "may do without the extension",
    "does not connect where it doesn't trust the certificate" },
  { name = "python3-websockets",
    command = function(port, ca, mode)
      return { PYTHON, "-B", "spec/e2e/wss_python.py", port, ca, mode }
    end,
    "agrees on the extension and on what contexts keep",
    "gets 1 MiB of text back, three times",
    "gets 1 MiB of random bytes back, three times",
    "gets messages of many sizes back, empty ones too",
    "may cut a compressed message into fragments",
    "may offer windows of every size" },
  { name = "Chromium",
    command = function(port, _, mode)
      return { "node", "spec/e2e/wss_chromium.js", port, mode }
    end,
    "a page gets 1 MiB of text and of random bytes back" },
}

for _, mode in ipairs { "off", "on" } do
  for _, client in ipairs(CLIENTS) do
    describe(("%s over wss, context takeover %s,"):format(client.name, mode), function()
      local heard

      lazy_setup(function()
        local files = tls.files.server
        local here = server.start(SOURCE, { "--tls-cert", files.cert, "--tls-key", files.key,
          "--compression", "on", "--compression-takeover", mode })
        heard = checks.run(client.command(tostring(here.port), tls.files.ca.cert, mode), 60)
        server.stop_all()
      end)

      lazy_teardown(server.stop_all)

      for _, name in ipairs(client) do
        it(name, function() heard:expect(name) end)
      end

      it("ends well and has made no other check", function() heard:expect_end(client) end)
    end)
  end
end
