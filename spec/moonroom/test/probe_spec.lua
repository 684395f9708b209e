local frames = require "moonroom.test.frames"
local probes = require "moonroom.test.probe"

local REQUEST, RESPONSE = "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n"

local function text(payload) return string.char(0x81, #payload) .. payload end
local function pong(payload) return string.char(0x8a, #payload) .. payload end
local function own_pong(number) return pong(("\xffmoonroom.test %d"):format(number)) end

local function open()
  local probe = probes.new()
  probe:send(REQUEST)
  assert.equal(RESPONSE, probe:receive(RESPONSE))
  return probe
end

describe("a probe", function()
  it("asks once the WebSocket is open, and once at a time", function()
    local probe = probes.new()
    assert.is_nil(probe:ping())
    probe:send(REQUEST)
    assert.is_nil(probe:ping())
    probe:receive(RESPONSE)
    assert.equal(frames.encode("ping", "\xffmoonroom.test 1"), probe:ping())
    assert.is_true(probe:is_waiting())
    assert.is_nil(probe:ping())
    assert.equal("", probe:receive(own_pong(1)))
    assert.is_false(probe:is_waiting())
    assert.equal(frames.encode("ping", "\xffmoonroom.test 2"), probe:ping())
  end)

  it("takes its own pongs out of what comes, wherever that is split", function()
    local bytes = text("a") .. own_pong(1) .. pong("b") .. text(("c"):rep(100)) .. own_pong(3)
    local expected = bytes:gsub(own_pong(1), "")
    for at = 0, #bytes do
      local probe = open()
      probe:ping()
      local heard = probe:receive(bytes:sub(1, at)) .. probe:receive(bytes:sub(at + 1))
      assert.equal(expected, heard)
      assert.is_false(probe:is_waiting())
    end
    local probe, heard = open(), {}
    probe:ping()
    for at = 1, #bytes do heard[at] = probe:receive(bytes:sub(at, at)) end
    assert.equal(expected, table.concat(heard))
  end)

  it("passes on what belongs to a message that isn't whole", function()
    local probe = open()
    for _, header in ipairs { "\x81\x7e\1\0", "\x82\x7f\0\0\0\0\0\1\0\0" } do
      assert.equal(header .. "abc", probe:receive(header .. "abc"))
      probe = open()
    end
  end)

  it("never asks inside a frame that is sent, at whatever place that is cut", function()
    for _, size in ipairs { 0, 5, 125, 126, 65535, 65536 } do
      local bytes = frames.encode("text", ("x"):rep(size))
      for at = 1, math.min(#bytes - 1, 20) do
        local probe = open()
        probe:send(bytes:sub(1, at))
        assert.is_nil(probe:ping())
        probe:send(bytes:sub(at + 1))
        assert.is_string(probe:ping())
      end
    end
    local probe = open()
    probe:send("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff")
    probe:send(("x"):rep(1000))
    assert.is_nil(probe:ping())
  end)

  it("asks nothing behind a Close, theirs or ours", function()
    local ours, theirs = open(), open()
    ours:send(frames.encode_close(1000))
    assert.equal("\x88\0", theirs:receive("\x88\0"))
    assert.same({}, { ours:ping(), theirs:ping() })
  end)

  it("leaves alone what is no WebSocket", function()
    local probe = probes.new()
    probe:send(REQUEST)
    local heard = probe:receive("HTTP/1.1 404 Not Found\r\n\r\n\x8a") .. probe:receive("\x8a")
    assert.equal("HTTP/1.1 404 Not Found\r\n\r\n\x8a\x8a", heard)
    assert.is_nil(probe:ping())
  end)

  it("passes on a head when it is whole", function()
    local probe = probes.new()
    assert.equal("", probe:receive(RESPONSE:sub(1, 30)))
    assert.equal(RESPONSE .. text("a"), probe:receive(RESPONSE:sub(31) .. text("a")))
  end)
end)
