-- The loader works on the app that its Lua state runs: each case has the modules anew, and a hub
-- that is said to be the running one.

local core = require "moonroom.core"
local kit = core.testkit.app

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local function run(command) assert(os.execute(command)) end

-- Takes the Lua modules out of what is loaded; returns what there was.
local function take_modules()
  local taken = {}
  for name, module in pairs(package.loaded) do
    if name:find("^moonroom") and name ~= "moonroom.core" then
      taken[name], package.loaded[name] = module, nil
    end
  end
  return taken
end

-- What `describe` says of what was loaded from a path, and the log; or the error.
local function load_anew(path)
  local hub, strings, methods = kit.hub(), getmetatable("").__index, {}
  for name, method in pairs(strings) do methods[name] = method end
  local core_hub, lua_print, taken = core.hub, print, take_modules()
  core.hub = function() return hub end
  local ok, why = pcall(function()
    local loader = require "moonroom.loader"
    loader.load(path)
    return loader.describe()
  end)
  for name, method in pairs(methods) do strings[name] = method end
  getmetatable("").__index = strings
  core.hub, print = core_hub, lua_print -- luacheck: globals print
  take_modules()
  for name, module in pairs(taken) do package.loaded[name] = module end
  return (ok and why or "error: " .. tostring(why)) .. kit.log(hub)
end

