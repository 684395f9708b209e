-- Every function of the binding survives that memory is refused, whichever allocation it is: C's,
-- or Lua's. One life of an app that uses all of them is lived again and again, and each time
-- another allocation fails. Here a sample of them; `make sweep` takes each of the first 2,000 (a
-- life has some 600 of Lua's, and 80 of C's).

local core = require "moonroom.core"
local noting = require "noting"
local world = require "world"

local frame, request_head = world.frame, world.request_head
local kit = core.testkit.app

local is_whole = os.getenv("MOONROOM_SWEEP") ~= nil
local is_slow = os.getenv("MOONROOM_ASAN") or os.getenv("MOONROOM_VALGRIND")
local MOST_OF_C, MOST_OF_LUA = 120, 2000
local STEP = is_whole and 1 or is_slow and 31 or 11

-- --- the app -----------------------------------------------------------------

local function use_json(moonroom)
  local text = moonroom.json.encode { list = moonroom.json.array { 1, "two", moonroom.json.null } }
  moonroom.json.decode(text)
  moonroom.json.decode("{wrong")
end

local function use_time(moonroom)
  local promise = moonroom.promise()
  local task = moonroom.spawn(function(...)
    promise:wait(5)
    return select("#", ...)
  end, 1, nil, 3)
  local other = moonroom.spawn(moonroom.sleep, 100)
  other:cancel()
  moonroom.after(0.5, function() promise:resolve("x", "y") end)
  local timer = moonroom.every(1, tostring)
  timer:restart(2)
  tostring(timer)
  tostring(task)
  task:wait(1)
  task:wait()
  timer:stop()
end

local function use_coroutines()
  local one = core.coroutine.wrap(function(...) coroutine.yield(...) end)
  one(1, 2)
  one()
  local other = coroutine.create(function() coroutine.yield() end)
  core.coroutine.resume(other)
  core.coroutine.close(other)
end

local function use_room(room, client)
  client:send("text")
  client:send { a = 1 }
  client:send_binary("data")
  client:ping("ping")
  room:broadcast("all")
  room:broadcast("some", function(one) return one ~= client end)
  client:broadcast_binary("others")
  for one in room:clients() do tostring(one) end
  room:after(1, "greet", "x")
  client:after(1, "greet")
  return client.buffered, client.rtt, client.id, client.address, #room, client:flush(1)
end

local function use_group(moonroom, client)
  local group = moonroom.group("group")
  group:add(client)
  group:broadcast("to the group")
  for one in group:clients() do group:has(one) end
  group:remove(client)
  group:add(client)
end

local function use_request(request)
  local all = { request.path, request.method, request.query.name, request.headers["user-agent"],
    request.cookies.a, request.params.name, request.protocols[1], request.origin, request.address,
    request.port, request.host, request.query_string }
  request.own = all
  for name in pairs(request) do tostring(name) end
end

local secret = ("s"):rep(32)

