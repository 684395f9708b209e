local noting = require "noting"
local recording = require "moonroom.test.recording"
local world = require "world"

local frame, request_head = world.frame, world.request_head

-- A world that echoes at /room, and what is recorded of it.
local function recorded(options, fails_at)
  local w = noting.echoing(options)
  w.recording = assert(w.kit.record(w.hub, fails_at))
  w.log_at_start = w:log()
  return w
end

-- What has been recorded since the start, or since the last look.
local function events(w)
  w.text = (w.text or "") .. w.recording:take()
  local list = assert(recording.parse(w.text, "recording")).events
  for _, event in ipairs(list) do event.line = nil end
  return list
end

local function lines(w)
  local list = {}
  for line in w.recording:take():gmatch("([^\n]*)\n") do
    if not line:find("^#") then list[#list + 1] = line end
  end
  return list
end

-- The bytes of a connection's events, one string each.
local function bytes_of(list, connection)
  local found = {}
  for _, event in ipairs(list) do
    if event.event == "bytes" and event.connection == connection then
      found[#found + 1] = event.data
    end
  end
  return found
end

local function zero(kind, payload) return frame(kind, payload, { key = "zero" }) end

describe("a recording", function()
  it("begins with its version, the time of the start, and a warning", function()
    local w = noting.echoing()
    w:advance(5)
    local text = w.kit.record(w.hub):take()
    assert.matches("^moonroom recording 1\nstart 1700000005%.000000\n# What came in to Moonroom %d",
      text)
    assert.matches("WHAT MESSAGES AND BODIES SAY\n# AND PATHS ARE NOT", text)
    for line in text:gmatch("[^\n]+") do assert.is_true(#line <= 100, line) end
  end)

  it("has each thing that came in, with the time of the moved clock", function()
    local w = recorded()
    w:advance(0.25)
    local peer = w:connect("/room", { port = 5000 })
    w:advance(1)
    peer:text("hi")
    w:advance(2)
    peer:finish()
    assert.same({
      { time = 0.25, connection = 1, event = "open",
        data = { address = "192.0.2.1", port = 5000, secure = false } },
      { time = 0.250001, connection = 1, event = "bytes", data = request_head("/room") },
      { time = 1.25, connection = 1, event = "bytes", data = zero("text", "hi") },
      { time = 3.25, connection = 1, event = "end" },
    }, events(w))
  end)

  it("is written so that people can read it", function()
    local w = recorded()
    local peer = w:peer { secure = true, port = 1 }
    peer:send("GET /room HTTP/1.1\r\nHost: \"a\\b\"\xff\r\n\r\n")
    assert.same({
      "moonroom recording 1", "start 1700000000.000000",
      "0.000000 1 open 192.0.2.1 1 tls",
      [[0.000001 1 bytes "GET /room HTTP/1.1\r\n"]],
      [[  "Host: \"a\\b\"\xff\r\n"]],
      [[  "\r\n"]],
    }, lines(w))
    peer = w:connect("/room")
    lines(w)
    peer:frame("text", "one\nline\t\1")
    assert.same({ [[0.000004 2 bytes "\x81\x8a\x00\x00\x00\x00one\nline\t\x01"]] }, lines(w))
  end)

  it("has a reset, also behind an end, and each of them once", function()
    local w = recorded()
    w:peer():reset()
    local peer = w:peer()
    peer:send(noting.plain("/none"))
    peer:faults { full = true }
    peer:send(noting.plain("/none"))
    peer:finish()
    peer:finish()
    peer:reset()
    local found = {}
    for _, event in ipairs(events(w)) do
      if event.event ~= "bytes" then found[#found + 1] = event.event end
    end
    assert.same({ "open", "reset", "open", "end", "reset" }, found)
  end)

  it("has a FIN once that is served in a later turn", function()
    local w = recorded { messages_per_turn = 1 }
    local peer = w:connect("/room")
    peer.raw:send(noting.texts(5))
    peer.raw:finish()
    w:rest()
    local ends = 0
    for _, event in ipairs(events(w)) do ends = ends + (event.event == "end" and 1 or 0) end
    assert.equal(1, ends)
  end)

  it("has no two events of the same time", function()
    local w = recorded()
    for _ = 1, 5 do w:connect("/room"):text("a"):finish() end
    local list = events(w)
    assert.equal(20, #list)
    for index = 2, #list do assert.is_true(list[index - 1].time < list[index].time) end
  end)

  it("goes by the clock again when that has overtaken the events", function()
    local w = recorded()
    for _ = 1, 5 do w:peer():reset() end
    w:advance(0.000100)
    w:peer()
    assert.equal(0.0001, events(w)[11].time)
  end)

  it("tells addresses apart without telling them", function()
    local w = recorded()
    for _, address in ipairs { "10.0.0.1", "10.0.0.2", "2a00::1", "10.0.0.1", "10.0.0.22", "" } do
      w:peer { address = address }
    end
    local found = {}
    for index, event in ipairs(events(w)) do found[index] = event.data.address end
    assert.same({
      "192.0.2.1", "192.0.2.2", "2001:db8::3", "192.0.2.1", "192.0.2.4", "192.0.2.5",
    }, found)
  end)

  it("has addresses for more than there are in 192.0.2.0/24", function()
    local w, seen = recorded { max_pending_handshakes = 1000 }, {}
    for number = 1, 300 do
      w:peer { address = ("10.0.%d.%d"):format(number // 256, number % 256) }
    end
    for number, event in ipairs(events(w)) do
      assert.is_nil(seen[event.data.address])
      seen[event.data.address] = number
    end
    assert.equal(254, seen["192.0.2.254"])
    assert.equal(255, seen["2001:db8::ff"])
  end)

  it("hides secrets of a head in every split, each piece at its own time", function()
    local head = request_head("/room?token=SECRET", { headers = { Cookie = "a=SECRET" } })
    local masked = head:gsub("SECRET", "xxxxxx")
    for cut = 1, #head - 1 do
      local w = recorded()
      local peer = w:peer()
      peer:send(head:sub(1, cut))
      w:advance(1)
      peer:send(head:sub(cut + 1) .. frame("text", "SECRET"))
      assert.same({ masked:sub(1, cut), masked:sub(cut + 1) .. zero("text", "SECRET") },
        bytes_of(events(w), 1), cut)
      assert.equal(1, events(w)[3].time)
    end
  end)

  it("hides them byte by byte, and in requests one behind the other", function()
    local head = noting.plain("/none?key=SECRET", "X-Token: SECRET\r\n")
    local all = head .. head .. request_head("/room?sid=SECRET") .. frame("text", "SECRET")
    local hidden = head:gsub("SECRET", "xxxxxx")
    local expected = hidden .. hidden .. request_head("/room?sid=xxxxxx")
      .. zero("text", "SECRET")
    for _, size in ipairs { 1, 2, 7, 50, #head + 3, #all } do
      local w = recorded()
      local peer = w:peer()
      local sizes = {}
      for at = 1, #all, size do
        local piece = all:sub(at, at + size - 1)
        peer:send(piece)
        sizes[#sizes + 1] = #piece
      end
      local found = bytes_of(events(w), 1)
      assert.equal(expected, table.concat(found), size)
      for index, bytes in ipairs(found) do sizes[index] = sizes[index] - #bytes end
      for _, difference in ipairs(sizes) do assert.equal(0, difference, size) end
    end
  end)

  it("hides them in the heads around bodies, and leaves those as they are", function()
    local body = "X-Token: SAID\r\n\r\nGET /?key=SAID HTTP/1.1"
    local sized = noting.plain("/echo?key=SECRET", ("Content-Length: %d\r\n"):format(#body), "POST")
      .. body
    local chunked = noting.plain("/echo?key=SECRET", "Transfer-Encoding: chunked\r\n", "POST")
      .. ("%x\r\n%s\r\n0\r\nX-Sum: 1\r\n\r\n"):format(#body, body)
    local heads = sized .. chunked .. sized .. request_head("/room?sid=SECRET")
    local all, expected = heads .. frame("text", "hi"), heads:gsub("SECRET", "xxxxxx")
    for _, size in ipairs { 1, 7, #sized - 10, #all } do
      local w = recorded()
      w.moonroom.post("/echo", function(request) return request.body end)
      local peer = w:peer()
      for at = 1, #all, size do peer:send(all:sub(at, at + size - 1)) end
      for _ = 1, 3 do assert.equal(body, peer:response().body) end
      local found = table.concat(bytes_of(events(w), 1))
      assert.equal(expected .. zero("text", "hi"), found, size)
    end
  end)

  it("hides them in a head that never becomes whole, or is refused", function()
    local begin = "GET /?key=SECRET HTTP/1.1\r\nX-Token: SEC"
    local function only(w)
      local all = table.concat(bytes_of(events(w), 1))
      assert.is_nil(all:find("SEC", 1, true))
      return all
    end
    for _, ending in ipairs { "finish", "reset" } do
      local w = recorded()
      local peer = w:peer()
      peer:send(begin)
      assert.same({}, bytes_of(events(w), 1))
      peer[ending](peer)
      assert.equal(#begin, #only(w))
    end
    local late = recorded()
    late:peer():send(begin)
    late:advance(60)
    assert.equal(#begin, #only(late))
    local wrong = recorded()
    wrong:peer():send(begin .. "\0RET\r\nCookie: a=SECRET\r\n\r\n")
    assert.is_true(#only(wrong) > #begin)
    local long = recorded { max_header = 128 }
    local peer = long:peer()
    peer:send(begin)
    peer:send(("x"):rep(200))
    assert.equal(#begin + 200, #only(long))
    local cut = recorded()
    cut:peer():send(begin)
    cut.kit.reset(cut.hub)
    assert.equal(#begin, #only(cut))
  end)

  it("keeps what comes behind a refused handshake as it is", function()
    local w = recorded()
    local peer = w:peer()
    local bytes = request_head("/room", { headers = { ["Sec-WebSocket-Version"] = "8" } })
      .. frame("text", "masked")
    peer:send(bytes)
    assert.same({ bytes }, bytes_of(events(w), 1))
  end)

  it("has nothing that the core did not look at", function()
    local w = recorded()
    local peer = w:connect("/room")
    peer:send(frame("close", "\3\xe8"))
    events(w)
    local before = #w.text
    peer:send(frame("text", "behind the end"))
    events(w)
    assert.equal(before, #w.text)
  end)

  it("plays back to the same answers", function()
    local w = recorded { messages_per_turn = 2 }
    local peer, other = w:connect("/room?token=SECRET"), w:connect("/room")
    for _, piece in ipairs { noting.texts(5), frame("text", "split"):sub(1, 3) } do
      peer:send(piece)
      other:send(piece)
    end
    peer:send(frame("text", "split"):sub(4))
    other:close(1000)
    local function bytes_out(one)
      one:read()
      return one.bytes
    end
    local copy, peers = noting.echoing { messages_per_turn = 2 }, {}
    for _, event in ipairs(events(w)) do
      if event.event == "open" then
        peers[event.connection] = copy:peer()
      elseif event.event == "bytes" then
        peers[event.connection]:send(event.data)
      end
    end
    for _, one in ipairs(peers) do one:response() end
    assert.equal(bytes_out(peer), bytes_out(peers[1]))
    assert.equal(bytes_out(other), bytes_out(peers[2]))
    assert.same(w.heard, copy.heard)
  end)

  it("changes nothing that goes out", function()
    local plain, w = noting.echoing(), recorded()
    for _, one in ipairs { plain, w } do
      local peer = one:connect("/room"):text("hi")
      one.sent = noting.sent_to(peer)
    end
    assert.equal(plain.sent, w.sent)
    assert.equal("", w:log())
  end)

  it("begins with the connections that come after it", function()
    local w = noting.echoing()
    local early = w:connect("/room")
    w.recording = w.kit.record(w.hub)
    early:text("not recorded")
    early:finish()
    w:peer()
    assert.equal(1, #events(w))
  end)

  it("owns nothing for an idle connection but its part, and nothing when that goes", function()
    local w = recorded()
    local function visit()
      local peer = w:connect("/room"):text("warm")
      peer:send(frame("text", "in two"):sub(1, 5))
      peer:send(frame("text", "in two"):sub(6))
      return peer
    end
    visit():finish()
    w.clients = {}
    local before = noting.blocks(w)
    local peer = visit()
    local during = noting.blocks(w)
    local plain = noting.echoing()
    plain:connect("/room"):text("warm"):finish()
    plain.clients = {}
    local plain_before = noting.blocks(plain)
    plain:connect("/room"):text("warm")
    -- Its part, and what an idle connection has no room for.
    assert.equal(noting.blocks(plain) - plain_before + 2, during - before)
    peer:finish()
    w.clients = {}
    assert.equal(before, noting.blocks(w))
  end)
end)

describe("a recording that fails", function()
  local function session(w)
    local peer = w:connect("/room"):text("hi")
    local answer = peer:take()
    w:peer():send("GET / HT")
    peer:finish()
    return answer
  end

  it("at any write, ends with one line in the log, and serving goes on", function()
    for nth = 1, 6 do
      local w = recorded(nil, nth)
      assert.same({ "hi" }, session(w))
      assert.same({ "hi" }, session(w))
      local log = w.log_at_start .. w:log()
      assert.equal(1, select(2, log:gsub("recording ended", "")), nth)
      assert.matches('Z error recording ended reason="the disk is full"\n', log)
      assert.equal(nth, w.recording:writes())
    end
  end)

  it("for memory, at the Nth allocation, ends or does without that connection's", function()
    local function run(nth)
      local w = noting.echoing()
      w.kit.fail(w.hub, nth)
      w.recording = w.kit.record(w.hub)
      if w.recording then
        w:connect("/room"):text("hi"):finish()
        w:peer():send("GET / H")
        w:peer():send("GET /?key=a HTTP/1.1\r\nHost: a\r\n\r\n")
      end
      w.kit.fail(w.hub)
      if w.recording then assert(recording.parse(w.recording:take(), "recording")) end
      assert.same({ "hi" }, session(w))
      local requests = w:memory()
      w.kit.reset(w.hub)
      assert.is_true(w.kit.is_empty(w.hub))
      return requests
    end
    local ended = 0
    for nth = 1, run(0) do run(nth) ended = ended + 1 end
    assert.is_true(ended > 20)
  end)

  it("says so where it can't begin for lack of memory, and records nothing", function()
    local w = noting.echoing()
    for nth = 1, 2 do
      w.kit.fail(w.hub, nth)
      assert.is_nil(w.kit.record(w.hub))
      w.kit.fail(w.hub)
      assert.same({ "hi" }, session(w))
    end
  end)
end)
