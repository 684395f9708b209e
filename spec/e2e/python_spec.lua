-- python3-websockets talks to the program: python_client.py says how.
local checks = require "spec.e2e.checks"
local server = require "server"

-- Debian's, which python3-websockets is packaged for; another may come first on PATH.
local PYTHON = "/usr/bin/python3"

local EXPECTED = {
  "gets text back as it was",
  "gets binary back as it was",
  "gets 1 MiB of text and of binary back",
  "gets a thousand messages back in order",
  "may cut a message into fragments",
  "may ping between fragments",
  "has each ping answered",
  "answers the server's ping",
  "closes with 1000 and a reason, which the handler gets",
  "closes with 3000 and a reason, which the handler gets",
  "closes with 4999 and a reason, which the handler gets",
  "is closed by a handler with 1000 and a reason",
  "is closed by a handler with 1008 and a reason",
  "is closed by a handler with 3000 and a reason",
  "is closed by a handler with 4999 and a reason",
  "is closed by on_join",
  "gets 1011 where a handler fails",
  "gets 1003 and 1009 for messages that the room refuses",
  "gets the subprotocol that the room prefers, or none",
  "is refused where no room is and where its origin is another",
}

describe("python3-websockets", function()
  local heard

  lazy_setup(function()
    local echo, fixture = server.start("examples/echo"), server.start("spec/e2e/fixture")
    heard = checks.run({ PYTHON, "-B", "spec/e2e/python_client.py", echo.port, fixture.port }, 60)
    server.stop_all()
  end)

  lazy_teardown(server.stop_all)

  for _, name in ipairs(EXPECTED) do
    it(name, function() heard:expect(name) end)
  end

  it("ends well and has made no other check", function() heard:expect_end(EXPECTED) end)
end)
