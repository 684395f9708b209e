-- What scripts hand over to be sent, by way of room and client, which take the same.

local one_room = require "one_room"

describe("an outgoing message", function()
  local w, room, client, peer
  before_each(function()
    w = one_room { on_join = function(_, joining) client = joining end }
    peer = w:connect("/talk")
    room = w.room
  end)

  local function each(check)
    check(function(...) return room:broadcast(...) end)
    check(function(...) return client:send(...) end)
  end

  it("is text that is valid UTF-8, checked to its last byte", function()
    each(function(send)
      for _, text in ipairs { "\x80", "a\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\x80",
        ("x"):rep(1000) .. "\xe2\x82" } do
        assert.same({ nil, "invalid UTF-8" }, { send(text) })
      end
      for _, text in ipairs { "", "\0", "é\u{10ffff}", ("é"):rep(5000) } do
        assert.is_truthy(send(text))
        assert.same({ text }, peer:take())
      end
    end)
  end)

  it("is JSON for a table; why not, where it can't be", function()
    local deep = {}
    for _ = 1, 200 do deep = { deep } end
    each(function(send)
      assert.is_truthy(send({ name = "ann" }))
      assert.same({ '{"name":"ann"}' }, peer:take())
      for _, value in ipairs { { print }, { 0 / 0 }, deep, { [1] = 1, x = 2 } } do
        local ok, why = send(value)
        assert.is_nil(ok)
        assert.equal("string", type(why))
      end
      assert.same({}, peer:frames())
    end)
  end)

  it("is any string where it is binary", function()
    local all = {}
    for byte = 0, 255 do all[byte + 1] = string.char(byte) end
    local data = table.concat(all)
    assert.is_true(client:send_binary(data))
    assert.equal(1, room:broadcast_binary(data))
    assert.same({ data, data }, peer:take())
  end)

  it("leaves no memory behind when it is refused", function()
    collectgarbage()
    local _, blocks = w:memory()
    for _ = 1, 100 do
      pcall(client.send, client, print)
      pcall(room.broadcast, room, print)
      pcall(client.close, client, 1005)
      client:send("\xff")
    end
    assert.equal(blocks, select(2, w:memory()))
  end)
end)
