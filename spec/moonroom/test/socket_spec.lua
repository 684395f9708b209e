local handshake = require "moonroom.test.handshake"
local loop = require "moonroom.test.loop"
local server = require "server"
local sockets = require "moonroom.test.socket"
local wait = require "wait"

local ECHO = { ["init.lua"] = [[
  local moonroom = require "moonroom"
  local Echo = moonroom.Room:extend "Echo"
  function Echo.on_text(_, client, text)
    if text == "x" then return client:terminate() end
    client:send(text)
  end
  moonroom.mount("/", Echo)]] }

describe("a wire over TCP", function()
  local here, wire
  before_each(function() here = server.start(ECHO) end)
  after_each(function()
    if wire then wire:reset() end
    server.stop_all()
  end)

  local function open(options)
    wire = sockets.new(here.port, options or { faults = {} })
    wire:send(handshake.request("/", {}))
    return wire
  end

  local function receive(pattern)
    local bytes = ""
    wait(function()
      bytes = bytes .. wire:take()
      return bytes:find(pattern)
    end, function() return ("%q in %q"):format(pattern, bytes) end)
    return bytes
  end

  it("carries bytes, and has news when some have come", function()
    open()
    assert.is_nil(wire.has_news)
    assert.matches("^HTTP/1.1 101 ", receive("\r\n\r\n$"))
    assert.is_true(wire.has_news)
    wire:send("\x81\x81\0\0\0\0a")
    assert.equal("\x81\1a", receive("a$"))
    assert.equal("", wire:take())
  end)

  it("waits for the answer when it has asked, which is no news", function()
    open()
    receive("\r\n\r\n$")
    wire.has_news = false
    assert.is_false(wire:is_waiting())
    wire:ask()
    assert.is_true(wire:is_waiting())
    wait(function() return not wire:is_waiting() end)
    assert.same({ "", false }, { wire:take(), wire.has_news })
  end)

  it("asks so often only that the server doesn't mind", function()
    open()
    receive("\r\n\r\n$")
    local before, asked = loop.now(), 0
    for _ = 1, 300 do
      wire:ask()
      asked = asked + (wire:is_waiting() and 1 or 0)
      wait(function() return not wire:is_waiting() end)
    end
    assert.is_true(asked >= 100)
    assert.is_true(asked <= 101 + 400 * (loop.now() - before))
  end)

  it("doesn't ask while it is paused, or has stopped answering", function()
    open()
    receive("\r\n\r\n$")
    wire:pause()
    wire:ask()
    assert.is_false(wire:is_waiting())
    wire:resume()
    wire:stop_answering()
    wire:ask()
    assert.is_false(wire:is_waiting())
  end)

  it("knows how the server has ended it", function()
    open()
    receive("\r\n\r\n$")
    assert.is_nil(wire:ended())
    wire:send("\x81\x81\0\0\0\0x")
    wait(function() return wire:ended() end)
    assert.equal("reset", wire:ended())
    wire = sockets.new(here.port, { faults = {} })
    wire:send("nonsense\r\n\r\n")
    wait(function() return wire:ended() end)
    assert.equal("end", wire:ended())
  end)

  it("is closed once both sides have ended it, whoever was first", function()
    open()
    receive("\r\n\r\n$")
    wire:finish()
    wait(function() return wire.tcp:is_closing() end)
    wire = sockets.new(here.port, { faults = {} })
    wire:send("nonsense\r\n\r\n")
    wait(function() return wire:ended() end)
    assert.is_false(wire.tcp:is_closing())
    wire:finish()
    wait(function() return wire.tcp:is_closing() end)
    wire:send("lost")
    wire:finish()
    wire:faults { write = 1 }
  end)

  it("says where nobody listens", function()
    local port = here.port
    here:stop()
    wire = nil
    local ok, why = pcall(sockets.new, port, { faults = {} })
    assert.is_false(ok)
    assert.matches("there is no connection to the server: ECONNREFUSED", why)
  end)
end)

describe("a round of the server's loop", function()
  after_each(server.stop_all)

  it("is over when the server has ended a connection that said nothing", function()
    local here = server.start(ECHO)
    local is_over = sockets.new_round(here.port)
    assert.is_false(is_over())
    wait(is_over)
    assert.is_true(is_over())
    local port = here.port
    here:stop()
    is_over = sockets.new_round(port)
    wait(is_over)
    assert.equal("ECONNREFUSED", is_over())
  end)
end)
