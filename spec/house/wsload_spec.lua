-- The bench's load generator: it counts right, and no server that breaks a rule looks fast to it.
local client_frame = require "client_frame"
local json = require("moonroom").json
local liar = require "liar"
local process = require "process"
local server = require "server"
local tls = require "tls"
local uv = require "luv"
local wait = require "wait"
local wire = require "wire"

local PROGRAMS = server.release_binary:gsub("[^/]+$", "bench/")
local APPS = "scripts/bench/apps/"

after_each(function()
  server.stop_all()
  liar.stop_all()
end)

-- Runs it for a moment; its figures and its exit status.
local function load(arguments, url)
  local command = { PROGRAMS .. "wsload" }
  for word in arguments:gmatch("%S+") do command[#command + 1] = word end
  for _, word in ipairs { "-t", "0.3", "-w", "0", "--settle", "0", "--json", url } do
    command[#command + 1] = word
  end
  local code, out, err = process.run(command, nil, 60)
  return json.decode(out) or err, code
end

local function load_well(arguments, url)
  local figures, code = load(arguments, url)
  assert.equal(0, code, figures.error or figures)
  assert.equal("ok", figures.status)
  assert.equal(0, figures.errors)
  return figures
end

-- What the sessions of a server's log have taken; there are so many of them.
local function messages_in(here, sessions)
  local sum, count
  wait(function()
    sum, count = 0, 0
    for number in here:log():gmatch("client left [^\n]*messages_in=(%d+)") do
      sum, count = sum + number, count + 1
    end
    return count == sessions
  end, function() return "the sessions' lines; the log:\n" .. here:log() end)
  return sum
end

local function url_of(here, scheme)
  return ("%s://127.0.0.1:%d/"):format(scheme or "ws", here.port)
end

describe("the load generator", function()
  it("counts each echo once: the server has had those, and what was under way at the end",
     function()
    local here = server.start(APPS .. "echo.lua")
    local figures = load_well("echo -c 5 -d 3 --silent 2", url_of(here))
    assert.equal(figures.msgs + 5 * 3, messages_in(here, 7))
  end)

  it("waits for all messages of a connection with --batch", function()
    local here = server.start(APPS .. "echo.lua")
    local figures = load_well("echo -c 1 -d 8 --batch --verify -p 100", url_of(here))
    local taken = messages_in(here, 1)
    assert.equal(0, taken % 8)
    assert.is_true(taken >= figures.msgs and taken <= figures.msgs + 8)
  end)

  it("sees every byte of large binary messages", function()
    local here = server.start(APPS .. "echo.lua")
    local figures = load_well("echo -c 2 -d 2 -b -p 300k --verify", url_of(here))
    assert.equal(figures.msgs + 2 * 2, messages_in(here, 4 - 2))
  end)

  it("counts each delivery once, and the senders' apart", function()
    local here = server.start(APPS .. "room.lua")
    local figures = load_well("fanout -c 7 -k 2 -m 4", url_of(here))
    assert.equal(figures.msgs + 4, messages_in(here, 9))
    -- Of those under way at the end some receivers have had some.
    assert.is_true(figures.deliveries >= 7 * figures.msgs)
    assert.is_true(figures.deliveries <= 7 * (figures.msgs + 4))
  end)

  it("comes and goes in churn, each time with one message", function()
    local here = server.start(APPS .. "echo.lua")
    local figures = load_well("churn -c 2 --pid " .. here.pid, url_of(here))
    assert.is_true(figures.cycles > 0)
    assert.is_nil(figures.no_eof)
    for number in here:log():gmatch("client left [^\n]*messages_in=(%d+)") do
      assert.equal("1", number)
    end
  end)

  it("weighs a server that holds idle connections, each of which has said something", function()
    local here = server.start(APPS .. "echo.lua")
    local figures = load_well("idle -c 20 --touch --pid " .. here.pid, url_of(here))
    assert.equal(20, messages_in(here, 20))
    assert.equal((figures.rss_after - figures.rss_before) // 20, figures.rss_per_conn)
  end)

  it("tells the server's CPU time a message", function()
    local here = server.start(APPS .. "echo.lua")
    local figures = load_well("echo -c 2 --pid " .. here.pid, url_of(here))
    assert.is_true(figures.server_us_per_unit > 0)
    assert.is_true(figures.server_rss > 0)
  end)

  it("speaks TLS 1.3", function()
    local here = server.start(APPS .. "echo.lua", {
      "--tls-cert", tls.files.server.cert, "--tls-key", tls.files.server.key,
    })
    local figures = load_well("echo -c 3 -d 2 --tls13", url_of(here, "wss"))
    assert.matches("^TLSv1%.3,", figures.tls)
    assert.equal(figures.msgs + 3 * 2, messages_in(here, 3))
  end)

  it("speaks bare TCP to the echo that is the limit", function()
    local probe = uv.new_tcp()
    probe:bind("127.0.0.1", 0)
    local port = probe:getsockname().port
    probe:close()
    local raw <close> = setmetatable({ process.start { PROGRAMS .. "raw", tostring(port) } }, {
      __close = function(self)
        self[1]:kill("sigterm")
        self[1]:finish()
      end,
    })
    wait(function()
      local connected = wire.connect(port)
      if connected then connected:close() end
      return connected or raw[1].code
    end, "the raw echo")
    local figures = load_well("echo --raw --verify -b -p 700k -c 3 -d 2 --pid " .. raw[1].pid,
                              url_of({ port = port }, "tcp"))
    assert.is_true(figures.msgs > 0)
  end)

  it("says what is wrong with a command line", function()
    local function complaint(arguments, url)
      local err, code = load(arguments, url or "ws://127.0.0.1:1/")
      assert.equal(2, code)
      return (err:match("^[^\n]*"))
    end
    assert.equal("wsload: --depth: x is no number from 1 to 4096", complaint("echo -d x"))
    assert.equal("wsload: --pid: 1x is no number from 1 to 1073741824",
                 complaint("echo --pid 7,1x"))
    assert.equal("wsload: fanout needs a payload of 12 bytes or more", complaint("fanout -p 11"))
    assert.equal("wsload: idle needs --pid", complaint("idle"))
    assert.equal("wsload: http://a/ is no URL with ws://, wss:// or tcp://",
                 complaint("echo", "http://a/"))
    assert.matches("^usage: wsload MODE", complaint("shout"))
  end)

  it("fails where nobody listens", function()
    local here = liar.start {}
    local url = url_of(here)
    liar.stop_all()
    local figures, code = load("echo -c 1", url)
    assert.equal(1, code)
    assert.equal("connect: Connection refused", figures.error)
  end)
end)

-- A server's frame.
local function frame(opcode, payload, options)
  options = options or {}
  options.mask = options.mask or false
  return client_frame(opcode, payload, options)
end

-- One that answers the first frame so.
local function answering(bytes)
  return function(peer, opcode, payload)
    peer:send(type(bytes) == "function" and bytes(opcode, payload) or bytes)
  end
end

local function never() end

local TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

local LIES = {
  { "refuses the upgrade", "upgrade refused: HTTP/1.1 503 Busy",
    head = function() return "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n" end },
  { "hangs up instead of an answer", "connection closed during the upgrade", head = never },
  { "accepts another key", "wrong Sec-WebSocket-Accept",
    head = function() return liar.answer("AAAA") end },
  { "upgrades to something else", "no 'Upgrade: websocket' in the response",
    head = function(accept) return (liar.answer(accept):gsub(": websocket", ": h2c")) end },
  { "keeps the connection", "no 'Connection: Upgrade' in the response",
    head = function(accept) return (liar.answer(accept):gsub("n: Upgrade", "n: keep-alive")) end },
  { "compresses unasked", "an extension that was not offered",
    head = function(accept)
      local answer = liar.answer(accept):sub(1, -3)
      return answer .. "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    end },
  { "hangs up on a message", "connection closed early",
    frame = function(peer) peer:close() end },
  { "answers with Close", "the server sent Close, code 1011",
    frame = answering(frame(CLOSE, "\x03\xf3")) },
  { "masks", "a masked frame from the server",
    frame = answering(function(opcode, payload)
      return frame(opcode, payload, { mask = "\1\2\3\4" })
    end) },
  { "sets a reserved bit", "reserved bits are set",
    frame = answering(function(opcode, payload)
      return frame(opcode, payload, { reserved = 1 })
    end) },
  { "says it is compressed", "reserved bits are set",
    frame = answering(function(opcode, payload)
      return frame(opcode, payload, { reserved = 4 })
    end) },
  { "takes a longer form for a length", "a frame's length that is not in its shortest form",
    frame = answering(function(opcode, payload) return frame(opcode, payload, { form = 16 }) end) },
  { "sends a fragment of nothing", "an opcode that is not expected",
    frame = answering(frame(0, "more")) },
  { "sends an opcode that isn't one", "an opcode that is not expected",
    frame = answering(frame(3, "what")) },
  { "cuts a ping into fragments", "a control frame that is wrong",
    frame = answering(frame(PING, "", { final = false })) },
  { "changes a byte", "the echo differs from what was sent",
    frame = answering(function(opcode, payload)
      return frame(opcode, payload:sub(1, -2) .. "!")
    end) },
  { "loses the end of a message", "an echo of 19 bytes, 20 expected",
    frame = answering(function(opcode, payload) return frame(opcode, payload:sub(1, -2)) end) },
  { "says more than it was told", "the echo differs from what was sent",
    frame = answering(function(opcode, payload) return frame(opcode, payload .. "x") end) },
  { "answers text with binary", "the echo has opcode 2",
    frame = answering(function(_, payload) return frame(BINARY, payload) end) },
  { "answers twice", "a message that nobody asked for",
    frame = function(peer, opcode, payload)
      peer:send(frame(opcode, payload) .. frame(opcode, payload) .. frame(opcode, payload))
    end },
  { "never answers", "nothing came for 0.2 s, 1 messages under way",
    load = "echo -c 1 --timeout 0.2", frame = never },
  { "stays silent at the door", "waited too long for the upgrade",
    load = "echo -c 1 --timeout 0.2", head = function() return "HTTP/1.1 101 " end },
  { "hangs up without a Close", "connection closed without a Close frame",
    load = "churn -c 1",
    frame = function(peer, opcode, payload)
      if opcode == CLOSE then peer:close() else peer:send(frame(opcode, payload)) end
    end },
  -- The two receivers have connected before the sender.
  { "delivers twice to one", "message 0 was delivered twice",
    load = "fanout -c 2 -k 1 -m 1",
    frame = function(_, opcode, payload, peers)
      peers[1]:send(frame(opcode, payload) .. frame(opcode, payload))
    end },
  { "delivers what nobody sent", "delivery of message 17, which is not under way",
    load = "fanout -c 2 -k 1 -m 1",
    frame = function(_, _, _, peers) peers[1]:send(frame(TEXT, "@wl:00000011........")) end },
  { "forgets a receiver", "nothing came for 0.2 s, 1 messages under way",
    load = "fanout -c 2 -k 1 -m 1 --timeout 0.2",
    frame = function(_, opcode, payload, peers) peers[1]:send(frame(opcode, payload)) end },
}

describe("a server is found out that", function()
  for _, lie in ipairs(LIES) do
    it(lie[1], function()
      local here = liar.start { head = lie.head, frame = lie.frame or never }
      local figures, code = load(lie.load or "echo -c 1", url_of(here))
      assert.equal(lie[2], figures.error)
      assert.equal("fail", figures.status)
      assert.equal(1, code)
      assert.is_true(figures.errors > 0)
    end)
  end
end)

describe("a server that keeps to the rules", function()
  -- Answers what is no Close in a way of its own, which Moonroom doesn't use.
  local function answer(in_pieces)
    return function(peer, opcode, payload)
      if opcode == CLOSE then
        peer:send(frame(CLOSE, payload))
        peer:close()
      else
        in_pieces(peer, opcode, payload)
      end
    end
  end

  it("may send fragments, with a ping between them, which is answered", function()
    local pongs = 0
    local here = liar.start {
      frame = answer(function(peer, opcode, payload)
        if opcode == PONG then
          assert.equal("here?", payload)
          pongs = pongs + 1
          return
        end
        peer:send(frame(opcode, payload:sub(1, 5), { final = false }) .. frame(PING, "here?")
          .. frame(0, "", { final = false }) .. frame(0, payload:sub(6)))
      end),
    }
    local figures = load_well("echo -c 1", url_of(here))
    assert.is_true(figures.pings > 0)
    assert.is_true(pongs > 0)
  end)

  it("may send byte by byte", function()
    local here = liar.start {
      frame = answer(function(peer, opcode, payload)
        peer.tcp:nodelay(true)
        for byte in frame(opcode, payload):gmatch(".") do peer:send(byte) end
      end),
    }
    assert.is_true(load_well("echo -c 1 -p 125", url_of(here)).msgs > 0)
  end)
end)
