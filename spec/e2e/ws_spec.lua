-- npm's ws talks to the program: ws_client.js says how.
local checks = require "spec.e2e.checks"
local server = require "server"

local EXPECTED = {
  "gets text back as it was",
  "gets binary back as it was",
  "gets 1 MiB of text back",
  "gets 1 MiB of binary back",
  "gets a thousand messages back in order",
  "may cut a text into fragments, even inside a character",
  "may cut 1 MiB of binary into fragments",
  "may ping between fragments and is answered before the message",
  "has each ping answered, in order",
  "answers the server's ping",
  "closes with 1000 and a reason, which the handler gets",
  "closes with 3000 and a reason, which the handler gets",
  "closes with 4999 and a reason, which the handler gets",
  "closes without a code, which the handler gets as 1005",
  "goes without a Close, which the handler gets as 1006",
  "gets what it sent before its Close handled",
  "is closed by a handler with 1000 and a reason",
  "is closed by a handler with 1008 and a reason",
  "is closed by a handler with 3000 and a reason",
  "is closed by a handler with 4999 and a reason",
  "gets a long reason cut to 123 bytes at a character",
  "is closed by on_join",
  "is terminated by a handler without a Close",
  "gets 1011 where a handler fails",
  "gets 1007 for text that isn't UTF-8",
  "gets 1003 for binary where the room takes text",
  "gets 1009 for a message that is too big",
  "gets the subprotocol that the room prefers",
  "gets no subprotocol where it offers none",
  "is never told a subprotocol that the room doesn't know",
  "gets no extension, though it offers compression",
  "is refused where no room is and where its origin is another",
  "is told to upgrade where it asks for a room by plain GET",
}

describe("npm's ws", function()
  local heard

  lazy_setup(function()
    local echo, fixture = server.start("examples/echo"), server.start("spec/e2e/fixture")
    heard = checks.run({ "node", "spec/e2e/ws_client.js", echo.port, fixture.port }, 60)
    server.stop_all()
  end)

  lazy_teardown(server.stop_all)

  for _, name in ipairs(EXPECTED) do
    it(name, function() heard:expect(name) end)
  end

  it("ends well and has made no other check", function() heard:expect_end(EXPECTED) end)
end)
