local app_module = require "moonroom.app"
local core = require "moonroom.core"
local rules = require "moonroom.rules"
local spelling = require "moonroom.spelling"
local world = require "world"

describe("a name that a script may have meant otherwise", function()
  it("is the nearest of some, at most two edits away", function()
    local names = { "protocol", "headers" }
    for word, meant in pairs {
      protocols = "protocol", protcol = "protocol", header = "headers", haeders = "headers",
      protocol = "protocol", Headers = "headers", haedres = "headers",
    } do
      assert.equal(meant, spelling.nearest(word, names), word)
    end
    for _, word in ipairs { "", "p", "head", "status", ("x"):rep(1000) } do
      assert.is_nil(spelling.nearest(word, names), word)
    end
  end)
end)

describe("a field of a Room class", function()
  local w, moonroom
  before_each(function()
    w = world.new()
    moonroom = w.moonroom
  end)

  -- What the log says of a class with a field of that name.
  local function advice(name, value)
    local Quiz = moonroom.Room:extend("Quiz")
    Quiz[name] = value == nil and print or value
    return w:log():match('message="[^:]+:%d+: (.-)"\n')
  end

  it("that is near a handler's name or another server's is told of, with what is meant", function()
    for name, meant in pairs {
      on_message = "on_text or on_json", onmessage = "on_text or on_json",
      onMessage = "on_text or on_json", on_mesage = "on_text or on_json",
      on_data = "on_text or on_binary", on_binary_message = "on_binary",
      on_connect = "on_join", on_disconnect = "on_leave", on_tetx = "on_text", onText = "on_text",
      chek_message = "check_message", onjoin = "on_join",
    } do
      assert.equal(("Quiz.%s is no handler; did you mean %s?"):format(name, meant), advice(name))
    end
  end)

  it("that is called like a handler is told of, where it is like none, too", function()
    for _, name in ipairs { "on_something_else", "check_everything" } do
      assert.equal(("Quiz.%s is no handler: Moonroom never calls it"):format(name), advice(name))
    end
  end)

  it("that is near an option is told of", function()
    for name, meant in pairs {
      max_client = "max_clients", protocol = "protocols", origin = "origins", orgins = "origins",
      max_mesage = "max_message", send_que = "send_queue", close_timout = "close_timeout",
    } do
      assert.equal(("Quiz.%s is no option; did you mean %s?"):format(name, meant), advice(name, 1))
    end
  end)

  it("is not told of where it is one, will be one, or is the script's own", function()
    for _, name in ipairs(rules.handlers) do assert.is_nil(advice(name)) end
    for _, name in ipairs(core.room_options()) do
      local is_flag = name == "compression" or name == "compression_takeover"
      local other = { rate = {}, slow = "drop" }
      assert.is_nil(advice(name, is_flag or other[name] or 1))
    end
    for _, name in ipairs {
      "date", "rates", "init", "say", "topic", "one", "online", "checks",
      "history", "lines", "", ("x"):rep(1000),
    } do
      assert.is_nil(advice(name), name)
    end
    local Quiz = moonroom.Room:extend("Quiz")
    Quiz[1], Quiz[print], Quiz.on_message = 1, 2, nil
    moonroom.Client:extend("User").on_message = print
    assert.equal("", w:log())
  end)

  it("is told of with the line of the script, wherever it is assigned", function()
    local Quiz = moonroom.Room:extend("Quiz")
    local function line() return debug.getinfo(2, "l").currentline end
    local function says(at, name)
      local words = ("spelling_spec.lua:%d: Quiz.%s is no"):format(at, name)
      local log = w:log()
      assert.is_truthy(log:find("warn  script message=", 1, true), log)
      assert.is_truthy(log:find(words, 1, true), words .. log)
    end
    local at = line() + 1
    Quiz.on_message = print
    says(at, "on_message")
    at = line() + 1
    local Other = moonroom.Room:extend("Quiz", { max_client = 5 })
    says(at, "max_client")
    at = line() + 1
    local room = Other { origin = "*" }
    says(at, "origin")
    assert.same({ 5, "*" }, { room.max_client, room.origin })
    at = line() + 1
    room.protocol = "v1"
    says(at, "protocol")
    room.protocol, room.origin = "v2", "same"
    assert.equal("", w:log())
  end)

  it("is told of once for a class and name", function()
    local Quiz = moonroom.Room:extend("Quiz")
    Quiz.on_message = print
    Quiz.on_message = error
    Quiz.on_message = nil
    Quiz.on_message = print
    for _ = 1, 3 do Quiz { max_client = 5 } end
    assert.equal(2, select(2, w:log():gsub("\n", "")))
    local Other = moonroom.Room:extend("Quiz")
    Other.on_message = print
    assert.equal(1, select(2, w:log():gsub("\n", "")))
  end)

  it("is not told of outside any app", function()
    moonroom = app_module.new(nil).public
    assert.is_nil(advice("on_message"))
  end)

  it("is told of where string's methods were taken away", function()
    local strings = getmetatable("").__index
    getmetatable("").__index = nil
    local ok, why = pcall(function() moonroom.Room:extend("Quiz").on_message = print end)
    getmetatable("").__index = strings
    assert.is_true(ok, why)
    assert.is_truthy(w:log():find("did you mean on_text or on_json?", 1, true))
  end)

  it("costs no memory for names that are made up all the time", function()
    local Quiz = moonroom.Room:extend("Quiz")
    local function assign()
      for i = 1, 1200 do
        Quiz["seat" .. i] = i
        Quiz["seat" .. i] = nil
      end
      collectgarbage()
      collectgarbage()
      return collectgarbage("count")
    end
    assign()
    local before = assign()
    assert.is_true(assign() - before < 64)
  end)
end)
