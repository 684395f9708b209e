local raises_here = require "raises_here"
local rules = require "moonroom.rules"
local world = require "world"

describe("what may be assigned to a room", function()
  local moonroom, Talk, room
  before_each(function()
    moonroom = world.new().moonroom
    Talk = moonroom.Room:extend("Talk")
    room = Talk {}
  end)

  -- Refused in each of the four places, with these words.
  local function refused(name, value, words)
    words = ("cannot assign Talk.%s: %s"):format(name, words)
    raises_here(words, function() Talk[name] = value end)
    raises_here(words, function() room[name] = value end)
    raises_here(words, function() Talk { [name] = value } end)
    raises_here(words, function() moonroom.Room:extend("Talk", { [name] = value }) end)
  end

  local function taken(name, value)
    Talk[name], room[name] = value, value
    assert.equal(value, Talk { [name] = value }[name])
    assert.equal(value, moonroom.Room:extend("Talk", { [name] = value })[name])
    Talk[name], room[name] = nil, nil
  end

  it("as origins is same, *, a list of origins, or a function", function()
    for _, value in ipairs { "same", "*", {}, { "https://a.example", "http://b:8080" }, print } do
      taken("origins", value)
    end
    for _, value in ipairs { "any", "https://a.example", 1, true, { "a.example" }, { 1 },
      { "https://a.example/" }, { "null" }, { "https://" }, { x = "https://a.example" } } do
      refused("origins", value, 'it is "same", "*", a list')
    end
  end)

  it("as protocols is a list of tokens", function()
    for _, value in ipairs { {}, { "chat.v2", "chat.v1" }, { "!#$%&'*+-.^_`|~09azAZ" } } do
      taken("protocols", value)
    end
    for _, value in ipairs { "chat", 1, { "" }, { "a b" }, { "a,b" }, { "a\r\nX: 1" }, { "é" },
      { x = "chat" }, { 1 } } do
      refused("protocols", value, "it is a list of subprotocols")
    end
  end)

  it("as Client is a class of clients, of any app", function()
    taken("Client", moonroom.Client)
    taken("Client", moonroom.Client:extend("User"))
    world.new()
    taken("Client", moonroom.Client:extend("User"))
    for _, value in ipairs { moonroom.Room, "User", {}, print, 1 } do
      refused("Client", value, "it is a class made by moonroom.Client:extend")
    end
  end)

  it("as a handler is anything callable", function()
    assert.same(13, #rules.handlers)
    for _, name in ipairs(rules.handlers) do
      taken(name, print)
      taken(name, setmetatable({}, { __call = print }))
      refused(name, "print", "a handler is a function, not a string")
    end
    refused("init", {}, "a handler is a function, not a table")
  end)

  it("under any other name is anything", function()
    for _, value in ipairs { 1, "x", {}, print, true } do
      Talk.whatever, room.whatever = value, value
      assert.equal(value, room.whatever)
    end
    Talk[1], Talk.on_something = "one", 5
    assert.same({ "one", 5 }, { room[1], room.on_something })
  end)

  it("is refused before anything has changed", function()
    Talk.origins = "*"
    pcall(function() Talk.origins = 1 end)
    assert.equal("*", Talk.origins)
    assert.is_false(pcall(Talk, { path = "/x", origins = 1 }))
    assert.is_nil(moonroom.room("/x"))
  end)
end)
