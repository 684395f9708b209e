-- The keys of session tickets: src/net/tls_tickets.c. The clock is the contexts' own.

local noting = require "noting"
local tls = require "tls"

local HOUR = 3600
local context

before_each(function()
  tls.set_time(1000)
  context = assert(tls.context())
end)

-- A connection that is at home; returns what it knows and a session to come back with.
local function visit(client, other)
  local w = noting.echoing()
  local peer = w:connect("/room", tls.over(other or context, { client = client }))
  assert.equal(101, peer.status)
  peer:text("hi")
  assert.same({ "hi" }, peer:take())
  return peer.raw.client:info(), peer.raw.client:session()
end

local function with(version, session) return { min = version, max = version, session = session } end

for _, version in ipairs { "1.2", "1.3" } do
  describe("a ticket of TLS " .. version, function()
    it("is given to each client, once", function()
      local info, session = visit(with(version))
      assert.equal(1, info.tickets)
      assert.is_false(info.reused)
      assert.is_truthy(session)
    end)

    it("shortens the next handshake, within the hour and the hour after", function()
      for _, age in ipairs { 0, HOUR - 1, HOUR, 2 * HOUR - 1 } do
        tls.set_time(1000)
        context = assert(tls.context())
        local _, session = visit(with(version))
        tls.set_time(1000 + age)
        assert.is_true(visit(with(version, session)).reused, age)
      end
    end)

    it("is of no use after two hours of its key, and the handshake is a whole one", function()
      for _, age in ipairs { 2 * HOUR, 3 * HOUR, 100 * HOUR } do
        tls.set_time(1000)
        context = assert(tls.context())
        local _, session = visit(with(version))
        tls.set_time(1000 + age)
        assert.is_false(visit(with(version, session)).reused, age)
      end
    end)

    it("lives by the hour of its key, however seldom anybody comes", function()
      local _, first = visit(with(version))
      tls.set_time(1000 + HOUR + 1800) -- a new key, whose hour began half an hour ago
      local _, second = visit(with(version))
      tls.set_time(1000 + 2 * HOUR)
      assert.is_false(visit(with(version, first)).reused)
      assert.is_true(visit(with(version, second)).reused)
      tls.set_time(1000 + 3 * HOUR)
      assert.is_false(visit(with(version, second)).reused)
    end)

    it("is renewed under the new key when the old one opened it", function()
      local _, session = visit(with(version))
      tls.set_time(1000 + HOUR + 1)
      local info, renewed = visit(with(version, session))
      assert.is_true(info.reused)
      assert.equal(1, info.tickets)
      tls.set_time(1000 + 2 * HOUR + 1)
      assert.is_true(visit(with(version, renewed)).reused)
      assert.is_false(visit(with(version, session)).reused)
    end)

    it("is of no use after a reload", function()
      local _, session = visit(with(version))
      assert.is_true(context:reload())
      assert.is_false(visit(with(version, session)).reused)
    end)

    it("is of no use at another listener", function()
      local _, session = visit(with(version))
      local other = assert(tls.context())
      assert.is_false(visit(with(version, session), other).reused)
    end)

    it("is good for every certificate of the listener", function()
      context = assert(tls.context { certificates = { tls.files.server, tls.files.other } })
      local client = with(version)
      client.server_name = "other.example"
      local info, session = visit(client)
      assert.equal("other.example", info.name)
      client.session = session
      info = visit(client)
      assert.is_true(info.reused)
    end)
  end)
end

describe("a ticket of TLS 1.3", function()
  it("brings another, as each is used once", function()
    local _, session = visit(with("1.3"))
    for _ = 1, 3 do
      local info, fresh = visit(with("1.3", session))
      assert.is_true(info.reused)
      assert.equal(1, info.tickets)
      session = fresh
    end
  end)
end)

describe("a ticket of TLS 1.2", function()
  it("is kept while its key is the current one", function()
    local _, session = visit(with("1.2"))
    local info = visit(with("1.2", session))
    assert.is_true(info.reused)
    assert.equal(0, info.tickets)
  end)
end)
