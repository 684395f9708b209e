-- What C does for lua/moonroom/reload.lua.

local program = require "program"
local reloading = require "reloading"
local scripts = require "scripts"

local talk, has_logged, app_of = reloading.talk, reloading.has_logged, reloading.app

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
