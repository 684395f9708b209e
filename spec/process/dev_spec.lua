local json = require("moonroom.core").json
local program = require "program"
local server = require "server"
local websocket = require "websocket"
local wire = require "wire"

-- The whole answer to a GET, as a status, its head's lower-cased text and its body.
local function get(port, path, host)
  local connected = assert(wire.connect(port))
  connected:send(("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"):format(path,
    host or "localhost"))
  local answer = connected:receive_all()
  connected:close()
  local head, body = answer:match("^(.-\r\n)\r\n(.*)$")
  return tonumber(head:match("^HTTP/1.1 (%d+)")), head:lower(), body
end

-- What a handshake is refused with: status and body.
local function refusal(port, path, fields)
  local connected = assert(wire.connect(port))
  connected:send(websocket.handshake(path, fields))
  local answer = connected:receive_all()
  connected:close()
  return tonumber(answer:match("^HTTP/1.1 (%d+)")), answer:match("\r\n\r\n(.*)$")
end

local ECHO = [[
local moonroom = require "moonroom"
local Echo = moonroom.Room:extend("Echo")
function Echo:on_text(client, text) client:send(text) end
moonroom.mount("/", Echo)
local Listed = Echo:extend("Listed", { origins = { "https://a.example" } })
moonroom.mount("/listed", Listed)
local Picky = Echo:extend("Picky")
function Picky:on_accept() return false, 401 end
moonroom.mount("/picky", Picky)
local Broken = Echo:extend("Broken")
function Broken:on_accept(request) return request.nothing.here end
moonroom.mount("/broken", Broken)
]]

local function origin(value) return { "Origin: " .. value } end

describe("moonroom dev", function()
  local here, other

  setup(function()
    here = server.start({ ["init.lua"] = ECHO }, { command = "dev" })
    other = server.start({ ["init.lua"] = ECHO })
  end)

  teardown(server.stop_all)

  it("says where its page is", function()
    assert.matches(("\nmoonroom: try it at http://127.0.0.1:%d/__dev\n"):format(here.port),
      here:log(), 1, true)
    assert.not_matches("__dev", other:log())
  end)

  it("takes any origin of this machine, at whatever port", function()
    for _, path in ipairs { "/", "/listed" } do
      for _, value in ipairs {
        "http://localhost:5173", "https://LOCALHOST:8443", "http://127.0.0.1:1", "http://127.9.9.9",
        "http://[::1]:3000",
      } do
        local client = assert(websocket.connect(here.port, path, origin(value)))
        client:send("hi")
        assert.equal("hi", (client:receive()))
        client:close()
        assert.equal(403, (refusal(other.port, path, origin(value))))
      end
    end
  end)

  it("refuses any other origin, and says so in the body", function()
    for _, value in ipairs {
      "http://localhost.example", "http://127.0.0.1.example", "http://128.0.0.1", "null",
      "http://localhost@b.example", "file://localhost",
    } do
      local status, body = refusal(here.port, "/", origin(value))
      assert.equal(403, status)
      assert.matches(("the Origin %q is not allowed"):format(value), body, 1, true)
    end
  end)

  it("says in the body why a handshake is refused, and what would allow it", function()
    local status, body = refusal(here.port, "/none")
    assert.equal(404, status)
    assert.matches("no room at /none: neither moonroom.dispatch nor a mount", body, 1, true)
    assert.matches("Picky.on_accept refused", select(2, refusal(here.port, "/picky")), 1, true)
  end)

  it("answers 500 with the traceback", function()
    local status, body = refusal(here.port, "/broken")
    assert.equal(500, status)
    assert.matches("init.lua:11: attempt to index a nil value (field 'nothing')", body, 1, true)
    assert.matches("\nstack traceback:\n", body, 1, true)
  end)

  it("says neither to who asks by another name, nor without dev", function()
    local function asked(port, path, host)
      local connected = assert(wire.connect(port))
      connected:send((websocket.handshake(path):gsub("localhost", host)))
      local answer = connected:receive_all()
      connected:close()
      return answer:match("\r\n\r\n(.*)$")
    end
    for _, path in ipairs { "/none", "/picky", "/broken" } do
      assert.matches("^%d+ [%w ]+\n$", asked(here.port, path, "a.example"))
      assert.matches("^%d+ [%w ]+\n$", asked(here.port, path, "localhost.example"))
      assert.matches("^%d+ [%w ]+\n$", asked(other.port, path, "localhost"))
    end
    assert.equal(404, (get(here.port, "/none")))
  end)
end)

describe("a script that is saved in dev", function()
  local here

  local function save(text) program.write(here.root .. "/init.lua", text) end

  before_each(function()
    here = server.start({ ["init.lua"] = ECHO }, { command = "dev" })
  end)

  after_each(server.stop_all)

  it("is loaded again, with who is connected kept", function()
    local client = assert(websocket.connect(here.port, "/"))
    save((ECHO:gsub("client:send%(text%)", 'client:send("new " .. text)')))
    here:wait_for_log("scripts reloaded")
    client:send("hi")
    assert.equal("new hi", (client:receive()))
    client:close()
  end)

  it("stays as it was where it is wrong, and the page is told", function()
    local client = assert(websocket.connect(here.port, "/"))
    local page = assert(websocket.connect(here.port, "/__dev/socket"))
    local function told(kind)
      while true do
        local what = json.decode((assert(page:receive())))
        if what.type == kind then return what end
      end
    end
    save(ECHO .. "\nlocal = 1\n")
    assert.is_false(told("reload").news.ok)
    local failed = told("error").error
    assert.matches("init.lua:14: .*expected near '='", failed.message)
    assert.same({ "init.lua", 14 }, { failed.places[1].file, failed.places[1].line })
    client:send("hi")
    assert.equal("hi", (client:receive()))
    save(ECHO)
    assert.is_true(told("reload").news.ok)
    assert.same({}, told("errors").errors)
    client:send("hi")
    assert.equal("hi", (client:receive()))
  end)
end)
