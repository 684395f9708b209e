-- What a peer may send that it shouldn't: src/net/tls.c.

local noting = require "noting"
local tls = require "tls"
local world = require "world"

local frame, request_head = world.frame, world.request_head

local context

local function connect(w, options) return w:connect("/room", tls.over(context, options)) end

before_each(function()
  tls.set_time(0)
  context = assert(tls.context())
end)

after_each(function()
  assert.is_true(tls.native.is_queue_empty())
end)

describe("what isn't TLS", function()
  local function plain(w) return w:peer { layer = context:layer(), secure = true } end

  local METHODS = { "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH" }

  it("is told so where it is HTTP, whatever the method, in any split", function()
    for _, method in ipairs(METHODS) do
      local request = method .. " / HTTP/1.1\r\nHost: localhost\r\n\r\n"
      for at = 0, #method + 1 do
        local w = noting.echoing()
        local peer = plain(w)
        if at > 0 then peer:send(request:sub(1, at)) end
        peer:send(request:sub(at + 1))
        local response = peer:response()
        local fields = response.headers
        assert.equal(400, response.status)
        assert.equal("close", fields.connection)
        assert.equal("text/plain; charset=utf-8", fields["content-type"])
        assert.equal("This port speaks TLS: ask it by https:// or wss://\n", response.body)
        assert.equal("", peer.bytes)
        assert.is_true(peer:state().shut)
        assert.truthy(w:log():find('rule=tls reason="plain HTTP came to a port that speaks TLS"', 1,
          true))
        peer:finish()
        assert.is_true(peer:state().closed)
        assert.is_false(peer:state().reset)
      end
    end
  end)

  it("and goes on sending after that is heard out for the time of a handshake", function()
    local w = noting.echoing { handshake_timeout = 10 }
    local peer = plain(w)
    for _ = 1, 9 do
      peer:send("GET / HTTP/1.1\r\n")
      w:advance(1)
    end
    assert.is_false(peer:state().closed)
    w:advance(2)
    assert.is_true(peer:state().closed)
  end)

  it("is dropped where it is nothing known", function()
    for _, bytes in ipairs {
      "\0",
      "\x80\x2e\x01\x03\x01", "get / HTTP/1.1\r\n", "GE / ", "GETTOOLONG / ", "G\x16", " GET",
      "\x17\x03\x03\0\1x", "\x15\x03\x03\0\2\2\x28",
    } do
      local w = noting.echoing()
      local peer = plain(w)
      peer:send(bytes)
      assert.is_true(peer:state().closed, bytes)
      assert.equal("", peer.raw:take())
      assert.truthy(w:log():find('rule=tls reason="neither TLS nor HTTP"', 1, true))
    end
  end)

  -- Ends refused, with that alert, heard out.
  local function refused(bytes, alert, reason)
    local w = noting.echoing()
    local peer = plain(w)
    peer:send(bytes)
    local answer = peer.raw:take()
    local expected = alert and "\x15\x03\x03\0\2\2" .. string.char(alert) or ""
    assert.equal(expected, answer)
    assert.is_true(peer:state().shut)
    assert.truthy(w:log():find('rule=tls reason="' .. reason, 1, true))
    peer:finish()
    assert.is_true(peer:state().closed)
  end

  it("is refused where it only begins like TLS", function()
    refused("\x16\x03\x01\x4a\x01\x01" .. ("\0"):rep(64), 22, "")
    refused("\x16\x02\x01\0\5hello", nil, "wrong version number")
    refused("\x16\x03\x01\0\5\x02hello", 10, "unexpected message")
    refused("\x16\x03\x01\0\4\x01\0\0\0", 50, "length too short")
  end)

  it("within an open session ends it with an alert, and the script hears 1006", function()
    local w = noting.echoing()
    local peer = connect(w)
    w:log()
    peer.raw.raw:send("\x17\x03\x03\0\x20" .. ("x"):rep(32))
    w:rest()
    peer:read()
    assert.equal(20, peer.raw.client:info().alert) -- bad_record_mac
    assert.equal("failed", peer.raw.status)
    assert.is_true(peer:state().shut)
    assert.is_true(peer:state().closed)
    assert.same({ { 1006, "", false } }, w.leaves)
    assert.truthy(w:log():find('rule=tls reason="decryption failed or bad record mac"', 1, true))
  end)

  it("is not taken for an alert of the peer's where it is an error of ours", function()
    local native = tls.native
    assert.equal("internal error", native.reason_of(native.INTERNAL_ERROR))
    assert.equal('the peer sent the alert "unknown CA"', native.reason_of(native.ALERTS + 48))
    assert.equal('the peer sent the alert "close notify"', native.reason_of(native.ALERTS))
    assert.equal('the peer sent the alert "unknown"', native.reason_of(native.ALERTS + 255))
  end)

  it("and an alert of the peer is named in the log", function()
    local w = noting.echoing()
    local client = tls.native.client { max = "1.2" }
    local peer = plain(w)
    client:handshake()
    peer:send(client:get())
    peer:send("\x15\x03\x03\0\2\2\x30")
    assert.truthy(w:log():find([[reason="the peer sent the alert \"unknown CA\""]], 1, true))
    assert.is_true(peer:state().shut)
  end)
end)

