-- What TLS takes of memory, and what becomes of it where there is none: src/net/tls.c.

local noting = require "noting"
local tls = require "tls"
local world = require "world"

local request_head = world.request_head
local VERSIONS = { "1.2", "1.3" }

local context
local function connect(w, options, path)
  return w:connect(path or "/room", tls.over(context, options))
end

local function client_of(version) return { min = version, max = version } end

before_each(function()
  tls.set_time(0)
  context = assert(tls.context())
end)

after_each(function()
  assert.is_true(tls.native.is_queue_empty())
end)

describe("without memory", function()
  -- A session of everything, in which the nth allocation fails. Returns how many there were.
  local function session(nth, version)
    local w = noting.echoing { ping_interval = 0 }
    w:rest()
    local before = w:memory()
    w.kit.fail(w.hub, nth)
    local peer = w:peer(tls.over(context, { client = client_of(version) }))
    local function go_on(action, ...)
      if peer.raw.status == "open" and not peer:state().closed then action(peer, ...) end
      w:rest()
    end
    go_on(peer.send, request_head("/room"))
    go_on(peer.faults, { full = true })
    go_on(peer.text, "hello")
    go_on(function()
      context:describe()
      peer.raw.client:key_update(true)
      peer.raw:push()
    end)
    go_on(peer.faults, { piece = 20 })
    for _ = 1, 20 do go_on(peer.writable) end
    go_on(peer.faults, {})
    go_on(peer.writable)
    go_on(peer.close, 1000)
    w.kit.fail(w.hub)
    local after = w:memory()
    w:advance(60)
    assert.is_true(peer:state().closed, nth)
    assert.is_true(w.kit.is_empty(w.hub))
    assert.is_true(tls.native.is_queue_empty())
    return after - before
  end

  for _, version in ipairs(VERSIONS) do
    it("at the Nth allocation nothing crashes or leaks, every connection ends, TLS " .. version,
      function()
        if version == "1.2" then
          -- It has no KeyUpdate: the step does nothing.
          assert.is_nil((tls.native.client { max = "1.2" }:key_update()))
        end
        local requests = session(0, version)
        assert.is_true(requests >= 10, requests)
        for nth = 1, requests do session(nth, version) end
      end)
  end

  it("leaves nothing behind in the hub's memory", function()
    local w = noting.echoing()
    local function live(options)
      local peer = connect(w, options)
      peer:text("hi")
      peer:close(1000)
      peer:finish()
      assert.is_true(peer:state().closed)
      w.clients = {}
    end
    live()
    local before = noting.blocks(w)
    for i = 1, 20 do live { client = client_of(VERSIONS[i % 2 + 1]) } end
    assert.equal(before, noting.blocks(w))
  end)

  it("an idle connection owns four blocks more: itself, its request, what more that has", function()
    local w = noting.echoing()
    w:connect("/room")
    local first = noting.blocks(w)
    w:connect("/room")
    local plain = noting.blocks(w) - first
    connect(w):text("hello"):take()
    assert.equal(first + 2 * plain + 4, noting.blocks(w))
  end)

  it("an idle connection takes no 20,000 bytes, its peer and Lua's objects included", function()
    -- A sanitizer's heap has no such figure: there it only has to hold still.
    local count = 50
    local w = noting.echoing()
    local function collect()
      collectgarbage()
      collectgarbage()
      return tls.native.heap_size()
    end
    local function fill()
      local peers = {}
      for i = 1, count do
        local peer = connect(w, { client = client_of("1.3") }):text("hello")
        peer:take()
        peers[i] = peer.raw.raw
      end
      return peers
    end
    local kept = fill()
    w.clients = {}
    local before = collect()
    local more = fill()
    w.clients = {}
    local each = (collect() - before) / count
    assert.is_true(each < 20000, each)
    assert.equal(#kept, #more)
  end)
end)
