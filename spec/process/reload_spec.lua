-- HUP has the program load its scripts again, and what of config.lua can be had without a restart.

local process = require "process"
local program = require "program"
local server = require "server"
local wait = require "wait"
local websocket = require "websocket"

-- Debian's, which python3-websockets is packaged for; another may come first on PATH.
local PYTHON = "/usr/bin/python3"

local SCRIPT = [[
local moonroom = require "moonroom"
local words = require "words"
local Talk = moonroom.Room:extend("Talk")
function Talk:on_text(client, text)
  client:send(("%%d %%s %%s %%s"):format(%d, text, words, tostring(moonroom.config.app.motto)))
end
function Talk:on_binary(client)
  local ok, why = moonroom.reload()
  client:send(ok and "reloaded" or why)
end
moonroom.mount("/", Talk)
]]

local function files(version)
  return {
    ["init.lua"] = SCRIPT:format(version), ["lib/words.lua"] = 'return "word"',
    ["config.lua"] = 'return { app = { motto = "first" } }',
  }
end

local function write(here, name, text) program.write(here.root .. "/" .. name, text) end

-- Sends HUP, and waits for the line that says what came of it: returns its level and rest.
local function reload(here)
  local seen = #here:log()
  here:signal("sighup")
  local pattern = "(%a+)%s+scripts [^\n]-reloaded([^\n]*)\n"
  wait(function() return here:log():find(pattern, seen + 1) end, "the end of a reload")
  return here:log():match(pattern, seen + 1)
end

describe("HUP", function()
  after_each(server.stop_all)

  it("loads the scripts again, and everybody stays", function()
    local here = server.start(files(1))
    local client = assert(websocket.connect(here.port, "/"))
    assert.equal("1 a word first", client:send("a"):receive())
    write(here, "init.lua", SCRIPT:format(2))
    write(here, "lib/words.lua", 'return "another"')
    local level, rest = reload(here)
    assert.equal("info", level)
    assert.matches("^ version=2 ms=%d+$", rest)
    assert.equal("2 b another first", client:send("b"):receive())
  end)

  it("takes room limits and app from config.lua, and names what needs a restart", function()
    local here = server.start(files(1))
    local client = assert(websocket.connect(here.port, "/"))
    write(here, "config.lua", [[return {
      max_message = 10, max_rooms = 5, listen = "127.0.0.1:1", app = { motto = "second" } }]])
    reload(here)
    assert.equal("max_rooms", here:wait_for_log(
      'warn  these options have changed, restart to have them take effect options=(%S+)\n'))
    assert.equal("1 a word second", client:send("a"):receive())
    local other = assert(websocket.connect(here.port, "/"))
    assert.equal(1009, (other:send(("x"):rep(11)):receive_close()))
  end)

  it("keeps all as it was where config.lua is wrong, or never ends", function()
    local here = server.start(files(1), { "--load-timeout", "0.2" })
    local client = assert(websocket.connect(here.port, "/"))
    write(here, "init.lua", SCRIPT:format(2))
    for text, why in pairs {
      ["return { max_mesage = 1 }"] = "config%.lua:1: ",
      ["\nwhile true do end"] = "config%.lua:2: ",
    } do
      write(here, "config.lua", text)
      local level, rest = reload(here)
      assert.same({ "error", true }, { level, rest:find(why) ~= nil }, rest)
      assert.equal("1 a word first", client:send("a"):receive())
    end
  end)

  it("refuses a config.lua with which no start would come about, in the same words", function()
    local here = server.start(files(1))
    local client = assert(websocket.connect(here.port, "/"))
    write(here, "init.lua", SCRIPT:format(2))
    for _, text in ipairs {
      'return { public = "pubic" }',
      'return { listen = { { "127.0.0.1:0", tls = { cert = "nope.pem" } } } }',
    } do
      write(here, "config.lua", text)
      local code, _, why = program.run { "check", here.root }
      local level, rest = reload(here)
      assert.same({ 78, "error" }, { code, level })
      assert.matches(' error="' .. why:gsub("\n$", ""):gsub("%p", "%%%0") .. '"$',
        (rest:gsub('\\"', '"')))
      assert.equal("1 a word first", client:send("a"):receive())
    end
  end)

  it("keeps the flags over config.lua", function()
    local here = server.start(files(1), { "--max-message", "5" })
    write(here, "config.lua", "return { max_message = 100 }")
    reload(here)
    local client = assert(websocket.connect(here.port, "/"))
    assert.equal(1009, (client:send("123456"):receive_close()))
    assert.is_nil(here:log():find("have changed", 1, true))
  end)

  it("is what moonroom.reload does", function()
    local here = server.start(files(1))
    local client = assert(websocket.connect(here.port, "/"))
    write(here, "init.lua", SCRIPT:format(2))
    assert.equal("reloaded", client:send("", "binary"):receive())
    assert.equal("2 a word first", client:send("a"):receive())
    write(here, "init.lua", "\n\nwrong wrong")
    assert.matches("init%.lua:3: ", client:send("", "binary"):receive())
    assert.equal("2 a word first", client:send("a"):receive())
    here:wait_for_log("scripts reloaded version=2 ms=%d+\n")
    here:wait_for_log("scripts not reloaded, the old ones serve version=2 ms=%d+ error=")
  end)

  it("serves a single file anew", function()
    local root = program.directory { ["app.lua"] = "return require('moonroom').Room" }
    finally(function() program.remove(root) end)
    local here = server.start(root .. "/app.lua")
    program.write(root .. "/app.lua", SCRIPT:format(3):gsub('require "words"', '"w"'))
    reload(here)
    local client = assert(websocket.connect(here.port, "/"))
    assert.equal("3 a w nil", client:send("a"):receive())
  end)
end)

describe("200 clients who chat through 100 reloads", function()
  after_each(server.stop_all)

  it("lose no message and no connection, 20 of these being broken", function()
    local here = server.start({ ["init.lua"] = "", ["lib/broken.lua"] = "this is no Lua" },
      { "--log-rate", "0" })
    local code, out, err = process.run({ PYTHON, "-B", "spec/process/reload_chat.py",
      tostring(here.port), tostring(here.pid), here.root }, nil, 120)
    assert.same({ 0, "" }, { code, err })
    local reloads, refused, messages = out:match("(%d+) reloads, (%d+) refused, (%d+) messages")
    assert.same({ "100", "20" }, { reloads, refused })
    assert.is_true(tonumber(messages) > 2000, out)
    local _, good = here:log():gsub("scripts reloaded version", "")
    local _, bad = here:log():gsub("scripts not reloaded, the old ones serve", "")
    assert.same({ 81, 20 }, { good, bad })
    local _, placed = here:log():gsub('serve version=%d+ ms=%d+ error="[^\n]-%.lua:%d+: ', "")
    assert.equal(20, placed)
  end)
end)
