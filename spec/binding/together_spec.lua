-- Messages that have come together are handled one behind the other in one run of a coroutine,
-- which nobody but the clock sees anything of.

local one_room = require "one_room"
local world = require "world"

describe("messages that have come together", function()
  local heard, w, peer

  -- A world whose on_text notes what it hears, and does what there is to do at that text.
  local function open(at, options)
    heard = {}
    w = one_room({
      on_text = function(room, client, text)
        heard[#heard + 1] = text
        if at[text] then at[text](client, room) end
      end,
      on_leave = function(_, _, code) heard[#heard + 1] = "leave " .. tostring(code) end,
      on_error = at.error,
    }, options)
    peer = w:connect("/talk")
  end

  local function say(...)
    local frames = {}
    for index, text in ipairs { ... } do frames[index] = world.frame("text", text) end
    peer:send(table.concat(frames))
    return heard
  end

  it("are all handled, in order", function()
    open {}
    assert.same({ "a", "b", "c" }, say("a", "b", "c"))
    assert.equal(3, w.kit.metrics(w.hub).messages_in)
  end)

  it("count as a run of the handler each", function()
    open {}
    say("a")
    local before = w.kit.metrics(w.hub).handler_runs
    say("b", "c", "d")
    assert.equal(3, w.kit.metrics(w.hub).handler_runs - before)
  end)

  it("wait for one that waits", function()
    open { b = function() w.moonroom.sleep(1) end }
    assert.same({ "a", "b" }, say("a", "b", "c"))
    w:advance(1)
    assert.same({ "a", "b", "c" }, heard)
  end)

  it("are not handled behind a close of ours", function()
    open { b = function(client) client:close(4000) end }
    assert.same({ "a", "b" }, say("a", "b", "c"))
    assert.equal(4000, (peer:close_frame()))
  end)

  it("are not handled behind a reset of ours", function()
    open { b = function(client) client:terminate() end }
    assert.same({ "a", "b", "leave 1006" }, say("a", "b", "c"))
  end)

  it("are not handled behind an error, which closes", function()
    open { b = error }
    assert.same({ "a", "b" }, say("a", "b", "c"))
    assert.equal(1011, (peer:close_frame()))
  end)

  it("are handled behind an error that on_error forgives", function()
    open { b = function() error("oops") end, error = function() end }
    assert.same({ "a", "b", "c" }, say("a", "b", "c"))
  end)

  it("go to a handler that has just been replaced", function()
    local other = {}
    open {
      b = function(_, room)
        function room.on_text(_, _, text) other[#other + 1] = text end
      end,
    }
    assert.same({ "a", "b" }, say("a", "b", "c", "d"))
    assert.same({ "c", "d" }, other)
  end)

  it("go to on_json where that has just come", function()
    local values = {}
    open {
      b = function(_, room)
        function room.on_json(_, _, value) values[#values + 1] = value end
      end,
    }
    assert.same({ "a", "b" }, say("a", "b", "1", "2"))
    assert.same({ 1, 2 }, values)
  end)

  it("go to the room that the client has been moved to", function()
    local there = {}
    open {
      b = function(client)
        client:move(w.moonroom.Room {
          on_join = function() there[#there + 1] = "join" end,
          on_text = function(_, _, text) there[#there + 1] = text end,
        })
      end,
    }
    assert.same({ "a", "b", "leave nil" }, say("a", "b", "c", "d"))
    assert.same({ "join", "c", "d" }, there)
  end)

  it("go to who waits in receive", function()
    local got
    open {
      b = function(client) w.moonroom.spawn(function() got = client:receive() end) end,
    }
    assert.same({ "a", "b", "d" }, say("a", "b", "c", "d"))
    assert.equal("c", got)
  end)

  it("are handled up to one that is wrong", function()
    open {}
    assert.same({ "a", "b", "leave 1007" }, say("a", "b", "\xff", "d"))
    assert.equal(1007, (peer:close_frame()))
  end)

  it("may be of other kinds in between", function()
    open {}
    function w.room.on_binary(_, _, data) heard[#heard + 1] = "binary " .. data end
    function w.room.on_pong(_, _, data) heard[#heard + 1] = "pong " .. data end
    peer:send(world.frame("text", "a") .. world.frame("binary", "b") .. world.frame("binary", "c")
      .. world.frame("pong", "d") .. world.frame("text", "e") .. world.frame("text", "f"))
    assert.same({ "a", "binary b", "binary c", "pong d", "e", "f" }, heard)
  end)

  it("are still dropped for their rate, and each is told of", function()
    open {}
    w.room.rate = { messages = 1, burst = 2 }
    function w.room.on_limit(_, _, what) heard[#heard + 1] = "limit " .. what end
    peer = w:connect("/talk")
    say("a", "b", "c")
    assert.same({ "a", "b", "limit messages" }, heard)
  end)

  it("stay within a share of the turn", function()
    open({}, { messages_per_turn = 4 })
    local frames = {}
    for index = 1, 10 do frames[index] = world.frame("text", tostring(index)) end
    peer:send(table.concat(frames))
    assert.equal(10, #heard)
  end)

  it("have a budget each", function()
    local function spin(seconds)
      local stop = os.clock() + seconds
      while os.clock() < stop do end
    end
    open({
      a = function() spin(0.1) end,
      b = function() spin(0.1) end,
      c = function() spin(0.1) end,
    }, { handler_warn = 0, handler_stop = 0.2, ping_interval = 0 })
    assert.same({ "a", "b", "c" }, say("a", "b", "c"))
    assert.equal(0, w.kit.metrics(w.hub).handler_stop)
  end)

  it("are stopped where one takes too long", function()
    open({ b = function() while true do end end },
      { handler_warn = 0.01, handler_stop = 0.04, ping_interval = 0 })
    assert.same({ "a", "b" }, say("a", "b", "c"))
    local counts = w.kit.metrics(w.hub)
    assert.equal(1, counts.handler_stop)
    assert.equal(1, counts.handler_warn)
  end)
end)
