-- Chromium and the page of an application that `moonroom new` has made.
local checks = require "spec.e2e.checks"
local program = require "program"
local server = require "server"

local EXPECTED = {
  "two pages in a room hear each other, a third in another doesn't",
  "a page shows markup as the text that it is",
  "a page fits a phone, in the light and in the dark",
  "a page is used by keyboard alone",
  "no page has a fault in its console",
  "a page says that it isn't connected, and comes back by itself",
}

describe("the page of a new application", function()
  local heard, directory

  lazy_setup(function()
    directory = program.directory()
    assert.equal(0, (program.run { "new", directory }))
    local here = server.start(directory)
    local listen = ("127.0.0.1:%d"):format(here.port)
    heard = checks.run({ "node", "spec/e2e/starter.js", "http://" .. listen .. "/" }, 60, { acts = {
      stop = function()
        here:signal("sigterm")
        assert.equal(0, (here:finish()))
      end,
      start = function()
        here = server.start(directory, { "--listen", listen, listens = true })
      end,
    } })
    server.stop_all()
  end)

  lazy_teardown(function()
    server.stop_all()
    program.remove(directory)
  end)

  for _, name in ipairs(EXPECTED) do
    it(name, function() heard:expect(name) end)
  end

  it("ends well and has made no other check", function() heard:expect_end(EXPECTED) end)
end)