local acts = {
  json = function(moonroom) use_json(moonroom) end,
  time = function(moonroom) use_time(moonroom) end,
  coroutines = use_coroutines,
  room = function(_, room, client) use_room(room, client) end,
  group = function(moonroom, _, client) use_group(moonroom, client) end,
  log = function(moonroom) moonroom.log.info("%s %d", moonroom.token(4), moonroom.now() // 1) end,
  move = function(moonroom, _, client) client:move(moonroom.room("/other")) end,
  receive = function(_, _, client) client:send((client:receive(1)) or "nothing") end,
  fail = function() error("on purpose") end,
  close = function(_, _, client) client:close(4000, "enough") end,
  terminate = function(_, _, client) client:terminate() end,
  over = function(moonroom) moonroom.room("/other"):close(4001, "over") end,
}

local function define(moonroom, w)
  local User = moonroom.Client:extend("User")
  function User:init(request) self.name = request.query.name end
  function User:greet(text) self:send(text or "hello") end
  local Room = moonroom.Room:extend("Room", { Client = User, protocols = { "v1" } })
  function Room:init() self.made = true end
  function Room:on_accept(request)
    use_request(request)
    if request.query.name == "nobody" then return false, 403, "no", { ["X-Why"] = "no" } end
    return { protocol = "v1", headers = { ["X-Own"] = "yes" } }
  end
  function Room:on_open(client)
    client:send("welcome")
    moonroom.sleep(0.1)
  end
  function Room:on_join(client) self:broadcast(client.name .. " is here") end
  function Room:on_text(client, text) acts[text](moonroom, self, client) end
  function Room:on_binary(client, data) client:send_binary(data) end
  function Room:check_message(_, _, length) if length > 1000 then return 1009, "too long" end end
  function Room:on_pong(client, data, rtt) client:send(data .. tostring(rtt)) end
  function Room:on_leave(client) self:broadcast(client.name .. " has gone") end
  function Room:on_close() moonroom.sleep(0.1) end
  function Room:greet(text) self:broadcast(text) end
  moonroom.mount("/other", Room { path = "/other" })
  moonroom.mount("/rooms/:name", Room)
  moonroom.dispatch[1] = function(request) if request.path == "/never" then return 1 end end
  moonroom.post("/plain/:name", function(request)
    local value = request:json()
    moonroom.sleep(0.1)
    local cookie = moonroom.cookie("a", moonroom.sign(request.params.name, secret))
    return { value = value, body = request.body }, { ["Set-Cookie"] = cookie }
  end)
  moonroom.get("/plain", function(request)
    return moonroom.verify(request.cookies.a, secret) or 404
  end)
  moonroom.put("/plain", function() return true end)
  local Echo = moonroom.Room:extend("Echo")
  function Echo:on_text(client, text) client:send(text) end
  w.echo = Echo { path = "/echo" }
  moonroom.mount("/echo", w.echo)
end

-- --- its life ----------------------------------------------------------------

local function head(path)
  return request_head(path, { headers = {
    ["Sec-WebSocket-Protocol"] = "v1", Cookie = "a=b", ["User-Agent"] = "sweep",
    ["Sec-WebSocket-Extensions"] = "permessage-deflate",
  } })
end

local signed = "YQ..xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
local chunked = noting.plain("/plain/a", "Transfer-Encoding: chunked\r\n", "POST")
local sized = noting.plain("/plain/a", "Content-Length: 6\r\nExpect: 100-continue\r\n", "POST")

-- Each step is a peer's number and its bytes, or seconds that pass. Made before anything fails.
local steps = {
  { 1, head("/rooms/a?name=ann") }, { 2, head("/rooms/a?name=bob") }, 0.2,
  { 3, head("/rooms/b?name=nobody") }, { 4, head("/never") }, { 5, head("/none") },
}
for _, name in ipairs { "json", "time", "coroutines", "room", "group", "log", "receive" } do
  table.insert(steps, { 1, frame("text", name) })
  table.insert(steps, 0.7)
end
for _, step in ipairs {
  { 1, frame("binary", "data") .. frame("ping", "p") .. frame("pong", "q") }, 3,
  { 2, frame("text", "mo", { fin = false }) }, { 2, frame("continuation", "ve") }, 0.5,
  { 2, frame("text", "room") }, { 6, head("/rooms/c?name=cat") }, 0.2,
  { 6, frame("text", "fail") }, { 7, head("/rooms/c?name=dan") }, 0.2,
  { 7, frame("binary", ("x"):rep(2000)) }, { 1, frame("text", "close") },
  { 2, frame("text", "over") }, 0.5, { 8, head("/rooms/c?name=eve") }, 0.2,
  { 8, frame("text", "terminate") }, { 9, chunked .. "3\r\n[1," },
  { 9, "\r\n2\r\n2]\r\n0\r\n\r\n" },
  { 9, noting.plain("/plain", "Cookie: a=" .. signed .. "\r\n") }, 0.2, { 10, sized },
  { 10, "[1,2]\n" }, 0.2, { 10, noting.plain("/plain", "", "PUT") }, 40,
} do
  table.insert(steps, step)
end

local function new_life()
  local w = world.new({ ping_interval = 0, compression = true }, define)
  local peers = {}
  for number = 1, 10 do peers[number] = kit.connect(w.hub) end
  local copies = {}
  for index, step in ipairs(steps) do
    copies[index] = type(step) == "table" and kit.copy(step[2]) or false
  end
  return w, peers, copies
end

-- An error that comes out of a step has crossed the core, which holds memory.
local function live(w, peers, copies)
  local pcall, advance, hub = pcall, kit.advance, w.hub
  for index = 1, #steps do
    local step = steps[index]
    local ok, why
    if copies[index] then
      local raw = peers[step[1]]
      ok, why = pcall(raw.send, raw, copies[index])
    else
      ok, why = pcall(advance, hub, step)
    end
    if ok then ok, why = pcall(advance, hub, 0) end
    if not ok then return index, why end
  end
end

-- It still serves whoever comes now, and ends well. Returns what it has logged.
local function check_end(w)
  local peer = w:connect("/echo")
  assert.equal(101, peer.status)
  assert.same({ "still" }, peer:text("still"):take())
  kit.drain(w.hub)
  w:advance(60)
  assert.is_true(kit.is_empty(w.hub))
  return kit.free(w.hub)
end

-- Returns in how many lives of a hundred a handler has failed for want of memory.
local function sweep(most, step, fail)
  local count, hurt = 0, 0
  for n = 1, most, step do
    local w, peers, copies = new_life()
    fail(w, n)
    local index, why = live(w, peers, copies)
    fail(w)
    assert.is_nil(index, ("allocation %d: step %s raised %s"):format(n, index, why))
    count = count + 1
    if check_end(w):find("not enough memory", 1, true) then hurt = hurt + 1 end
  end
  return 100 * hurt / count
end

describe("a life in which an allocation fails", function()
  it("needs few enough to be swept", function()
    local w, peers, copies = new_life()
    local before = kit.memory(w.hub)
    assert.is_nil(live(w, peers, copies))
    local count = kit.memory(w.hub) - before
    assert.is_true(count > 50 and count < MOST_OF_C, count .. " of C's")
    local log = w:log()
    assert.matches("on purpose", log)
    assert.equal(3, select(2, log:gsub("handler failed", "")), log)
    assert.equal(2, select(2, log:gsub("request refused status=500", "")), log)
    check_end(w)
  end)

  for _, count in ipairs { 1, 2, 5 } do
    it(("goes on when %d of C's fail"):format(count), function()
      sweep(MOST_OF_C, is_whole and 1 or 3, function(w, n)
        kit.fail(w.hub, n, count)
      end)
    end)
  end

  -- Lua asks twice, between which it collects its garbage: so one can't be missed.
  for _, count in ipairs { 2, 3, 8 } do
    it(("goes on when %d of Lua's fail"):format(count), function()
      collectgarbage()
      local hurt = sweep(MOST_OF_LUA, STEP, function(_, n) kit.fail_lua(n, count) end)
      assert.is_true(hurt > 20, hurt .. " of a hundred")
    end)
  end
end)
