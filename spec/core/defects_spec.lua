-- What was wrong in the first implementation of the idea, each with the spec that keeps it out.

local world = require "world"

describe("a defect of the first implementation:", function()
  it("unmasked frames accepted", function()
    local w = world.echo()
    local peer = w:connect("/echo"):frame("text", "hi", { key = false })
    local code, _, count = peer:close_frame()
    assert.same({ 1002, 1 }, { code, count })
  end)

  it("message type sticks after a text message", function()
    local w = world.echo()
    local peer = w:connect("/echo")
    peer:frame("text", "one")
    peer:frame("binary", "\xff\xfe")
    peer:frame("text", "two")
    local kinds = {}
    for index, frame in ipairs(peer:frames()) do kinds[index] = frame.kind end
    assert.same({ "text", "binary", "text" }, kinds)
  end)

  it("a stray continuation delivered", function()
    local w = world.echo()
    local peer = w:connect("/echo"):frame("continuation", "stray")
    local frames = peer:frames()
    assert.equal(1, #frames)
    assert.equal("close", frames[1].kind)
    assert.equal(1002, (string.unpack(">I2", frames[1].payload)))
  end)

  it("two Close frames on one error", function()
    local w = world.echo()
    local peer = w:connect("/echo")
    peer:send(world.frame("text", "\xff") .. world.frame("text", "\xff") .. world.frame("close"))
    local code, _, count = peer:close_frame()
    assert.same({ 1007, 1 }, { code, count })
  end)

  it("TCP left open after an error", function()
    local w = world.echo()
    local peer = w:connect("/echo"):frame("continuation", "stray")
    assert.is_true(peer:state().shut)
    assert.is_false(peer:state().closed)
    w:advance(2)
    assert.is_true(peer:state().closed)
  end)

  it("TCP left open after a finished close", function()
    local w = world.echo()
    local peer = w:connect("/echo"):close(1000)
    assert.is_true(peer:state().shut)
    peer:finish()
    assert.is_true(peer:state().closed)
    assert.is_false(peer:state().reset)
  end)

  it("data handled after our Close", function()
    local heard = {}
    local w = world.new(nil, function(moonroom)
      local Room = moonroom.Room:extend("Once")
      function Room.on_text(_, client, text)
        table.insert(heard, text)
        client:close(1000)
      end
      moonroom.mount("/", Room)
    end)
    local peer = w:connect("/")
    peer:send(world.frame("text", "first") .. world.frame("text", "second"))
    peer:text("third")
    assert.same({ "first" }, heard)
  end)

  it("illegal close codes echoed", function()
    for _, code in ipairs { 0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535 } do
      local w = world.echo()
      local answer, _, count = w:connect("/echo"):close(code):close_frame()
      assert.same({ code, 1002, 1 }, { code, answer, count })
    end
  end)

  it("`Admin: yes` sets a field", function()
    local seen
    local w = world.new(nil, function(moonroom)
      local Room = moonroom.Room:extend("Plain")
      function Room.on_join(_, client) seen = { client.admin, client.Admin, client["x-admin"] } end
      moonroom.mount("/", Room)
    end)
    w:connect("/", { headers = { Admin = "yes", ["X-Admin"] = "yes" } })
    assert.same({}, seen)
  end)

  it("no User-Agent breaks the constructor", function()
    local w = world.new(nil, function(moonroom)
      local User = moonroom.Client:extend("User")
      function User:init(request)
        self.name = request.query.name or request.headers["user-agent"] or "somebody"
      end
      local Room = moonroom.Room:extend("Named", { Client = User })
      function Room.on_join(_, user) user:send(user.name) end
      moonroom.mount("/", Room)
    end)
    assert.same({ "somebody" }, w:connect("/"):take())
    assert.same({ "Moz" }, w:connect("/", { headers = { ["User-Agent"] = "Moz" } }):take())
  end)

  it("a dead peer breaks the sender", function()
    local w = world.new(nil, function(moonroom)
      local Room = moonroom.Room:extend("All")
      function Room:on_text(_, text) self:broadcast(text) end
      moonroom.mount("/", Room)
    end)
    local dead, sender, other = w:connect("/"), w:connect("/"), w:connect("/")
    dead:faults { broken = true }
    sender:text("one"):text("two")
    assert.same({ "one", "two" }, sender:take())
    assert.same({ "one", "two" }, other:take())
    assert.is_true(dead:state().closed)
  end)

  it("an ordinary tab close logged as an error", function()
    local w = world.echo()
    w:connect("/echo"):close(1001)
    w:connect("/echo"):finish()
    w:connect("/echo"):reset()
    local log = w:log()
    assert.is_nil(log:find(" error ", 1, true))
    assert.is_nil(log:find(" warn ", 1, true))
  end)

  it("wrong version answered with 500", function()
    local w = world.echo()
    local peer = w:connect("/echo", { headers = { ["Sec-WebSocket-Version"] = "8" } })
    assert.equal(426, peer.status)
    assert.equal("13", peer.headers["sec-websocket-version"])
  end)

  it("soft stop that never ends", function()
    local w = world.echo()
    local silent, polite = w:connect("/echo"), w:connect("/echo")
    w.kit.drain(w.hub)
    assert.equal(1001, (polite:close_frame()))
    polite:close(1001):finish()
    assert.equal(1001, (silent:close_frame()))
    w:advance(5)
    assert.is_true(silent:state().closed)
    assert.is_true(w.kit.is_empty(w.hub))
  end)

  it("first subprotocol echoed blindly", function()
    local w = world.new(nil, function(moonroom)
      local Room = moonroom.Room:extend("Spoken")
      moonroom.mount("/none", Room)
      moonroom.mount("/two", Room:extend("Two", { protocols = { "v2", "v1" } }))
    end)
    local function agreed(path, offer)
      return w:connect(path, { headers = { ["Sec-WebSocket-Protocol"] = offer } })
        .headers["sec-websocket-protocol"]
    end
    assert.is_nil(agreed("/none", "v1, v2"))
    assert.is_nil(agreed("/two", "v3"))
    assert.equal("v2", agreed("/two", "v1, v2"))
    assert.equal("v1", agreed("/two", "v0, v1"))
  end)

  it("Content-Length on a 101", function()
    local w = world.echo()
    local peer = w:connect("/echo")
    assert.equal(101, peer.status)
    assert.is_nil(peer.headers["content-length"])
    assert.is_nil(peer.headers["transfer-encoding"])
  end)
end)
