-- The examples' own specs, as whoever copies one would run them: by `moonroom test`, and by busted
-- with nothing but Lua's paths set. In one run with all the others `make test` runs them too.

local process = require "process"
local program = require "program"

-- The core for lua5.4 is the release build's: a sanitizer's can't be loaded into a child.
local binary = os.getenv("MOONROOM_RELEASE_BINARY") or "./build/moonroom"
local modules = "./lua/?.lua;./lua/?/init.lua;;"
local build = binary:gsub("/[^/]+$", "")
local core = build .. "/lua/?.so;;"

local function examples()
  local pipe <close> = assert(io.popen("ls -d examples/*/spec"))
  local names = {}
  for path in pipe:lines() do names[#names + 1] = path:match("^examples/(.*)/spec$") end
  return names
end

-- The sum that busted prints at its end.
local function sum_of(output) return output:match("(%d+) success[^\n]*") end

describe("each example", function()
  for _, name in ipairs(examples()) do
    local directory = "examples/" .. name

    it("passes its spec by `moonroom test`: " .. name, function()
      local status, output = program.run({ "test", directory }, { binary = binary })
      assert.equal(0, status, output)
      assert.is_true(tonumber(sum_of(output)) > 0, output)
    end)

    it("passes its spec by busted alone: " .. name, function()
      local command = { "lua5.4", "/usr/bin/busted", "-o", "plainTerminal", directory .. "/spec" }
      local status, output = process.run(command, {
        LUA_PATH = modules, LUA_CPATH = core, MOONROOM_BUILD = build,
      })
      assert.equal(0, status, output)
      assert.is_true(tonumber(sum_of(output)) > 0, output)
    end)
  end
end)