describe("handshake messages after the handshake", function()
  it("renew the keys", function()
    local peer = connect(noting.echoing())
    for i = 1, 5 do
      peer.raw.client:key_update(i % 2 == 0)
      peer:text("after " .. i)
      assert.same({ "after " .. i }, peer:take())
    end
  end)

  local function update(peer, w, times)
    for _ = 1, times do
      peer.raw.client:key_update()
    end
    peer.raw:push()
    w:rest()
  end

  it("end the connection where more than a hundred come in a second", function()
    local w = noting.echoing()
    local peer = connect(w)
    update(peer, w, 100)
    peer:text("still there")
    assert.same({ "still there" }, peer:take())
    w:log()
    update(peer, w, 1)
    assert.is_true(peer:state().closed)
    assert.truthy(w:log():find('rule=tls reason="too many key updates"', 1, true))
    assert.same({ { 1006, "", false } }, w.leaves)
  end)

  it("are read no further than that", function()
    local w = noting.echoing()
    local peer = connect(w)
    for _ = 1, 1000 do peer.raw.client:key_update() end
    peer.raw.client:write(frame("text", "behind them"))
    peer.raw:push()
    w:rest()
    assert.is_true(peer:state().closed)
    assert.same({}, w.heard)
  end)

  it("may go on at a hundred a second", function()
    local w = noting.echoing()
    local peer = connect(w)
    for second = 0, 3 do
      tls.set_time(second)
      update(peer, w, 100)
    end
    peer:text("still there")
    assert.same({ "still there" }, peer:take())
    tls.set_time(3.9)
    update(peer, w, 1)
    assert.is_true(peer:state().closed)
  end)

  it("never renegotiate", function()
    local w = noting.echoing()
    local peer = connect(w, { client = { max = "1.2" } })
    peer.raw.client:renegotiate()
    peer.raw:push()
    w:rest()
    peer:read()
    local info = peer.raw.client:info()
    assert.equal(100, info.alert) -- no_renegotiation
    assert.equal(1, #w.clients)
  end)
end)

describe("a stream that is wrong somewhere", function()
  -- What a client sends until its first message, each flight by itself.
  local function flights(version)
    local w = noting.echoing()
    local peer = w:connect("/room", tls.over(context, { client = { max = version } }))
    peer:text("hello"):take()
    return peer.raw:sent()
  end

  for _, version in ipairs { "1.2", "1.3" } do
    it("ends that connection and no other, TLS " .. version, function()
      local stream = flights(version)
      local w = noting.echoing()
      -- Each byte of the ClientHello, and of the rest one in three, which is encrypted.
      local at = 0
      while at < #stream do
        at = at + (at < 240 and 1 or 3)
        local passed = 0
        local function spoil(bytes)
          local index = at - passed
          passed = passed + #bytes
          if index < 1 or index > #bytes then return { bytes } end
          local other = string.char(bytes:byte(index) ~ 0x55)
          return { bytes:sub(1, index - 1) .. other .. bytes:sub(index + 1) }
        end
        local peer = w:peer(tls.over(context, { client = { max = version }, cut = spoil }))
        if peer.raw.status == "open" then
          peer:send(request_head("/room"))
          peer:read()
        end
        if peer.raw.status == "open" then peer:text("hello") end
        peer:finish()
        assert.is_true(peer:state().closed, at)
        assert.is_true(tls.native.is_queue_empty())
      end
      assert.equal(101, connect(w).status)
    end)
  end

  it("or a reset behind the handshake leaves nothing behind, 500 times", function()
    local w = noting.echoing()
    local function visit()
      local peer = w:peer(tls.over(context))
      assert.equal("open", peer.raw.status)
      peer:reset()
      assert.is_true(peer:state().closed)
    end
    visit()
    local before = noting.blocks(w)
    for _ = 1, 500 do visit() end
    assert.equal(before, noting.blocks(w))
    assert.equal(101, connect(w).status)
  end)
end)
