-- Clients of one address: src/core/per_ip.c.

local noting = require "noting"
local world = require "world"

local echoing = noting.echoing

local function status(w, address) return w:connect("/room", { address = address }).status end

-- So many statuses in a row.
local function statuses(w, count, address)
  local list = {}
  for index = 1, count do list[index] = status(w, address) end
  return list
end

describe("per_ip", function()
  it("is off by default", function()
    local w = echoing()
    for _ = 1, 300 do assert.equal(101, status(w)) end
  end)

  it("answers 429 with Retry-After beyond it", function()
    local w = echoing { per_ip = 2 }
    assert.same({ 101, 101, 429 }, statuses(w, 3))
    local peer = w:connect("/room")
    assert.equal("5", peer.headers["retry-after"])
    assert.equal("close", peer.headers.connection)
    assert.is_true(peer:state().shut)
    assert.equal(2, w.joins)
    assert.matches('status=429 rule=per_ip reason="this address has .*address=192.0.2.1', w:log())
    assert.equal(2, w.kit.metrics(w.hub).per_ip)
  end)

  it("counts each IPv4 address by itself", function()
    local w = echoing { per_ip = 1 }
    assert.same({ 101, 429 }, statuses(w, 2, "192.0.2.7"))
    assert.same({ 101, 429 }, statuses(w, 2, "192.0.2.8"))
  end)

  it("counts a mapped IPv4 address as that", function()
    local w = echoing { per_ip = 1 }
    assert.equal(101, status(w, "192.0.2.7"))
    assert.equal(429, status(w, "::ffff:192.0.2.7"))
    assert.equal(101, status(w, "::ffff:192.0.2.8"))
  end)

  it("counts IPv6 addresses by their /64", function()
    local w = echoing { per_ip = 1 }
    assert.equal(101, status(w, "2001:db8:1:2::1"))
    assert.equal(429, status(w, "2001:db8:1:2:ffff::9"))
    assert.equal(101, status(w, "2001:db8:1:3::1"))
  end)

  it("counts nobody whose address isn't known", function()
    local w = echoing { per_ip = 1 }
    assert.same({ 101, 101 }, statuses(w, 2, ""))
  end)

  it("gives a place back when its client has gone, however it went", function()
    local w = echoing { per_ip = 1 }
    for _, leave in ipairs {
      function(peer) peer:reset() end,
      function(peer) peer:close(1000) peer:finish() end,
      function(peer) peer:send("\0\0") peer:finish() end,
      function() w.clients[#w.clients]:terminate() w:rest() end,
      function() w:advance(100) end,
    } do
      local peer = w:connect("/room")
      assert.equal(101, peer.status)
      assert.equal(429, status(w))
      leave(peer)
      assert.equal(101, status(w))
      w.kit.reset(w.hub)
    end
  end)

  it("keeps a client's place until its closing is over", function()
    local w = echoing { per_ip = 1, close_timeout = 5 }
    noting.join(w)
    w.clients[1]:close()
    w:rest()
    assert.equal(429, status(w))
    w:advance(5)
    assert.equal(101, status(w))
  end)

  it("takes no place for one who is refused", function()
    local w = echoing({ per_ip = 1 }, { on_accept = function(_, request)
      return request.query.word == "sesame"
    end })
    assert.equal(403, status(w))
    assert.equal(404, w:connect("/none").status)
    assert.equal(101, w:connect("/room?word=sesame").status)
    assert.equal(429, w:connect("/room?word=sesame").status)
  end)

  it("counts handshakes that wait for a script, and asks none for who is beyond it", function()
    local asked, w = 0, nil
    w = echoing({ per_ip = 2 }, { on_accept = function()
      asked = asked + 1
      w.moonroom.sleep(1)
    end })
    assert.is_nil(status(w))
    assert.is_nil(status(w))
    assert.equal(429, status(w))
    assert.equal(2, asked)
    w:advance(1)
    assert.equal(2, w.joins)
    assert.equal(429, status(w))
  end)

  it("counts no ordinary requests", function()
    local w = echoing { per_ip = 1 }
    noting.join(w)
    assert.equal(426, (w:get("/room")).status)
  end)

  it("comes before max_clients, and after a shutdown", function()
    local w = echoing { per_ip = 1, max_clients = 1 }
    noting.join(w)
    assert.equal(429, status(w))
    assert.equal(503, status(w, "192.0.2.2"))
    assert.equal(503, status(w, "192.0.2.2"))
    local peer = w:peer()
    peer:send("GET ")
    w.kit.drain(w.hub)
    peer:send((world.request_head("/room"):gsub("^GET ", "")))
    assert.equal(503, peer:response().status)
  end)

  it("finds thousands of addresses again, and owns nothing when all have gone", function()
    local w = echoing { per_ip = 1 }
    status(w)
    w.kit.reset(w.hub)
    w.clients = {}
    local before = noting.blocks(w)
    for number = 1, 3000 do
      assert.equal(101, status(w, ("10.0.%d.%d"):format(number // 256, number % 256)))
    end
    for number = 1, 3000, 7 do
      assert.equal(429, status(w, ("10.0.%d.%d"):format(number // 256, number % 256)))
    end
    w.kit.reset(w.hub)
    w.clients = {}
    assert.equal(before, noting.blocks(w))
  end)

  it("answers 503, and counts nothing, without memory", function()
    local w = echoing { per_ip = 1 }
    status(w, "192.0.2.9")
    local seen = {}
    for nth = 1, 40 do
      w.kit.fail(w.hub, nth)
      local result = status(w, "192.0.2.1")
      w.kit.fail(w.hub)
      seen[result or "none"] = true
      if result == 101 then break end
    end
    assert.is_true(seen[503] and seen[101])
    assert.equal(429, status(w, "192.0.2.1"))
  end)
end)
