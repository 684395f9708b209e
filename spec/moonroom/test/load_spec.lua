local program = require "program"
local raises_here = require "raises_here"
local scripts = require "scripts"
local test = require "moonroom.test"
local uv = require "luv"

after_each(scripts.clean)

local class = 'return require("moonroom").Room:extend("Talk")\n'
local function nothing() end

local function fails(path)
  local ok, why = pcall(test.load, path)
  assert.is_false(ok)
  assert.is_string(why)
  return why
end

describe("test.load", function()
  it("loads a directory: init.lua, and the rooms in rooms/", function()
    local app = scripts.app {
      ["init.lua"] = 'require("moonroom").mount("/first", require("moonroom").Room {})\n',
      ["rooms/a/b.lua"] = class,
    }
    assert.equal("open", app:connect("/first").state)
    assert.equal("open", app:connect("/a/b").state)
    assert.equal(404, app:connect("/c").status)
  end)

  it("loads a file, with the modules in the lib/ beside it", function()
    local directory = scripts.directory {
      ["app.lua"] = "return require 'talk'", ["lib/talk.lua"] = class,
    }
    local app = test.load(directory .. "/app.lua")
    assert.equal("open", app:connect("/").state)
    app:stop()
  end)

  it("loads a file of the current directory, and a directory with a slash behind it", function()
    local directory = scripts.directory { ["app.lua"] = class, ["config.lua"] = "x x" }
    local here = uv.cwd()
    uv.chdir(directory)
    local ok, app = pcall(test.load, "app.lua")
    local _, why = pcall(test.load, ".")
    uv.chdir(here)
    assert.is_true(ok, app)
    assert.equal("open", app:connect("/").state)
    app:stop()
    assert.equal("config.lua:1: syntax error near 'x'", why)
    directory = scripts.directory { ["init.lua"] = "", ["lib/x.lua"] = "return ..., 5" }
    app = test.load(directory .. "//")
    assert.equal("x", app:require "x")
    assert.matches("^" .. directory:gsub("%-", "%%-") .. "/lib/", app:require "package".path)
    app:stop()
  end)

  it("loads a function, which gets the app's moonroom; a room that it returns is at /", function()
    local moonroom
    local app = scripts.room(function(given)
      moonroom = given
      return given.Room:extend("Talk")
    end)
    assert.equal(moonroom, app:require "moonroom")
    assert.equal("open", app:connect("/").state)
  end)

  it("lets what is due at once happen", function()
    local done
    scripts.room(function(moonroom) moonroom.after(0, function() done = true end) end)
    assert.is_true(done)
  end)

  it("makes a new app each time", function()
    local one, two = scripts.room { on_text = nothing }, scripts.room { on_text = nothing }
    one:connect("/")
    assert.same({ 1, 0 }, { #one:room("/"), two:room("/") and #two:room("/") or 0 })
  end)

  it("says file and line of what is wrong, as the server does", function()
    for code, words in pairs {
      ["local = 1"] = "init.lua:1: <name> expected",
      ["\nlocal x\nx.y = 1"] = "init.lua:3: attempt to index a nil value (local 'x')\nstack",
      ["require('moonroom').mount('x', 5)"] = 'init.lua:1: "x" is mounted on a room',
      ["error({})"] = "table: ",
    } do
      local directory = scripts.directory { ["init.lua"] = code }
      local why = fails(directory)
      assert.is_truthy(why:find(words, 1, true), why)
      local _, _, err = program.run { "check", directory }
      local function first(text) return (text:gsub("0x%x+", ""):match("[^\n]*")) end
      assert.equal(first(err), first(why))
    end
  end)

  it("says what there is nothing of", function()
    local directory = scripts.directory()
    assert.equal(directory .. ": there is neither an init.lua nor a rooms/NAME.lua in it",
      fails(directory))
    assert.equal("nowhere/at/all: no such file or directory", fails("nowhere/at/all"))
    assert.matches("paths? with ; or %? in it", (fails("a;b"):gsub("below a path", "paths")))
  end)

  it("gives back what an app that didn't load has had", function()
    local hub
    local function script(moonroom)
      hub = select(2, debug.getupvalue(moonroom.now, 1))
      moonroom.spawn(moonroom.sleep, 5)
      error("not today")
    end
    assert.has_error(function() test.load(script) end)
    assert.has_error(function() require("moonroom.core").testkit.app.now(hub) end,
      "bad argument #1 to 'now' (the app has ended)")
  end)

  it("finds by itself the app whose spec calls it", function()
    local directory = scripts.directory {
      ["init.lua"] = "", ["spec/deep/a_spec.lua"] = [[
        local test, options = ...
        local app = test.load(nil, options)
        return app]],
    }
    local app = assert(loadfile(directory .. "/spec/deep/a_spec.lua"))(test, { start = 5 })
    assert.equal("app " .. directory, tostring(app))
    assert.equal(5, app:now())
    app:stop()
  end)

  it("takes scripts and options only", function()
    raises_here("what is loaded is a string or a function, not a table",
      function() test.load({}) end)
    raises_here("options is a table, not a number", function() test.load(nothing, 5) end)
    raises_here("there is no option max_mesage; did you mean max_message?",
      function() test.load(nothing, { max_mesage = 1 }) end)
    raises_here("the option app is a table", function() test.load(nothing, { app = 1 }) end)
    raises_here("the option start is a number", function() test.load(nothing, { start = "x" }) end)
    raises_here("the option seed is a whole", function() test.load(nothing, { seed = 1.5 }) end)
    raises_here("there is no transport pigeon",
      function() test.load(nothing, { transport = "pigeon" }) end)
    raises_here("there is no fault writes; did you mean write?",
      function() test.load(nothing, { faults = { writes = 1 } }) end)
    raises_here("max_rooms must be a whole number from 1 to",
      function() test.load(nothing, { max_rooms = 0 }) end)
    raises_here("max_message must be", function() test.load(nothing, { max_message = "4x" }) end)
  end)
end)

describe("an app's config.lua", function()
  local init = [[
    local moonroom = require "moonroom"
    local Room = moonroom.Room:extend("Room")
    function Room:on_text() end
    moonroom.mount("/", Room)]]

  local function closed_with(app, text)
    local peer = app:connect("/")
    peer:send(text)
    return peer.close_code
  end

  it("sets options, in numbers and in texts", function()
    local app = scripts.app { ["init.lua"] = init, ["config.lua"] = "return { max_message = 4 }" }
    assert.same({ [2] = 1009 }, { closed_with(app, "1234"), closed_with(app, "12345") })
    app = scripts.app { ["init.lua"] = init, ["config.lua"] = 'return { max_message = "1k" }' }
    assert.equal(1009, closed_with(app, ("x"):rep(1025)))
    assert.is_nil(closed_with(app, ("x"):rep(1024)))
  end)

  it("is beaten by the options of test.load, which may be texts too", function()
    local files = { ["init.lua"] = init, ["config.lua"] = 'return { max_message = 4 }' }
    local app = scripts.app(files, { max_message = "8" })
    assert.same({ [2] = 1009 }, { closed_with(app, "12345678"), closed_with(app, "123456789") })
  end)

  it("has the application's settings, which test.load's beat", function()
    local files = {
      ["init.lua"] = "", ["config.lua"] = 'return { app = { title = "mine" } }',
    }
    assert.same({ title = "mine" }, scripts.app(files):require "moonroom".config.app)
    local options = { app = { title = "another" } }
    assert.equal(options.app, scripts.app(files, options):require "moonroom".config.app)
    assert.same({}, scripts.app { ["init.lua"] = "" }:require "moonroom".config.app)
  end)

  it("may listen where it likes: nothing does", function()
    scripts.app { ["init.lua"] = "", ["config.lua"] = 'return { listen = "192.0.2.1:1" }' }
  end)

  it("may have TLS, which is left alone: a spec's machine needn't have the keys", function()
    local files = {
      ["init.lua"] = 'local m = require "moonroom" m.mount("/", m.Room:extend("Room"))',
      ["config.lua"] = 'return { tls = { cert = "none", key = "none" } }',
    }
    for _, transport in ipairs { "memory", "tcp" } do
      local peer = scripts.app(files, { transport = transport }):connect("/")
      assert.equal("open", peer.state)
    end
  end)

  it("is refused as the server refuses it", function()
    for code, words in pairs {
      ["return {\n max_mesage = 1 }"] = "config.lua:2: unknown option max_mesage; did you mean",
      ["return { max_rooms = 0 }"] = "config.lua:1: max_rooms must be a whole number from 1",
      ["return io.open"] = "config.lua:1: config.lua has no io; it may use assert",
      ["return 5"] = "config.lua: must return a table of options",
      ["x x"] = "config.lua:1: syntax error near 'x'",
    } do
      local directory = scripts.directory { ["init.lua"] = "", ["config.lua"] = code }
      local why = fails(directory)
      assert.equal(1, why:find(directory .. "/" .. words, 1, true), why)
    end
  end)

  it("is not read for a file", function()
    local directory = scripts.directory { ["app.lua"] = class, ["config.lua"] = "x x" }
    test.load(directory .. "/app.lua"):stop()
  end)
end)

describe("an app's time", function()
  it("ends a script that doesn't end, at its place", function()
    local call = pcall
    local function script() while true do call(call) end end
    local line = debug.getinfo(script, "S").linedefined
    local ok, why = pcall(require("moonroom.test").load, script, { load_timeout = 0.05 })
    assert.is_false(ok)
    local text = "load_spec.lua:%d: stopped after 0.05 s of CPU: load_timeout\n"
    assert.matches(text:format(line), why, 1, true)
  end)
end)
