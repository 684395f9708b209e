-- Handlers of plain HTTP: lua/moonroom/http.lua and fields.lua.

local noting = require "noting"
local raises_here = require "raises_here"
local world = require "world"

local plain = noting.plain

-- A world whose script is setup(moonroom, world). ask(method, path, fields, body) -> response
local function new(setup, options)
  local w = world.new(options, setup)
  function w.ask(method, path, fields, body)
    local peer = w:peer(w.from)
    peer.is_head = method == "HEAD"
    local length = ("Content-Length: %d\r\n"):format(#(body or ""))
    local head = plain(path, (fields or "") .. length, method)
    peer:send(head:gsub("Host: a", "Host: localhost") .. (body or ""))
    return peer:response(), peer
  end
  return w
end

-- What a GET is answered with where its handler returns these.
local function answer_to(...)
  local values = table.pack(...)
  local w = new(function(moonroom)
    moonroom.get("/x", function() return table.unpack(values, 1, values.n) end)
  end)
  return w.ask("GET", "/x"), w:log(), w
end

-- That is 500, logged once, with the words.
local function assert_wrong(words, ...)
  local response, log = answer_to(...)
  assert.same({ 500, "500 Internal Server Error\n" }, { response.status, response.body }, words)
  assert.truthy(log:find(words, 1, true), log)
  assert.truthy(log:find('where="GET /x"', 1, true), log)
  assert.matches("spec/moonroom/http_spec.lua:%d+: the handler of GET /x", log)
  assert.equal(1, select(2, log:gsub("handler failed", "")))
end

describe("what a handler returns", function()
  it("has no body with 205, and a length that says so", function()
    local response, _, w = answer_to(205, "a body")
    assert.same({ 205, "", "0" },
      { response.status, response.body, response.headers["content-length"] })
    local peer = w:peer():send(plain("/x") .. plain("/x"))
    assert.same({ 205, 205 }, { peer:response().status, peer:response().status })
    assert.equal("", peer.bytes)
  end)

  it("is text for a string, JSON for a table, 204 for nothing", function()
    local text = answer_to("hello")
    assert.same({ 200, "text/plain; charset=utf-8", "hello" },
      { text.status, text.headers["content-type"], text.body })
    local json = answer_to { 1, 2 }
    assert.same({ 200, "application/json", "[1,2]" },
      { json.status, json.headers["content-type"], json.body })
    for _, values in ipairs { { n = 0 }, { n = 1 }, { n = 2 } } do
      local nothing = answer_to(table.unpack(values, 1, values.n))
      assert.same({ 204, nil, nil }, { nothing.status, nothing.headers["content-length"],
        nothing.headers["content-type"] })
    end
  end)

  it("may have a status before it and header fields behind it", function()
    local all = answer_to(201, "made", { Location = "/x/1", ["content-type"] = "text/html" })
    assert.same({ 201, "made", "/x/1", "text/html" },
      { all.status, all.body, all.headers.location, all.headers["content-type"] })
    assert.same({ 404, "0" }, { answer_to(404).status, answer_to(404).headers["content-length"] })
    local moved = answer_to(302, nil, { Location = "/" })
    assert.same({ 302, "/", "" }, { moved.status, moved.headers.location, moved.body })
    local fresh = answer_to("x", { ["Cache-Control"] = "no-store" })
    assert.equal("no-store", fresh.headers["cache-control"])
  end)

  it("may have several fields of a name", function()
    local twice = answer_to("x", { ["Set-Cookie"] = { "b=1", "a=2" } })
    assert.equal("b=1, a=2", twice.headers["set-cookie"])
  end)

  it("that is wrong is a 500, and the log says what, whose, and where", function()
    assert_wrong("returned a boolean, not a string, a table or nothing", true)
    assert_wrong("returned a function", print)
    assert_wrong("returned the status 99, which is no integer from 200 to 599", 99, "x")
    assert_wrong("returned the status 200.5", 200.5, "x")
    assert_wrong("returned a number", 200, 12)
    assert_wrong("headers are a table, not a string", nil, "why")
    assert_wrong("returned 4 values", 200, "x", {}, "y")
    assert_wrong("returned 3 values", "x", {}, "y")
    assert_wrong("returned what is no JSON", { print })
  end)

  it("can't split the response", function()
    for _, headers in ipairs {
      { X = "a\r\nSet-Cookie: b" }, { X = "a\nb" }, { X = "a\rb" }, { X = "a\0" },
      { ["X\r\nY"] = "a" }, { ["X: y"] = "a" }, { [""] = "a" }, { X = { "a", "b\n" } },
    } do
      assert_wrong("header field", "x", headers)
    end
    assert_wrong("which is no string", "x", { "X: y" })
    assert_wrong("header field X is a table, not a string", "x", { X = { {} } })
  end)

  it("can't set what frames the response", function()
    for _, name in ipairs {
      "Content-Length", "content-length", "Connection", "Transfer-Encoding",
    } do
      assert_wrong(("set the header field %s, which the server itself sets"):format(name), "x",
        { [name] = "1" })
    end
  end)
end)

describe("a handler", function()
  it("is found by method and pattern; the first one given wins", function()
    local w = new(function(moonroom)
      moonroom.get("/things/new", function() return "new" end)
      moonroom.get("/things/:id", function(request) return "thing " .. request.params.id end)
      moonroom.get("/things/old", function() return "never" end)
      moonroom.put("/things/:name", function(request) return "put " .. request.params.name end)
      moonroom.delete("/things/:id", function() return 204 end)
      moonroom.post("/things", function(request) return 201, request.body end)
    end)
    assert.equal("new", w.ask("GET", "/things/new").body)
    assert.equal("thing old", w.ask("GET", "/things/old").body)
    assert.equal("thing a b", w.ask("GET", "/things/a%20b").body)
    assert.equal("put 7", w.ask("PUT", "/things/7").body)
    assert.equal(204, w.ask("DELETE", "/things/7").status)
    local made = w.ask("POST", "/things", "", "a body")
    assert.same({ 201, "a body" }, { made.status, made.body })
  end)

  it("of GET answers HEAD, with the fields and without the body", function()
    local w = new(function(moonroom)
      moonroom.get("/x", function(request) return request.method end)
    end)
    local head, peer = w.ask("HEAD", "/x")
    assert.same({ 200, "4", "" }, { head.status, head.headers["content-length"], head.body })
    assert.equal("", peer.bytes)
  end)

  it("comes before a file and a room; what none answers is 405 with Allow, or 404", function()
    local w = new(function(moonroom, w)
      w.kit.files(w.hub, {
        ["a.txt"] = "file", ["b.txt"] = "file", ["c.txt"] = "file", ["dir/index.html"] = "file",
      })
      moonroom.mount("/room", moonroom.Room:extend("Room"))
      moonroom.mount("/other", moonroom.Room:extend("Other"))
      moonroom.get("/a.txt", function() return "handler" end)
      moonroom.post("/b.txt", function() end)
      moonroom.post("/room", function() return "posted" end)
      moonroom.post("/only", function() end)
      moonroom.get("/both", function() end)
      moonroom.put("/both", function() end)
    end)
    assert.equal("handler", w.ask("GET", "/a.txt").body)
    assert.equal("file", w.ask("GET", "/b.txt").body)
    assert.equal(426, w.ask("GET", "/room").status)
    assert.equal("posted", w.ask("POST", "/room").body)
    assert.equal(404, w.ask("GET", "/none").status)
    for _, one in ipairs {
      { "GET", "/only", "POST" }, { "HEAD", "/only", "POST" }, { "OPTIONS", "/only", "POST" },
      { "DELETE", "/both", "GET, HEAD, PUT" }, { "PUT", "/b.txt", "GET, HEAD, POST" },
      { "PUT", "/a.txt", "GET, HEAD" }, { "DELETE", "/c.txt", "GET, HEAD" },
      { "POST", "/dir", "GET, HEAD" }, { "POST", "/dir/", "GET, HEAD" },
      { "PATCH", "/room", "POST" }, { "PUT", "/other", "GET, HEAD" },
    } do
      local response = w.ask(one[1], one[2])
      assert.same({ 405, one[3] }, { response.status, response.headers.allow })
    end
    for _, method in ipairs { "POST", "PUT", "DELETE", "PATCH", "OPTIONS" } do
      assert.equal(404, w.ask(method, "/none").status)
    end
    assert.equal(0, w.kit.open_files(w.hub))
    w.kit.files(w.hub, {})
    assert.equal(404, w.ask("DELETE", "/c.txt").status)
    assert.equal(101, w:connect("/room").status)
  end)

  it("has the request with query, cookies, address and JSON", function()
    local seen
    local w = new(function(moonroom)
      moonroom.post("/x", function(request)
        local value, why = request:json()
        seen = {
          request.query.q, request.cookies.c, request.headers["x-y"], request.address, value, why,
        }
      end)
    end)
    w.ask("POST", "/x?q=a+b", "Cookie: c=d\r\nX-Y: z\r\n", '{"n": [1, 2.5]}')
    assert.same({ "a b", "d", "z", "192.0.2.1", { n = { 1, 2.5 } } }, seen)
    for _, body in ipairs { "", "{", "\xff", "1 2" } do
      w.ask("POST", "/x", "", body)
      assert.is_nil(seen[5])
      assert.is_string(seen[6], body)
    end
  end)

  it("has the fields of a form", function()
    local form, why
    local w = new(function(moonroom)
      moonroom.post("/x", function(request) form, why = request:form() end)
    end)
    local kind = "Content-Type: %s\r\n"
    for _, name in ipairs { "application/x-www-form-urlencoded",
        "Application/X-WWW-Form-Urlencoded ; charset=UTF-8" } do
      w.ask("POST", "/x", kind:format(name), "a=1&b=x+y%26%c3%a9&a=2&&=no&c&d=")
      assert.same({ a = "2", b = "x y&\u{e9}", c = "", d = "" }, form)
      assert.is_nil(why)
      w.ask("POST", "/x", kind:format(name), "")
      assert.same({}, form)
      for _, body in ipairs { "a=%", "a=%1", "a=1&%zz=1", "b=1&a=%g0" } do
        w.ask("POST", "/x", kind:format(name), body)
        assert.same({ "nil", "a '%' in the form has no two hexadecimal digits behind it" },
          { type(form), why }, body)
      end
    end
    for _, field in ipairs { "", kind:format "text/plain", kind:format "multipart/form-data",
        kind:format "application/x-www-form-urlencodedx" } do
      w.ask("POST", "/x", field, "a=1")
      assert.same({ "nil", "the body is not of the type application/x-www-form-urlencoded" },
        { type(form), why })
    end
  end)

  it("may wait, and keeps nobody else waiting", function()
    local w = new(function(moonroom)
      moonroom.get("/slow", function()
        moonroom.sleep(5)
        return "slow"
      end)
      moonroom.get("/fast", function() return "fast" end)
    end)
    local response, peer = w.ask("GET", "/slow")
    assert.is_nil(response)
    assert.equal("fast", w.ask("GET", "/fast").body)
    w:advance(5)
    assert.equal("slow", peer:response().body)
  end)

  it("that fails is a 500 without a word of the cause, and the connection goes on", function()
    local w = new(function(moonroom)
      moonroom.get("/x", function() error("secret") end)
      moonroom.get("/later", function()
        moonroom.sleep(1)
        error("secret")
      end)
      moonroom.get("/fine", function() return "fine" end)
    end)
    for _, path in ipairs { "/x", "/later" } do
      local _, peer = w.ask("GET", path)
      w:advance(1)
      peer:send(plain("/fine"))
      local all = peer.bytes
      assert.is_nil(all:find("secret", 1, true))
      local log = w:log()
      assert.matches("handler failed where=\"GET " .. path .. "\".-http_spec.lua:%d+: secret", log)
    end
  end)

  it("that runs too long is stopped, with a 500", function()
    local w = new(function(moonroom)
      moonroom.get("/x", function() while true do end end)
    end, { handler_stop = 0.1 })
    assert.equal(500, w.ask("GET", "/x").status)
    assert.matches("stopped after", w:log())
  end)

  it("may be anything that is callable, and is refused at its line otherwise", function()
    local w = new(function(moonroom)
      moonroom.get("/x", setmetatable({}, { __call = function() return "called" end }))
    end)
    assert.equal("called", w.ask("GET", "/x").body)
    for name, method in pairs { get = "GET", post = "POST", put = "PUT", delete = "DELETE" } do
      local fn = w.moonroom[name]
      raises_here(method .. " /y is answered by a function, not by a string",
        function() fn("/y", "text") end)
      raises_here("a pattern is a string, not a number", function() fn(1, print) end)
      raises_here('pattern "y"', function() fn("y", print) end)
    end
  end)
end)

describe("in dev", function()
  it("a failed handler's 500 has the traceback, a refusal its reason", function()
    local w = new(function(moonroom, w)
      w.kit.set_dev(w.hub, true)
      w.from = { address = "127.0.0.1" }
      moonroom.get("/x", function() error("what went wrong") end)
      moonroom.get("/wrong", function() return true end)
      moonroom.mount("/room", function() error("no room") end)
    end)
    local response = w.ask("GET", "/x")
    assert.same({ 500, "text/plain; charset=utf-8" },
      { response.status, response.headers["content-type"] })
    assert.matches("http_spec.lua:%d+: what went wrong\nstack traceback:\n.*http_spec.lua",
      response.body)
    assert.matches("returned a boolean", w.ask("GET", "/wrong").body)
    assert.matches("no room", w:connect("/room", w.from).body)
    assert.matches("nothing is here", w.ask("GET", "/none").body)
    local log = w:log()
    for _, where in ipairs { "GET /x", "GET /wrong" } do
      assert.matches('handler failed where="' .. where .. '" path=' .. where:sub(5), log)
    end
  end)
end)
