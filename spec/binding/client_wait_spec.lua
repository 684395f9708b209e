-- Coroutines that wait for a client: receive, receive_json and flush.

local one_room = require "one_room"
local world = require "world"

-- A world with a room whose handlers are the given ones, and a list of what they noted.
local function new(handlers)
  local notes = {}
  local function note(...) table.insert(notes, table.concat({ ... }, " ")) end
  return one_room(function(moonroom) return handlers(moonroom, note) end), notes
end

describe("receive", function()
  -- A dialogue: answers each text with its number until "bye".
  local function dialogue(_, note)
    return {
      on_join = function(_, client)
        client:send("who?")
        local name, kind = client:receive(5)
        note(tostring(name), kind)
        if name then client:send("hello " .. name) end
      end,
      on_text = function(_, _, text) note("on_text", text) end,
      on_leave = function() note("leave") end,
    }
  end

  it("takes the next message instead of on_text", function()
    local w, notes = new(dialogue)
    local peer = w:connect("/talk")
    assert.same({ "who?" }, peer:take())
    peer:text("ann")
    assert.same({ "hello ann" }, peer:take())
    peer:text("more")
    assert.same({ "ann text", "on_text more" }, notes)
  end)

  it("gives what had come before it was asked", function()
    local w, notes = new(function(moonroom, note)
      return {
        on_join = function(_, client)
          moonroom.sleep(1)
          note(client:receive())
          note(client:receive())
        end,
        on_binary = function() end,
      }
    end)
    local peer = w:connect("/talk")
    peer:text("a")
    peer:frame("binary", "b")
    w:advance(1)
    assert.same({ "a text", "b binary" }, notes)
  end)

  it("gives up after its seconds, and when the client goes, at once", function()
    local w, notes = new(dialogue)
    w:connect("/talk")
    w:advance(5)
    assert.same({ "nil timeout" }, notes)
    local w2, notes2 = new(dialogue)
    w2:connect("/talk"):close(1000)
    assert.same({ "nil closed", "leave" }, notes2)
  end)

  it("is woken at once where another coroutine closes the client", function()
    local w, notes = new(function(moonroom, note)
      return {
        on_join = function(_, client)
          moonroom.spawn(function()
            moonroom.sleep(1)
            client:close(4001)
          end)
          note(table.concat({ tostring((client:receive())), select(2, client:receive()) }, " "))
        end,
      }
    end)
    w:connect("/talk")
    w:advance(1)
    assert.same({ "nil closed" }, notes)
  end)

  it("raises for a second one that waits for the same client", function()
    local w, notes = new(function(moonroom, note)
      return {
        on_join = function(_, client)
          moonroom.spawn(function() client:receive() end)
          note(tostring(pcall(client.receive, client)))
        end,
      }
    end)
    w:connect("/talk")
    assert.same({ "false" }, notes)
  end)

  it("that is cancelled leaves the messages to on_text, also one that was on its way to it",
    function()
      local task
      local w, notes = new(function(moonroom, note)
        return {
          on_join = function(_, client)
            task = moonroom.spawn(function() note("received", (client:receive())) end)
          end,
          on_text = function(_, _, text) note("on_text", text) end,
        }
      end)
      local peer = w:connect("/talk")
      peer.raw:send(world.frame("text", "1"))
      assert.is_true(task:cancel())
      w:rest()
      peer:text("2")
      assert.same({ "on_text 1", "on_text 2" }, notes)
    end)

  it("works from any coroutine; what follows goes to on_text", function()
    local w, notes = new(function(moonroom, note)
      return {
        on_join = function(_, client)
          moonroom.spawn(function() note("spawned", client:receive()) end)
        end,
        on_text = function(_, _, text) note("on_text", text) end,
      }
    end)
    local peer = w:connect("/talk")
    peer:send(world.frame("text", "1") .. world.frame("text", "2") .. world.frame("text", "3"))
    assert.same({ "spawned 1 text", "on_text 2", "on_text 3" }, notes)
  end)

  it("of JSON gives the value, or what is wrong", function()
    local got = {}
    local w = new(function()
      return {
        on_join = function(_, client)
          got[1] = { client:receive_json() }
          got[2] = { client:receive_json() }
          got[3] = { client:receive_json(1) }
        end,
      }
    end)
    local peer = w:connect("/talk")
    peer:text('{"a":1}'):text("{")
    w:advance(1)
    assert.same({ { a = 1 } }, got[1])
    assert.is_nil(got[2][1])
    assert.is_string(got[2][2])
    assert.same({ nil, "timeout" }, got[3])
  end)

  it("forgets a client that broke as it was written to", function()
    local seen, why = setmetatable({}, { __mode = "v" }), nil
    local w = new(function(moonroom)
      return {
        on_join = function(_, client)
          seen[1] = client
          moonroom.spawn(function() why = select(2, client:receive()) end)
        end,
      }
    end)
    local peer = w:connect("/talk")
    peer:faults { broken = true }
    seen[1]:send("x")
    w:rest()
    assert.equal("closed", why)
    collectgarbage()
    collectgarbage()
    assert.is_nil(seen[1])
  end)
end)

describe("flush", function()
  local function flushing(seconds)
    return function(_, note)
      return {
        on_text = function(_, client)
          client:send(("x"):rep(100))
          local ok, why = client:flush(seconds)
          note(tostring(ok), tostring(why))
        end,
      }
    end
  end

  it("waits until what was sent has left", function()
    local w, notes = new(flushing())
    local peer = w:connect("/talk")
    peer:text("go")
    assert.same({ "true nil" }, notes)
    peer:faults { full = true }
    peer:text("go")
    assert.same({ "true nil" }, notes)
    peer:faults {}
    peer:writable()
    assert.same({ "true nil", "true nil" }, notes)
  end)

  it("gives up after its seconds, and when the client goes", function()
    local w, notes = new(flushing(2))
    local peer = w:connect("/talk")
    peer:faults { full = true }
    peer:text("go")
    w:advance(2)
    assert.same({ "nil timeout" }, notes)
    peer:text("go")
    peer:reset()
    assert.same({ "nil timeout", "nil closed" }, notes)
  end)
end)
