-- Set-Cookie: lua/moonroom/cookie.lua.

local cookie = require "moonroom.cookie"
local noting = require "noting"
local raises_here = require "raises_here"
local world = require "world"

describe("a cookie", function()
  it("is for the session, all paths and HTTP alone, where nothing else is said", function()
    assert.equal("a=b; Path=/; HttpOnly; SameSite=Lax", cookie("a", "b"))
  end)

  it("has what is said of it", function()
    local all = {
      path = "/x", domain = "a.example", max_age = 60, secure = true, http_only = false,
      same_site = "None",
    }
    assert.equal("a=b; Path=/x; Max-Age=60; Domain=a.example; Secure; SameSite=None",
      cookie("a", "b", all))
  end)

  it("has a value that goes there and back as it is, or raises", function()
    for byte = 0, 255 do
      local value = "x" .. string.char(byte) .. "y"
      local ok = pcall(cookie, "a", value)
      assert.equal(byte > 32 and byte < 127 and not ('",;\\'):find(string.char(byte), 1, true), ok,
        byte)
    end
    raises_here("moonroom.sign makes such a string of any", function() cookie("a", "b c") end)
    raises_here("is a string", function() cookie("a", 12) end)
    raises_here("browsers keep at most 4096", function() cookie("a", ("x"):rep(4096)) end)
  end)

  it("raises for what browsers would read otherwise", function()
    raises_here("a cookie's name is a token", function() cookie("a b", "c") end)
    raises_here("a cookie's name is a token", function() cookie("", "c") end)
    raises_here("a cookie's name is a token", function() cookie("a\n", "c") end)
    raises_here("a cookie's name is a token", function() cookie(nil, "c") end)
    raises_here("a cookie's path begins with", function() cookie("a", "b", { path = "x" }) end)
    raises_here("a cookie's path", function() cookie("a", "b", { path = "/; Secure" }) end)
    raises_here("a cookie's path", function() cookie("a", "b", { path = "/\r\nX: y" }) end)
    raises_here("a cookie's domain", function() cookie("a", "b", { domain = "x;y" }) end)
    raises_here("a cookie's max_age", function() cookie("a", "b", { max_age = 1.5 }) end)
    raises_here("a cookie's max_age", function() cookie("a", "b", { max_age = -1 }) end)
    raises_here("a cookie's secure", function() cookie("a", "b", { secure = "yes" }) end)
    raises_here("a cookie's same_site", function() cookie("a", "b", { same_site = "lax" }) end)
    raises_here("is secure", function() cookie("a", "b", { same_site = "None" }) end)
    raises_here("did you mean same_site?", function() cookie("a", "b", { samesite = "Lax" }) end)
    raises_here("options are a table", function() cookie("a", "b", true) end)
  end)
end)

describe("a login page and its WebSocket", function()
  it("share an identity by a signed cookie", function()
    local secret = ("s"):rep(32)
    local w = world.new(nil, function(moonroom)
      moonroom.post("/login", function(request)
        local name = request:json().name
        return { name = name }, {
          ["Set-Cookie"] = moonroom.cookie("user", moonroom.sign(name, secret, { max_age = 60 })),
        }
      end)
      local Room = moonroom.Room:extend("Room")
      function Room.on_accept(_, request)
        request.user = moonroom.verify(request.cookies.user, secret)
        if not request.user then return false, 401 end
      end
      function Room.on_join(_, client) client:send("hello " .. client.request.user) end
      moonroom.mount("/", Room)
    end)
    local body = '{"name": "Ünal; the \\"first\\""}'
    local peer = w:peer():send(noting.plain("/login",
      ("Content-Length: %d\r\n"):format(#body), "POST") .. body)
    local pair = peer:response().headers["set-cookie"]:match("^[^;]*")
    local function connect(text) return w:connect("/", { headers = { Cookie = text } }) end
    assert.same({ 'hello Ünal; the "first"' }, connect(pair):take())
    assert.equal(401, connect(pair .. "x").status)
    assert.equal(401, connect("user=ann").status)
    assert.equal(401, connect("other=1").status)
    w:advance(61)
    assert.equal(401, connect(pair).status)
  end)
end)
