-- A request's tables under attack: many entries, odd bytes. What they mean is in lua_request_spec.

local one_room = require "one_room"

local function tables_of(path, more)
  local found
  local w = one_room {
    on_accept = function(_, request)
      found = { request.query, request.cookies, request.headers, request.protocols }
    end,
  }
  local peer = w:connect(path, { more = more })
  assert.equal(101, peer.status, w:log())
  return table.unpack(found)
end

local function count(list)
  local total = 0
  for _ in pairs(list) do total = total + 1 end
  return total
end

describe("a request's tables", function()
  it("take as much as the head's limits let through", function()
    local parts, cookies = {}, {}
    for index = 1, 1000 do parts[index] = "a" .. index end
    for index = 1, 500 do cookies[index] = ("c%d=%d"):format(index, index) end
    local query, jar = tables_of("/talk?" .. table.concat(parts, "&"),
      { "Cookie: " .. table.concat(cookies, "; ") })
    assert.same({ 1000, 500, "" }, { count(query), count(jar), query.a7 })
  end)

  it("take empty and broken parts as they are", function()
    local query, cookies = tables_of("/talk?&&=&a&==&%00=%00&%", { "Cookie: ;;=;a; b" })
    assert.equal("", query.a)
    assert.equal("\0", query["\0"])
    assert.equal("", query["%"])
    assert.equal("table", type(cookies))
  end)

  it("have no name from Lua: __index, __gc and the like are entries", function()
    local query, cookies, headers = tables_of("/talk?__index=1&__gc=2",
      { "Cookie: __newindex=3", "__call: 4" })
    assert.same({ "1", "2", "3", "4" },
      { query.__index, query.__gc, cookies.__newindex, headers.__call })
    assert.is_nil(getmetatable(query))
  end)
end)
