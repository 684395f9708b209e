local one_room = require "one_room"
local raises_here = require "raises_here"
local world = require "world"

-- A world, its room, and a client in it.
local function joined(fields)
  local client
  local w = one_room(function(moonroom)
    local all = { on_join = function(_, joining) client = joining end }
    for key, value in pairs(fields and fields(moonroom) or {}) do all[key] = value end
    return all
  end)
  local peer = w:connect("/talk")
  return w, w.room, client, peer
end

describe("an object's fields", function()
  it("are the script's own, of any key but nil and NaN", function()
    local _, room, client = joined()
    local key = {}
    for _, object in ipairs { room, client } do
      object.color, object[1], object[key], object[true] = "red", "one", "table", "boolean"
      assert.same({ "red", "one", "table", "boolean" },
        { object.color, object[1], object[key], object[true] })
      assert.is_nil(object.colour)
      assert.is_nil(object[nil])
      assert.is_false(pcall(function() object[nil] = 1 end))
      assert.is_false(pcall(function() object[0 / 0] = 1 end))
    end
  end)

  it("belong to one object, not to its class", function()
    local w, room = joined()
    room.color = "red"
    assert.is_nil(w.Talk.color)
    assert.is_nil(w.Talk { path = "/other" }.color)
  end)

  it("can be assigned nil, and are gone", function()
    local _, room, client = joined()
    for _, object in ipairs { room, client } do
      object.color = "red"
      object.color = nil
      assert.is_nil(object.color)
      for key in pairs(object) do assert.is_nil(key) end
    end
  end)

  it("are what pairs walks, with changes to them on the way", function()
    local _, room, client = joined()
    for _, object in ipairs { room, client, client.request } do
      local seen = {}
      for key in pairs(object) do seen[#seen + 1] = key end
      assert.same({}, seen)
      object.a, object.b, object.c = 1, 2, 3
      local sum = 0
      for key, value in pairs(object) do
        sum = sum + value
        object[key] = nil
      end
      assert.equal(6, sum)
      assert.is_nil(object.a or object.b or object.c)
    end
  end)

  it("hide what the class has under the same name", function()
    local w, room = joined(function() return { greeting = "hello" } end)
    assert.equal("hello", room.greeting)
    room.greeting = "hi"
    assert.equal("hi", room.greeting)
    w.Talk.greeting = "hey"
    assert.equal("hi", room.greeting)
    room.greeting = nil
    assert.equal("hey", room.greeting)
  end)

  it("may refer to the object itself, and it is collected", function()
    local w = joined()
    local seen = setmetatable({}, { __mode = "k" })
    do
      local room = w.Talk {}
      room.me = room
      seen[room] = true
    end
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(seen))
  end)
end)

describe("a name that is taken", function()
  it("raises where a client's is assigned", function()
    local _, _, client = joined()
    for _, name in ipairs { "id", "room", "request", "protocol", "address", "ready_state",
      "buffered", "rtt", "joined_at", "compression" } do
      raises_here(("Client.%s: it is read-only"):format(name), function() client[name] = 1 end)
    end
  end)

  it("raises where a room's or a request's is assigned", function()
    local _, room, client = joined()
    raises_here("cannot assign Talk.path: it is read-only", function() room.path = "/" end)
    raises_here("cannot assign Talk.params: it is read-only", function() room.params = {} end)
    for _, name in ipairs { "method", "path", "query", "query_string", "headers", "cookies",
      "params", "protocols", "origin", "address", "port", "secure", "tls", "host", "body",
      "json" } do
      local request = client.request
      raises_here(name .. ": it is read-only", function() request[name] = 1 end)
    end
  end)

  it("raises where a client's is that of a base method, also in a subclass", function()
    local _, _, client = joined()
    local w = world.new()
    for _, name in ipairs { "send", "send_binary", "ping", "broadcast", "broadcast_binary", "close",
      "terminate", "is", "extend" } do
      local words = ("%s: it is a method of moonroom.Client"):format(name)
      raises_here(words, function() client[name] = print end)
      local User = w.moonroom.Client:extend("User")
      raises_here("User." .. words, function() User[name] = print end)
      raises_here("Bad." .. words, function() User:extend("Bad", { [name] = print }) end)
    end
  end)

  it("is the subclass's own where no base method has it", function()
    local _, _, client = joined(function(moonroom)
      local User = moonroom.Client:extend("User", { greeting = "hello" })
      function User:greet(whom) return self.greeting .. " " .. whom end
      return { Client = User }
    end)
    assert.equal("hello you", client:greet("you"))
    client.greet = function() return "mine" end
    assert.equal("mine", client:greet())
  end)
end)

describe("a method with a wrong self", function()
  it("raises at the caller's line, and says what was expected", function()
    local w, room, client = joined()
    raises_here("moonroom.Client expected, got string", function() client.send("hello") end)
    raises_here("moonroom.Client expected, got no value", function() client.close() end)
    raises_here("moonroom.Client expected, got moonroom.Room", function() client.send(room) end)
    local fake = setmetatable({}, { __name = "moonroom.Client", __index = client })
    raises_here("moonroom.Client expected", function() client.terminate(fake) end)
    raises_here("moonroom.Room expected, got nil", function() room.clients(nil) end)
    raises_here("moonroom.Room expected, got moonroom.Client", function() room.close(client) end)
    raises_here("moonroom.Room expected, got FILE*", function() room.broadcast(io.stdout, "x") end)
    raises_here("moonroom.Room expected, got number", function() room.on_error(1) end)
    assert.equal("open", client.ready_state)
    assert.equal(1, #w.room)
  end)
end)

describe("an object's metatable", function()
  it("is a name, and out of a script's reach", function()
    local _, room, client = joined()
    assert.equal("moonroom.Room", getmetatable(room))
    assert.equal("moonroom.Client", getmetatable(client))
    assert.equal("moonroom.Request", getmetatable(client.request))
    for _, object in ipairs { room, client, client.request } do
      assert.is_false(pcall(function() return getmetatable(object).__gc(object) end))
      assert.is_false(pcall(setmetatable, object, {}))
    end
    assert.equal("open", client.ready_state)
  end)

  it("of another object's userdata is not taken for one of these", function()
    local w, room, _, peer = joined()
    for _, stranger in ipairs { w.hub, peer.raw, io.stdout } do
      assert.is_false(pcall(room.clients, stranger))
    end
  end)
end)

describe("what a client is", function()
  it("is the same userdata in each handler: a good table key", function()
    local seen = {}
    local w = one_room {
      on_join = function(_, client) seen[client] = 1 end,
      on_text = function(_, client) seen[client] = seen[client] + 1 end,
      on_leave = function(_, client) seen[client] = seen[client] + 1 end,
    }
    w:connect("/talk"):text("one"):close(1000)
    local client, count = next(seen)
    assert.equal(3, count)
    assert.is_nil(next(seen, client))
  end)
end)
