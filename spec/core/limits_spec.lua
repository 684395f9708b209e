-- That every limit names its rule in the log, and counts itself. What each does at its edge is
-- tried where its code is.

local noting = require "noting"
local world = require "world"

local frame = world.frame
local echoing, join = noting.echoing, noting.join

-- The metric of that name is 1, and the log has the rule once.
local function assert_told(w, rule, line)
  assert.equal(1, w.kit.metrics(w.hub)[rule], rule)
  local log = w:log()
  local found = 0
  for text in log:gmatch("[^\n]+") do
    local is_it = text:find(line, 1, true) and text:find("rule=" .. rule .. "%f[%W]")
    if is_it then found = found + 1 end
  end
  assert.equal(1, found, rule .. ":\n" .. log)
end

describe("a request's limit is told and counted:", function()
  -- name -> options, bytes
  local refused = {
    max_header = { { max_header = 200 }, "GET / HTTP/1.1\r\nA: " .. ("x"):rep(300) },
    max_target = { { max_target = 10 }, "GET /" .. ("x"):rep(300) },
    max_fields = { { max_fields = 2 }, "GET / HTTP/1.1\r\n" .. ("A: b\r\n"):rep(3) },
    max_body = { { max_body = 10 }, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n" },
    hosts = { { hosts = "a" }, "GET / HTTP/1.1\r\nHost: b\r\n\r\n" },
    origins = { {}, world.request_head("/room", { headers = { Origin = "https://a.example" } }) },
  }
  for rule, row in pairs(refused) do
    it(rule, function()
      local w = echoing(row[1])
      w:peer():send(row[2])
      assert_told(w, rule, "request refused")
      assert.equal(1, w.kit.metrics(w.hub).refusals)
    end)
  end

  it("max_clients, of the server and of a room", function()
    local w = echoing { max_clients = 1 }
    w:connect("/room")
    w:connect("/room")
    assert_told(w, "max_clients", "request refused")
    w = echoing({}, { max_clients = 1 })
    w:connect("/room")
    w:connect("/room")
    assert_told(w, "max_clients", "request refused")
  end)

  it("max_rooms", function()
    local w = world.new({ max_rooms = 1 }, function(moonroom)
      moonroom.mount("/:name", moonroom.Room:extend("Any"))
    end)
    w:connect("/a")
    w:connect("/b")
    assert_told(w, "max_rooms", "request refused")
  end)

  it("handshake_timeout, of a head that has begun", function()
    local w = echoing()
    w:peer():send("GET /")
    w:advance(10)
    assert_told(w, "handshake_timeout", "request refused")
  end)

  it("handshake_timeout, of who says nothing", function()
    local w = echoing()
    w:peer()
    w:advance(10)
    assert_told(w, "handshake_timeout", "connection ended")
  end)

  it("handshake_timeout, of a script that takes too long", function()
    local w
    w = echoing(nil, { on_accept = function() w.moonroom.sleep(20) end })
    local peer = w:connect("/room")
    w:advance(10)
    assert.is_true(peer:state().reset)
    assert_told(w, "handshake_timeout", "connection ended")
  end)

  it("but not the end of a connection that was kept for another request", function()
    local w = echoing()
    local _, peer = w:get("/none")
    w:log()
    w:advance(10)
    assert.is_true(peer:state().closed)
    assert.equal(0, w.kit.metrics(w.hub).handshake_timeout)
    assert.equal("", w:log())
  end)

  it("max_pending_handshakes", function()
    local w = echoing { max_pending_handshakes = 1 }
    w:peer()
    w:peer()
    assert_told(w, "max_pending_handshakes", "handshake dropped")
  end)

  it("write_stall, of a response", function()
    local w = echoing()
    w.kit.files(w.hub, { ["a.bin"] = ("x"):rep(1000) })
    local peer = w:peer()
    peer:faults { full = true }
    peer:send(noting.plain("/a.bin"))
    w:advance(30)
    assert.is_true(peer:state().reset)
    assert_told(w, "write_stall", "connection ended")
  end)
end)

describe("a client's limit is told and counted:", function()
  -- name -> options, what the client sends, seconds that pass
  local ended = {
    max_message = { { max_message = 10 }, frame("text", ("x"):rep(11)) },
    max_frame = { { max_frame = 10 }, frame("text", ("x"):rep(11)) },
    max_fragments = { { max_fragments = 2 }, noting.fragments("text", "a", "b", "c") },
    message_timeout = { { message_timeout = 60, ping_interval = 0 },
      frame("text", "a", { fin = false }), 60 },
    pong_timeout = { {}, "", 45 },
    max_control_frames = { { max_control_frames = 1 }, frame("ping"):rep(2) },
  }
  for rule, row in pairs(ended) do
    it(rule, function()
      local w = echoing(row[1])
      join(w):send(row[2])
      w:advance(row[3] or 0)
      assert_told(w, rule, "client left")
    end)
  end

  it("max_message, of what a fragment adds up to", function()
    local w = echoing { max_message = 10, max_frame = 9 }
    join(w):send(noting.fragments("text", "aaaaaa", "bbbbbb"))
    assert_told(w, "max_message", "client left")
  end)

  it("write_stall", function()
    local w = echoing { ping_interval = 0 }
    local peer, client = join(w)
    peer:faults { full = true }
    client:send("x")
    w:advance(30)
    assert_told(w, "write_stall", "client left")
  end)

  it("close_timeout", function()
    local w = echoing()
    local _, client = join(w)
    client:close()
    w:advance(5)
    assert_told(w, "close_timeout", "client left")
  end)

  it("close_timeout too where another rule has begun the closing, which the log keeps", function()
    local w = echoing { send_queue = 1, close_timeout = 5 }
    local peer, client = join(w)
    peer:faults { full = true }
    client:send("x")
    client:send("x")
    w:advance(5)
    assert.equal(1, w.kit.metrics(w.hub).close_timeout)
    assert_told(w, "send_queue", "client left")
  end)
end)

describe("a script's limit is counted:", function()
  it("max_timers", function()
    local w = world.new { max_timers = 1 }
    w.moonroom.after(1, print)
    assert.is_false((pcall(w.moonroom.after, 1, print)))
    assert.equal(1, w.kit.metrics(w.hub).max_timers)
  end)
end)

describe("no limit's metric moves", function()
  it("where all is well", function()
    local w = echoing()
    local peer, client = join(w)
    peer:text("a")
    client:ping("b")
    peer:frame("pong", "b")
    w:get("/none")
    peer:close(1000)
    peer:finish()
    local counts = w.kit.metrics(w.hub)
    local allowed = { connections = true, upgrades = true, messages_in = true, messages_out = true,
      bytes_in = true, bytes_out = true, refusals = true, handler_runs = true }
    for name, count in pairs(counts) do
      if not allowed[name] then assert.equal(0, count, name) end
    end
  end)
end)
