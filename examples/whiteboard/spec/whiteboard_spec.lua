local test = require "moonroom.test"

-- A dot, of the layout in init.lua: no two numbers make the same.
local function dot(number) return string.pack(">BB I2I2", 3, 5, number, 65535) end

local wipe = "\0\0"

describe("the whiteboard", function()
  local app, ann, bob
  before_each(function()
    app = test.load("examples/whiteboard")
    ann, bob = app:connect("/boards/one"), app:connect("/boards/one")
  end)
  after_each(function() app:stop() end)

  local function draw(first, last)
    for number = first, last do ann:send_binary(dot(number)) end
  end

  -- Puts a long history on the board by its own method: no rate limits a spec.
  local function fill(first, last)
    local board = app:room("/boards/one")
    for number = first, last do board:keep(dot(number)) end
  end

  local function dots(first, last)
    local all = {}
    for number = first, last do table.insert(all, dot(number)) end
    return all
  end

  it("shows a stroke to all, who drew it too", function()
    draw(1, 2)
    assert.same(dots(1, 2), ann:take("binary"))
    assert.same(dots(1, 2), bob:take("binary"))
  end)

  it("keeps boards apart", function()
    local eve = app:connect("/boards/two")
    draw(1, 1)
    assert.peer(eve).received_nothing()
    assert.peer(app:connect("/boards/two")).received_nothing()
  end)

  describe("for a newcomer", function()
    it("has what was drawn before, then what is drawn now", function()
      draw(1, 3)
      local eve = app:connect("/boards/one")
      draw(4, 4)
      assert.same(dots(1, 4), eve:take())
    end)

    it("has the newest 2,000 strokes", function()
      fill(1, 2000)
      assert.same(dots(1, 2000), app:connect("/boards/one"):take())
      draw(2001, 2001)
      assert.same(dots(2, 2001), app:connect("/boards/one"):take())
    end)

    it("has nothing from before the wipe", function()
      draw(1, 3)
      bob:send_binary(wipe)
      assert.equal(wipe, ann:last())
      draw(4, 4)
      assert.peer(app:connect("/boards/one")).received(wipe, dot(4))
    end)

    it("has the board for an hour after all have left", function()
      draw(1, 1)
      ann:close()
      bob:close()
      app:advance(3599)
      local eve = app:connect("/boards/one")
      assert.peer(eve).received(dot(1))
      eve:close()
      app:advance(3600)
      assert.peer(app:connect("/boards/one")).received_nothing()
    end)
  end)

  describe("for a slow newcomer", function()
    local eve
    local longest = "\3\5" .. ("\1"):rep(4 * 64)
    before_each(function()
      local board = app:room("/boards/one") -- gets twice what a send_queue holds
      for _ = 1, 1999 do board:keep(longest) end
      eve = app:connect("/boards/one", { paused = true })
    end)

    it("waits, and leaves out nothing that is drawn meanwhile", function()
      app:advance(10)
      draw(1, 3)
      assert.equal(2, #app:room("/boards/one"))
      eve:resume()
      local strokes = eve:take()
      assert.equal(2002, #strokes)
      assert.same(dots(1, 3), table.move(strokes, 2000, 2002, 1, {}))
      assert.equal(3, #app:room("/boards/one"))
    end)

    it("goes on from the wipe, if there is one meanwhile", function()
      ann:send_binary(wipe)
      draw(1, 1)
      eve:resume()
      local strokes = eve:take()
      assert.same({ longest, wipe, dot(1) }, table.move(strokes, #strokes - 2, #strokes, 1, {}))
      assert.is_true(#strokes < 1999)
    end)

    it("waits no longer than 20 s", function()
      app:advance(20)
      eve:resume()
      assert.peer(eve).closed(1013, "too slow")
    end)
  end)

  describe("refuses", function()
    it("text", function()
      ann:send("a circle, please")
      assert.peer(ann).closed(1003, "a stroke is binary")
    end)

    it("what is no head and whole points", function()
      for _, length in ipairs { 0, 1, 3, 4, 5, 7, 257 } do
        local eve = app:connect("/boards/one")
        eve:send_binary(("\0"):rep(length))
        assert.peer(eve).closed(1007, "no stroke has this length")
      end
      assert.peer(bob).received_nothing()
    end)

    it("more than 64 points", function()
      ann:send_binary(("\0"):rep(2 + 4 * 64))
      assert.equal("open", ann.state)
      ann:send_binary(("\0"):rep(2 + 4 * 65))
      assert.peer(ann).closed(1009)
    end)

    it("a stroke in two frames", function()
      local mask = "\0\0\0\0"
      ann:raw("\x02\x82" .. mask .. "\3\5" .. "\x80\x84" .. mask .. "\1\1\1\1")
      assert.peer(ann).closed(1008)
      assert.peer(bob).received_nothing()
    end)

    it("more than 100 strokes of one painter in a second", function()
      draw(1, 100)
      bob:send_binary(dot(0))
      app:advance(1)
      draw(101, 200)
      assert.equal("open", ann.state)
      bob:take()
      draw(201, 201)
      assert.peer(ann).closed(1008, "too many strokes")
      assert.peer(bob).received_nothing()
    end)
  end)
end)
