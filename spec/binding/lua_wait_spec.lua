local world = require "world"

local coroutines = require("moonroom.core").coroutine

-- A world with a room at / whose handlers are the given ones, and a list of what they noted.
local function new(handlers, options)
  local notes = {}
  local w = world.new(options, function(moonroom)
    local Room = moonroom.Room:extend("Waiting")
    for name, handler in pairs(handlers(moonroom, function(...)
      table.insert(notes, table.concat({ ... }, " "))
    end)) do
      Room[name] = handler
    end
    moonroom.mount("/", Room)
    moonroom.mount("/:name", Room)
  end)
  return w, notes
end

describe("sleep", function()
  it("suspends a handler and no other", function()
    local w, notes = new(function(moonroom, note)
      return {
        on_text = function(_, client, text)
          note("begin", text)
          moonroom.sleep(tonumber(text) or 0)
          note("end", text)
          client:send(text)
        end,
      }
    end)
    local slow, quick = w:connect("/"), w:connect("/")
    slow:text("5")
    quick:text("1")
    assert.same({ "begin 5", "begin 1" }, notes)
    w:advance(1)
    assert.same({ "1" }, quick:take())
    assert.same({}, slow:take())
    w:advance(4)
    assert.same({ "5" }, slow:take())
    assert.same({ "begin 5", "begin 1", "end 1", "end 5" }, notes)
  end)

  it("raises for NaN, for less than 0 and for what is no number, at the script's line", function()
    local w = new(function() return {} end)
    for _, wrong in ipairs { 0 / 0, -1, "x" } do
      local ok, why
      w.moonroom.spawn(function() ok, why = pcall(w.moonroom.sleep, wrong) end)
      assert.is_false(ok)
      assert.truthy(why:find("bad argument #1", 1, true), why)
    end
  end)

  it("outside handlers and tasks says that it can't", function()
    local w = new(function() return {} end)
    local ok, why = pcall(w.moonroom.sleep, 1)
    assert.is_false(ok)
    assert.truthy(why:find("sleep waits, which only handlers and tasks can", 1, true), why)
  end)

  it("where Lua can't wait names the function that stands in the way", function()
    local w = new(function() return {} end)
    local sleep = w.moonroom.sleep
    local function tried(fn)
      local ok, why
      w.moonroom.spawn(function() ok, why = pcall(fn) end)
      assert.is_false(ok)
      return why
    end
    assert.truthy(tried(function()
      table.sort({ 2, 1, 3 }, function() sleep(1) end)
    end):find("inside sort", 1, true))
    assert.truthy(tried(function()
      string.gsub("x", "x", function() sleep(1) end)
    end):find("inside gsub", 1, true))
  end)

  it("works through pcall, metamethods, iterators and close variables", function()
    local w, notes = new(function() return {} end)
    local sleep = w.moonroom.sleep
    w.moonroom.spawn(function()
      pcall(function()
        sleep(1)
        notes[#notes + 1] = "pcall"
        error("x")
      end)
      local lazy = setmetatable({}, {
        __index = function(_, key)
          sleep(1)
          return key
        end,
      })
      notes[#notes + 1] = lazy.index
      for value in function(_, last)
        sleep(1)
        return not last and "iterator" or nil
      end do
        notes[#notes + 1] = value
      end
      do
        local _ <close> = setmetatable({}, {
          __close = function()
            sleep(1)
            notes[#notes + 1] = "close"
          end,
        })
      end
    end)
    w:advance(10)
    assert.same({ "pcall", "index", "iterator", "close" }, notes)
  end)
end)

describe("a script's own coroutine", function()
  it("keeps its yields, and a wait in it suspends the whole handler", function()
    local w, notes = new(function() return {} end)
    local function note(text) notes[#notes + 1] = text end
    w.moonroom.spawn(function()
      local inner = coroutine.create(function(first)
        note(first)
        note(coroutine.yield("yielded"))
        w.moonroom.sleep(1)
        note("slept")
        return "returned"
      end)
      local _, what = coroutines.resume(inner, "first")
      note(what)
      _, what = coroutines.resume(inner, "second")
      note(what)
      note(tostring(coroutines.resume(inner)))
    end)
    assert.same({ "first", "yielded", "second" }, notes)
    w:advance(1)
    assert.same({ "first", "yielded", "second", "slept", "returned", "false" }, notes)
  end)

  it("is the same with wrap, whose errors are raised", function()
    local w, notes = new(function() return {} end)
    w.moonroom.spawn(function()
      local next_one = coroutines.wrap(function()
        w.moonroom.sleep(1)
        coroutine.yield("one")
        error("two", 0)
      end)
      notes[1] = next_one()
      notes[2] = select(2, pcall(next_one))
    end)
    w:advance(1)
    assert.equal("one", notes[1])
    assert.truthy(notes[2]:find("two$"))
  end)

  it("that has returned, or runs, raises when it is called once more by wrap", function()
    local w, notes = new(function() return {} end)
    w.moonroom.spawn(function()
      local once = coroutines.wrap(function() return "done" end)
      notes[1] = once()
      for at = 2, 3 do notes[at] = select(2, pcall(once)) end
      local itself
      itself = coroutines.wrap(function() return select(2, pcall(itself)) end)
      notes[4] = itself()
    end)
    assert.equal("done", notes[1])
    assert.matches("cannot resume dead coroutine$", notes[2])
    assert.matches("cannot resume dead coroutine$", notes[3])
    assert.matches("cannot resume non%-suspended coroutine$", notes[4])
    assert.equal("", (w:log()))
  end)

  it("can't resume itself, nor the handler that runs it", function()
    local w, notes = new(function() return {} end)
    w.moonroom.spawn(function()
      local handler = coroutine.running()
      notes[1] = { coroutines.resume(handler) }
      coroutines.wrap(function()
        notes[2] = { coroutines.resume(coroutine.running()) }
        notes[3] = { coroutines.resume(handler, 1, 2) }
      end)()
    end)
    for at = 1, 3 do assert.same({ false, "cannot resume non-suspended coroutine" }, notes[at]) end
    assert.equal("", (w:log()))
  end)

  -- Notes that it is closed; raises where it is to.
  local function closing(notes, name, raises)
    return setmetatable({}, {
      __close = function()
        notes[#notes + 1] = name
        if raises then error(name .. " fails", 0) end
      end,
    })
  end

  -- A task that waits in a coroutine in a coroutine, each with a variable to be closed.
  local function nested(w, notes, raises)
    return w.moonroom.spawn(function()
      local outer <close> = closing(notes, "outer")
      coroutines.wrap(function()
        local middle <close> = closing(notes, "middle", raises)
        coroutines.resume(coroutine.create(function()
          local inner <close> = closing(notes, "inner", raises)
          w.moonroom.sleep(5)
          notes[#notes + 1] = "not reached"
          return inner
        end))
        return middle
      end)()
      return outer
    end)
  end

  it("that waits closes its variables when the task is cancelled, the innermost first", function()
    local w, notes = new(function() return {} end)
    assert.is_true(nested(w, notes):cancel())
    assert.same({ "inner", "middle", "outer" }, notes)
    w:advance(10)
    assert.equal(3, #notes)
  end)

  it("that fails to close is logged, and the others are closed all the same", function()
    local w, notes = new(function() return {} end)
    assert.is_true(nested(w, notes, true):cancel())
    assert.same({ "inner", "middle", "outer" }, notes)
    assert.matches("inner fails.*middle fails", (w:log()))
  end)

  it("that waits is continued by nobody else", function()
    local w, notes = new(function() return {} end)
    local shared
    w.moonroom.spawn(function()
      shared = coroutine.create(function()
        w.moonroom.sleep(1)
        return "slept"
      end)
      notes[1] = select(2, coroutines.resume(shared))
    end)
    w.moonroom.spawn(function()
      assert.same({ false, "cannot resume a coroutine that waits" }, { coroutines.resume(shared) })
      notes[2] = "refused"
    end)
    assert.same({ nil, "refused" }, { notes[1], notes[2] })
    w:advance(1)
    assert.equal("slept", notes[1])
  end)

  it("may go on elsewhere once it has yielded of its own accord", function()
    local w, notes = new(function() return {} end)
    local shared
    w.moonroom.spawn(function()
      shared = coroutines.wrap(function()
        w.moonroom.sleep(1)
        coroutine.yield("one")
        w.moonroom.sleep(1)
        return "two"
      end)
      notes[1] = shared()
    end)
    w:advance(1)
    w.moonroom.spawn(function() notes[2] = shared() end)
    w:advance(1)
    assert.same({ "one", "two" }, notes)
  end)

  it("can't be a handler's", function()
    local w = new(function() return {} end)
    local own, answer
    w.moonroom.spawn(function()
      own = coroutine.running()
      w.moonroom.sleep(1)
    end)
    w.moonroom.spawn(function() answer = { coroutines.resume(own) } end)
    assert.same({ false, "cannot resume a coroutine that waits" }, answer)
    w:advance(1)
    assert.equal("", w:log())
  end)

  it("that is closed while it waits is dead for its resumer, when the wait is over", function()
    local w, notes = new(function() return {} end)
    local shared
    w.moonroom.spawn(function()
      shared = coroutine.create(function()
        local mark <close> = closing(notes, "closed")
        w.moonroom.sleep(1)
        return mark
      end)
      local answer = { coroutines.resume(shared) }
      notes[2] = answer
    end)
    assert.is_true(coroutine.close(shared))
    assert.same({ "closed" }, notes)
    w:advance(1)
    assert.same({ false, "cannot resume dead coroutine" }, notes[2])
  end)

  it("of a handler that is closed by somebody else ends that handler with an error", function()
    local w = new(function() return {} end)
    local own
    local task = w.moonroom.spawn(function()
      own = coroutine.running()
      w.moonroom.sleep(1)
    end)
    coroutine.close(own)
    w:advance(1)
    assert.matches("cannot resume dead coroutine", (w:log()))
    assert.equal("task (failed)", tostring(task))
  end)
end)

describe("spawn", function()
  it("starts at once and runs until its first wait", function()
    local w, notes = new(function() return {} end)
    local task = w.moonroom.spawn(function(text)
      notes[#notes + 1] = text
      w.moonroom.sleep(1)
      notes[#notes + 1] = "later"
    end, "now")
    assert.same({ "now" }, notes)
    assert.equal("task (running)", tostring(task))
    w:advance(1)
    assert.same({ "now", "later" }, notes)
    assert.equal("task (returned)", tostring(task))
  end)

  it("hands on what the function returned to all who wait", function()
    local w, notes = new(function() return {} end)
    local task = w.moonroom.spawn(function()
      w.moonroom.sleep(2)
      return "a", nil, "c"
    end)
    for i = 1, 2 do
      w.moonroom.spawn(function() notes[i] = table.pack(task:wait()) end)
    end
    local late
    w.moonroom.spawn(function() late = table.pack(task:wait(1)) end)
    w:advance(1)
    assert.same({ n = 2, nil, "timeout" }, late)
    w:advance(1)
    assert.same({ n = 3, "a", nil, "c" }, notes[1])
    assert.same({ n = 3, "a", nil, "c" }, notes[2])
    assert.same({ "a", nil, "c" }, { task:wait() })
  end)

  it("logs an error with the place of the spawn, and closes nobody", function()
    local w = new(function(moonroom)
      return { on_text = function() moonroom.spawn(function() error("oops") end) end }
    end)
    local peer = w:connect("/")
    peer:text("x")
    local log = w:log()
    assert.truthy(log:find("lua_wait_spec.lua:%d+", 1))
    assert.truthy(log:find("a task spawned at", 1, true), log)
    assert.truthy(log:find("oops", 1, true))
    assert.same({}, peer:frames())
  end)

  it("tells who waits for one that failed", function()
    local w = new(function() return {} end)
    local task = w.moonroom.spawn(function() error("oops") end)
    assert.same({ nil, "failed" }, { task:wait() })
    assert.equal("task (failed)", tostring(task))
  end)

  it("cancels: close variables are closed, nothing behind the wait runs", function()
    local w, notes = new(function() return {} end)
    local task = w.moonroom.spawn(function()
      local _ <close> = setmetatable({}, { __close = function() notes[#notes + 1] = "closed" end })
      w.moonroom.sleep(1)
      notes[#notes + 1] = "behind"
    end)
    local waited
    w.moonroom.spawn(function() waited = { task:wait() } end)
    assert.is_true(task:cancel())
    w:advance(2)
    assert.same({ "closed" }, notes)
    assert.same({ nil, "cancelled" }, waited)
    assert.same({ nil, "ended" }, { task:cancel() })
  end)

  it("doesn't cancel the one that asks", function()
    local w = new(function() return {} end)
    local task, answer
    task = w.moonroom.spawn(function()
      w.moonroom.sleep(1)
      answer = { task:cancel() }
    end)
    w:advance(1)
    assert.same({ nil, "running" }, answer)
  end)
end)

describe("a promise", function()
  it("wakes all who wait, with the values; a second resolve is refused", function()
    local w, notes = new(function() return {} end)
    local promise = w.moonroom.promise()
    for i = 1, 3 do
      w.moonroom.spawn(function() notes[i] = table.pack(promise:wait()) end)
    end
    assert.equal("promise (pending)", tostring(promise))
    assert.is_true(promise:resolve(1, nil, 3))
    assert.same({}, notes)
    w:rest()
    for i = 1, 3 do assert.same({ n = 3, 1, nil, 3 }, notes[i]) end
    assert.same({ nil, "resolved" }, { promise:resolve(2) })
    assert.same({ 1, nil, 3 }, { promise:wait() })
  end)

  it("gives up after its seconds", function()
    local w = new(function() return {} end)
    local promise, got = w.moonroom.promise(), nil
    w.moonroom.spawn(function() got = { promise:wait(3) } end)
    w:advance(2.9)
    assert.is_nil(got)
    w:advance(0.1)
    assert.same({ nil, "timeout" }, got)
    promise:resolve("late")
    w:rest()
    assert.same({ nil, "timeout" }, got)
  end)

  it("forgets a wait that could not begin for want of memory", function()
    local w = new(function() return {} end)
    local promise, ok, why, ran = w.moonroom.promise(), nil, nil, 0
    w.kit.fail(w.hub, 1)
    w.moonroom.spawn(function()
      ran = ran + 1
      ok, why = pcall(promise.wait, promise, 5)
    end)
    assert.is_false(ok)
    assert.truthy(why:find("not enough memory", 1, true), why)
    promise:resolve("x")
    w:advance(10)
    assert.equal(1, ran)
    assert.equal("x", (promise:wait()))
    assert.equal("", w:log())
  end)
end)

describe("now", function()
  it("is Unix time, and moves with the clock", function()
    local w = new(function() return {} end)
    local before = w.moonroom.now()
    w:advance(1.5)
    assert.equal(1.5, w.moonroom.now() - before)
    assert.is_true(before > 1e9)
  end)
end)

describe("an init that waits", function()
  it("makes one room for all who ask meanwhile", function()
    local made = 0
    local w = new(function(moonroom)
      return {
        init = function()
          made = made + 1
          moonroom.sleep(1)
        end,
        on_text = function(room, client) client:send(tostring(#room)) end,
      }
    end)
    local first, second = w:connect("/lobby"), w:connect("/lobby")
    assert.is_nil(first.status)
    w:advance(1)
    assert.equal(101, first:response().status)
    assert.equal(101, second:response().status)
    assert.equal(1, made)
    assert.same({ "2" }, first:text("?"):take())
  end)

  it("that fails is a 500 for each of them, and the room is not kept", function()
    local fails = true
    local w = new(function(moonroom)
      return {
        init = function()
          moonroom.sleep(1)
          if fails then error("no") end
        end,
      }
    end)
    local first, second = w:connect("/lobby"), w:connect("/lobby")
    w:advance(1)
    assert.equal(500, first:response().status)
    assert.equal(500, second:response().status)
    fails = false
    local third = w:connect("/lobby")
    w:advance(1)
    assert.equal(101, third:response().status)
  end)
end)

describe("an on_accept that waits", function()
  it("is answered when it has decided", function()
    local w = new(function(moonroom)
      return {
        on_accept = function()
          moonroom.sleep(1)
          return false, 401
        end,
      }
    end)
    local peer = w:connect("/")
    assert.is_nil(peer.status)
    w:advance(1)
    assert.equal(401, peer:response().status)
  end)

  it("has its result discarded where the peer has gone: no init, no on_join", function()
    for _, how in ipairs { "finish", "reset" } do
      local w, notes = new(function(moonroom, note)
        local User = moonroom.Client:extend("User")
        function User.init() note("init") end
        return {
          Client = User,
          on_accept = function()
            moonroom.sleep(1)
            note("accepted")
          end,
          on_join = function() note("joined") end,
          on_leave = function() note("left") end,
        }
      end)
      local peer = w:connect("/")
      peer[how](peer)
      w:advance(2)
      assert.same({ "accepted" }, notes)
      assert.is_true(peer:state().closed)
    end
  end)

  it("has as long as the handshake may take", function()
    local w, notes = new(function(moonroom, note)
      return {
        on_accept = function()
          moonroom.sleep(60)
          note("accepted")
        end,
        on_join = function() note("joined") end,
      }
    end)
    local peer = w:connect("/")
    w:advance(10)
    assert.is_true(peer:state().closed)
    w:advance(60)
    assert.same({ "accepted" }, notes)
  end)
end)
