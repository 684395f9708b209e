-- Chromium talks to the program: the WebSocket of a page, and the page of examples/chat.
local checks = require "spec.e2e.checks"
local server = require "server"
local tls = require "tls"

local EXPECTED = {
  "the WebSocket of a page gets text back as it was",
  "the WebSocket of a page gets an ArrayBuffer and a Blob back",
  "the WebSocket of a page gets 1 MiB back, of text and of binary",
  "the WebSocket of a page gets the subprotocol that the room prefers",
  "the WebSocket of a page of another origin is refused",
  "the WebSocket of a page closes with a code and reason",
  "the WebSocket of a page sees the code and reason of a handler",
  "the WebSocket of a page sees 1006 where no Close came",
  "the WebSocket of a page leaves no fault in the console",
  "a chat page that came by https talks over wss",
  "three chat pages come in by the door",
  "two chat pages in /bongo hear each other",
  "a third chat page in /fury hears nothing of it, and is not heard",
  "a chat page shows markup as the text that it is",
  "a chat page shows who comes and goes",
  "a chat page says which script serves it",
  "a chat page fits a phone, in the light and in the dark",
  "no chat page has a fault in its console",
  "a chat page sees itself disconnected when the server stops",
  "a chat page tries again when it is told to",
  "a chat page comes back by itself when the server does",
  "a chat page's only faults meanwhile are the tries that met no server",
}

local function address_of(here)
  return ("http://127.0.0.1:%d/"):format(here.port)
end

-- The server of the chat, stopped and started when the pages have come so far.
local function start_chat()
  local here = server.start("examples/chat")
  local listen = ("127.0.0.1:%d"):format(here.port)
  return address_of(here), {
    stop = function()
      here:signal("sigterm")
      assert.equal(0, (here:finish()))
    end,
    start = function()
      here = server.start("examples/chat", { "--listen", listen, listens = true })
    end,
  }
end

describe("Chromium", function()
  local heard

  local function start_secure_chat()
    local files = tls.files.server
    return server.start("examples/chat", { "--tls-cert", files.cert, "--tls-key", files.key })
  end

  lazy_setup(function()
    local fixture = server.start("spec/e2e/fixture")
    local secure = ("https://127.0.0.1:%d/"):format(start_secure_chat().port)
    local chat, acts = start_chat()
    heard = checks.run({ "node", "spec/e2e/chromium.js", address_of(fixture), chat, secure }, 60,
      { acts = acts })
    server.stop_all()
  end)

  lazy_teardown(server.stop_all)

  for _, name in ipairs(EXPECTED) do
    it(name, function() heard:expect(name) end)
  end

  it("ends well and has made no other check", function() heard:expect_end(EXPECTED) end)
end)
