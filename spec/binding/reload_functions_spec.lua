-- What C does for lua/moonroom/reload.lua.

local program = require "program"
local scripts = require "scripts"

-- A module's first lines, and the last: a chat at /talk that says which version speaks.
local function talk(version, more)
  return ([[
    local moonroom = require "moonroom"
    local Talk = moonroom.Room:extend("Talk", { version = %d })
    function Talk:init() self.said = 0 end
    function Talk:on_text(client, text)
      self.said = self.said + 1
      client.said = (client.said or 0) + 1
      client:send(("%d: %%s %%d %%d"):format(text, self.said, client.said))
    end
    %s
    moonroom.mount("/talk", Talk)
  ]]):format(version, version, more or "")
end

-- Whether the log has a message from the scripts, or what.
local function has_logged(app, message)
  for _, entry in ipairs(app:log()) do
    if entry.message == message then return true end
  end
  return false
end

local function app_of(init, options)
  local files = type(init) == "table" and init or { ["init.lua"] = init }
  local app, root = scripts.app(files, options)
  -- Loads it again with other texts; true, or nil and why not.
  local function again(changed)
    changed = type(changed) == "table" and changed or { ["init.lua"] = changed }
    for name, text in pairs(changed) do program.write(root .. "/" .. name, text) end
    return app:reload()
  end
  return app, again, root
end

describe("a reload", function()
  after_each(scripts.clean)

  it("finds clients who have gone, whose on_leave is yet to come", function()
    local function script(version)
      return talk(version, ([[
        local Guest = moonroom.Client:extend("Guest", { name = "guest %d" })
        Talk.Client = Guest
        function Talk:on_binary() moonroom.sleep(5) end
        function Talk:on_leave(client) moonroom.log.info("%d: " .. client.name) end]])
        :format(version, version))
    end
    local app, again = app_of(script(1))
    local ann = app:connect("/talk")
    ann:send_binary("x")
    ann:drop()
    assert.is_true(again(script(2)))
    app:advance(5)
    assert.is_true(has_logged(app, "2: guest 2"))
  end)

  it("lets nobody restart a timer that the old scripts have begun", function()
    local app, again = app_of(talk(1, [[
      local idle = moonroom.after(50, print)
      function Talk:on_binary(client)
        moonroom.sleep(5)
        local ok, why = idle:restart()
        client:send(tostring(ok) .. " " .. tostring(why))
      end]]))
    local ann = app:connect("/talk")
    ann:send_binary("x")
    app:advance(5)
    assert.peer(ann).received("true nil")
    ann:send_binary("x")
    assert.is_true(again(talk(2)))
    app:advance(5)
    assert.peer(ann).received("nil reloaded")
    assert.same({}, app:timers())
  end)

  it("tells each who waits for one of that, whatever came after it", function()
    local app, again, root = app_of(talk(1))
    local kit, hub, outcome = require("moonroom.core").testkit.app, app.world.hub, nil
    local moonroom = app:require "moonroom"
    program.write(root .. "/init.lua", "wrong")
    kit.spawn(hub, function() outcome = { moonroom.reload() } end)
    kit.turn(hub)
    program.write(root .. "/init.lua", talk(2))
    assert.is_true(kit.reload(hub))
    kit.turn(hub)
    assert.is_nil(outcome[1])
    assert.matches("init.lua:1", outcome[2], 1, true)
    assert.is_true(again(talk(3)))
  end)
end)
