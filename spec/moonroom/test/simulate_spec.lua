local raises_here = require "raises_here"
local scripts = require "scripts"
local test = require "moonroom.test"

after_each(scripts.clean)

-- What an app was asked to do, in words, for a simulation with these options.
local function course(options)
  local events = {}
  options.app = function()
    events = {}
    return test.load(function(moonroom)
      local Room = moonroom.Room:extend("Room")
      local start = moonroom.now()
      local function note(...)
        table.insert(events, ("%.1f %s %s %s"):format(moonroom.now() - start, ...))
      end
      function Room.on_join(room, client) note("join", room.path, client.request.port) end
      function Room.on_text(_, client, text) note("text", client.request.port, text) end
      function Room.on_leave(_, client, code) note("leave", client.request.port, code) end
      moonroom.mount("/:any", Room)
    end)
  end
  test.simulate(options)
  return events
end

local function count(events, pattern)
  local found = 0
  for _, event in ipairs(events) do
    if event:find(pattern) then found = found + 1 end
  end
  return found
end

local paths = { "/a", "/b" }

describe("test.simulate", function()
  it("does the same again for the same seed, and other things for another", function()
    local one = course { paths = paths, seed = 5 }
    assert.same(one, course { paths = paths, seed = 5 })
    assert.is_not.same(one, course { paths = paths, seed = 6 })
    assert.same(course { paths = paths }, course { paths = paths, seed = 1 })
  end)

  it("has peers join, send, close, drop, be slow, and time pass", function()
    local events = course { paths = paths, steps = 1000 }
    for _, pattern in ipairs {
      "join /a", "join /b", "text %d+ hello", "leave %d+ 1000$", "leave %d+ 1006$",
      "leave %d+ 1001$",
    } do
      assert.is_true(count(events, pattern) > 0, pattern)
    end
    assert.is_true(tonumber(events[#events]:match("^[%d.]+")) > 100)
  end)

  it("takes so many steps, with so many peers open at the most", function()
    local checks, most, app = 0, 0, nil
    local function make()
      app = test.load(function(moonroom) return moonroom.Room:extend("Room") end)
      return app
    end
    test.simulate { app = make, steps = 300, peers = 3, check = function(given)
      assert.equal(app, given)
      checks = checks + 1
      local room = app:room("/")
      most = math.max(most, room and #room or 0)
    end }
    assert.same({ 300, 3 }, { checks, most })
    test.simulate { app = make, steps = 0, check = error }
  end)

  it("does what is weighted with 0 never", function()
    local events = course { paths = paths, weights = { drop = 0, pause = 0, text = 0 } }
    assert.same({ 0, 0 }, { count(events, "text"), count(events, "1006") })
    assert.is_true(count(events, "join") > 0)
    local weights = { join = 0, text = 0, close = 0, drop = 0, pause = 0, resume = 0, advance = 0 }
    assert.same({}, course { paths = paths, weights = weights })
  end)

  it("asks functions for paths and texts", function()
    local numbers = {}
    local events = course {
      paths = function(random, number)
        table.insert(numbers, number)
        return "/p" .. random(3)
      end,
      texts = function(random) return "t" .. random(3) end,
    }
    assert.is_true(count(events, "join /p[123] ") > 0 and count(events, "text %d+ t[123]$") > 0)
    for index, number in ipairs(numbers) do assert.equal(index, number) end
  end)

  it("loads a directory, and stops every app that it has made", function()
    local path = scripts.directory { ["init.lua"] = [[
      require("moonroom").mount("/", require("moonroom").Room:extend("Talk"))]] }
    test.simulate { app = path, steps = 50 }
    local apps = {}
    assert.has_error(function()
      test.simulate {
        app = function()
          apps[#apps + 1] = test.load(function() end)
          return apps[#apps]
        end,
        check = function() error("no") end,
      }
    end)
    assert.is_true(#apps >= 2)
    for _, app in ipairs(apps) do assert.matches("stopped", tostring(app)) end
  end)

  it("holds for the examples", function()
    for _, example in ipairs { "examples/chat", "examples/echo" } do
      test.simulate { app = example, paths = { "/bongo?name=a", "/fury", "/echo" }, steps = 100 }
    end
  end)
end)

describe("a simulation that fails", function()
  -- A room that counts its texts, and fails at the fifth as it is told.
  local function counting(fail)
    local texts
    return function()
      texts = 0
      return test.load(function(moonroom)
        local Room = moonroom.Room:extend("Room")
        function Room.on_text()
          texts = texts + 1
          if texts == 5 and fail == "handler" then error("the fifth") end
        end
        function Room.on_leave() if texts >= 5 and fail == "leave" then error("late") end end
        return Room
      end)
    end, function() if texts >= 5 and fail == "check" then error("five texts") end end
  end

  -- The message, and its steps.
  local function failure(options)
    local ok, why = pcall(test.simulate, options)
    assert.is_false(ok)
    local head, list = why:match("^(.-)\nthe steps:\n(.*)$")
    local steps = {}
    for step in (list or ""):gmatch("%d+  ([^\n]+)") do steps[#steps + 1] = step end
    return head, steps, why
  end

  local function texts_in(steps)
    local texts = 0
    for _, step in ipairs(steps) do
      if step:find("^peer %d+ sends ") then texts = texts + 1 end
    end
    return texts
  end

  it("says the seed, the steps up to the one that fails, and what the check says", function()
    local app, check = counting("check")
    local head, steps = failure { app = app, check = check, seed = 3 }
    assert.matches("simulate failed with seed 3 after " .. #steps .. " steps: .*five texts$", head)
    assert.equal(5, texts_in(steps))
    assert.matches("^peer %d+ sends ", steps[#steps])
    assert.equal("peer 1 joins /", (table.concat(steps, "\n"):match("peer 1 [^\n]*")))
  end)

  it("is one where a handler fails", function()
    local app = counting("handler")
    local head, steps = failure { app = app }
    assert.matches("on_text: .*simulate_spec.lua:%d+: the fifth\nstack traceback:", head)
    assert.equal(5, texts_in(steps))
  end)

  it("is one where a handler fails at the end, after as few steps as will do", function()
    local app = counting("leave")
    local head, steps = failure {
      app = app, weights = { close = 0, drop = 0 }, texts = { "x" }, steps = 100,
    }
    assert.matches("after " .. #steps .. " steps, as the app stopped: .*late", head)
    assert.equal(5, texts_in(steps))
    assert.equal('peer ', steps[#steps]:match("^peer "))
  end)

  it("is the same for the same seed", function()
    local app, check = counting("check")
    local options = { app = app, check = check, seed = 9 }
    assert.same({ select(3, failure(options)) }, { select(3, failure(options)) })
  end)

  it("may depend on more than the steps, and says so", function()
    local checks = 0
    local head = failure {
      app = function() return test.load(function() end) end,
      check = function()
        checks = checks + 1
        if checks == 7 then error("once") end
      end,
    }
    assert.matches("once\nit did not fail when the steps were taken again", head)
  end)

  it("shows long and odd texts so that they can be read", function()
    local _, steps = failure {
      app = function()
        return test.load(function(moonroom)
          return moonroom.Room:extend("R", { on_text = function() error("x") end })
        end)
      end,
      texts = { ("x"):rep(100) .. "\n" },
    }
    assert.equal(('peer 1 sends 101 bytes: "%s"...'):format(("x"):rep(60)), steps[#steps])
  end)

  it("raises what a step makes the kit raise", function()
    local head = failure {
      app = function() return test.load(function() end) end, paths = { "no path" },
    }
    assert.matches("a path begins with a slash", head)
  end)
end)

describe("what test.simulate gets", function()
  it("is checked", function()
    local function app() return test.load(function() end) end
    raises_here("what simulate gets is a table", function() test.simulate() end)
    raises_here("simulate's app is a string or a function, not a nil",
      function() test.simulate {} end)
    raises_here("simulate's app is a directory, a file, or a function that returns what test.load",
      function() test.simulate { app = function() end } end)
    for words, options in pairs {
      ["there is no option of simulate step; did you mean steps?"] = { step = 1 },
      ["how many peers there are is a whole number from 1"] = { peers = 0 },
      ["how many steps there are is a whole number from 0"] = { steps = -1 },
      ["the seed is a whole number"] = { seed = 0.5 },
      ["weights is a table"] = { weights = 1 },
      ["there is no weight sleep"] = { weights = { sleep = 1 } },
      ["the weight of text is a number from 0 up, not -1"] = { weights = { text = -1 } },
      ["paths is an empty list"] = { paths = {} },
      ["texts is a table or a function"] = { texts = "x" },
      ["check is a function"] = { check = true },
    } do
      options.app = app
      raises_here(words, function() test.simulate(options) end)
    end
  end)
end)
