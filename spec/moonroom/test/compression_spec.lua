local compression = require "moonroom.test.compression"
local deflated = require "deflated"
local test = require "moonroom.test"
local raises_here = require "raises_here"

local BOTH = "permessage-deflate; client_max_window_bits"
local TEXT = ("The quick brown fox jumps over the lazy dog. "):rep(30)

local function echo(moonroom)
  local Echo = moonroom.Room:extend("Echo")
  function Echo.on_text(_, client, text) client:send(text) end
  function Echo.on_binary(_, client, data) client:send_binary(data) end
  moonroom.mount("/", Echo)
end

describe("what a client offers", function()
  it("is nothing, or compression, with or without takeover", function()
    assert.is_nil(compression.offer(nil))
    assert.is_nil(compression.offer(false))
    assert.equal(BOTH, compression.offer(true))
    assert.equal(BOTH, compression.offer {})
    assert.equal(BOTH, compression.offer { takeover = true })
    assert.equal(BOTH .. "; server_no_context_takeover; client_no_context_takeover",
      compression.offer { takeover = false })
  end)
end)

describe("what a server answers", function()
  it("has the terms", function()
    assert.is_nil(compression.accept(nil, true))
    assert.same({ server_takeover = true, client_takeover = true, server_window_bits = 15,
      client_window_bits = 15 }, compression.accept("permessage-deflate", true))
    assert.same({ server_takeover = false, client_takeover = true, server_window_bits = 8,
      client_window_bits = 9 }, compression.accept("permessage-deflate; "
      .. "server_no_context_takeover ;server_max_window_bits=8; client_max_window_bits=9", true))
    assert.same({ server_takeover = false, client_takeover = false, server_window_bits = 15,
      client_window_bits = 15 }, compression.accept(
      "permessage-deflate; server_no_context_takeover", { takeover = false }))
  end)

  it("is wrong where it isn't what was offered (RFC 7692 7.1)", function()
    local function wrong(value, option) return select(2, compression.accept(value, option)) end
    assert.equal("a 101 with an extension, and none was offered", wrong("permessage-deflate"))
    assert.equal('a 101 with the extension "x-webkit-deflate-frame"',
      wrong("x-webkit-deflate-frame", true))
    assert.equal("a 101 with context takeover, which was declined",
      wrong("permessage-deflate", { takeover = false }))
    for _, parameters in ipairs {
      "x", "server_max_window_bits", "server_max_window_bits=16", "server_max_window_bits=7",
      "client_max_window_bits", "client_max_window_bits=8", "server_no_context_takeover=1",
      "client_no_context_takeover; client_no_context_takeover", "", "x=8, permessage-deflate",
    } do
      local value = "permessage-deflate; " .. parameters
      assert.equal(("a 101 with the extension %q"):format(value), wrong(value, true))
    end
  end)
end)

-- What a peer got last, and whether that came compressed.
local function heard(peer)
  local message = peer.messages[#peer.messages]
  peer:take(message.kind)
  return message.payload, message.compressed
end

local transports = { memory = {}, tcp = { transport = "tcp" } }

for transport, base in pairs(transports) do
  local function load(options)
    for name, value in pairs(base) do options[name] = value end
    return test.load("spec/moonroom/test/compressing_app", options)
  end

  describe("a peer with compression over " .. transport, function()
    it("sends and receives compressed messages, in both modes, of any size", function()
      for _, takeover in ipairs { false, true } do
        local app = load { compression = true, compression_takeover = takeover }
        for _, option in ipairs { true, { takeover = false } } do
          local peer = app:connect("/", { compression = option })
          assert.is_true(peer.compression)
          for i = 1, 3 do
            for _, message in ipairs { TEXT, "small", TEXT:rep(500), "" } do
              peer:send(message .. (message == "" and "" or i))
              local payload, compressed = heard(peer)
              assert.equal(message .. (message == "" and "" or i), payload)
              assert.equal(#message > 500 or nil, compressed)
            end
            peer:send_binary(deflated.noise(3000, i))
            assert.equal(deflated.noise(3000, i), (heard(peer)))
          end
          peer:ping("p")
          assert.same({ "p" }, peer:take("pong"))
          peer:close(1000)
          assert.equal(1000, peer.close_code)
        end
        app:stop()
      end
    end)

    it("goes without where the app does, or where it offers none", function()
      local app = load {}
      local peer = app:connect("/", { compression = true })
      assert.is_false(peer.compression)
      peer:send(TEXT)
      assert.same({ TEXT }, { heard(peer) })
      app:stop()
      app = load { compression = true }
      peer = app:connect("/")
      assert.is_false(peer.compression)
      peer:send(TEXT)
      assert.same({ TEXT }, { heard(peer) })
      app:stop()
    end)
  end)
end

describe("the option compression of connect", function()
  it("is a boolean or a table with takeover", function()
    local app = test.load(echo)
    raises_here("compression is true, false or a table such as { takeover = false }, not on",
      function() app:connect("/", { compression = "on" }) end)
    raises_here("takeover", function() app:connect("/", { compression = { takeover = 1 } }) end)
    raises_here("window", function() app:connect("/", { compression = { window = 9 } }) end)
    app:stop()
  end)
end)

describe("client.compression", function()
  it("tells whether it was agreed on, from the 101 on and after the end", function()
    local seen = {}
    local app = test.load(function(moonroom)
      local Room = moonroom.Room:extend("Room", { compression = true, Client =
        moonroom.Client:extend("User", { init = function(client)
          table.insert(seen, client.compression)
        end }) })
      function Room.on_join(_, client) table.insert(seen, client.compression) end
      function Room.on_leave(_, client) table.insert(seen, client.compression) end
      moonroom.mount("/", Room)
    end)
    for _, option in ipairs { true, false } do
      app:connect("/", { compression = option }):close()
      assert.same({ false, option, option }, seen)
      seen = {}
    end
    app:stop()
  end)
end)
