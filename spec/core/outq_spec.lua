-- What waits to be written to one connection: src/core/outq.c.

local kit = require("moonroom.core").testkit.outq

local segment, short = kit.segment_size, kit.short_size

-- A server's frame: final, unmasked, its length in the shortest form.
local function frame(payload)
  local length = #payload
  if length < 126 then return string.pack(">BB", 0x81, length) .. payload end
  if length < 65536 then return string.pack(">BBI2", 0x81, 126, length) .. payload end
  return string.pack(">BBI8", 0x81, 127, length) .. payload
end

local function waiting(queue) return table.concat(queue:spans()) end

local function holding(...)
  local queue = kit.outq()
  for _, bytes in ipairs { ... } do assert.is_true(queue:append(bytes)) end
  return queue
end

describe("outq_append", function()
  it("gathers small frames in one segment", function()
    local queue = kit.outq()
    queue:append("head", "body")
    queue:append("more")
    assert.same({ "headbodymore" }, queue:spans())
    assert.equal(12, (queue:bytes()))
  end)

  it("begins in a short segment, and goes on in long ones", function()
    local queue = holding(("a"):rep(short - 1), "b")
    assert.equal(short, queue:used())
    queue:append("c")
    assert.equal(short + segment, queue:used())
    queue:append(("d"):rep(segment - 1))
    assert.same({ ("a"):rep(short - 1) .. "b", "c" .. ("d"):rep(segment - 1) }, queue:spans())
    queue:consume(short + segment)
    queue:append(("e"):rep(short + 1))
    assert.equal(segment, queue:used())
  end)

  it("queues nothing for nothing", function()
    local queue = kit.outq()
    assert.is_true(queue:append("", ""))
    assert.is_true(queue:append_blob(""))
    assert.same({}, queue:spans())
    assert.equal(0, (queue:blocks()))
  end)

  it("fills a segment to its last byte, and begins another for what doesn't fit", function()
    local queue = holding(("a"):rep(segment - 1), "b", "c")
    assert.same({ ("a"):rep(segment - 1) .. "b", "c" }, queue:spans())
  end)

  it("puts what is larger than a segment in a block of its own", function()
    local queue = holding("x")
    queue:append("head", ("y"):rep(segment))
    queue:append(("z"):rep(segment + 1))
    queue:append("end")
    assert.same({ "x", "head" .. ("y"):rep(segment), ("z"):rep(segment + 1), "end" },
      queue:spans())
  end)

  it("leaves the queue as it was where there is no memory", function()
    for _, size in ipairs { 10, segment * 2 } do
      local queue = holding(("a"):rep(segment))
      for nth = 1, size > segment and 2 or 1 do
        queue:fail(nth)
        assert.is_false(queue:append("h", ("b"):rep(size)))
        queue:fail()
        assert.equal(segment, (queue:bytes()))
        assert.equal(segment, #waiting(queue))
      end
      assert.is_true(queue:append("h", ("b"):rep(size)))
    end
  end)
end)

describe("outq_append_blob", function()
  local large = ("L"):rep(segment)

  it("keeps the order among segments", function()
    local queue = holding("one")
    queue:append_blob(large)
    queue:append("three")
    assert.same({ "one", large, "three" }, queue:spans())
  end)

  it("copies what fits in the open segment", function()
    for _, size in ipairs { short, segment } do
      local one = ("1"):rep(size - 50)
      local queue = holding(one)
      queue:append_blob("two")
      queue:append("three")
      queue:append_blob(("4"):rep(42))
      queue:append_blob("5")
      assert.same({ one .. "twothree" .. ("4"):rep(42), "5" }, queue:spans())
    end
  end)

  it("takes the first few by reference, and gathers the short ones behind them", function()
    local queue = kit.outq()
    for number = 1, 9 do queue:append_blob(tostring(number)) end
    for _, size in ipairs { 256, 257, segment } do queue:append_blob(("x"):rep(size)) end
    assert.same({ "1", "2", "3", "4", "5", "6", "7", "8", "9" .. ("x"):rep(256 + 257),
      ("x"):rep(segment) }, queue:spans())
    queue:consume(8)
    queue:consume((queue:bytes()) - segment)
    queue:append_blob("by reference again")
    assert.same({ ("x"):rep(segment), "by reference again" }, queue:spans())
  end)

  it("leaves the queue as it was where there is no memory", function()
    local queue = holding("one")
    queue:fail(2)
    assert.is_false(queue:append_blob(large))
    assert.equal("one", waiting(queue))
  end)
end)

describe("a queue that nobody empties", function()
  local send_queue = 4 << 20

  -- How much memory its chunks and blobs take, the C library's share included. With a segment goes
  -- one block, with a reference its blob too.
  local function memory_of(queue)
    local memory = 0
    while queue:bytes() > 0 do
      local before, size = queue:blocks(), #queue:spans(1)[1]
      queue:consume(size)
      queue:release()
      local is_segment = before - queue:blocks() == 1
      memory = memory + (is_segment and 4096 or 48 + 40 + size)
    end
    return memory
  end

  local function fill(...)
    local queue, at, frames = kit.outq(), 0, {}
    for index, size in ipairs { ... } do frames[index] = ("f"):rep(size) end
    while queue:bytes() < send_queue do
      at = at % #frames + 1
      queue[at % 2 == 1 and "append_blob" or "append"](queue, frames[at])
    end
    return queue
  end

  for _, size in ipairs { 2, 20, 200, 256, 257, 300, 2000, 4048, 4049, 65536 } do
    it(("takes about its bytes in memory where all are broadcasts of %d"):format(size), function()
      local memory = memory_of(fill(size))
      assert.is_true(memory <= 2.1 * send_queue, memory)
    end)
  end

  for _, sizes in ipairs { { 2, 2 }, { 300, 2 }, { 2, 300 }, { 300, 300 }, { 2000, 2 },
    { 4000, 2 }, { 2, 4047 }, { 2, 4040, 300 }, { 1000, 3 }, { 257, 2, 4048 } } do
    it(("takes at most twice its bytes in memory where they are mixed: %s")
      :format(table.concat(sizes, ", ")), function()
      local memory = memory_of(fill(table.unpack(sizes)))
      assert.is_true(memory <= 2.1 * send_queue, memory)
    end)
  end
end)

describe("outq_spans", function()
  it("gives no more than were asked for", function()
    local queue = kit.outq()
    for number = 1, 5 do queue:append_blob(tostring(number)) end
    assert.same({ "1", "2", "3" }, queue:spans(3))
    assert.same({}, queue:spans(0))
  end)
end)

describe("outq_consume", function()
  it("drops any number of bytes off the front", function()
    local all = ("a"):rep(segment) .. ("b"):rep(segment) .. "blob" .. "tail"
    for _, size in ipairs { 0, 1, segment - 1, segment, segment + 1, 2 * segment,
      2 * segment + 1, 2 * segment + 4, 2 * segment + 5, #all } do
      local queue = holding(("a"):rep(segment), ("b"):rep(segment))
      queue:append_blob("blob")
      queue:append("tail")
      queue:consume(size)
      assert.equal(#all - size, (queue:bytes()))
      assert.equal(all:sub(size + 1), waiting(queue))
    end
  end)

  it("leaves a queue that can be filled again", function()
    local queue = holding("one")
    queue:consume(3)
    queue:append("two")
    assert.same({ "two" }, queue:spans())
  end)

  it("keeps spare chunks, so that a steady state allocates nothing", function()
    local queue = kit.outq()
    local function round()
      for _ = 1, 3 do queue:append(("x"):rep(segment)) end
      queue:consume((queue:bytes()))
    end
    round()
    local _, before = queue:blocks()
    for _ = 1, 10 do round() end
    local _, after = queue:blocks()
    assert.equal(before, after)
  end)

  it("keeps no spare without end", function()
    local queue = kit.outq()
    for _ = 1, 1000 do queue:append(("x"):rep(segment)) end
    queue:consume((queue:bytes()))
    assert.is_true(queue:blocks() <= 256)
    queue:release()
    assert.equal(0, (queue:blocks()))
  end)
end)

describe("outq_drop_unstarted", function()
  local one, two, three = frame("first"), frame(("2"):rep(200)), frame("third")

  it("drops all where nothing has been written", function()
    local queue = holding(one, two, three)
    queue:drop_unstarted()
    assert.same({ 0, 0 }, { queue:bytes() })
    assert.same({}, queue:spans())
    assert.is_true(queue:append("next"))
    assert.equal("next", waiting(queue))
  end)

  it("does nothing to an empty queue", function()
    local queue = kit.outq()
    queue:drop_unstarted()
    assert.same({}, queue:spans())
  end)

  it("keeps the rest of a frame that has begun, wherever it was cut", function()
    local all = one .. two .. three
    local ends = { #one, #one + #two, #all }
    for written = 1, #all - 1 do
      local queue = holding(one, two, three)
      queue:consume(written)
      queue:drop_unstarted()
      local stop
      for _, at in ipairs(ends) do
        if written <= at then
          stop = at
          break
        end
      end
      assert.equal(all:sub(written + 1, stop), waiting(queue), written)
      assert.equal(stop - written, (queue:bytes()), written)
      queue:append("next")
      assert.equal(all:sub(written + 1, stop) .. "next", waiting(queue), written)
    end
  end)

  it("keeps the rest of a large frame that has begun, and nothing behind it", function()
    for _, size in ipairs { 126, 65535, 65536, 200000 } do
      local large = frame(("L"):rep(size))
      local queue = holding(large, one)
      queue:append_blob(two)
      queue:consume(1)
      queue:drop_unstarted()
      assert.equal(#large - 1, (queue:bytes()))
      assert.equal(large:sub(2), waiting(queue))
    end
  end)

  it("keeps the rest of a shared frame that has begun", function()
    local queue = kit.outq()
    queue:append_blob(two)
    queue:append_blob(two)
    queue:consume(7)
    queue:drop_unstarted()
    assert.equal(two:sub(8), waiting(queue))
  end)

  it("may be called again", function()
    local queue = holding(one, two)
    queue:consume(1)
    queue:drop_unstarted()
    queue:drop_unstarted()
    assert.equal(one:sub(2), waiting(queue))
  end)

  it("gives back what it drops", function()
    local queue = holding(("x"):rep(segment * 3), frame(("y"):rep(segment * 3)))
    queue:append_blob(two)
    queue:drop_unstarted()
    queue:release()
    assert.equal(0, (queue:blocks()))
  end)
end)

describe("outq_seal", function()
  local response = "HTTP/1.1 101 Switching Protocols\r\n\r\n"

  it("keeps a response whole when frames are dropped, wherever it was cut", function()
    for written = 0, #response - 1 do
      local queue = holding(response)
      queue:seal()
      queue:append(frame("one"))
      queue:append_blob(frame("two"))
      queue:consume(written)
      queue:drop_unstarted()
      assert.same({ #response - written, 0 }, { queue:bytes() })
      assert.equal(response:sub(written + 1), waiting(queue))
      queue:append(frame("last"))
      assert.equal(response:sub(written + 1) .. frame("last"), waiting(queue))
    end
  end)

  it("keeps a response of several chunks", function()
    local body = ("b"):rep(segment * 2)
    for _, written in ipairs { 0, 1, #response, #response + 1, #response + #body - 1 } do
      local queue = holding(response)
      queue:append_blob(body)
      queue:append(response)
      queue:seal()
      queue:append(frame("one"))
      queue:consume(written)
      queue:drop_unstarted()
      assert.equal((response .. body .. response):sub(written + 1), waiting(queue))
    end
  end)

  it("has frames begin a segment, so that they are told apart once the response is out",
    function()
      local one, two = frame("one"), frame("two")
      for written = 1, #one do
        local queue = holding(response)
        queue:seal()
        queue:append(one)
        queue:append(two)
        queue:consume(#response + written)
        queue:drop_unstarted()
        assert.equal(one:sub(written + 1), waiting(queue))
      end
    end)

  it("counts frames apart from the response before them", function()
    local queue = holding(response)
    queue:seal()
    assert.same({ #response, 0 }, { queue:bytes() })
    queue:append("12345")
    assert.same({ #response + 5, 5 }, { queue:bytes() })
    queue:consume(10)
    assert.same({ #response - 5, 5 }, { queue:bytes() })
    queue:consume(#response - 10)
    queue:consume(2)
    assert.same({ 3, 3 }, { queue:bytes() })
  end)

  it("of an empty queue changes nothing", function()
    local queue = kit.outq()
    queue:seal()
    queue:append("a")
    queue:append("b")
    assert.same({ "ab" }, queue:spans())
    assert.same({ 2, 2 }, { queue:bytes() })
  end)
end)

describe("outq_clear", function()
  it("drops all, what has begun too", function()
    local queue = holding(frame("one"), frame("two"))
    queue:append_blob("three")
    queue:consume(1)
    queue:clear()
    queue:release()
    assert.equal(0, (queue:bytes()))
    assert.equal(0, (queue:blocks()))
  end)

  it("forgets the seal", function()
    local queue = holding("response")
    queue:seal()
    queue:clear()
    queue:append("a")
    assert.same({ 1, 1 }, { queue:bytes() })
  end)
end)

describe("a pool", function()
  it("knows the memory that queues hold, by segments and blobs", function()
    local queue = kit.outq()
    assert.equal(0, queue:used())
    queue:append("head", "body")
    assert.equal(short, queue:used())
    queue:append(("x"):rep(segment))
    assert.equal(short + segment, queue:used())
    queue:append_blob(("y"):rep(10000))
    assert.equal(short + segment + 10000, queue:used())
    queue:consume(8)
    assert.equal(segment + 10000, queue:used())
    queue:consume(segment)
    queue:consume(9999)
    assert.equal(10000, queue:used())
    queue:consume(1)
    assert.equal(0, queue:used())
  end)

  it("counts a blob once, however many places it has, until the last is gone", function()
    local queue = kit.outq()
    assert.is_true(queue:twice(("y"):rep(10000)))
    assert.equal(20000, (queue:bytes()))
    assert.equal(10000, queue:used())
    queue:consume(10000)
    assert.equal(10000, queue:used())
    queue:consume(10000)
    assert.equal(0, queue:used())
  end)

  it("counts nothing that is dropped, cleared, or was never had", function()
    local queue = holding(frame("a"), frame(("b"):rep(5000)), frame("c"))
    queue:append_blob(frame(("d"):rep(5000)))
    queue:consume(1)
    queue:drop_unstarted()
    assert.equal(short, queue:used())
    queue:clear()
    assert.equal(0, queue:used())
    for nth = 1, 2 do
      queue:release()
      queue:fail(nth)
      assert.is_false(queue:append_blob(("y"):rep(10000)))
      queue:fail()
      assert.equal(0, queue:used())
    end
  end)
end)
