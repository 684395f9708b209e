-- What waits while scripts are loaded again, and where it belongs then.

local reloading = require "reloading"
local scripts = require "scripts"

local app_of = reloading.app

-- A room that says what it is to who joins, its init of that many seconds, and what follows.
local function script(name, seconds, rest)
  return ([[
    local moonroom = require "moonroom"
    local R = moonroom.Room:extend(%q)
    function R:init() if %d > 0 then moonroom.sleep(%d) end end
    function R:on_join(client) client:send(%q) end
    function R:on_close() moonroom.keep("closed")[#moonroom.keep("closed") + 1] = %q end
    %s]]):format(name, seconds, seconds, name, name, rest)
end

-- Whether the log has a request that was refused by a rule.
local function has_refused(app, rule)
  for _, entry in ipairs(app:log()) do
    if entry.event == "request refused" and entry.rule == rule then return true end
  end
  return false
end

local mounted = 'moonroom.mount("/:name", R)'

describe("a room whose init waits over a reload", function()
  after_each(scripts.clean)

  it("is none of the new mount's where that has another class", function()
    local app, again = app_of(script("Old", 5, mounted))
    local ann = app:connect("/a")
    assert.is_true(again(script("New", 0, mounted)))
    local bob = app:connect("/a")
    app:advance(5)
    assert.peer(ann).received("New")
    assert.peer(bob).received("New")
    assert.equal(2, #app:room("/a"))
    app:advance(1)
    assert.same({ "Old" }, app:require("moonroom").keep("closed"))
  end)

  it("is closed where its mount is gone, and the request gets 404", function()
    local app, again = app_of(script("Old", 5, mounted))
    local ann = app:connect("/a")
    assert.is_true(again(script("Old", 5, 'moonroom.mount("/x/:name", R)')))
    app:advance(6)
    assert.equal(404, ann.status)
    assert.same({ "Old" }, app:require("moonroom").keep("closed"))
    assert.is_nil(app:room("/a"))
  end)

  it("is the new mount's where that has its class", function()
    local app, again = app_of(script("Same", 5, mounted))
    local ann = app:connect("/a")
    assert.is_true(again(script("Same", 5, mounted)))
    local bob = app:connect("/a")
    app:advance(5)
    assert.peer(ann).received("Same")
    assert.peer(bob).received("Same")
    assert.equal(2, #app:room("/a"))
  end)

  it("can't be had while scripts are loaded, which are told what it waits for", function()
    local app, again = app_of(script("Old", 5, mounted))
    local ann = app:connect("/a")
    local ok, why = again(script("Old", 5, mounted .. ' moonroom.room("/a", true)'))
    assert.is_nil(ok)
    assert.matches('the room at "/a" can\'t be had while scripts are loaded: it is being made, and '
      .. "its init waits", why, 1, true)
    app:advance(5)
    assert.peer(ann).received("Old")
  end)
end)

describe("a function that waits over a reload", function()
  after_each(scripts.clean)

  it("in dispatch is asked anew where its class is gone", function()
    local rest = [[
      moonroom.dispatch[1] = function() moonroom.sleep(%d) return R end]]
    local app, again = app_of(script("Old", 0, rest:format(5)))
    local ann = app:connect("/a")
    assert.is_true(again(script("New", 0, rest:format(0))))
    app:advance(5)
    assert.peer(ann).received("New")
  end)

  it("does not decide what a mount of a class decides now", function()
    local both = script("Old", 0, "") .. script("New", 0, "")
    local app, again = app_of(both .. [[
      moonroom.mount("/:name", function() moonroom.sleep(5) return R end)]])
    local ann = app:connect("/a")
    assert.is_true(again(both .. script("Third", 0, mounted)))
    app:advance(5)
    assert.peer(ann).received("Third")
  end)

  it("is asked once more at most: then it is 503", function()
    local rest = [[
      moonroom.mount("/:name", function() moonroom.sleep(2) return R end)]]
    local app, again = app_of(script("R0", 0, rest))
    local ann = app:connect("/a")
    for version = 1, 2 do
      assert.is_true(again(script("R" .. version, 0, rest)))
      app:advance(2)
    end
    assert.equal(503, ann.status)
    assert.is_true(has_refused(app, "reloaded"))
  end)

  it("may answer with a room that was closed: 503 and why", function()
    local app = app_of(script("Old", 0, [[
      local room = R { path = "/own" }
      moonroom.dispatch[1] = function() moonroom.sleep(2) return room end
      moonroom.after(1, function() room:close() end)]]))
    local ann = app:connect("/a")
    app:advance(4)
    assert.equal(503, ann.status)
    assert.is_true(has_refused(app, "closed"))
  end)

  it("leaves a room that it made before to none of another class", function()
    local rest = "moonroom.dispatch[1] = function() return R end"
    local two = script("Old", 0, "") .. script("New", 0, rest):gsub("local moonroom[^\n]*", "")
    local app, again = app_of(script("Old", 0, rest))
    local ann = app:connect("/a")
    assert.is_true(again(two))
    local bob = app:connect("/a")
    assert.peer(ann).received("Old")
    assert.peer(bob).received("New")
    assert.equal(1, #app:room("/a"))
    assert.equal("open", ann.state)
  end)
end)
