-- What other WebSocket clients do without compression, they do with it, in both modes.
local checks = require "spec.e2e.checks"
local server = require "server"

local PYTHON = "/usr/bin/python3" -- Debian's, which python3-websockets is packaged for

local MODES = {
  ["without context takeover"] = {
    flags = { "--compression", "on" },
    answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
  },
  ["with context takeover"] = {
    flags = { "--compression", "on", "--compression-takeover", "on",
      "--compression-min-size", "0" },
    answer = "permessage-deflate",
  },
  ["with context takeover, in a small window"] = {
    flags = { "--compression", "on", "--compression-takeover", "on", "--compression-min-size", "0",
      "--compression-window-bits", "9" },
    answer = "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9",
  },
}

-- All checks that a client makes hold, and there are at least so many.
local function expect_all(heard, least)
  local names = {}
  for name in pairs(heard.results) do
    heard:expect(name)
    names[#names + 1] = name
  end
  heard:expect_end(names)
  assert.is_true(#names >= least, #names)
end

describe("with compression", function()
  after_each(server.stop_all)

  for mode, case in pairs(MODES) do
    local function run(...)
      local echo = server.start("examples/echo", case.flags)
      local fixture = server.start("spec/e2e/fixture", case.flags)
      local command = { ... }
      table.move({ echo.port, fixture.port, case.answer }, 1, 3, #command + 1, command)
      local heard = checks.run(command, 60)
      heard:expect("gets compression, which it offers")
      return heard
    end

    it("npm's ws does all that it does without: " .. mode, function()
      expect_all(run("node", "spec/e2e/ws_client.js"), 33)
    end)

    it("python3-websockets does all that it does without: " .. mode, function()
      expect_all(run(PYTHON, "-B", "spec/e2e/python_client.py"), 21)
    end)
  end

  it("the WebSocket of a page in Chromium does all that it does without", function()
    for _, mode in ipairs { "without context takeover", "with context takeover" } do
      local command = { "node", "spec/e2e/chromium.js", "--compressed" }
      for _, directory in ipairs { "spec/e2e/fixture", "examples/chat" } do
        local here = server.start(directory, MODES[mode].flags)
        table.insert(command, ("http://127.0.0.1:%d/"):format(here.port))
      end
      local heard = checks.run(command, 60)
      heard:expect("gets compression, which it offers")
      expect_all(heard, 9)
      server.stop_all()
    end
  end)
end)
