local scripts = require "scripts"
require "moonroom.test"

after_each(scripts.clean)

-- Two peers of a room that sends to all what any says; "binary" closes, /no is refused.
local function connect(path)
  local app = scripts.room {
    on_text = function(room, _, text) room:broadcast(text) end,
    on_accept = function(_, request) return request.query.no == nil end,
  }
  return app:connect(path or "/"), app:connect("/")
end

-- The message with which an assertion fails, without the place.
local function failure(call)
  local ok, why = pcall(call)
  assert(not ok, "it holds")
  why = tostring(type(why) == "table" and why.message or why)
  return (why:gsub("^spec/moonroom/test/assertions_spec.lua:%d+: ", ""))
end

describe("assert.peer(...).received", function()
  it("holds for exactly these messages, in this order, and takes them", function()
    local ann, bob = connect()
    ann:send("one")
    ann:send("two")
    assert.peer(bob).received("one", "two")
    assert.same({}, bob:take())
    bob:send("three")
    assert.peer(bob).received("three")
  end)

  it("compares tables as JSON, numbers as text", function()
    local ann = connect()
    ann:raw(require("moonroom.test.frames").encode("text", '{ "b" : [1, {}], "a": null }'))
    ann:send(5)
    assert.peer(ann).received({ a = require("moonroom").json.null, b = { 1, {} } }, 5)
    ann:send { list = require("moonroom").json.array {} }
    assert.peer(ann).received { list = {} }
    ann:send { a = 1, b = 2 }
    failure(function() assert.peer(ann).received { a = 1 } end)
    failure(function() assert.peer(ann).received { a = 1, b = 2, c = 3 } end)
    failure(function() assert.peer(ann).received { a = 1, b = 3 } end)
    failure(function() assert.peer(ann).received "x" end)
    assert.peer(ann).received { b = 2, a = 1 }
    ann:send("no JSON")
    failure(function() assert.peer(ann).received { a = 1 } end)
  end)

  it("says what was expected and what has come, and takes nothing", function()
    local ann = connect()
    ann:send("one %d\nline")
    ann:send { a = 1 }
    assert.equal([[
peer 1 at / was expected to have received exactly
  "one"
  {"a":2}
but received
  "one %d\nline"
  {"a":1}]], failure(function() assert.peer(ann).received("one", { a = 2 }) end))
    assert.equal([[
peer 1 at / was expected to have received exactly
  "one"
but received
  "one %d\nline"
  "{\"a\":1}"]], failure(function() assert.peer(ann).received("one") end))
    assert.equal(2, #ann:take())
    assert.equal('peer 1 at / was expected to have received exactly\n  "x"\nbut received nothing',
      failure(function() assert.peer(ann).received("x") end))
    assert.equal("peer 1 at / was expected to have received nothing\nbut received\n  \"x\"",
      (ann:send("x") or failure(function() assert.peer(ann).received() end)))
  end)

  it("shows long ones cut", function()
    local ann = connect()
    ann:send(("x"):rep(1000))
    local why = failure(function() assert.peer(ann).received("y") end)
    assert.is_truthy(why:find('"' .. ("x"):rep(300) .. '"... (1000 bytes)', 1, true))
  end)

  it("negated, holds where none of the messages has come, and takes nothing", function()
    local ann = connect()
    ann:send("one")
    assert.peer(ann).not_received("two", "three")
    assert.is_not.peer(ann).received("two")
    assert.peer(ann).has_not.received { a = 1 }
    assert.equal([[
peer 1 at / was expected to have received none of
  "two"
  "one"
but received
  "one"]], failure(function() assert.peer(ann).not_received("two", "one") end))
    assert.peer(ann).received("one")
  end)

  it("received_nothing, is the same without messages", function()
    local ann = connect()
    assert.peer(ann).received_nothing()
    ann:send("x")
    assert.peer(ann).not_received_nothing()
    assert.equal('peer 1 at / was expected to have received nothing\nbut received\n  "x"',
      failure(function() assert.peer(ann).received_nothing() end))
    ann:take()
    assert.equal("peer 1 at / was expected to have received something\nbut received nothing",
      failure(function() assert.peer(ann).not_received_nothing() end))
  end)
end)

describe("assert.peer(...).closed", function()
  it("holds for one that is closed, with the code and reason where they are given", function()
    local ann, bob = connect()
    ann:send_binary("x")
    assert.peer(ann).closed()
    assert.peer(ann).closed(1003)
    assert.peer(ann).closed(1003, ann.close_reason)
    assert.peer(ann).not_closed(1000)
    assert.peer(bob).not_closed()
  end)

  it("says what has become of it", function()
    local ann, bob = connect()
    ann:close(3000)
    assert.equal('peer 1 at / was expected to be closed with 1003\nbut was closed with 3000 ""',
      failure(function() assert.peer(ann).closed(1003) end))
    assert.equal('peer 1 at / was expected to be closed with 3000 "y"\n'
      .. 'but was closed with 3000 ""', failure(function() assert.peer(ann).closed(3000, "y") end))
    assert.equal("peer 2 at / was expected to be closed\nbut is open",
      failure(function() assert.peer(bob).closed() end))
    assert.equal('peer 1 at / was expected to not be closed\nbut was closed with 3000 ""',
      failure(function() assert.peer(ann).not_closed() end))
    assert.equal("peer 1 at /?no was expected to be closed\nbut was refused with 403",
      failure(function() assert.peer((connect("/?no"))).closed() end))
  end)
end)

describe("assert.peer(...).refused", function()
  it("holds for one that was refused, with the status where it is given", function()
    local refused, open = connect("/?no")
    assert.peer(refused).refused()
    assert.peer(refused).refused(403)
    assert.peer(refused).not_refused(404)
    assert.peer(open).not_refused()
  end)

  it("says what has become of it", function()
    local refused, open = connect("/?no")
    assert.equal("peer 1 at /?no was expected to be refused with 404\nbut was refused with 403",
      failure(function() assert.peer(refused).refused(404) end))
    assert.equal("peer 2 at / was expected to be refused with 403\nbut is open",
      failure(function() assert.peer(open).refused(403) end))
    assert.equal("peer 1 at /?no was expected to not be refused\nbut was refused with 403",
      failure(function() assert.peer(refused).not_refused() end))
  end)
end)

describe("assert.peer", function()
  it("takes a peer, and the assertions need one", function()
    assert.equal("assert.peer takes a peer: assert.peer(ann).received(...)",
      failure(function() assert.peer("ann").received("x") end))
    assert.equal("assert.peer takes a peer: assert.peer(ann).received(...)",
      failure(function() assert.peer().received("x") end))
    for _, name in ipairs { "received", "received_nothing", "closed", "refused" } do
      assert.equal(("assert.%s needs a peer: assert.peer(ann).%s"):format(name, name),
        failure(function() assert[name]("x") end))
    end
  end)

  it("fails at the spec's line", function()
    local ann = connect()
    local line = debug.getinfo(1, "l").currentline + 1
    local _, why = pcall(function() assert.peer(ann).received("x") end)
    assert.matches("assertions_spec.lua:" .. line .. ":",
      tostring(type(why) == "table" and why.message or why))
  end)
end)
