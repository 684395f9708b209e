-- The limit of a state's memory: lua_memory.

local one_room = require "one_room"

-- What the state has already, busted included, is counted too.
local function limited(act, more)
  collectgarbage()
  collectgarbage()
  local used = collectgarbage("count") * 1024 // 1 | 0
  local fields = {
    on_text = act,
    on_binary = function(_, client, data) client:send_binary(data) end,
  }
  return one_room(fields, { lua_memory = used + (more or 8 << 20), ping_interval = 0 })
end

local function check_lives(w)
  local other = w:connect("/talk")
  other:frame("binary", "alive")
  assert.same({ "alive" }, other:take())
end

local asks = {
  ["a long string"] = function() return #string.rep("x", 1 << 30) end,
  ["a string that grows"] = function()
    local text = "x"
    while true do text = text .. text end
  end,
  ["a table that grows"] = function()
    local list = {}
    repeat list[#list + 1] = { #list } until #list == 1 << 33
  end,
  ["many strings"] = function()
    local list = {}
    for i = 1, 1 << 33 do list[i] = ("%d"):format(i) end
    return list
  end,
  ["coroutines"] = function()
    local list = {}
    repeat list[#list + 1] = coroutine.create(print) until #list == 1 << 33
  end,
  ["a buffer"] = function() return table.concat({ ("x"):rep(5 << 20), ("y"):rep(5 << 20) }) end,
}

describe("a handler that asks for too much memory", function()
  for name, act in pairs(asks) do
    it("fails with " .. name .. ", and others go on", function()
      local w = limited(act)
      local peer = w:connect("/talk")
      assert.same({ 1011, "internal error", 1 }, { peer:text("x"):close_frame() })
      check_lives(w)
      local log = w:log()
      assert.matches(" failed where=on_text path=/talk error=\"[^\"]*not enough memory", log)
      assert.matches(" error Lua's memory is full where=on_text lua_memory=%d+ refused=%d+\n", log)
      assert.equal(1, w.kit.metrics(w.hub).lua_memory)
    end)
  end

  it("may try something smaller", function()
    local w = limited(function(_, client)
      local ok, why = pcall(string.rep, "x", 1 << 30)
      client:send(("%s %s %d"):format(ok, why, #string.rep("x", 1 << 20)))
    end)
    local peer = w:connect("/talk"):text("x")
    assert.same({ "false not enough memory 1048576" }, peer:take())
    assert.equal(1, w.kit.metrics(w.hub).lua_memory)
  end)
end)

describe("lua_memory", function()
  it("counts no garbage", function()
    local w = limited(function(_, client)
      local last
      for i = 1, 400 do last = { ("%d"):format(i):rep(100000) } end
      client:send(#last[1] .. "")
    end)
    assert.same({ "300000" }, w:connect("/talk"):text("x"):take())
    assert.equal("", w:log())
    assert.equal(0, w.kit.metrics(w.hub).lua_memory)
  end)

  it("is no limit where it is 0, or for what runs outside handlers", function()
    local w = limited(function(_, client) client:send(#string.rep("x", 20 << 20) .. "") end)
    assert.equal(20 << 20, #string.rep("x", 20 << 20))
    w = one_room { on_text = w.Talk.on_text }
    assert.same({ tostring(20 << 20) }, w:connect("/talk"):text("x"):take())
  end)

  it("leaves room again when what filled it goes", function()
    local kept
    local w = limited(function(_, client, text)
      if text == "drop" then kept = nil end
      if text == "keep" then kept = string.rep("x", 6 << 20) end
      if text == "try" then client:send(#string.rep("y", 6 << 20) .. "") end
    end, 16 << 20)
    local peer = w:connect("/talk"):text("keep")
    assert.equal(1011, (w:connect("/talk"):text("try"):close_frame()))
    peer:text("drop"):text("try")
    assert.same({ tostring(6 << 20) }, peer:take())
    assert.is_nil(kept)
  end)

  it("leaves room again when what failed had filled it", function()
    local w = limited(function(_, client, text)
      local kept = {}
      if text == "fill" then
        for at = 1, 4 do kept[at] = ("%d"):format(at):rep(3 << 20) end
        error("with " .. #kept)
      end
      client:send(#("x"):rep(6 << 20) .. "")
    end, 16 << 20)
    local other = w:connect("/talk")
    collectgarbage("stop") -- what is due for another reason
    finally(function() collectgarbage("restart") end)
    for _ = 1, 3 do
      assert.equal(1011, (w:connect("/talk"):text("fill"):close_frame()))
      assert.same({ tostring(6 << 20) }, other:text("try"):take())
    end
  end)

  it("leaves room again when a timer that failed had filled it, whatever runs next", function()
    local w = limited(function(_, client) client:send(#("x"):rep(6 << 20) .. "") end, 16 << 20)
    local peer = w:connect("/talk")
    collectgarbage("stop")
    finally(function() collectgarbage("restart") end)
    w.moonroom.after(1, function()
      local kept = {}
      for at = 1, 4 do kept[at] = ("%d"):format(at):rep(3 << 20) end
      error("with " .. #kept)
    end)
    w:advance(1)
    assert.same({ tostring(6 << 20) }, peer:text("try"):take())
  end)

  -- Fills the memory, and fails, with something in it that acts as it is collected.
  local function fail_with(act)
    local kept = { setmetatable({}, { __gc = act }) }
    for at = 2, 5 do kept[at] = ("%d"):format(at):rep(3 << 20) end
    error("with " .. #kept)
  end

  it("leaves room again when a task is over: a finalizer that cancels it gets no other", function()
    local w = limited(nil, 16 << 20)
    local sleep, spawn = w.moonroom.sleep, w.moonroom.spawn
    local task, other, answer
    collectgarbage("stop")
    finally(function() collectgarbage("restart") end)
    task = spawn(function()
      sleep(1)
      fail_with(function()
        other = spawn(sleep, 1)
        answer = { task:cancel() }
      end)
    end)
    w:advance(1)
    assert.same({ nil, "ended" }, answer)
    assert.equal("task (running)", tostring(other))
    w:advance(1)
    assert.equal("task (returned)", tostring(other))
  end)

  it("leaves room again when a request that waited is over, its coroutine freed with it", function()
    local w = limited(nil, 16 << 20)
    local ran, requests = 0, {}
    w.moonroom.get("/wait/:seconds", function(request)
      table.insert(requests, request)
      w.moonroom.sleep(tonumber(request.params.seconds))
      if request.params.seconds == "2" then fail_with(function() ran = ran + 1 end) end
      return "done"
    end)
    collectgarbage("stop")
    finally(function() collectgarbage("restart") end)
    local last = w:peer():send("GET /wait/2 HTTP/1.1\r\nHost: a\r\n\r\n")
    for _ = 1, 64 do w:peer():send("GET /wait/1 HTTP/1.1\r\nHost: a\r\n\r\n") end
    w:advance(1)
    w:advance(1)
    assert.equal(500, last:response().status)
    assert.same({ 1, 65 }, { ran, #requests })
  end)
end)
