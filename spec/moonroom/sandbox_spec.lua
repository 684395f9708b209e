-- What scripts find changed in Lua's libraries: the same in the server and in specs.

local core = require "moonroom.core"
local logs = require "moonroom.test.logs"
local program = require "program"
local server = require "server"
local test = require "moonroom.test"
local world = require "world"

-- Each line is logged.
local SCRIPT = [[
local moonroom = require "moonroom"
local function say(...)
  local texts = table.pack(...)
  for index = 1, texts.n do texts[index] = tostring(texts[index]):gsub(".*/", "") end
  moonroom.log.info("%s", table.concat(texts, ", "))
end

local binary = string.dump(function() return 1 end)
local path = HERE .. "/binary.lua"
local file = assert(io.open(path, "wb"))
file:write(binary)
file:close()

say(load(binary))
say(load(binary, "x", "bt"))
say(load(binary, "x", "b"))
say(load("return 2", "=x", "bt")())
say(pcall(load("return ...", "=x", "t", {}), 3))
say(load("return x", "=x", "t", { x = 4 })())
say(load("x ="))
say(loadfile(path))
say(loadfile(path, "b"))
say(pcall(dofile, path))
package.path = HERE .. "/?.lua;" .. package.path
say(pcall(require, "binary"))
say(require("good"))
say(select(2, pcall(require, "bad")))
say(pcall(os.exit, 0))
say(debug.sethook, debug.getregistry, debug.setuservalue)
say(getmetatable(moonroom.group()), debug.getmetatable(moonroom.promise()))
say(pcall(debug.setmetatable, moonroom.promise(), {}))
say(debug.getmetatable(setmetatable({}, { x = 5 })).x, debug.setmetatable(6, nil))
say(pcall(debug.setupvalue, coroutine.wrap(print), 1, nil))
local up = 7
local function get() return up end
say(debug.setupvalue(get, 1, 8), get())
warn("a ", "warning")
warn("@off")
warn("not said")
warn("@on")
warn("@whatever")
warn("another")
moonroom.mount("/", moonroom.Room:extend("Room", { on_text = print }))
]]

local EXPECTED = {
  "nil, attempt to load a binary chunk (mode is 't')",
  "nil, attempt to load a binary chunk (mode is 't')",
  "nil, attempt to load a binary chunk (only source text is loaded)",
  "2",
  "true, 3",
  "4",
  "nil, [string \"x =\"]:1: unexpected symbol near <eof>",
  "nil, attempt to load a binary chunk (mode is 't')",
  "nil, attempt to load a binary chunk (only source text is loaded)",
  "false, attempt to load a binary chunk (mode is 't')",
  "false, binary.lua':\n\tattempt to load a binary chunk (mode is 't')",
  "good module, good.lua",
  "bad.lua:1: syntax error near 'is'",
  "false, os.exit would end the server for everybody: client:close() ends a client, "
    .. "room:close() a room; the server ends on a signal, such as TERM",
  "nil, nil, nil",
  "moonroom.Group, moonroom.Promise",
  "false, the metatable of a userdata is C's",
  "5, 6",
  "false, the upvalues of a function of C's are its own",
  "up, 8",
  "a warning",
  "another",
}

local function directory()
  local root = program.directory {
    ["good.lua"] = 'return "good module"', ["bad.lua"] = "this is wrong", ["init.lua"] = "",
  }
  local file <close> = assert(io.open(root .. "/init.lua", "w"))
  file:write("local HERE = " .. ("%q"):format(root) .. " " .. SCRIPT)
  return root
end

local function messages(entries)
  local list = {}
  for _, entry in ipairs(entries) do list[#list + 1] = entry.message end
  return list
end

describe("a script", function()
  local root

  before_each(function() root = directory() end)
  after_each(function()
    server.stop_all()
    program.remove(root)
  end)

  it("has Lua's libraries without what ends servers, in specs", function()
    local app = test.load(root)
    assert.same(EXPECTED, messages(app:log()))
    app:stop()
  end)

  it("has the same in the server", function()
    local here = server.start(root)
    assert.same(EXPECTED, messages(logs.parse(here:log())))
  end)

  it("finds no metatable of what is Moonroom's", function()
    local w = world.echo()
    local client
    function w.Echo.on_join(_, one) client = one end
    w:connect("/echo")
    local timer = w.moonroom.after(1, print)
    local task = w.moonroom.spawn(function() w.moonroom.sleep(1) end)
    for _, object in ipairs { client, client.request, w.room, w.moonroom.group(), timer, task,
      w.moonroom.promise(), w.hub } do
      assert.matches("^moonroom%.%a+$", getmetatable(object))
      assert.has_error(function() setmetatable(object, {}) end)
    end
    assert.is_table(core.client_rules)
  end)
end)

describe("an error of a finalizer", function()
  after_each(server.stop_all)

  it("goes to the log", function()
    local here = server.start { ["init.lua"] = [[
      setmetatable({}, { __gc = function() error("too late") end })
      collectgarbage()
    ]] }
    assert.matches('warn  warning message="error in __gc %(%S*init.lua:1: too late%)"\n',
      here:log())
  end)
end)
