-- The line that a session leaves in the log: src/core/session.c.

local noting = require "noting"
local world = require "world"

local frame = world.frame
local HEAD = "client left path=/room address=192.0.2.1 duration="

-- A client that has said so much, and the log forgotten.
local function talk(...)
  local w = noting.echoing()
  local peer = w:connect("/room")
  for _, message in ipairs { ... } do peer:send(message) end
  w:advance(2.25)
  return w, peer
end

-- The one line about it: what stands before the counts, a table of these, what stands behind.
local function left(w)
  local lines = {}
  for line in w:log():gmatch("[^\n]+") do
    if line:find("client left", 1, true) then lines[#lines + 1] = line end
  end
  assert.equal(1, #lines)
  local start, messages_in, messages_out, bytes_in, bytes_out, rest = lines[1]:match(
    "^%S+ (info  .*) messages_in=(%d+) messages_out=(%d+) bytes_in=(%d+) bytes_out=(%d+) (.*)$")
  return start, { tonumber(messages_in), tonumber(messages_out), tonumber(bytes_in),
                  tonumber(bytes_out) }, rest
end

describe("a session's line", function()
  it("says who was where, for how long, and that they closed: no error", function()
    local w, peer = talk(frame("text", "one"))
    peer:send(frame("close", "\x03\xe9going home"))
    w:rest()
    local start, _, rest = left(w)
    assert.equal("info  " .. HEAD .. "2.250", start)
    assert.equal('code=1001 closed_by=them clean=yes reason="going home"', rest)
  end)

  it("counts messages and the bytes of all each way, the last Close too", function()
    local w, peer = talk()
    peer:send(frame("close", "\x03\xe8"))
    w:rest()
    local _, silent = left(w)
    assert.same({ 0, 0 }, { silent[1], silent[2] })
    w, peer = talk(frame("text", "one"), frame("binary", ("x"):rep(200)), frame("ping", "p"))
    peer:send(frame("close", "\x03\xe8"))
    w:rest()
    local _, counts = left(w)
    -- Frames of a client have four bytes more, its mask.
    assert.same({ 2, 2, 9 + 208 + 7, 5 + 204 + 3 },
      { counts[1], counts[2], counts[3] - silent[3], counts[4] - silent[4] })
  end)

  it("counts a broadcast as each receiver's", function()
    local w = noting.echoing()
    local first, second = w:connect("/room"), w:connect("/room")
    w.clients[1].room:broadcast("hello")
    w:rest()
    second:send(frame("close"))
    w:rest()
    local _, counts = left(w)
    assert.equal(1, counts[2])
    first:send(frame("close"))
    w:rest()
    _, counts = left(w)
    assert.equal(1, counts[2])
  end)

  it("says that we closed, and whether they answered", function()
    local w, peer = talk()
    w.clients[1]:close(4000, "enough")
    w:rest()
    peer:send(frame("close", "\x0f\xa0"))
    w:rest()
    local _, _, rest = left(w)
    assert.equal("code=4000 closed_by=us clean=yes reason=enough", rest)
    w = talk()
    w.clients[1]:close(4000)
    w:advance(5)
    _, _, rest = left(w)
    assert.equal("code=4000 closed_by=us clean=no rule=close_timeout", rest)
  end)

  it("says that nobody did, where the connection broke", function()
    local w, peer = talk()
    peer:reset()
    w:rest()
    local start, _, rest = left(w)
    assert.equal("info  " .. HEAD .. "2.250", start)
    assert.equal("code=1006 closed_by=neither clean=no", rest)
  end)

  it("doesn't count what never left", function()
    local w, peer = talk()
    peer:send(frame("close"))
    w:rest()
    local _, usual = left(w)
    w, peer = talk()
    peer:faults { full = true }
    w.clients[1]:send(("x"):rep(1000))
    w:rest()
    peer:reset()
    w:rest()
    local _, counts = left(w)
    assert.equal(1, counts[2])
    assert.is_true(counts[4] < usual[4])
  end)

  it("has the rule that ended it", function()
    local w = talk()
    w:advance(50)
    local _, _, rest = left(w)
    assert.equal("code=1006 closed_by=neither clean=no rule=pong_timeout", rest)
  end)
end)
