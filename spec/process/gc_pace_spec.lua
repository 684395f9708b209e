-- How often Lua's collector begins in a server: src/binding/gc_pace.c.
local server = require "server"
local wire = require "wire"

local SCRIPT = [[
local moonroom = require "moonroom"
moonroom.get("/collect", function() collectgarbage() return "done" end)
moonroom.get("/pause", function() return tostring(collectgarbage("setpause", 150)) end)
]]

local function ask(here, path)
  local peer = wire.connect(here.port)
  peer:send("GET " .. path .. " HTTP/1.1\r\nHost: 127.0.0.1:" .. here.port .. "\r\n"
    .. "Connection: close\r\n\r\n")
  local answer = peer:receive_all()
  peer:close()
  return answer:match("\r\n\r\n(.*)$")
end

describe("the collector of a server's Lua", function()
  after_each(server.stop_all)

  it("lets a small heap grow by more than it is, until a script sets the pace", function()
    local here = server.start { ["init.lua"] = SCRIPT }
    assert.equal("done", ask(here, "/collect"))
    assert.is_true(tonumber(ask(here, "/pause")) > 250)
    assert.equal("done", ask(here, "/collect"))
    assert.equal("done", ask(here, "/collect"))
    -- Lua keeps a quarter of it.
    assert.equal("148", ask(here, "/pause"))
  end)
end)
