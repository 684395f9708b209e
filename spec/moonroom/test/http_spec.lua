-- Ordinary requests in the kit: lua/moonroom/test/http.lua.

local raises_here = require "raises_here"
local http = require "moonroom.test.http"
local scripts = require "scripts"

after_each(scripts.clean)

local SCRIPT = [[
  local moonroom = require "moonroom"
  local function echo(request)
    return { method = request.method, body = request.body, type = request.headers["content-type"],
      cookie = request.cookies.a, x = request.headers["x-one"], q = request.query.q,
      origin = request.origin }
  end
  moonroom.get("/echo", echo)
  moonroom.post("/echo", echo)
  moonroom.put("/echo", echo)
  moonroom.get("/nothing", function() end)
  moonroom.get("/large", function() return ("x"):rep(1000000) end)
  moonroom.get("/cookies", function()
    return "", { ["Set-Cookie"] = { moonroom.cookie("a", "1"), moonroom.cookie("b", "2") } }
  end)
  moonroom.get("/slow", function()
    moonroom.sleep(0.2)
    return "slow"
  end)
  local Room = moonroom.Room:extend "Room"
  function Room:on_join(client) client:send("joined") end
  moonroom.mount("/room", Room)]]

for _, transport in ipairs { "memory", "tcp" } do
  describe("a request over " .. transport, function()
    local app
    local function open(options)
      options = options or {}
      options.transport = transport
      app = scripts.app({ ["init.lua"] = SCRIPT }, options)
      return app
    end

    it("is answered in one step", function()
      open()
      local response = app:get("/echo?q=1", {
        headers = { ["X-One"] = "1" }, cookies = { a = "b" }, origin = "https://a.example",
      })
      assert.same({ true, 200, "application/json" },
        { response.done, response.status, response.headers["content-type"] })
      assert.same({
        method = "GET", body = "", cookie = "b", x = "1", q = "1", origin = "https://a.example",
      }, response.json)
    end)

    it("may have a body, a table is JSON", function()
      open()
      assert.equal("text", app:post("/echo", "text").json.body)
      local json = app:post("/echo", { 1, "two" }).json
      assert.same({ '[1,"two"]', "application/json" }, { json.body, json.type })
      local typed = { body = "x", headers = { ["Content-Type"] = "a/b" } }
      local put = app:request("PUT", "/echo", typed).json
      assert.same({ "PUT", "x", "a/b" }, { put.method, put.body, put.type })
    end)

    it("isn't done while the handler waits; time moves it on", function()
      open()
      local response = app:get("/slow")
      assert.same({ false, nil, nil }, { response.done, response.status, response.body })
      assert.equal("response to GET /slow (not there yet)", tostring(response))
      app:advance(0.3)
      assert.same({ true, 200, "slow" }, { response.done, response.status, response.body })
      assert.is_nil(response.json)
      assert.equal("response to GET /slow (200)", tostring(response))
    end)

    it("may be given up", function()
      open()
      local response = app:get("/slow")
      response:drop()
      app:advance(0.3)
      assert.same({ true, nil }, { response.done, response.status })
    end)

    it("may be of HEAD, be answered without a body or with a long one", function()
      open()
      local head = app:request("HEAD", "/echo")
      assert.same({ true, 200, "" }, { head.done, head.status, head.body })
      assert.is_true(tonumber(head.headers["content-length"]) > 0)
      assert.same({ 204, "" }, { app:get("/nothing").status, app:get("/nothing").body })
      assert.equal(1000000, #app:get("/large").body)
    end)

    it("may be refused", function()
      open { max_body = 10 }
      assert.same({ 404, 405, 426, 413 }, {
        app:get("/none").status, app:request("DELETE", "/echo").status, app:get("/room").status,
        app:post("/echo", ("x"):rep(11)).status,
      })
    end)

    it("gets cookies, which a peer can have", function()
      open()
      local response = app:get("/cookies")
      assert.same({ a = "1", b = "2" }, response.cookies)
      local ann = app:connect("/room", { cookies = response.cookies })
      assert.peer(ann).received("joined")
    end)
  end)
end

describe("a request", function()
  it("comes from an address, over TLS or not, in pieces", function()
    local app = scripts.app { ["init.lua"] = [[
      local moonroom = require "moonroom"
      moonroom.post("/", function(request)
        return { request.address, request.secure, request.body }
      end)]] }
    assert.same({ "192.0.2.1", false, "" }, app:post("/", "").json)
    local options = { address = "192.0.2.7", secure = true, faults = { read = 3, write = 2 } }
    assert.same({ "192.0.2.7", true, "in pieces" }, app:post("/", "in pieces", options).json)
  end)

  it("that fails is an error that somebody must ask for", function()
    local app = scripts.app { ["init.lua"] = [[
      require("moonroom").get("/", function() error "on demand" end)]] }
    assert.equal(500, app:get("/").status)
    assert.equal("GET /", app:expect_error("on demand")[1].where)
  end)

  it("whose connection the server ends is done without a status", function()
    local app = scripts.app({ ["init.lua"] = [[
      require("moonroom").get("/", function() require("moonroom").sleep(60) end)]] },
      { shutdown_timeout = 1 })
    local response = app:get("/")
    app:stop()
    assert.same({ true, nil }, { response.done, response.status })
  end)

  it("whose response is cut short is an error, whichever part of it is missing", function()
    local function violation(name, bytes)
      local app, wire = {}, {}
      function wire:take() return bytes end
      function wire:ended() return "end" end
      function wire:finish() end
      function wire:reset() end
      local response = http.new(app, name, wire)
      wire.heard()
      assert.is_true(response.done)
      return app.violation or ""
    end
    local head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    assert.equal("", violation("GET /", ""))
    assert.equal("", violation("GET /", head .. "hello"))
    assert.equal("", violation("HEAD /", head))
    assert.equal("", violation("GET /", "HTTP/1.1 200 OK\r\n\r\nhel"))
    for length = 1, #head - 1 do
      assert.matches("the connection ended within the response's head",
        violation("GET /", head:sub(1, length)), 1, true)
    end
    assert.matches("the connection ended before the body's 5 bytes",
      violation("GET /", head .. "hell"), 1, true)
  end)

  it("is checked", function()
    local app = scripts.app { ["init.lua"] = "" }
    raises_here("a path begins with a slash", function() app:get("x") end)
    raises_here("a method is a word of capital letters", function() app:request("get", "/") end)
    raises_here("a method is a string, not a nil", function() app:request() end)
    raises_here("options is a table, not a string", function() app:get("/", "x") end)
    raises_here("options is a table, not a string", function() app:post("/", "", "x") end)
    raises_here("did you mean headers?", function() app:get("/", { header = {} }) end)
    raises_here("headers is a table", function() app:get("/", { headers = "x" }) end)
    raises_here("a body is a string or a table", function() app:post("/", 5) end)
    raises_here("the body is no JSON", function() app:post("/", { print }) end)
    raises_here("the second argument of app:post", function() app:post("/", "", { body = "" }) end)
    raises_here("a line end", function() app:get("/", { headers = { X = "a\nb" } }) end)
    raises_here("secure is a boolean", function() app:get("/", { secure = 1 }) end)
    app:stop()
    raises_here("the app has been stopped", function() app:get("/") end)
  end)
end)