describe("the loader", function()
  local root
  before_each(function()
    root = os.tmpname()
    os.remove(root)
    run("mkdir " .. root)
  end)
  after_each(function() run("rm -r " .. root) end)

  local function write(name, text)
    run("mkdir -p " .. quote((root .. "/" .. name):match("^(.*)/")))
    local file = assert(io.open(root .. "/" .. name, "wb"))
    file:write(text)
    file:close()
  end

  local function load(path) return load_anew(root .. (path or "")) end

  local class = 'return require("moonroom").Room:extend("Talk")\n'

  local function has(words, output) assert.is_truthy(output:find(words, 1, true), output) end

  it("runs init.lua, then mounts each file below rooms/ at its name", function()
    write("init.lua", 'require("moonroom").mount("/:any", require("moonroom").Room)\n')
    write("rooms/lobby.lua", class)
    write("rooms/index.lua", class)
    write("rooms/a/b.lua", class)
    write("rooms/a/index.lua", class)
    write("rooms/room.lua", 'return require("moonroom").Room {}\n')
    write("rooms/note.txt", "not Lua")
    local routes = {}
    for path in load():gmatch("(/%S*)%s%s+class ") do routes[#routes + 1] = path end
    assert.same({ "/:any", "/a/b", "/a", "/", "/lobby" }, routes)
    has("/room                    Room, 0 clients", load())
  end)

  it("lists what is called for a room as a function, without asking it for its text", function()
    write("init.lua", [[
      local function fail() error("asked") end
      local made = setmetatable({}, { __call = fail, __tostring = fail })
      require("moonroom").mount("/made", made)]])
    has("/made                    a function\n", load())
  end)

  it("needs one of init.lua and rooms/", function()
    has(root .. ": there is neither an init.lua nor a rooms/NAME.lua in it", load())
    write("rooms/x.lua", class)
    has("/x ", load())
    has("no such file or directory", load("/nothing"))
    has("no such file or directory", load("/nothing.lua"))
  end)

  it("says file and line of what is wrong", function()
    write("init.lua", "local x\nx.y = 2\n")
    has("init.lua:2: attempt to index a nil value", load())
    write("init.lua", "local = 1\n")
    has("init.lua:1: <name> expected", load())
    write("init.lua", 'local moonroom = require "moonroom"\n\nmoonroom.mount("x", moonroom.Room)\n')
    has('init.lua:3: pattern "x": a pattern begins with', load())
    write("init.lua", "error({})")
    has("error: table:", load())
  end)

  it("says which file in rooms/ returns no room, and which has no name for a path", function()
    write("rooms/bad.lua", "return 5")
    has("rooms/bad.lua: a file in rooms/ returns a Room class or a room, not a number", load())
    write("rooms/bad.lua", 'return require("moonroom").Client')
    has("rooms/bad.lua: a file in rooms/ returns a Room class or a room, not a class of clients",
      load())
    write("rooms/bad.lua", 'local moonroom = require "moonroom"')
    has("returns a Room class or a room, not nil (is `return` missing?)", load())
    run("rm " .. root .. "/rooms/bad.lua")
    write("rooms/:.lua", class)
    has('rooms/:.lua: pattern "/:"', load())
  end)

  it("refuses a binary chunk", function()
    write("init.lua", string.dump(function() return 1 end))
    has("init.lua: attempt to load a binary chunk (mode is 't')", load())
    write("app.lua", string.dump(function() return 1 end))
    has("app.lua: attempt to load a binary chunk", load("/app.lua"))
  end)

  it("serves a file that returns a room at /, or what the file has mounted itself", function()
    write("app.lua", class)
    has("/                        class Talk", load("/app.lua"))
    write("app.lua", 'require("moonroom").mount("/x", require("moonroom").Room)\n')
    has("/x                       class Room", load("/app.lua"))
    write("app.lua", 'table.insert(require("moonroom").dispatch, print)\n')
    has("moonroom.dispatch        1 function, asked before the mounts", load("/app.lua"))
    write("app.lua", "return 5")
    has("app.lua: a file that is served on its own returns a Room, not a number", load("/app.lua"))
    write("app.lua", "")
    has("app.lua: it returned no Room (is `return` missing?), and neither mounted nor dispatches "
      .. "anything", load("/app.lua"))
  end)

  it("gives no traceback to what says file and line itself", function()
    write("init.lua", "local = 1\n")
    assert.is_nil(load():find("traceback", 1, true))
    write("init.lua", "")
    write("rooms/bad.lua", "return 5")
    assert.is_nil(load():find("traceback", 1, true))
    assert.is_nil(load("/nothing"):find("traceback", 1, true))
  end)

  it("gives what a script raises a traceback that ends with the script", function()
    write("init.lua", "local function go() error('no room', 0) end\nlocal x = go() or 1\n")
    local text = load()
    assert.matches("^error: no room\nstack traceback:\n", text)
    assert.matches("init%.lua:2: in main chunk$", text)
    assert.is_nil(text:find("loader.lua", 1, true))
    write("init.lua", "error(setmetatable({}, { __tostring = error }))")
    has("(error object is a table value)\nstack traceback", load())
    write("init.lua", "local function f() return 1 + f() end f()")
    has("stack overflow", load())
  end)

  it("refuses a dispatch that could answer nothing but 500", function()
    write("init.lua", 'require("moonroom").dispatch = "mine"\n')
    has(": moonroom.dispatch is a list of functions; it has been replaced by a string", load())
    write("app.lua", 'require("moonroom").dispatch = nil\n')
    has("app.lua: moonroom.dispatch is a list of functions; it has been replaced by a nil",
      load("/app.lua"))
    write("init.lua", 'require("moonroom").dispatch = { print, {} }\n')
    has(": moonroom.dispatch[2] is a table, not a function", load())
    write("init.lua", 'require("moonroom").dispatch.lobby = 5\n')
    has(": moonroom.dispatch[lobby] is a number, not a function", load())
  end)

  it("tells of mounts that an earlier one of the same pattern hides", function()
    write("init.lua", [[
      local moonroom = require "moonroom"
      moonroom.mount("/a/:a", print)
      moonroom.mount("/a/f", moonroom.Room:extend("One"))
      moonroom.mount("/a/:a/b", moonroom.Room:extend("Two"))
      moonroom.mount("/a/:b", moonroom.Room:extend("Three"))
      moonroom.mount("/a/:c", print)
      moonroom.mount("/a/50%/b", moonroom.Room:extend("Four"))]])
    write("rooms/a/f.lua", class)
    write("rooms/a/g.lua", class)
    local text = load()
    for path, words in pairs {
      ["/a/:c"] = { "init.lua:6", "a function", "/a/:b", "init.lua:5" },
      ["/a/50%/b"] = { "init.lua:7", "class Four", "/a/:a/b", "init.lua:4" },
      ["/a/f"] = { "rooms/a/f.lua", "class Talk", "/a/f", "init.lua:3" },
      ["/a/g"] = { "rooms/a/g.lua", "class Talk", "/a/:b", "init.lua:5" },
    } do
      local place, target, by, by_place = table.unpack(words)
      has(("%-24s %s, never reached: %s is mounted before it\n"):format(path, target, by), text)
      has(('warn  script message="%s/%s: %s at %s is never reached: %s is mounted before it, at '
        .. '%s/%s"\n'):format(root, place, target, path, by, root, by_place), text)
    end
    assert.equal(2 * 4, select(2, text:gsub("never reached", "")))
  end)

  it("tells of a handler of HTTP that an earlier one of its method hides, and where each is",
    function()
      write("init.lua", [[
        local moonroom = require "moonroom"
        moonroom.get("/:a", print)
        moonroom.get("/b", print)
        moonroom.post("/b", print)
        moonroom.put("/c", print)
        moonroom.put("/:c", print)
        moonroom.post("/:b", print)
        moonroom.post("/:c", print)
        moonroom.mount("/b", moonroom.Room)]])
      local text = load()
      has("GET /:a                  function at init.lua:2\n", text)
      has("PUT /c                   function at init.lua:5\n", text)
      local hidden = { ["GET /b"] = { 3, "GET /:a", 2 }, ["POST /:c"] = { 8, "POST /:b", 7 } }
      for name, words in pairs(hidden) do
        local line, by, by_line = table.unpack(words)
        has(("%-24s function at init.lua:%d, never reached: %s comes before it\n"):format(name,
          line, by), text)
        has(('warn  script message="%s/init.lua:%d: the handler of %s is never reached: %s comes '
          .. 'before it, at %s/init.lua:%d"\n'):format(root, line, name, by, root, by_line), text)
      end
      assert.equal(2 * 2, select(2, text:gsub("never reached", "")))
    end)

  it("refuses a pattern with '*', at its line", function()
    for _, name in ipairs { "mount", "get" } do
      write("init.lua", ('\nrequire("moonroom").%s("/files/*", print)'):format(name))
      has('init.lua:2: pattern "/files/*": a pattern has no \'*\': a parameter, as', load())
    end
  end)

  it("tells of rooms without handlers, once for each class", function()
    write("init.lua", [[
      local moonroom = require "moonroom"
      local Deaf = moonroom.Room:extend("Deaf")
      moonroom.mount("/deaf", Deaf)
      moonroom.mount("/deaf/:too", Deaf)
      local Slip = moonroom.Room:extend("Slip")
      Slip.on_txt = print
      moonroom.mount("/slip", Slip)
      local Feed = moonroom.Room:extend("Feed")
      function Feed:init() self:every(1, "broadcast", "tick") end
      moonroom.mount("/feed", Feed)
      moonroom.mount("/one", Deaf { on_text = print })
      local Base = moonroom.Room:extend("Base", { on_text = print })
      moonroom.mount("/heir", Base:extend("Heir"))
      moonroom.mount("/bare", moonroom.Room)
      kept = { moonroom.Room { path = "/kept" }, Deaf { path = "/deaf" } }]])
    write("rooms/loose.lua", class)
    local text = load()
    has(('warn  script message="%s/init.lua:2: Deaf has no handlers: what its clients send is not '
      .. 'heard"\n'):format(root), text)
    has(('"%s/rooms/loose.lua: Talk has no handlers'):format(root), text)
    assert.equal(2, select(2, text:gsub("no handlers", "")), text)
    has(('"%s/init.lua:6: Slip.on_txt is no handler; did you mean on_text?"'):format(root), text)
  end)

  it("goes on where what has no handlers is not asked for its fields", function()
    write("init.lua", [[
      require("moonroom").mount("/odd", setmetatable({}, {
        __call = print, __index = function() error "asked" end,
      }))]])
    has("/odd                     a function\n", load())
  end)

  it("sends print to the log", function()
    write("init.lua", 'print("hello", 1)\n')
    has('info  print message="hello\\t1"', load())
    has("no routes: nothing can connect", load())
  end)

  it("goes on where init.lua takes string's methods away", function()
    write("init.lua", 'getmetatable("").__index = nil\n')
    write("rooms/a/index.lua", class)
    has("/a                       class Talk", load())
    write("rooms/bad.lua", "return 5")
    has("rooms/bad.lua: a file in rooms/ returns", load())
  end)

  it("goes on where init.lua empties string, and the other libraries", function()
    write("init.lua", [[
      local log, assert, pairs, error = require("moonroom").log, assert, pairs, error
      for _, library in pairs { table, math, debug, os, io, utf8, getmetatable("").__index } do
        for name in pairs(library) do library[name] = nil end
      end
      log.info("%d %s", 1, "is logged")]])
    write("rooms/a/index.lua", class)
    local output = load()
    has("/a                       class Talk", output)
    has("1 is logged", output)
    write("rooms/bad.lua", "local function deep() error 'deep' end deep()")
    has("stack traceback", load())
  end)
end)
