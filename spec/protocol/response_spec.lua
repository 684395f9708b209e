-- Responses: src/protocol/response.c.

local http = require("moonroom.core").testkit.http

describe("status_reason", function()
  it("has the phrase of every status that the server sends", function()
    for status, phrase in pairs {
      [101] = "Switching Protocols", [200] = "OK", [204] = "No Content", [206] = "Partial Content",
      [304] = "Not Modified", [400] = "Bad Request", [403] = "Forbidden", [404] = "Not Found",
      [405] = "Method Not Allowed", [408] = "Request Timeout", [413] = "Content Too Large",
      [414] = "URI Too Long", [416] = "Range Not Satisfiable", [421] = "Misdirected Request",
      [426] = "Upgrade Required", [429] = "Too Many Requests",
      [431] = "Request Header Fields Too Large", [500] = "Internal Server Error",
      [501] = "Not Implemented", [503] = "Service Unavailable",
      [505] = "HTTP Version Not Supported",
    } do
      assert.equal(phrase, http.status_reason(status))
    end
  end)

  it("says Unknown of any other", function()
    for _, status in ipairs { 0, -1, 299, 499, 599, 1000 } do
      assert.equal("Unknown", http.status_reason(status))
    end
  end)
end)

describe("status_is_final", function()
  it("is true from 200 to 599", function()
    for status, expected in pairs {
      [-1] = false, [0] = false, [100] = false, [101] = false, [199] = false, [200] = true,
      [404] = true, [599] = true, [600] = false, [1000] = false,
    } do
      assert.equal(expected, http.status_is_final(status), status)
    end
  end)
end)

describe("response_field_is_valid", function()
  it("takes a token and a value without control bytes", function()
    assert.is_true(http.is_field("X-Name", "a b\tc\xff"))
    assert.is_true(http.is_field("x", ""))
  end)

  it("refuses a name that is no token", function()
    for _, name in ipairs { "", "a b", "a:", "a\r\nB", "a\0", "\xe4" } do
      assert.is_false(http.is_field(name, "x"))
    end
  end)

  it("refuses a value that could end the line", function()
    for byte = 0, 255 do
      local expected = byte == 9 or (byte >= 32 and byte ~= 127)
      assert.equal(expected, http.is_field("a", "b" .. string.char(byte)), byte)
    end
  end)
end)

describe("response_field", function()
  it("writes a line", function()
    assert.equal("Allow: GET\r\n", http.response_field("Allow", "GET"))
    assert.equal("X: \r\n", http.response_field("X", ""))
    local long = ("x"):rep(1000)
    assert.equal("X: " .. long .. "\r\n", http.response_field("X", long))
  end)

  it("says where there is no memory", function()
    assert.is_nil(http.response_field("Allow", "GET", 1))
    assert.is_string(http.response_field("Allow", "GET", 2))
  end)
end)

describe("response_head", function()
  it("has a Date, unless the fields have one", function()
    local date = "Sun, 06 Nov 1994 08:49:37 GMT"
    local function dates(fields)
      local list = {}
      local head = http.response_head(200, fields, 0, true, nil, date)
      for value in head:gmatch("\n[Dd]ate: (.-)\r") do list[#list + 1] = value end
      return list
    end
    assert.same({ date }, dates(""))
    assert.same({ date }, dates("Dat: a\r\nX: Date: x\r\nUpdate: x\r\n"))
    assert.same({ "mine" }, dates("A: b\r\ndate: mine\r\n"))
    assert.same({ "mine" }, dates("Date: mine\r\n"))
    local longest = http.response_head(426, "", math.maxinteger, true, nil, date)
    assert.matches("\r\nConnection: Upgrade, keep%-alive\r\n\r\n$", longest)
  end)

  it("names Upgrade and websocket with a 426, beside close or keep-alive", function()
    for keep, option in pairs { [true] = "keep-alive", [false] = "close" } do
      assert.equal("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nUpgrade: websocket\r\n"
        .. "Connection: Upgrade, " .. option .. "\r\n\r\n", http.response_head(426, "", 0, keep))
    end
  end)

  it("writes the status, the fields, the length and what becomes of the connection", function()
    assert.equal("HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n",
      http.response_head(200, "A: b\r\n", 5, true))
    assert.equal("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
      http.response_head(404, "", 0, false))
    assert.equal("HTTP/1.1 299 Unknown\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
      http.response_head(299, "", 0, false))
  end)

  it("writes a length of 64 bits", function()
    assert.truthy(http.response_head(200, "", -1, true)
      :find("\r\nContent-Length: 18446744073709551615\r\n", 1, true))
  end)

  it("writes no Content-Length with 101, 204 and 304", function()
    for _, status in ipairs { 101, 204, 304 } do
      assert.is_nil(http.response_head(status, "", 5, true):find("Content-Length", 1, true))
    end
  end)

  it("leaves Connection to the caller with 101", function()
    assert.equal("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n",
      http.response_head(101, "Connection: Upgrade\r\n", 0, true))
  end)

  it("takes fields of any length", function()
    local fields = ("X: y\r\n"):rep(1000)
    local head = http.response_head(200, fields, 1, true)
    assert.equal(fields, head:sub(#"HTTP/1.1 200 OK\r\n" + 1, #"HTTP/1.1 200 OK\r\n" + #fields))
  end)

  it("says where there is no memory", function()
    assert.is_nil(http.response_head(200, "", 0, true, 1))
    assert.is_string(http.response_head(200, "", 0, true, 2))
  end)
end)
