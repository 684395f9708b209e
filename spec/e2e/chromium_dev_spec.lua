-- Chromium opens the page of `moonroom dev`.
local checks = require "spec.e2e.checks"
local server = require "server"

local EXPECTED = {
  "two users talk side by side on the page of dev",
  "a frame has its time since the connect, and opens as JSON in lines",
  "a user sends JSON and binary, and is told what is neither",
  "a slow reader's queue shows in its room",
  "a bad frame is closed with a code that is explained",
  "a drop is seen by the others, and the user can come again",
  "a user closes with a code of its own",
  "a refusal says its status and its body",
  "an error shows its traceback and the lines around it",
  "the routes and the rooms with their clients are there",
  "all of it works by keyboard",
  "the page of dev fits a phone, in the light and in the dark",
  "no page of dev has a fault in its console",
  "the page comes back by itself when the server does, and so may its users",
}

describe("the page of dev in Chromium", function()
  local heard

  lazy_setup(function()
    local here = server.start("spec/e2e/dev", { command = "dev" })
    local listen = ("127.0.0.1:%d"):format(here.port)
    heard = checks.run({ "node", "spec/e2e/chromium_dev.js", "http://" .. listen .. "/" }, 90, {
      acts = {
        stop = function()
          here:signal()
          assert.equal(0, (here:finish()))
        end,
        start = function()
          here = server.start("spec/e2e/dev", {
            "--listen", listen, command = "dev", listens = true,
          })
        end,
      },
    })
    server.stop_all()
  end)

  lazy_teardown(server.stop_all)

  for _, name in ipairs(EXPECTED) do
    it(name, function() heard:expect(name) end)
  end

  it("ends well and has made no other check", function() heard:expect_end(EXPECTED) end)
end)
