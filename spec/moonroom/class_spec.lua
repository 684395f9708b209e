local raises_here = require "raises_here"
local world = require "world"

describe("a class", function()
  local Room, Client
  before_each(function()
    local moonroom = world.new().moonroom
    Room, Client = moonroom.Room, moonroom.Client
  end)

  it("is made by extend, with a name and fields, one of them, or neither", function()
    local both = Room:extend("Both", { color = "red" })
    assert.same({ "Both", "red" }, { both.name, both.color })
    assert.equal("Named", Room:extend("Named").name)
    local fields = Room:extend { color = "blue" }
    assert.same({ "Room", "blue" }, { fields.name, fields.color })
    assert.equal("Room", Room:extend().name)
    assert.equal("Both", both:extend().name)
    assert.equal("class Both", tostring(both))
  end)

  it("does not keep the table of fields that it was given", function()
    local fields = { color = "red" }
    local One = Room:extend("One", fields)
    fields.color = "blue"
    assert.equal("red", One.color)
  end)

  it("refuses a name or fields of another type, at the caller's line", function()
    raises_here("a class's name is a string, not a number", function() Room:extend(1) end)
    raises_here("a class's name is a string, not a table", function() Room:extend({}, {}) end)
    raises_here("a class's fields are a table, not a string", function() Room:extend("A", "B") end)
    raises_here("extend is called on a class", function() Room.extend("A") end)
    raises_here("extend is called on a class", function() Room {}:extend("A") end)
  end)

  it("inherits, overrides, and knows its super", function()
    local Animal = Room:extend("Animal", { legs = 4 })
    function Animal:says() return "I have " .. self.legs end
    local Bird = Animal:extend("Bird", { legs = 2 })
    local Parrot = Bird:extend("Parrot")
    function Parrot:says() return Parrot.super.says(self) .. ", " .. self.legs end
    assert.same({ Bird, Animal, Room }, { Parrot.super, Bird.super, Animal.super })
    assert.is_nil(Room.super)
    assert.same({ "I have 4", "I have 2", "I have 2, 2" },
      { Animal {}:says(), Bird {}:says(), Parrot {}:says() })
    Animal.legs = 3
    assert.equal("I have 3", Animal {}:says())
    Bird.legs = nil
    assert.equal("I have 3, 3", Parrot {}:says())
  end)

  it("changes what its objects have, those that are there too", function()
    local Talk = Room:extend("Talk")
    local room = Talk {}
    function Talk.hello() return "hello" end
    assert.equal("hello", room.hello())
  end)

  it("that is a base can't be changed", function()
    raises_here("Room is a base class: extend it first", function() Room.on_text = print end)
    raises_here("Client is a base class: extend it first", function() Client.color = 1 end)
  end)

  it("keeps name and super to itself; an object may have fields of these names", function()
    local User = Client:extend("User", { name = "somebody" })
    assert.equal("User", User.name)
    raises_here("User.name: it belongs to the class", function() User.name = "x" end)
    raises_here("User.super: it belongs to the class", function() User.super = Room end)
    assert.is_nil(Room:extend("Talk") {}.name)
    assert.is_nil(Room:extend("Talk") {}.super)
  end)

  it("lists its own fields by pairs", function()
    local Talk = Room:extend("Talk", { color = "red" })
    Talk.size = 3
    local seen = {}
    for key, value in pairs(Talk) do seen[key] = value end
    assert.same({ color = "red", size = 3 }, seen)
  end)

  it("gives nothing away by pairs that could be changed past it", function()
    local Talk = Room:extend("Talk", { limit = 3 })
    local _, state = pairs(Talk)
    assert.equal(Talk, state)
  end)

  it("has a metatable out of a script's reach", function()
    assert.equal("moonroom.Class", getmetatable(Room))
    assert.is_false(pcall(setmetatable, Room, {}))
  end)

  it("may be collected while its objects live", function()
    local room = Room:extend("Lost") {}
    collectgarbage()
    collectgarbage()
    assert.is_true(room:is(Room))
    assert.equal("Lost, 0 clients", tostring(room))
    local seen = setmetatable({ Room:extend("Unused") }, { __mode = "v" })
    collectgarbage()
    collectgarbage()
    assert.is_nil(seen[1])
  end)
end)

describe("is", function()
  it("tells what an object or a class descends from", function()
    local client
    local w = world.new(nil, function(moonroom)
      local User = moonroom.Client:extend("User")
      local Talk = moonroom.Room:extend("Talk", { Client = User })
      function Talk.on_join(_, joining) client = joining end
      moonroom.mount("/", Talk)
      local Sub, Other = Talk:extend("Sub"), moonroom.Room:extend("Other")
      assert.is_true(Sub {}:is(Sub) and Sub {}:is(Talk) and Sub {}:is(moonroom.Room))
      assert.is_false(Sub {}:is(Other) or Talk {}:is(Sub) or Sub {}:is(moonroom.Client))
      assert.is_true(Sub:is(Talk) and Sub:is(Sub))
      assert.is_false(Talk:is(Sub))
      moonroom.User = User
    end)
    w:connect("/")
    assert.is_true(client:is(w.moonroom.User) and client:is(w.moonroom.Client))
    assert.is_false(client:is(w.moonroom.Room))
  end)

  it("raises for what is no object, and for what is no class", function()
    local Room = world.new().moonroom.Room
    local room = Room {}
    raises_here("is asks for a class, not for a nil", function() room:is(nil) end)
    raises_here("is asks for a class, not for a string", function() room:is("Room") end)
    raises_here("is asks for a class, not for a table", function() room:is({}) end)
    raises_here("is is called on an object", function() Room.is({}, Room) end)
    raises_here("is is called on an object", function() Room.is(nil, Room) end)
  end)
end)

describe("Client", function()
  it("makes no clients when it is called", function()
    local Client = world.new().moonroom.Client
    raises_here("clients are made by connecting", function() Client() end)
    raises_here("clients are made by connecting", function() Client:extend("User") {} end)
  end)
end)
