-- The names that a server answers to: src/core/exchange.c (check_host).

local noting = require "noting"
local world = require "world"

local echoing = noting.echoing

local function status(w, host)
  return w:connect("/room", { headers = { Host = host } }).status
end

describe("hosts", function()
  local w, asked
  before_each(function()
    asked = 0
    w = world.new({ hosts = "chat.example, 192.0.2.1,[::1]" }, function(moonroom)
      table.insert(moonroom.dispatch, function()
        asked = asked + 1
        return moonroom.Room {}
      end)
    end)
  end)

  it("is any by default", function()
    local open = echoing()
    for _, host in ipairs { "a", "b.example:80", "[::1]" } do
      assert.equal(101, status(open, host))
    end
  end)

  it("answers for each of them, with any port, without case", function()
    for _, host in ipairs { "chat.example", "chat.example:443", "CHAT.Example:", "192.0.2.1:12345",
      "[::1]", "[::1]:80" } do
      assert.equal(101, status(w, host), host)
    end
  end)

  it("answers 421 for another, before any script runs", function()
    for _, host in ipairs { "evil.example", "chat.example.", "chat.example.evil.example",
      "xchat.example", "chat", "localhost", "192.0.2.10", "[::2]", "chat.example,192.0.2.1" } do
      assert.equal(421, status(w, host), host)
    end
    assert.equal(0, asked)
    assert.equal(9, w.kit.metrics(w.hub).hosts)
  end)

  it("says which Host it was, in the log", function()
    status(w, "evil.example:80")
    assert.matches('status=421 rule=hosts reason="the Host evil.example:80 is none of the hosts"',
      w:log())
  end)

  it("holds for ordinary requests too, and closes", function()
    local response, peer = w:get("/")
    assert.equal(421, response.status)
    assert.equal("close", response.headers.connection)
    assert.is_true(peer:state().shut)
  end)

  it("takes the name of an absolute target before that of Host", function()
    local peer = w:peer()
    peer:send("GET http://evil.example/ HTTP/1.1\r\nHost: chat.example\r\n\r\n")
    assert.equal(421, peer:response().status)
    peer = w:peer()
    peer:send("GET http://chat.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n")
    assert.equal(426, peer:response().status)
  end)

  it("keeps nobody out who is at this machine in dev", function()
    local function asks(host, address)
      return w:connect("/room", { headers = { Host = host }, address = address }).status
    end
    assert.equal(421, asks("localhost", "127.0.0.1"))
    w.kit.set_dev(w.hub, true)
    assert.equal(101, asks("localhost:12345", "127.0.0.1"))
    assert.equal(421, asks("evil.example", "127.0.0.1"))
    assert.equal(421, asks("localhost", "192.0.2.1"))
  end)

  it("is held against who asks through a proxy, in dev too", function()
    w.kit.set_dev(w.hub, true)
    local function asks(name, value)
      return w:connect("/room", { headers = { Host = "localhost", [name] = value },
        address = "127.0.0.1" }).status
    end
    assert.equal(101, asks("X-Other", "127.0.0.1"))
    for _, name in ipairs { "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
      "Forwarded", "X-Real-IP", "Via" } do
      assert.equal(421, asks(name, "127.0.0.1"), name)
    end
  end)

  it("comes after what is wrong with the syntax, and before a shutdown", function()
    assert.equal(400, w:connect("/", { headers = { Host = "evil.example",
      ["Sec-WebSocket-Key"] = "x" } }).status)
    local peer = w:peer()
    peer:send("GET ")
    w.kit.drain(w.hub)
    peer:send((world.request_head("/"):gsub("^GET ", "")))
    assert.equal(421, peer:response().status)
  end)
end)
