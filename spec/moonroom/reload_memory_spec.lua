-- What reloads take of memory, and what becomes of them where it is refused.

local core = require "moonroom.core"
local scripts = require "scripts"

local kit = core.testkit.app

local SCRIPT = [[
  local moonroom = require "moonroom"
  local words = require "words"
  local User = moonroom.Client:extend("User")
  function User:greet(text) self:send(VERSION .. ": " .. text) end
  local Talk = moonroom.Room:extend("Talk", { Client = User, version = VERSION })
  function Talk:init() self.said = 0 self:every(10, "tick") end
  function Talk:tick() end
  function Talk:on_text(user, text)
    self.said = self.said + 1
    user:greet(text .. " " .. self.said .. words)
  end
  function Talk:on_reload(old) self.old = old end
  moonroom.mount("/talk/:name", Talk)
  local hall = Talk { path = "/hall" }
  moonroom.mount("/hall", hall)
  moonroom.mount("/other", Talk {})
  table.insert(moonroom.dispatch, function() end)
  moonroom.every(1, print, {})
  moonroom.spawn(function() moonroom.sleep(1000) end)
  local big = {}
  GLOBAL = big
  function Talk:on_pong() return big end
  moonroom.keep("counts").n = (moonroom.keep("counts").n or 0) + 1
]]

local function app_of()
  return scripts.app {
    ["init.lua"] = 'VERSION = require("moonroom").config.app.version\n' .. SCRIPT,
    ["lib/words.lua"] = 'return "!"',
    ["config.lua"] = "return { app = { version = 1 } }",
  }
end

local function collect()
  collectgarbage()
  collectgarbage()
  return collectgarbage("count")
end

describe("a reload", function()
  after_each(scripts.clean)

  it("lets go of the old scripts", function()
    local app = app_of()
    local held = setmetatable({}, { __mode = "v" })
    local ann = app:connect("/talk/a")
    for index = 1, 20 do
      held[index] = app.world.inside.environment.GLOBAL
      assert(app:reload())
    end
    collect()
    assert.is_nil(next(held))
    ann:send("x")
    assert.peer(ann).received("1: x 1!")
  end)

  it("takes no more memory after a thousand than after a hundred", function()
    local app = app_of()
    local ann = app:connect("/talk/a")
    local function used(count)
      for _ = 1, count do
        assert(app:reload())
        app:log()
      end
      return collect()
    end
    -- A table of the state's, which the specs share, may grow once.
    local first, second, third = used(100), used(450), used(450)
    local grown = math.min(second - first, third - second)
    assert.is_true(grown < 10, ("%.1f KiB more, each time"):format(grown))
    ann:send("x")
    assert.peer(ann).received("1: x 1!")
  end)
end)

-- So many of Lua's requests in a reload are refused, one after the other; it has some 400.
local MOST_OF_LUA, MOST_OF_C = 500, 60
local is_whole = os.getenv("MOONROOM_SWEEP") ~= nil
local STEP = is_whole and 1 or os.getenv("MOONROOM_ASAN") and 13 or 5

describe("a reload in which an allocation fails", function()
  after_each(scripts.clean)

  -- Whatever has become of it, those who are there are served, and the next one succeeds.
  local function check(app, ann, n)
    local label = ("allocation %d"):format(n)
    app:errors()
    ann:take()
    ann:send("x")
    assert.matches("^1: x %d+!$", ann:last(), label)
    for _, path in ipairs { "/talk/a", "/hall", "/other" } do
      local bob = app:connect(path)
      bob:send("y")
      assert.matches("^1: y %d+!$", bob:last(), label)
      bob:close()
    end
    assert.is_true(app:reload(), label)
    ann:send("z")
    assert.matches("^1: z %d+!$", ann:last(), label)
    assert.equal(4, #app:timers(), label)
    app:log()
  end

  local function sweep(most, step, fail)
    local app = app_of()
    local ann, hub = app:connect("/talk/a"), app.world.hub
    local refused = 0
    for n = 1, most, step do
      fail(hub, n)
      local ok, is_new = pcall(kit.reload, hub)
      fail(hub)
      assert.is_true(ok, is_new)
      if not is_new then refused = refused + 1 end
      check(app, ann, n)
    end
    return refused
  end

  it("is all or nothing where it is one of C's", function()
    sweep(MOST_OF_C, is_whole and 1 or 3, function(hub, n) kit.fail(hub, n, 1) end)
  end)

  for _, count in ipairs { 2, 8, 100000 } do
    it(("is all or nothing where %d of Lua's fail"):format(count), function()
      local refused = sweep(MOST_OF_LUA, STEP, function(_, n) kit.fail_lua(n, count) end)
      assert.is_true(refused * STEP > 200, refused .. " were refused")
    end)
  end
end)
