local raises_here = require "raises_here"
local scripts = require "scripts"
local server = require "server"
local test = require "moonroom.test"
local websocket = require "websocket"

after_each(scripts.clean)
after_each(server.stop_all)

local HEAD = [["GET /?name=ann HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
  "sec-websocket-key:x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Protocol: v1, v2\r\n"
  "Sec-WebSocket-Version: 13\r\n\r\n"]]

-- A directory with a recording of these lines in it.
local function directory(files, ...)
  files["a.recording"] = "moonroom recording 1\nstart 1700000005.500000\n"
    .. table.concat({ ... }, "\n") .. "\n"
  return scripts.directory(files)
end

local function opened(number)
  return ("0.0000%d1 %d open 192.0.2.1 1 tcp\n0.0000%d2 %d bytes %s")
    :format(number, number, number, number, HEAD)
end

local function replay(script, ...)
  return test.replay(directory({}, ...) .. "/a.recording", script)
end

local function echo(moonroom)
  local Echo = moonroom.Room:extend("Echo", { protocols = { "v2" } })
  function Echo.on_text(_, client, text) client:send(text) end
  return Echo
end

describe("test.replay", function()
  it("returns what went out to each connection, with its times", function()
    local played = replay(echo, opened(1), opened(2), [[1.5 2 bytes "\x81\x81\x00\x00\x00\x00b"]],
      [[2.000001 1 bytes "\x81\x81\x00\x00\x00\x00a"]])
    assert.equal(2, #played)
    assert.same({ { kind = "text", payload = "a", time = 2.000001 } }, played[1].messages)
    assert.same({ { kind = "text", payload = "b", time = 1.5 } }, played[2].messages)
    assert.same({ 101, "v2", "open" }, { played[1].status, played[1].protocol, played[1].state })
    assert.equal("HSmrc0sMlYUkAGmm5OPpG2HaGWk=", played[1].headers["sec-websocket-accept"])
    assert.same({}, played.errors)
    assert.peer(played[1]).received("a")
  end)

  it("agrees on compression as the recorded client offered it", function()
    local function compressing(moonroom)
      local Echo = echo(moonroom)
      Echo.compression, Echo.compression_min_size = true, 0
      return Echo
    end
    local offering = opened(1):gsub("Sec%-WebSocket%-Version",
      [[Sec-WebSocket-Extensions: permessage-deflate\r\n%0]])
    -- "aaaaaaaaaaaaaaaaaaaa" as the client has compressed it.
    local played = replay(compressing, offering,
      [[1.5 1 bytes "\xc1\x86\x00\x00\x00\x00\x4a\x4c\xc4\x04\x00\x00"]])
    assert.same({ { kind = "text", payload = ("a"):rep(20), time = 1.5, compressed = true } },
      played[1].messages)
    assert.is_true(played[1].compression)
  end)

  it("has connections end and break as they did", function()
    local seen = {}
    local function script(moonroom)
      local Room = echo(moonroom)
      function Room:on_leave(client, code)
        table.insert(seen, { moonroom.now() - 1700000005.5, client.address, code })
      end
      return Room
    end
    local played = replay(script, opened(1), opened(2), "2.0 1 end", "5.25 2 reset")
    assert.same({ { 2, "192.0.2.1", 1006 }, { 5.25, "192.0.2.1", 1006 } }, seen)
    assert.same({ 1006, 1006 }, { played[1].close_code, played[2].close_code })
  end)

  it("has a Close's code and reason, and refusals", function()
    local function script(moonroom)
      local Room = moonroom.Room:extend("Room")
      function Room:on_accept(request) return request.query.name ~= "ann", 403, "not you" end
      return Room
    end
    local played = replay(script, opened(1))
    assert.same({ "refused", 403, "not you" },
      { played[1].state, played[1].status, played[1].body })
    played = replay(echo, opened(1), [[1.0 1 bytes "\x88\x82\x00\x00\x00\x00\x03\xe8"]])
    assert.same({ "closed", 1000, "" },
      { played[1].state, played[1].close_code, played[1].close_reason })
  end)

  it("leaves out what stopping the app sends", function()
    local played = replay(echo, opened(1))
    assert.same({ "open", nil }, { played[1].state, played[1].close_code })
    assert.same({}, played[1]:take("close"))
  end)

  it("returns the errors of handlers and the log, those of the end too", function()
    local function script(moonroom)
      local Room = moonroom.Room:extend("Room")
      function Room.on_text() error("oops") end
      function Room.on_close() error("late") end
      return Room
    end
    local played = replay(script, opened(1), [[1.0 1 bytes "\x81\x80\x00\x00\x00\x00"]])
    assert.equal(2, #played.errors)
    assert.matches("oops", played.errors[1].error)
    assert.matches("late", played.errors[2].error)
    assert.equal(1011, played[1].close_code)
    local failed = 0
    for _, entry in ipairs(played.log) do
      failed = failed + (entry.event == "handler failed" and 1 or 0)
    end
    assert.equal(2, failed)
  end)

  it("answers nothing by itself: pongs are in the recording", function()
    local pongs = 0
    local function script(moonroom)
      local Room = moonroom.Room:extend("Room")
      function Room:on_join(client) client:ping("?") end
      function Room.on_pong() pongs = pongs + 1 end
      return Room
    end
    local played = replay(script, opened(1))
    assert.same({ 0, "?" }, { pongs, played[1]:last("ping") })
    replay(script, opened(1), [[1.0 1 bytes "\x8a\x81\x00\x00\x00\x00?"]])
    assert.equal(1, pongs)
  end)

  it("goes on for the tail behind the last event", function()
    local function script(moonroom)
      local Room = moonroom.Room:extend("Room")
      function Room:on_join(client) client:after(5, "send", "late") end
      return Room
    end
    local path = directory({}, opened(1)) .. "/a.recording"
    assert.peer(test.replay(path, script, { tail = 4.9 })[1]).received_nothing()
    assert.peer(test.replay(path, script, { tail = 5.1 })[1]).received("late")
  end)

  it("passes options on to test.load", function()
    local played = test.replay(directory({}, opened(1),
      [[1.0 1 bytes "\x81\x82\x00\x00\x00\x00ab"]]) .. "/a.recording", echo, { max_message = 1 })
    assert.equal(1009, played[1].close_code)
  end)

  it("finds app and recording by the place of the spec", function()
    local there = directory({
      ["init.lua"] = 'require("moonroom").mount("/", require("moonroom").Room {})',
      ["spec/a_spec.lua"] = 'local played = (...).replay("a.recording") return played',
    }, opened(1))
    assert.equal("open", assert(loadfile(there .. "/spec/a_spec.lua"))(test)[1].state)
  end)

  it("says where a recording is wrong, and what it can't do", function()
    local path = directory({}, "what?") .. "/a.recording"
    raises_here(path .. ":3: a line is SECONDS", function() test.replay(path, echo) end)
    raises_here("nowhere: No such file", function() test.replay("nowhere", echo) end)
    raises_here("a recording's name is a string", function() test.replay() end)
    raises_here("options is a table", function() test.replay("x", echo, 1) end)
    raises_here("there is no option start", function() test.replay("x", echo, { start = 1 }) end)
    raises_here("works in memory only",
      function() test.replay("x", echo, { transport = "tcp" }) end)
    raises_here("seconds are a number from 0 up",
      function() test.replay("x", echo, { tail = -1 }) end)
  end)

  it("makes of a real session the same again", function()
    local there = scripts.directory { ["init.lua"] = [[
      local moonroom = require "moonroom"
      local Talk = moonroom.Room:extend "Talk"
      function Talk:on_join(client) self:broadcast("hello " .. client.request.query.name) end
      function Talk:on_text(client, text) self:broadcast(text, client) end
      moonroom.mount("/talk", Talk { path = "/talk" })]] }
    local file = there .. "/session"
    local here = server.start(there, { "--record", file })
    local ann = websocket.connect(here.port, "/talk?name=ann")
    local heard = { (ann:receive()) }
    local bob = websocket.connect(here.port, "/talk?name=bob", { "Cookie: a=SECRET" })
    heard[2] = ann:receive()
    assert.equal("hello bob", (bob:receive()))
    bob:send("hi", "text")
    heard[3] = ann:receive()
    bob:send_close(4000, "bye")
    local code = bob:receive_close()
    ann:send("alone"):send("?", "ping")
    ann:receive()
    here:signal("sigkill")
    here:finish()
    local played = test.replay(file, there)
    assert.same({}, played.errors)
    assert.same(heard, played[1]:take())
    assert.same({ "hello bob" }, played[2]:take())
    assert.same({ 4000, 4000, "" }, { code, played[2].close_code, played[2].close_reason })
    assert.same({ "?" }, played[1]:take("pong"))
    assert.equal("/talk?name=ann", played[1].path)
    ann:close()
    bob:close()
  end)
end)
