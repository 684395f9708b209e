local one_room = require "one_room"
local world = require "world"

-- The request that a handshake makes, as on_accept sees it. options as in world.request_head.
local function request_of(path, options)
  local request
  local w = world.new(nil, function(moonroom)
    local Room = moonroom.Room:extend("Room", { origins = "*" })
    function Room.on_accept(_, asked) request = asked end
    moonroom.mount("/:name/:id", Room)
    moonroom.mount("/:name", Room)
  end)
  w:connect(path, options)
  return request, w
end

describe("a request", function()
  it("has method, path, query and who asks", function()
    local request = request_of("/a%20b?x=1&y", { address = "2001:db8::1", port = 1234 })
    assert.same({ "GET", "/a%20b", "x=1&y", "2001:db8::1", 1234, false, "localhost:12345" },
      { request.method, request.path, request.query_string, request.address, request.port,
        request.secure, request.host })
    assert.is_true(request_of("/a", { secure = true }).secure)
    assert.equal("GET /a%20b?x=1&y", tostring(request))
  end)

  it("has what TLS tells, made once, and nothing without TLS", function()
    assert.is_nil(request_of("/a").tls)
    local tls = { server_name = "a.example", subject = "CN=ann", fingerprint = "0a" }
    local request = request_of("/a", { secure = true, tls = tls })
    assert.equal("CN=ann", request.tls.subject)
    assert.equal("0a", request.tls.fingerprint)
    assert.equal("a.example", request.tls.server_name)
    assert.equal("TLSv1.3", request.tls.version)
    assert.equal(request.tls, request.tls)
    request.tls.mine = 5
    assert.equal(5, request.tls.mine)
    assert.is_nil(request_of("/a", { secure = true }).tls.subject)
  end)

  it("joins repeated header fields, under names in lower case", function()
    local request = request_of("/a", { more = { "X-One: 1", "x-one:  2 ", "X-ONE:3", "X-Empty:" } })
    assert.equal("1, 2, 3", request.headers["x-one"])
    assert.equal("", request.headers["x-empty"])
    assert.equal("websocket", request.headers.upgrade)
    assert.is_nil(request.headers["X-One"])
    assert.is_nil(request.headers.nothing)
    for name in pairs(request.headers) do assert.equal(name:lower(), name) end
  end)

  it("decodes the query; the last of a name wins, and what can't be decoded stays", function()
    local request = request_of("/a?x=1&x=2&a+b=c%20d&e=%C3%A9&f&=dropped&bad=%zz&h=i=j")
    assert.same({ x = "2", ["a b"] = "c d", e = "é", f = "", bad = "%zz", h = "i=j" },
      request.query)
    assert.same({}, request_of("/a").query)
    assert.equal("", request_of("/a").query_string)
  end)

  it("has the cookies, the last of a name", function()
    local request = request_of("/a", { more = { "Cookie: a=1; b=x=y; a=2", "Cookie: c=3" } })
    assert.same({ a = "2", b = "x=y", c = "3" }, request.cookies)
    assert.same({}, request_of("/a").cookies)
  end)

  it("has the parameters of its path, decoded", function()
    assert.same({ name = "a b", id = "é" }, request_of("/a%20b/%C3%A9").params)
    assert.same({ name = "x" }, request_of("/x").params)
  end)

  it("has the origin, nil where there is none, and the offered subprotocols in order", function()
    local request = request_of("/a", {
      headers = { Origin = "https://a.example" },
      more = { "Sec-WebSocket-Protocol: b, a", "Sec-WebSocket-Protocol: c" },
    })
    assert.equal("https://a.example", request.origin)
    assert.same({ "b", "a", "c" }, request.protocols)
    assert.is_nil(request_of("/a").origin)
    assert.same({}, request_of("/a").protocols)
  end)

  it("gives the same table each time it is asked", function()
    local request = request_of("/a?x=1")
    for _, name in ipairs { "headers", "query", "cookies", "params", "protocols" } do
      assert.equal(request[name], request[name])
    end
  end)

  it("is read-only but for fields of the script's own", function()
    local request = request_of("/a")
    request.user = "ann"
    assert.equal("ann", request.user)
    assert.is_nil(request.nothing)
    assert.error_matches(function() request.query = {} end,
      "cannot assign moonroom.Request.query: it is read%-only")
  end)

  it("has no header field as a field of its own", function()
    local request = request_of("/a", { headers = { Admin = "yes", ["X-User"] = "root" } })
    assert.is_nil(request.admin or request.Admin or request.user or request["x-user"])
  end)

  it("stays whole when it is held after its connection has gone, hub and all", function()
    local function hold()
      local request, w = request_of("/a?x=1", { headers = { ["X-One"] = "1" } })
      w.kit.reset(w.hub)
      return request
    end
    local request = hold()
    for _ = 1, 3 do collectgarbage() end
    assert.same({ "/a", "1", "1", "192.0.2.1" },
      { request.path, request.query.x, request.headers["x-one"], request.address })
  end)

  it("answers once: what is refused can't be joined", function()
    local core = require "moonroom.core"
    local kept
    local w = one_room {
      on_accept = function(_, request)
        kept = request
        return false
      end,
    }
    assert.equal(403, w:connect("/talk").status)
    core.refuse(kept, 500, "", "", "late", "late")
    assert.is_nil(core.client(kept, w.room, core.methods(w.room)))
    assert.is_false(core.send_file(kept))
  end)
end)

describe("the answer to a request", function()
  local core = require "moonroom.core"

  it("takes a header field only if it can be sent", function()
    assert.equal("X-One: 1\r\n", core.field("X-One", "1"))
    for _, pair in ipairs { { "X One", "1" }, { "", "1" }, { "X", "a\r\nB: c" }, { "X", "\0" },
      { "X:", "1" }, { "X\n", "1" } } do
      assert.error_matches(function() core.field(pair[1], pair[2]) end, "header field")
    end
  end)

  it("takes no room of another app", function()
    local other = one_room {}
    local w = world.new(nil, function(moonroom)
      table.insert(moonroom.dispatch, function() return other.room end)
    end)
    assert.equal(500, w:connect("/x").status)
    assert.is_truthy(w:log():find("the room belongs to another app", 1, true))
    assert.equal(0, #other.room)
  end)
end)
