-- How much one client may send: src/core/rate.c.

local noting = require "noting"
local world = require "world"

local frame = world.frame
local echoing, join, texts = noting.echoing, noting.join, noting.texts

-- A world whose room has a rate, and notes in w.limits what on_limit was called for.
local function limited(rate, options, fields)
  local limits = {}
  local all = { rate = rate, on_limit = function(_, _, what) table.insert(limits, what) end }
  for name, value in pairs(fields or {}) do all[name] = value end
  local w = echoing(options, all)
  w.limits = limits
  return w
end

local function heard(w) return table.concat(w.heard, ",") end

local function metrics(w) return w.kit.metrics(w.hub) end

-- As many messages of a size.
local function sized(count, size) return frame("text", ("x"):rep(size)):rep(count) end

describe("a rate of messages", function()
  it("lets a burst through, and drops what comes on top of it", function()
    local w = limited { messages = 5, burst = 2 }
    local peer = join(w)
    peer:send(texts(10))
    assert.equal("1,2,3,4,5,6,7,8,9,10", heard(w))
    assert.same({}, w.limits)
    peer:send(texts(12, 11))
    assert.equal("1,2,3,4,5,6,7,8,9,10", heard(w))
    assert.same({ "messages", "messages" }, w.limits)
    assert.equal(2, metrics(w).rate_messages)
    assert.equal(0, metrics(w).rate_burst)
  end)

  it("lets through as many again as time has passed", function()
    local w = limited({ messages = 5, burst = 1 }, { ping_interval = 0 })
    local peer = join(w)
    peer:send(texts(5))
    w:advance(0.19)
    peer:send(texts(6, 6))
    assert.equal("1,2,3,4,5", heard(w))
    w:advance(0.01)
    peer:send(texts(8, 7))
    assert.equal("1,2,3,4,5,7", heard(w))
    w:advance(3600)
    peer:send(texts(16, 11))
    assert.equal("1,2,3,4,5,7,11,12,13,14,15", heard(w))
  end)

  it("lets who keeps to it send for ever", function()
    local w = limited { messages = 10, burst = 1 }
    local peer = join(w)
    peer:send(texts(10))
    for number = 11, 1000 do
      w:advance(0.1)
      peer:send(texts(number, number))
    end
    assert.equal(1000, #w.heard)
    assert.same({}, w.limits)
  end)

  it("closes with 1008 who goes on for a second burst", function()
    local w = limited { messages = 3, burst = 2 }
    local peer = join(w)
    peer:send(texts(12))
    assert.equal("1,2,3,4,5,6", heard(w))
    assert.equal(6, #w.limits)
    assert.same({}, noting.closes(peer))
    peer:send(texts(14, 13))
    assert.same({ { 1008, "too many messages" } }, noting.closes(peer))
    assert.same({ { 1008, "too many messages", false } }, w.leaves)
    assert.equal(6, #w.limits)
    assert.equal(1, metrics(w).rate_burst)
    assert.matches('client left.*rule=rate_messages', w:log())
  end)

  it("forgives what was dropped at the same rate", function()
    local w = limited { messages = 2, burst = 1 }
    local peer = join(w)
    for _ = 1, 50 do
      peer:send(texts(4)) -- 2 come through, 2 are dropped
      w:advance(1)
    end
    assert.equal(100, #w.heard)
    assert.same({}, noting.closes(peer))
    assert.equal(100, metrics(w).rate_messages)
  end)

  it("counts neither control frames nor fragments", function()
    local w = limited { messages = 1, burst = 1 }
    local peer = join(w)
    peer:send(frame("ping"):rep(20) .. frame("pong"):rep(20)
      .. noting.fragments("text", "a", "b", "c", "d"))
    assert.equal("abcd", heard(w))
    assert.same({}, w.limits)
  end)

  it("is each client's own", function()
    local w = limited { messages = 1, burst = 1 }
    for number = 1, 5 do join(w):send(texts(number, number)) end
    assert.equal("1,2,3,4,5", heard(w))
  end)

  it("is told in the log once for a client, with the rule", function()
    local w = limited { messages = 1, burst = 3 }
    local peer = join(w)
    w:log()
    peer:send(texts(6))
    local log = w:log()
    assert.equal(1, select(2, log:gsub("messages are dropped", "")))
    assert.matches("rule=rate_messages", log)
    assert.matches('path=/room', log)
  end)
end)

describe("a rate of bytes", function()
  it("drops what comes when a burst is used up", function()
    local w = limited { bytes = 100, burst = 2 }
    local peer = join(w)
    peer:send(sized(2, 100))
    assert.equal(2, #w.heard)
    peer:send(sized(1, 1))
    assert.equal(2, #w.heard)
    assert.same({ "bytes" }, w.limits)
    assert.equal(1, metrics(w).rate_bytes)
    w:advance(0.01)
    peer:send(sized(1, 1))
    assert.equal(3, #w.heard)
  end)

  it("lets a message of any permitted size through, and then has it paid for", function()
    local w = limited { bytes = 100, burst = 1 }
    local peer = join(w)
    peer:send(sized(1, 1000))
    assert.equal(1, #w.heard)
    w:advance(8.9)
    peer:send(sized(1, 1))
    assert.equal(1, #w.heard)
    w:advance(0.2)
    peer:send(sized(1, 1))
    assert.equal(2, #w.heard)
  end)

  it("closes with 1008 who goes on for a second burst", function()
    local w = limited { bytes = 100, burst = 1 }
    local peer = join(w)
    peer:send(sized(2, 100))
    assert.same({ "bytes" }, w.limits)
    assert.same({}, noting.closes(peer))
    peer:send(sized(1, 1))
    assert.same({ { 1008, "too many bytes" } }, noting.closes(peer))
    assert.matches('client left.*rule=rate_bytes', w:log())
  end)

  it("holds beside one of messages", function()
    local w = limited { messages = 3, bytes = 100, burst = 1 }
    local peer = join(w)
    peer:send(sized(1, 100) .. sized(1, 1))
    assert.same({ "bytes" }, w.limits)
    w:advance(1)
    peer:send(sized(4, 1))
    assert.same({ "bytes", "messages" }, w.limits)
  end)
end)

describe("rate_messages, rate_bytes and rate_burst", function()
  it("are off by default", function()
    local w = limited()
    local peer = join(w)
    peer:send(texts(2000))
    assert.equal(2000, #w.heard)
  end)

  it("are what a room without a rate has, and each part of a rate without it", function()
    local options = { rate_messages = 4, rate_burst = 1 }
    local w = limited(nil, options)
    join(w):send(texts(5))
    assert.equal("1,2,3,4", heard(w))
    w = limited({ burst = 2 }, options)
    join(w):send(texts(9))
    assert.equal("1,2,3,4,5,6,7,8", heard(w))
    w = limited({ messages = 0 }, options)
    join(w):send(texts(100))
    assert.equal(100, #w.heard)
  end)

  it("are read when a client joins", function()
    local w = limited { messages = 1, burst = 1 }
    local old = join(w)
    w.room.rate = { messages = 2, burst = 1 }
    old:send(texts(2))
    assert.equal("1", heard(w))
    join(w):send(texts(5, 3))
    assert.equal("1,3,4", heard(w))
  end)
end)

describe("on_limit", function()
  it("is called with room, client and what, in its place among the messages", function()
    local list = {}
    local w = limited({ messages = 1, burst = 1 }, nil, {
      on_limit = function(room, client, what) list[#list + 1] = { room, client, what } end,
    })
    local peer = join(w)
    peer:send(texts(2))
    assert.equal(1, #list)
    assert.equal(w.room, list[1][1])
    assert.equal(w.clients[1], list[1][2])
    assert.equal("messages", list[1][3])
  end)

  it("waits its turn while another handler waits", function()
    local list = {}
    local w
    w = limited({ messages = 2, burst = 1 }, nil, {
      on_text = function(_, _, text)
        list[#list + 1] = text
        if text == "1" then w.moonroom.sleep(1) end
      end,
      on_limit = function(_, _, what) list[#list + 1] = what end,
    })
    local peer = join(w)
    peer:send(texts(3))
    assert.same({ "1" }, list)
    w:advance(1)
    assert.same({ "1", "2", "messages" }, list)
    peer:send(texts(4, 4))
    assert.same({ "1", "2", "messages", "4" }, list)
  end)

  it("needn't be there", function()
    local w = echoing(nil, { rate = { messages = 1, burst = 1 } })
    local peer = join(w)
    peer:send(texts(2))
    assert.equal("1", heard(w))
    assert.same({}, noting.closes(peer))
  end)

  it("closes with 1011 where it fails", function()
    local w = limited({ messages = 1, burst = 1 }, nil, {
      on_limit = function() error("no") end,
    })
    local peer = join(w)
    peer:send(texts(2))
    assert.equal(1011, (noting.closes(peer)[1] or {})[1])
  end)
end)

describe("a room's rate", function()
  -- What is said where a room's class is given a rate.
  local function refusal(rate)
    local w = echoing()
    local ok, message = pcall(function() w.room.rate = rate end)
    assert.is_false(ok)
    return (message:match("Noting.rate: (.*)$"))
  end

  it("is a table with messages, bytes and burst, each in its range", function()
    assert.equal("rate is a table such as {messages = 10, bytes = 65536, burst = 2}, not a number",
      refusal(5))
    assert.equal("rate.mesages is unknown; there are messages, bytes and burst",
      refusal { mesages = 1 })
    assert.equal("rate has names: messages, bytes and burst", refusal { 1 })
    assert.equal("rate.messages must be a whole number from 0 to 1000000000, not 1.5",
      refusal { messages = 1.5 })
    assert.equal("rate.bytes is a number, not a string", refusal { bytes = "64k" })
    assert.equal("rate.burst must be a number of seconds from 1 to 86400, not 0.5",
      refusal { burst = 0.5 })
  end)
end)

describe("max_control_frames", function()
  it("is how many pings and pongs a client may send in a second, then 1008", function()
    for _, kind in ipairs { "ping", "pong" } do
      local w = echoing { max_control_frames = 10 }
      local peer = join(w)
      peer:send(frame(kind):rep(10))
      assert.same({}, noting.closes(peer))
      peer:send(frame(kind))
      assert.same({ { 1008, "too many control frames" } }, noting.closes(peer))
      assert.same({ { 1008, "too many control frames", false } }, w.leaves)
      assert.equal(1, metrics(w).max_control_frames)
      assert.matches("client left.*rule=max_control_frames", w:log())
    end
  end)

  it("is 1000 by default", function()
    local w = echoing()
    local peer = join(w)
    peer:send(frame("ping"):rep(1000))
    assert.same({}, noting.closes(peer))
    w:advance(0.001)
    peer:send(frame("ping"))
    assert.same({}, noting.closes(peer))
    peer:send(frame("ping"))
    assert.equal(1008, noting.closes(peer)[1][1])
  end)

  it("counts no messages, and no Close", function()
    local w = echoing { max_control_frames = 1 }
    local peer = join(w)
    peer:send(frame("ping") .. texts(50) .. frame("close", "\3\232"))
    assert.equal(50, #w.heard)
    assert.same({ { 1000, "", true } }, w.leaves)
  end)

  it("lets who keeps to it ping for ever", function()
    local w = echoing { max_control_frames = 10 }
    local peer = join(w)
    for _ = 1, 500 do
      peer:send(frame("ping"))
      w:advance(0.1)
    end
    assert.same({}, noting.closes(peer))
  end)
end)
