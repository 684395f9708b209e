-- Handlers are looked up once, until a script changes: that it does is never missed.
local one_room = require "one_room"

describe("a message's handler", function()
  local w, heard, peer

  local function hear(word)
    return function(_, _, message)
      local kind = type(message) == "table" and "value " .. message[1] or message
      heard = word .. " " .. kind
    end
  end

  before_each(function()
    heard = nil
    w = one_room { on_join = function() end }
    peer = w:connect("/talk")
  end)

  local function say(text)
    heard = nil
    peer:text(text)
    return heard
  end

  it("may come to a class that had none, and go", function()
    assert.is_nil(say("[1]"))
    w.Talk.on_text = hear("class")
    assert.equal("class [1]", say("[1]"))
    w.Talk.on_text = nil
    assert.is_nil(say("[1]"))
  end)

  it("may be replaced, in the class and in the room", function()
    w.Talk.on_text = hear("first")
    assert.equal("first [1]", say("[1]"))
    w.Talk.on_text = hear("second")
    assert.equal("second [1]", say("[1]"))
    w.room.on_text = hear("room's")
    assert.equal("room's [1]", say("[1]"))
    w.room.on_text = hear("room's other")
    assert.equal("room's other [1]", say("[1]"))
    w.room.on_text = nil
    assert.equal("second [1]", say("[1]"))
  end)

  it("may give way to on_json, and come back", function()
    w.Talk.on_text = hear("text")
    assert.equal("text [1]", say("[1]"))
    w.room.on_json = hear("json")
    assert.equal("json value 1", say("[1]"))
    w.room.on_json = nil
    assert.equal("text [1]", say("[1]"))
  end)

  it("is that of the room that the client is in", function()
    local other = w.Talk { path = "/other" }
    w.Talk.on_text = hear("here")
    other.on_text = hear("there")
    assert.equal("here [1]", say("[1]"))
    function w.room.on_text(_, client) client:move(other) end
    say("[1]")
    assert.equal("there [1]", say("[1]"))
  end)

  it("may be a binary one that comes late", function()
    w.Talk.on_binary = hear("binary")
    heard = nil
    peer:frame("binary", "x")
    assert.equal("binary x", heard)
    w.room.on_binary = hear("room's")
    peer:frame("binary", "x")
    assert.equal("room's x", heard)
  end)
end)

describe("a handler of coming and going", function()
  it("may come to a class or a room that had none, and go", function()
    local w = one_room {}
    local calls
    local function live() w:connect("/talk"):close(1000) end
    live()
    for _, target in ipairs { w.Talk, w.room } do
      for _, name in ipairs { "on_open", "on_join", "on_leave" } do
        calls = 0
        target[name] = function() calls = calls + 1 end
        live()
        assert.equal(1, calls)
        target[name] = nil
        live()
        assert.equal(1, calls)
      end
    end
  end)

  it("is found by who was there before it", function()
    local w = one_room {}
    local peer = w:connect("/talk")
    local left
    function w.Talk.on_leave(_, _, code) left = code end
    peer:close(3000)
    assert.equal(3000, left)
  end)
end)
