-- How Lua's collector goes about it in a server: src/binding/gc_pace.c.
local server = require "server"
local wire = require "wire"

local SCRIPT = [[
local moonroom = require "moonroom"
local kept = {}
moonroom.get("/fill", function()
  for i = 1, 200 do kept[i] = ("x"):rep(100000) end
  collectgarbage()
  return "done"
end)
moonroom.get("/empty", function() kept = {} collectgarbage() return "done" end)
moonroom.get("/mode", function()
  local mode = collectgarbage("incremental")
  collectgarbage(mode)
  return mode
end)
moonroom.get("/collect", function() collectgarbage() return "done" end)
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

  it("looks at what is young while the heap is small", function()
    local here = server.start { ["init.lua"] = SCRIPT }
    assert.equal("done", ask(here, "/collect"))
    assert.equal("generational", ask(here, "/mode"))
  end)

  it("goes on in steps when the heap is large", function()
    local here = server.start { ["init.lua"] = SCRIPT }
    assert.equal("done", ask(here, "/fill"))
    assert.equal("incremental", ask(here, "/mode"))
  end)

  it("is left alone when a script has said how it is to go about it", function()
    local here = server.start { ["init.lua"] = SCRIPT }
    assert.equal("done", ask(here, "/fill"))
    assert.equal("incremental", ask(here, "/mode"))
    assert.equal("done", ask(here, "/empty"))
    assert.equal("incremental", ask(here, "/mode"))
  end)
end)
