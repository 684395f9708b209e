-- Bodies of requests: src/core/body.c, and what is done about those that nobody wants.

local noting = require "noting"
local world = require "world"

local plain = noting.plain

-- A world in which /echo takes a body, by POST and GET, and /slow decides when told to.
local function new(options)
  return world.new(options, function(moonroom, w)
    w.decided = moonroom.promise()
    w.bodies = {}
    local function echo(request)
      table.insert(w.bodies, request.body)
      return request.body
    end
    moonroom.post("/echo", echo)
    moonroom.get("/echo", echo)
    moonroom.post("/slow", function(request)
      w.decided:wait()
      return request.body
    end)
    w.kit.files(w.hub, { ["a.txt"] = "A" })
  end)
end

local function sized(body, path)
  return plain(path or "/echo", ("Content-Length: %d\r\n"):format(#body), "POST") .. body
end

local chunked_head = plain("/echo", "Transfer-Encoding: chunked\r\n", "POST")

local function chunked(body, size)
  local parts = { chunked_head }
  for at = 1, #body, size do
    local piece = body:sub(at, at + size - 1)
    parts[#parts + 1] = ("%x\r\n%s\r\n"):format(#piece, piece)
  end
  return table.concat(parts) .. "0\r\n\r\n"
end

local function answer_of(w, bytes)
  local peer = w:peer():send(bytes)
  local response = peer:response() or {}
  return response.status, response.body, peer
end

describe("a body", function()
  it("is what was sent, by length and in chunks", function()
    local w = new()
    local body = ("any bytes \0\r\n\255"):rep(1000)
    local requests = { sized(body) }
    for _, size in ipairs { 1, 7, 4096, #body } do table.insert(requests, chunked(body, size)) end
    for _, request in ipairs(requests) do
      local status, got = answer_of(w, request)
      assert.equal(200, status)
      assert.is_true(got == body)
    end
    assert.equal("", (select(2, answer_of(w, sized("")))))
  end)

  it("is the same for every split, with the next request behind it", function()
    local w = new()
    for _, bytes in ipairs { sized("hello"), chunked("hello", 2) } do
      local all = bytes .. plain("/a.txt") .. bytes
      for cut = 1, #all - 1 do
        local peer = w:peer():send(all:sub(1, cut)):send(all:sub(cut + 1))
        assert.same({ "hello", "A", "hello" },
          { peer:response().body, peer:response().body, peer:response().body }, cut)
        assert.is_false(peer:state().shut)
      end
    end
  end)

  it("that comes with a GET is read too", function()
    local w = new()
    local peer = w:peer()
    peer:send(plain("/echo", "Content-Length: 2\r\n") .. "hi" .. plain("/a.txt"))
    assert.same({ "hi", "A" }, { peer:response().body, peer:response().body })
  end)

  it("may have max_body bytes and no more; by its length it is refused unread", function()
    local w = new { max_body = 10 }
    assert.equal(200, (answer_of(w, sized(("x"):rep(10)))))
    assert.equal(413, (answer_of(w, plain("/echo", "Content-Length: 11\r\n", "POST"))))
    assert.equal(200, (answer_of(w, chunked(("x"):rep(10), 3))))
    local status, _, peer = answer_of(w, chunked(("x"):rep(11), 3))
    assert.equal(413, status)
    assert.is_true(peer:state().shut)
    assert.equal(413, (answer_of(w, chunked_head .. "ffffffffffffffff\r\n" .. ("x"):rep(11))))
    assert.equal(2, #w.bodies)
    assert.equal(3, w.kit.metrics(w.hub).max_body)
  end)

  it("is refused where its coding is wrong, and the connection ends", function()
    local w = new()
    for status, rest in pairs {
      [400] = "0x3\r\nabc\r\n0\r\n\r\n",
      [431] = "0\r\n" .. ("A: b\r\n"):rep(4000) .. "\r\n",
    } do
      local got, _, peer = answer_of(w, chunked_head .. rest)
      assert.equal(status, got)
      assert.is_true(peer:state().shut)
    end
    assert.same({}, w.bodies)
  end)

  it("with a length and chunks, or with two lengths, is refused", function()
    local w = new()
    for _, fields in ipairs {
      "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
      "Content-Length: 4\r\nContent-Length: 4\r\n",
    } do
      local peer = w:peer():send(plain("/echo", fields, "POST") .. "0\r\n\r\n" .. plain("/a.txt"))
      assert.equal(400, peer:response().status)
      assert.is_nil(peer:response())
    end
  end)

  it("is asked for with 100 where the client waits for that, once", function()
    local w = new()
    local head = plain("/echo", "Expect: 100-Continue\r\nContent-Length: 2\r\n", "POST")
    local peer = w:peer():send(head)
    peer:read()
    assert.equal("HTTP/1.1 100 Continue\r\n\r\n", peer.bytes)
    peer.bytes = ""
    peer:send("h"):send("i")
    assert.equal("hi", peer:response().body)
    assert.equal(200, (answer_of(w, head .. "hi"))) -- it didn't wait: no 100
  end)

  it("is not asked for where it is refused or not wanted", function()
    local w = new { max_body = 10 }
    local expect = "Expect: 100-continue\r\nContent-Length: %d\r\n"
    assert.equal(413, (answer_of(w, plain("/echo", expect:format(11), "POST"))))
    assert.equal(405, (answer_of(w, plain("/a.txt", expect:format(5), "POST"))))
  end)

  it("that nobody takes is not read: the answer comes at once and is the last", function()
    local w = new()
    for path, status in pairs { ["/a.txt"] = 200, ["/none"] = 404 } do
      local got, _, peer = answer_of(w, plain(path, "Content-Length: 5\r\n"))
      assert.same({ status, true }, { got, peer:state().shut })
      peer:send(plain("/a.txt"))
      assert.is_nil(peer:response())
    end
  end)

  it("is never taken for none, where memory to find its handler is refused", function()
    local head, failed = plain("/echo", "Content-Length: 5\r\n", "POST"), 0
    for n = 1, 60 do
      local w = new()
      local peer, fail_lua = w:peer(), w.kit.fail_lua
      local raw, bytes = peer.raw, w.kit.copy(head)
      fail_lua(n, 2)
      local ok = pcall(raw.send, raw, bytes)
      fail_lua()
      assert.is_true(ok)
      peer:send("hello")
      assert.is_true(#w.bodies == 0 or w.bodies[1] == "hello", n)
      if #w.bodies == 0 then
        failed = failed + 1
        assert.same({ 500, true }, { peer:response().status, peer:state().shut })
      end
    end
    assert.is_true(failed > 0)
  end)

  it("has handshake_timeout from its head on, however it trickles in", function()
    local w = new { handshake_timeout = 10 }
    local peer = w:peer()
    w:advance(9)
    peer:send(plain("/echo", "Content-Length: 100\r\n", "POST"))
    for _ = 1, 9 do
      w:advance(1)
      peer:send("x")
    end
    assert.is_nil(peer:response())
    w:advance(1.1)
    assert.equal(408, peer:response().status)
    assert.is_true(peer:state().shut)
    assert.equal(1, w.kit.metrics(w.hub).handshake_timeout)
  end)

  it("is not late while the answer before it is still being taken", function()
    local w = new { handshake_timeout = 10, write_stall = 100 }
    local peer = w:peer()
    peer:faults { full = true }
    peer:send(plain("/none") .. plain("/echo", "Content-Length: 2\r\n", "POST") .. "h")
    w:advance(15)
    peer:faults {}
    peer:writable()
    assert.equal(404, peer:response().status)
    assert.equal("hi", peer:send("i"):response().body)
    peer:send(plain("/echo", "Content-Length: 2\r\n", "POST") .. "h")
    w:advance(10.1)
    assert.equal(408, peer:response().status)
  end)

  it("that is unfinished counts as a handshake: the oldest goes", function()
    local w = new { max_pending_handshakes = 3 }
    local peers = {}
    for at = 1, 5 do
      peers[at] = w:peer():send(plain("/echo", "Content-Length: 5\r\n", "POST") .. "x")
    end
    w:rest()
    local closed = {}
    for at, peer in ipairs(peers) do closed[at] = peer:state().closed end
    assert.same({ true, true, false, false, false }, closed)
    assert.equal("xxxxx", peers[5]:send("xxxx"):response().body)
  end)

  it("that was abandoned gives its memory back, however long it was to be", function()
    local w = new { max_body = 1 << 30 }
    local function abandon(rest)
      local peer = w:peer():send(plain("/echo", "Content-Length: 1000000000\r\n", "POST") .. rest)
      peer:reset()
      w:rest()
      return select(2, w:memory())
    end
    assert.equal(abandon("x"), abandon(("x"):rep(100000)))
  end)

  it("of which the rest never comes ends with the connection", function()
    local w = new()
    local peer = w:peer():send(plain("/echo", "Content-Length: 5\r\n", "POST") .. "abc")
    peer:finish()
    assert.is_true(peer:state().closed)
    assert.same({}, w.bodies)
  end)

  it("is a request's own: the next one has none", function()
    local w = new()
    local peer = w:peer():send(sized("one") .. plain("/echo", "", "POST"))
    assert.same({ "one", "" }, { peer:response().body, peer:response().body })
  end)
end)

describe("while a handler decides", function()
  it("what follows is held, then answered in order", function()
    local w = new()
    local peer = w:peer():send(sized("slow", "/slow") .. plain("/a.txt") .. sized("next"))
    assert.is_nil(peer:response())
    assert.is_false(peer:state().wants_read)
    peer:send(("x"):rep(1000)) -- would be wrong, if it were read
    assert.is_nil(peer:response())
    w.decided:resolve()
    assert.same({ "slow", "A", "next" },
      { peer:response().body, peer:response().body, peer:response().body })
  end)

  it("no deadline ends it, and the connection goes on", function()
    local w = new { handshake_timeout = 10 }
    local peer = w:peer():send(sized("slow", "/slow"))
    w:advance(100)
    w.decided:resolve()
    assert.equal("slow", peer:response().body)
    w:advance(9)
    assert.equal("A", peer:send(plain("/a.txt")):response().body)
    w:advance(10.1)
    assert.is_true(peer:state().closed)
  end)

  -- A world with a handler at /wait that notes how it ends.
  local function waiting()
    local w = new { handshake_timeout = 10 }
    w.ends = {}
    w.moonroom.get("/wait/:seconds", function(request)
      local _ <close> = setmetatable({}, {
        __close = function() table.insert(w.ends, "closed") end,
      })
      w.moonroom.sleep(tonumber(request.params.seconds))
      table.insert(w.ends, "ran")
      return request.path
    end)
    return w
  end

  it("a peer that half-closed is waited for as long as handshake_timeout", function()
    local w = waiting()
    local peer, quick = w:peer():send(plain("/wait/1000")), w:peer():send(plain("/wait/9"))
    peer:finish()
    quick:finish()
    w:advance(9.9)
    assert.equal("/wait/9", quick:response().body)
    assert.is_false(peer:state().closed)
    w:advance(0.2)
    assert.is_true(peer:state().closed)
    assert.matches("connection ended rule=handshake_timeout", w:log(), 1, true)
  end)

  it("one that has gone leaves its handler handshake_timeout to end, at a wait", function()
    local w = waiting()
    w:peer():send(plain("/wait/9")):reset()
    w:advance(9.9)
    assert.same({ "ran", "closed" }, w.ends)
    w:peer():send(plain("/wait/1000")):reset()
    w:advance(9.9)
    assert.equal(2, #w.ends)
    assert.equal("", w:log())
    w:advance(0.2)
    assert.same({ "ran", "closed", "closed" }, w.ends)
    assert.matches('handler ended: who asked has gone where="GET /wait/:seconds"', w:log(), 1, true)
    w:advance(1000)
    assert.equal(3, #w.ends)
  end)

  it("a peer that half-closes gets its answer, one that goes is forgotten quietly", function()
    local w = new()
    local half, gone = w:peer():send(sized("half", "/slow")), w:peer():send(sized("gone", "/slow"))
    half:finish()
    gone:reset()
    w:log()
    w.decided:resolve()
    assert.equal("half", half:response().body)
    assert.is_true(half:state().closed)
    assert.equal("", w:log())
  end)
end)
