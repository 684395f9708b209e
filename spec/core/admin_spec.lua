-- The admin listener's answers: src/core/admin.c.

local noting = require "noting"
local world = require "world"

local frame = world.frame

-- The body of a chunked response, whole, or nil.
local function unchunk(text)
  local parts, at = {}, 1
  while true do
    local size, from = text:match("^(%x+)\r\n()", at)
    if not size then return nil end
    size = tonumber(size, 16)
    parts[#parts + 1] = text:sub(from, from + size - 1)
    if text:sub(from + size, from + size + 1) ~= "\r\n" then return nil end
    at = from + size + 2
    if size == 0 then return table.concat(parts), text:sub(at), #parts - 1 end
  end
end

describe("the admin listener", function()
  local w

  local function admin(options)
    options = options or {}
    options.admin = true
    return w:peer(options)
  end

  local function head(path, options)
    options = options or {}
    return ("%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n"):format(options.method or "GET", path,
      options.host or "127.0.0.1:9901", options.fields or "")
  end

  -- status, body, head's text, and in how many chunks it came.
  local function ask(path, options)
    options = options or {}
    local peer = options.peer or admin(options)
    peer:send(head(path, options))
    for _ = 1, options.turns or 100 do peer:read() end
    local start, rest = peer.bytes:match("^(.-\r\n\r\n)(.*)$")
    local status = tonumber(start:match("^HTTP/1%.1 (%d+)"))
    local body, count
    if start:find("chunked", 1, true) and options.method ~= "HEAD" then
      body, rest, count = unchunk(rest)
      assert(body, "the body has no end")
    else
      local length = tonumber(start:match("Content%-Length: (%d+)"))
      if options.method == "HEAD" then length = 0 end
      body, rest = rest:sub(1, length), rest:sub(length + 1)
    end
    peer.bytes = rest
    return status, body, start, count
  end

  before_each(function() w = noting.echoing { ping_interval = 0 } end)

  it("says that the process answers", function()
    local status, body, start = ask "/healthz"
    assert.same({ 200, "ok\n" }, { status, body })
    assert.truthy(start:find("\r\nCache-Control: no-store\r\n", 1, true))
    assert.truthy(start:find("\r\nContent-Type: text/plain; charset=utf-8\r\n", 1, true))
  end)

  it("says whether the server takes clients", function()
    local status, body = ask "/readyz"
    assert.same({ 200, "ready\n" }, { status, body })
    w.kit.drain(w.hub)
    local start
    status, body, start = ask "/readyz"
    assert.same({ 503, "draining\n" }, { status, body })
    assert.truthy(start:find("\r\nConnection: close\r\n", 1, true))
    assert.equal(200, (ask "/healthz"))
    assert.equal(200, (ask "/metrics"))
  end)

  it("has the figures in Prometheus's text format", function()
    w:connect("/room"):send(frame("text", "hello"))
    local status, body, start = ask "/metrics"
    assert.equal(200, status)
    assert.truthy(start:find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n", 1, true))
    for _, line in ipairs {
      "# HELP moonroom_clients Clients connected.", "# TYPE moonroom_clients gauge",
      "moonroom_clients 1", "# TYPE moonroom_messages_received_total counter",
      "moonroom_messages_received_total 1", 'moonroom_handshakes_total{status="101"} 1',
      'moonroom_limits_total{limit="max_message"} 0', "moonroom_rooms 1",
      "# TYPE moonroom_handler_seconds histogram",
      'moonroom_loop_lag_seconds_bucket{le="+Inf"} 0', "moonroom_loop_lag_seconds_sum 0",
      "moonroom_loop_lag_seconds_count 0",
    } do
      assert.truthy(("\n" .. body):find("\n" .. line .. "\n", 1, true), line)
    end
    assert.truthy(body:find('\nmoonroom_handler_seconds_bucket{le="0.0005"} %d+\n'))
  end)

  it("tells each metric once, and all that moonroom.stats does", function()
    local _, body = ask "/metrics"
    local seen = {}
    for name in body:gmatch("# TYPE (%S+)") do
      assert.is_nil(seen[name], name)
      seen[name] = true
    end
    for name in pairs(w.moonroom.stats()) do
      name = "moonroom_" .. name
      assert.truthy(seen[name] or seen[name .. "_total"], name)
    end
  end)

  it("lists the rooms", function()
    w.moonroom.Room:extend("Lobby") { path = "/a \"b\"\\\1\xff" }
    w.moonroom.Room {}
    local peer = w:connect("/room")
    peer:faults { full = true }
    w.room:broadcast "12345678"
    w:rest()
    local status, body, start = ask "/rooms"
    assert.equal(200, status)
    assert.truthy(start:find("Content-Type: application/json\r\n", 1, true))
    local rooms = assert(w.moonroom.json.decode(body)).rooms
    assert.same({
      { path = "/room", class = "Noting", clients = 1, queued_bytes = 10 },
      { path = '/a "b"\\\1?', class = "Lobby", clients = 0, queued_bytes = 0 },
      { path = w.moonroom.json.null, class = "Room", clients = 0, queued_bytes = 0 },
    }, rooms)
  end)

  it("leaves out rooms that are closed", function()
    w.room:close()
    local _, body = ask "/rooms"
    assert.same({ rooms = {} }, w.moonroom.json.decode(body))
  end)

  it("takes several turns for many rooms, which may go meanwhile", function()
    local rooms = {}
    w.rooms = rooms
    for number = 1, 6000 do rooms[number] = w.moonroom.Room { path = "/" .. number } end
    local peer = admin()
    peer.raw:send(head "/rooms")
    w.kit.turn(w.hub)
    w.kit.turn(w.hub)
    local first = peer.raw:take()
    assert.is_true(#first > 10000 and #first < 300000)
    for number = 1, 6000, 2 do rooms[number] = nil end
    collectgarbage()
    for number = 6001, 6100 do rooms[number] = w.moonroom.Room { path = "/" .. number } end
    peer.bytes = first
    peer:read()
    local body, rest, count = unchunk(peer.bytes:match("\r\n\r\n(.*)$"))
    assert.equal("", rest)
    assert.is_true(count >= 5, count)
    local seen = {}
    for _, room in ipairs(w.moonroom.json.decode(body).rooms) do
      assert.is_nil(seen[room.path])
      seen[room.path] = true
    end
    for number = 2, 6100, 2 do assert.is_true(seen["/" .. number], number) end
    assert.is_nil(seen["/5999"])
  end)

  it("takes several turns for a room with many members", function()
    w = noting.echoing { ping_interval = 0, accepts_per_turn = 1000 }
    for _ = 1, 1100 do w:connect("/room") end
    local _, body = ask "/rooms"
    assert.equal(1100, w.moonroom.json.decode(body).rooms[1].clients)
  end)

  it("forgets a walk whose connection goes", function()
    for number = 1, 5000 do w.room[number] = w.moonroom.Room {} end
    local peer = admin()
    peer.raw:send(head "/rooms")
    w.kit.turn(w.hub)
    peer:reset()
    for number = 1, 5000 do w.room[number] = nil end
    collectgarbage()
    assert.equal(200, (ask "/rooms"))
  end)

  it("has nothing else", function()
    w.kit.files(w.hub, { ["index.html"] = "hello" })
    w.moonroom.mount("/healthz", w.room)
    for _, path in ipairs { "/", "/index.html", "/room", "/metrics/", "/Metrics", "/rooms/x" } do
      local status, body = ask(path)
      assert.same({ 404, "there are /metrics, /healthz, /readyz and /rooms\n" }, { status, body })
    end
    assert.equal(200, (ask "/healthz?x=1"))
  end)

  it("upgrades nobody", function()
    local peer = admin()
    peer:send(world.request_head("/room", { headers = { Host = "127.0.0.1" } }))
    assert.equal(404, peer:response().status)
    peer = admin()
    peer:send(world.request_head("/healthz", { headers = { Host = "127.0.0.1" } }))
    assert.equal(200, peer:response().status)
    assert.equal(0, w.joins)
  end)

  it("takes GET and HEAD only", function()
    local status, _, start = ask("/metrics", { method = "DELETE" })
    assert.equal(405, status)
    assert.truthy(start:find("\r\nAllow: GET, HEAD\r\n", 1, true))
    assert.equal(404, (ask("/x", { method = "POST" })))
    for _, path in ipairs { "/metrics", "/rooms", "/healthz" } do
      local peer = admin()
      assert.equal(200, (ask(path, { method = "HEAD", peer = peer })))
      assert.equal("", peer.bytes)
      assert.equal(200, (ask(path, { peer = peer })))
    end
  end)

  it("closes behind a request with a body", function()
    local status, _, start = ask("/healthz", { fields = "Content-Length: 3\r\n" })
    assert.equal(200, status)
    assert.truthy(start:find("\r\nConnection: close\r\n", 1, true))
  end)

  it("keeps a connection for the next request, and answers in order", function()
    local peer = admin()
    peer:send(head "/healthz" .. head "/metrics" .. head "/readyz")
    for _ = 1, 10 do peer:read() end
    local first, _, rest = peer.bytes:match("^(.-\r\n\r\nok\n)(HTTP.-\r\n\r\n)(.*)$")
    assert.truthy(first)
    local body, last = unchunk(rest)
    assert.truthy(body:find("moonroom_clients 0", 1, true))
    assert.truthy(last:find("ready\n", 1, true))
  end)

  it("is in none of the limits on the other listeners", function()
    w = noting.echoing { ping_interval = 0, max_clients = 1, max_pending_handshakes = 1,
      per_ip = 1 }
    local monitor = admin()
    w:connect("/room")
    for _ = 1, 50 do w:peer() end
    w:rest()
    assert.is_false(monitor:state().closed)
    assert.equal(200, (ask("/healthz", { peer = monitor })))
    assert.same({ 1, 1 }, { w.moonroom.stats().clients, w.moonroom.stats().pending_connections })
  end)

  it("has at most 16 connections, the oldest goes", function()
    local peers = {}
    for number = 1, 17 do peers[number] = admin() end
    w:rest()
    assert.is_true(peers[1]:state().closed)
    assert.is_false(peers[2]:state().closed)
    local waiting = w:peer()
    w:rest()
    assert.is_false(waiting:state().closed)
  end)

  it("counts no limit that it has run into", function()
    local before = w.kit.metrics(w.hub)
    local wrong, late = admin(), admin()
    wrong:send("GET / HTTP/1.1\r\nX: " .. ("x"):rep(20000))
    late:send("GET")
    w:advance(60)
    assert.same({ 431, 408 }, { wrong:response().status, late:response().status })
    local after = w.kit.metrics(w.hub)
    for _, name in ipairs { "max_header", "handshake_timeout", "refusals" } do
      assert.equal(before[name], after[name], name)
    end
  end)

  it("doesn't count itself", function()
    local before = w.moonroom.stats()
    ask "/metrics"
    ask "/none"
    local after = w.moonroom.stats()
    for _, name in ipairs { "connections", "received_bytes", "sent_bytes", "clients",
      "pending_connections" } do
      assert.equal(before[name], after[name], name)
    end
    assert.same(before.requests, after.requests)
  end)

  it("resets who takes nothing of a long answer", function()
    local peer = admin()
    peer:faults { full = true }
    peer:send(head "/rooms")
    w:advance(29)
    assert.is_false(peer:state().closed)
    w:advance(2)
    assert.is_true(peer:state().reset)
  end)

  it("closes who doesn't ask", function()
    local peer = admin()
    w:advance(11)
    assert.is_true(peer:state().closed)
  end)

  it("keeps no server from its end", function()
    admin()
    w.kit.drain(w.hub)
    w:rest()
    assert.is_true(w.kit.is_empty(w.hub))
  end)

  it("goes gently when the app ends", function()
    local peer = admin()
    w.kit.free(w.hub)
    assert.same({ true, false }, { peer:state().closed, peer:state().reset })
  end)

  it("answers everybody for its address and its own names only", function()
    w = noting.echoing { hosts = { "chat.example" } }
    local function status(host, address)
      return (ask("/healthz", { host = host, address = address or "127.0.0.1" }))
    end
    for _, host in ipairs { "127.0.0.1:9901", "localhost", "LOCALHOST:1", "[::1]:9901",
      "Chat.example:9901" } do
      assert.equal(200, status(host), host)
    end
    assert.equal(421, status "evil.example:9901")
    assert.equal(421, status("evil.example:9901", "::1"))
    assert.equal(421, status("evil.example:9901", "::ffff:127.0.0.1"))
    assert.equal(421, status("evil.example:9901", "192.0.2.9"))
    for _, host in ipairs { "192.0.2.1:9901", "[2001:db8::1]:9901", "localhost", "chat.example" } do
      assert.equal(200, status(host, "192.0.2.9"), host)
    end
  end)

  it("expects no PROXY header, and believes no forwarded address", function()
    w = noting.echoing { trusted_proxies = "192.0.2.1", proxy_protocol = true }
    assert.equal(200, (ask("/healthz", { fields = "X-Forwarded-For: 127.0.0.1\r\n",
      host = "192.0.2.1" })))
  end)

  it("is left whole by every want of memory", function()
    local function live(failing)
      w.kit.fail(w.hub, failing)
      local peer = admin()
      peer:send(head "/rooms" .. head "/metrics")
      w.kit.fail(w.hub)
      peer:reset()
    end
    live()
    local blocks = noting.blocks(w)
    for number = 1, 20 do live(number) end
    assert.equal(blocks, noting.blocks(w))
  end)
end)
