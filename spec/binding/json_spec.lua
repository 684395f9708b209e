local json = require("moonroom.core").json

-- What decode makes of a text, or encode of a value, when it must succeed.
local function decoded(text)
  local value, err = json.decode(text)
  assert.is_nil(err)
  return value
end

local function encoded(value)
  local text, err = json.encode(value)
  assert.is_nil(err)
  return text
end

-- Asserts that the call returned nil and a message that contains `expected`.
local function refused(expected, value, err)
  assert.is_nil(value)
  assert.is_string(err)
  assert.is_truthy(err:find(expected, 1, true), ("%q is not in %q"):format(expected, err))
end

-- Asserts that the call raises `expected`, and blames the line that called.
local function raises(expected, call)
  local ok, err = pcall(call)
  local info = debug.getinfo(call, "S")
  assert.is_false(ok)
  assert.equal(("%s:%d: "):format(info.short_src, info.linedefined), err:match("^.-:%d+: "))
  assert.is_truthy(err:find(expected, 1, true), ("%q is not in %q"):format(expected, err))
end

-- A table inside of a table, and so on: `depth` of them.
local function nested(depth)
  local value = {}
  for _ = 2, depth do
    value = { value }
  end
  return value
end

local invalid_utf8 = {
  ["a lone continuation byte"] = "\x80",
  ["a lead byte followed by ASCII"] = "\xC3(",
  ["a lead byte at the end"] = "\xC3",
  ["two of three bytes"] = "\xE2\x82",
  ["three of four bytes"] = "\xF0\x9F\x98",
  ["an overlong form of two bytes"] = "\xC0\xAF",
  ["an overlong form of three bytes"] = "\xE0\x80\xAF",
  ["an overlong form of four bytes"] = "\xF0\x80\x80\xAF",
  ["a high surrogate"] = "\xED\xA0\x80",
  ["a low surrogate"] = "\xED\xBF\xBF",
  ["a code point above U+10FFFF"] = "\xF4\x90\x80\x80",
  ["a lead byte of five bytes"] = "\xF8\x88\x80\x80\x80",
  ["the byte FE"] = "\xFE",
  ["the byte FF"] = "\xFF",
}

describe("json.decode", function()
  it("reads every kind of value at the top level", function()
    assert.is_true(decoded("true"))
    assert.is_false(decoded("false"))
    assert.equal(json.null, decoded("null"))
    assert.equal("text", decoded('"text"'))
    assert.equal(12, decoded("12"))
    assert.same({ 1, 2 }, decoded("[1,2]"))
    assert.same({ a = 1 }, decoded('{"a":1}'))
  end)

  it("skips white space around tokens", function()
    assert.same({ a = { 1 } }, decoded(' \t\r\n{ "a" :\n[ 1 ] } \n'))
  end)

  it("reads nested arrays and objects", function()
    local value = decoded('{"users":[{"name":"Ada","tags":[]},{"name":"Bob"}]}')
    assert.equal("Ada", value.users[1].name)
    assert.equal(0, #value.users[1].tags)
    assert.equal("Bob", value.users[2].name)
  end)

  it("keeps null inside of arrays and objects", function()
    local value = decoded('{"a":[null,1,null],"b":null}')
    assert.equal(json.null, value.a[1])
    assert.equal(json.null, value.a[3])
    assert.equal(3, #value.a)
    assert.equal(json.null, value.b)
  end)

  it("keeps integers exact over 64 bits", function()
    local edge = 1 << 53
    for _, integer in ipairs { 0, 1, -1, edge, edge + 1, math.maxinteger, math.mininteger } do
      local value = decoded(("%d"):format(integer))
      assert.equal("integer", math.type(value))
      assert.equal(integer, value)
    end
  end)

  it("refuses an integer beyond 64 bits", function()
    refused("too big integer", json.decode("9223372036854775808"))
    refused("too big negative integer", json.decode("-9223372036854775809"))
    refused("too big integer", json.decode('{"id":100000000000000000000}'))
  end)

  it("makes a float of a number with a fraction or an exponent", function()
    local numbers = { ["1.0"] = 1.0, ["-0.5"] = -0.5, ["1e2"] = 100.0, ["25E-2"] = 0.25 }
    for text, number in pairs(numbers) do
      local value = decoded(text)
      assert.equal("float", math.type(value))
      assert.equal(number, value)
    end
  end)

  it("refuses a float that is too large", function()
    refused("overflow", json.decode("1e400"))
    refused("overflow", json.decode("-1e400"))
  end)

  it("refuses numbers that are not JSON's", function()
    for _, text in ipairs { "01", "+1", ".5", "1.", "1e", "0x10", "NaN", "Infinity", "-" } do
      local value, err = json.decode(text)
      assert.is_nil(value, text)
      assert.is_string(err, text)
    end
  end)

  it("undoes every escape", function()
    assert.equal('"\\/\b\f\n\r\t', decoded([["\"\\\/\b\f\n\r\t"]]))
    assert.equal("é€😀", decoded([["\u00e9\u20AC\uD83D\uDE00"]]))
  end)

  it("refuses half a surrogate pair", function()
    for _, text in ipairs { [["\uD83D"]], [["\uDE00"]], [["\uD83Dx"]], [["\uD83D\u0041"]] } do
      refused("invalid Unicode", json.decode(text))
    end
  end)

  it("allows an escaped NUL in a string", function()
    assert.equal("a\0b", decoded([["a\u0000b"]]))
    assert.equal("\0", decoded([=[["\u0000"]]=])[1])
  end)

  it("refuses an escaped NUL in a key", function()
    refused("NUL byte", json.decode([[{"a\u0000b":1}]]))
  end)

  it("refuses a NUL byte wherever it stands", function()
    local text = '{"a":[1,true,"x"]}'
    for position = 0, #text do
      local broken = text:sub(1, position) .. "\0" .. text:sub(position + 1)
      refused("NUL byte at line 1, column " .. position + 1, json.decode(broken))
    end
    refused("NUL byte", json.decode("1\0"))
    refused("NUL byte", json.decode("true\0"))
    refused("NUL byte", json.decode('"\\\0"'))
  end)

  for class, bytes in pairs(invalid_utf8) do
    it("refuses " .. class .. " in a string and in a key", function()
      refused("invalid UTF-8 at line 1, column 4", json.decode('["a' .. bytes .. '"]'))
      refused("invalid UTF-8 at line 1, column 3", json.decode('{"' .. bytes .. '":1}'))
      refused("invalid UTF-8 at line 1, column 2", json.decode('"' .. bytes))
      refused("invalid UTF-8 at line 1, column 1", json.decode(bytes))
    end)
  end

  it("refuses control bytes inside of a string", function()
    for byte = 1, 0x1F do
      assert.is_nil((json.decode('"' .. string.char(byte) .. '"')))
    end
  end)

  it("refuses a key that appears twice", function()
    refused("duplicate object key", json.decode('{"a":1,"b":2,"a":3}'))
    refused("duplicate object key", json.decode([[{"a":1,"\u0061":3}]]))
  end)

  it("refuses what follows the value", function()
    for _, text in ipairs { "1 2", "{} x", "[1]]", '"a""b"', "null,", "true\n{}" } do
      refused("end of file expected", json.decode(text))
    end
  end)

  it("refuses an empty text", function()
    refused("line 1", json.decode(""))
    refused("line 2", json.decode(" \n\t"))
  end)

  it("refuses every prefix of a text", function()
    local text = '{"ключ":["a\\u00e9\\n😀",-12.5e+3,true,null,{"x":false}],"b":{}}'
    assert.is_table(decoded(text))
    for length = 0, #text - 1 do
      refused("at line 1, column ", json.decode(text:sub(1, length)))
    end
  end)

  it("survives any one byte that is changed", function()
    local text = '{"a":["x\\u00e9",-1.5e3,true,null]}'
    for position = 1, #text do
      for byte = 0, 255 do
        local changed = text:sub(1, position - 1) .. string.char(byte) .. text:sub(position + 1)
        local value, err = json.decode(changed)
        assert.is_true(value ~= nil and err == nil or value == nil and type(err) == "string")
      end
    end
  end)

  it("names line and column of an error", function()
    refused("near '}' at line 3, column 1", json.decode('{\n  "a": 1,\n}'))
    refused("at line 2, column 6", json.decode('["é",\n"é", ?]'))
  end)

  it("nests to a depth of 100", function()
    local value = decoded(("["):rep(100) .. ("]"):rep(100))
    for _ = 1, 99 do
      value = value[1]
    end
    assert.equal(0, #value)
    assert.is_table(decoded(('{"a":'):rep(99) .. "[]" .. ("}"):rep(99)))
  end)

  it("refuses a depth of 101 at the bracket that is too many", function()
    refused("nested deeper than 100 levels at line 1, column 101",
      json.decode(("["):rep(101) .. ("]"):rep(101)))
    refused("nested deeper than 100 levels at line 101, column 1",
      json.decode(('{"é":\n'):rep(100) .. "{}" .. ("}"):rep(100)))
  end)

  it("refuses very deep text", function()
    refused("nested deeper", json.decode(("["):rep(5000)))
    refused("nested deeper", json.decode(("["):rep(5000) .. ("]"):rep(5000)))
    refused("nested deeper", json.decode(('{"a":'):rep(5000) .. "1" .. ("}"):rep(5000)))
  end)

  it("counts neither closed brackets nor those in strings as depth", function()
    assert.equal(500, #decoded("[" .. ("[],"):rep(499) .. "{}]"))
    assert.equal(500, #decoded('"' .. ("["):rep(500) .. '"'))
    assert.equal(501, #decoded([["\"]] .. ("["):rep(500) .. '"'))
  end)

  it("reads long texts", function()
    local value = decoded("[" .. ("123,"):rep(99999) .. '"' .. ("x"):rep(100000) .. '"]')
    assert.equal(100000, #value)
    assert.equal(100000, #value[100000])
  end)

  it("raises where it is not given a string", function()
    for _, value in ipairs { 12, true, {}, json.null, print } do
      raises("bad argument #1 to 'decode'", function() json.decode(value) end)
    end
    raises("string expected, got no value", function() json.decode() end)
    raises("string expected, got nil", function() json.decode(nil) end)
  end)
end)

describe("json.encode", function()
  it("writes every kind of value at the top level", function()
    assert.equal("true", encoded(true))
    assert.equal("false", encoded(false))
    assert.equal("null", encoded(json.null))
    assert.equal('"text"', encoded("text"))
    assert.equal('""', encoded(""))
    assert.equal("12", encoded(12))
    assert.equal("[1,2]", encoded({ 1, 2 }))
    assert.equal('{"a":1}', encoded({ a = 1 }))
  end)

  it("writes compactly, with keys in byte order", function()
    local value = { b = { 1, { z = json.null, a = "x" } }, a = true, B = 1, ["é"] = 2, [""] = 3 }
    assert.equal('{"":3,"B":1,"a":true,"b":[1,{"a":"x","z":null}],"é":2}', encoded(value))
  end)

  it("keeps integers exact over 64 bits", function()
    assert.equal("9223372036854775807", encoded(math.maxinteger))
    assert.equal("-9223372036854775808", encoded(math.mininteger))
    assert.equal("9007199254740993", encoded((1 << 53) + 1))
  end)

  it("keeps a float a float", function()
    assert.equal("1.0", encoded(1.0))
    assert.equal("-0.0", encoded(-0.0))
    assert.equal("[2.5]", encoded({ 2.5 }))
    assert.equal("float", math.type(decoded(encoded(2.0 ^ 53))))
  end)

  it("writes floats so that they come back the same", function()
    local largest, smallest = 1.7976931348623157e308, 5e-324
    for _, number in ipairs { 0.1, 1 / 3, math.pi, 1e100, -1e-100, largest, smallest, 2.0 ^ 63 } do
      assert.equal(number, decoded(encoded(number)))
    end
    assert.equal(-math.huge, 1 / decoded(encoded(-0.0)))
  end)

  it("refuses NaN and the infinities", function()
    refused("cannot encode NaN", json.encode(0 / 0))
    refused("cannot encode an infinity", json.encode(math.huge))
    refused("cannot encode an infinity at .list[2]", json.encode({ list = { 1, -math.huge } }))
  end)

  it("escapes what a string must not hold, NUL included", function()
    local text = "\"\\/\b\f\n\r\t\0\x1F\x7F"
    assert.equal([["\"\\/\b\f\n\r\t\u0000\u001F]] .. '\x7F"', encoded(text))
    for byte = 0, 0x7F do
      local marked = "<" .. string.char(byte) .. ">"
      assert.equal(marked, decoded(encoded(marked)))
    end
  end)

  it("writes characters beyond ASCII as they are", function()
    local text = "é€😀\u{80}\u{7FF}\u{800}\u{D7FF}\u{E000}\u{FFFF}\u{10000}\u{10FFFF}"
    assert.equal('"' .. text .. '"', encoded(text))
  end)

  for class, bytes in pairs(invalid_utf8) do
    it("refuses " .. class .. " in a string and in a key", function()
      local value, err = json.encode(bytes)
      assert.is_nil(value)
      assert.equal("invalid UTF-8 in a string", err)
      refused("invalid UTF-8 in a string at .a[2]", json.encode({ a = { "", "x" .. bytes } }))
      refused("invalid UTF-8 in a key at .a", json.encode({ a = { ["x" .. bytes] = print } }))
    end)
  end

  it("refuses NUL in a key, which decode would not read back", function()
    refused("NUL byte in a key at .a", json.encode({ a = { ["x\0y"] = 1 } }))
  end)

  it("makes an object of an empty table", function()
    assert.equal("{}", encoded({}))
    assert.equal('{"a":{}}', encoded({ a = {} }))
  end)

  it("makes an array of keys that are exactly 1 to n", function()
    assert.equal("[1]", encoded({ 1 }))
    assert.equal("[3,2,1]", encoded({ [3] = 1, [2] = 2, [1] = 3 }))
    local sparse = {}
    for i = 1000, 1, -1 do
      sparse[i] = i
    end
    assert.equal(1000, #decoded(encoded(sparse)))
  end)

  it("makes an object of strings that look like numbers", function()
    assert.equal('{"1":"a","2":"b"}', encoded({ ["1"] = "a", ["2"] = "b" }))
  end)

  it("refuses an array with a hole, and says where", function()
    refused("missing array element at [2]", json.encode({ 1, nil, 3 }))
    refused("missing array element at .a[1]", json.encode({ a = { [2] = true } }))
    refused("missing array element at [4]", json.encode({ 1, 2, 3, [math.maxinteger] = 4 }))
  end)

  it("refuses mixed keys, and says where", function()
    refused("mixed string and integer keys at .a[2]", json.encode({ a = { 1, { 1, x = 2 } } }))
    refused("cannot encode a key of type boolean", json.encode({ x = 1, [true] = 2 }))
    refused("cannot encode the number 0 as a key", json.encode({ x = 1, [0] = 2 }))
  end)

  it("refuses keys that are neither strings nor 1 to n", function()
    refused("cannot encode the number 0 as a key", json.encode({ [0] = 1 }))
    refused("cannot encode the number -1 as a key at .a", json.encode({ a = { [-1] = 1 } }))
    refused("cannot encode the number 1.5 as a key", json.encode({ [1.5] = 1 }))
    refused("cannot encode a key of type boolean", json.encode({ [true] = 1 }))
    refused("cannot encode a key of type table", json.encode({ [{}] = 1 }))
    refused("cannot encode a key of type userdata", json.encode({ [json.null] = 1 }))
  end)

  it("refuses what JSON does not have, naming type and path", function()
    refused("cannot encode a value of type nil", json.encode(nil))
    refused("cannot encode a value of type function", json.encode(print))
    refused("cannot encode a value of type userdata at .file", json.encode({ file = io.stdout }))
    refused("cannot encode a value of type thread at .a.b[1]",
      json.encode({ a = { b = { coroutine.create(print) } } }))
  end)

  it("names the path to a value", function()
    local users = { { name = "a" }, { name = "b" }, { name = print } }
    refused("function at .users[3].name", json.encode({ users = users }))
    refused('function at ["first name"].x', json.encode({ ["first name"] = { x = print } }))
    local odd = { ["3d"] = { [""] = { ["größe"] = print } } }
    refused('function at ["3d"][""]["größe"]', json.encode(odd))
    refused([==[function at ["a\"b\\c?d"]]==], json.encode({ ["a\"b\\c\nd"] = print }))
  end)

  it("cuts long keys and long paths, at a character", function()
    refused('at ["' .. ("é"):rep(20) .. '..."]', json.encode({ [("é"):rep(5000)] = print }))
    refused('at ["x' .. ("é"):rep(19) .. '..."]', json.encode({ ["x" .. ("é"):rep(5000)] = print }))
    local value = print
    for _ = 1, 50 do
      value = { a = value }
    end
    local text, err = json.encode(value)
    assert.is_nil(text)
    assert.equal("cannot encode a value of type function at " .. (".a"):rep(10) .. "...", err)
  end)

  it("nests to a depth of 100", function()
    assert.equal(("["):rep(99) .. "{}" .. ("]"):rep(99), encoded(nested(100)))
  end)

  it("refuses a depth of 101", function()
    refused("nested deeper than 100 levels", json.encode(nested(101)))
    refused("nested deeper than 100 levels", json.encode(nested(5000)))
  end)

  it("refuses a table that holds itself", function()
    local list, object = {}, { a = {} }
    list[1] = list
    object.a.b = object
    refused("nested deeper than 100 levels (a cycle?) at [1][1]", json.encode(list))
    refused("nested deeper than 100 levels (a cycle?) at .a.b.a", json.encode(object))
  end)

  it("writes a table twice that is held twice", function()
    local shared = { 1 }
    assert.equal('{"a":[1],"b":[1]}', encoded({ a = shared, b = shared }))
  end)

  it("runs no metamethod", function()
    local function fail() error("a metamethod ran") end
    local metatable = { __index = fail, __pairs = fail, __len = fail, __tostring = fail }
    assert.equal('{"a":1}', encoded(setmetatable({ a = 1 }, metatable)))
    assert.equal("[1,2]", encoded(setmetatable({ 1, 2 }, metatable)))
    assert.equal("{}", encoded(setmetatable({}, { __index = { a = 1 } })))
  end)

  it("writes texts of every length around the size of a buffer", function()
    for length = 1000, 1050 do
      local text = ("x"):rep(length)
      assert.equal('["' .. text .. '"]', encoded({ text }))
    end
    local long = {}
    for i = 1, 100000 do
      long[i] = i
    end
    assert.equal("[" .. table.concat(long, ",") .. "]", encoded(long))
  end)

  it("leaves its argument as it was", function()
    local value = { a = { 1, 2 }, b = "x" }
    encoded(value)
    assert.same({ a = { 1, 2 }, b = "x" }, value)
    assert.is_nil(getmetatable(value.a))
  end)

  it("works where the stack of Lua is deep already", function()
    local function call(depth)
      if depth == 0 then
        return (encoded(nested(100)))
      end
      local text = call(depth - 1)
      return text
    end
    assert.equal(200, #call(150))
  end)

  it("raises where it is given nothing", function()
    raises("bad argument #1 to 'encode' (value expected)", function() json.encode() end)
  end)
end)

describe("json.array", function()
  it("makes an empty table encode as an array", function()
    assert.equal("[]", encoded(json.array({})))
    assert.equal('{"a":[]}', encoded({ a = json.array({}) }))
  end)

  it("returns the table that it marks", function()
    local list = {}
    assert.equal(list, json.array(list))
    assert.equal("moonroom.json.array", getmetatable(list).__name)
  end)

  it("may mark a table again", function()
    local list = json.array({ 1 })
    assert.equal(list, json.array(list))
    assert.equal("[1]", encoded(list))
  end)

  it("marks what decode makes of an array", function()
    for _, text in ipairs { "[]", "[[],[[]]]", '{"a":[],"b":{}}', "[1,[2]]" } do
      assert.equal(text, encoded(decoded(text)))
    end
    assert.equal(getmetatable(json.array({})), getmetatable(decoded("[]")))
    assert.is_nil(getmetatable(decoded("{}")))
  end)

  it("lets an array become empty and still be one", function()
    local list = decoded("[1]")
    table.remove(list)
    assert.equal("[]", encoded(list))
  end)

  it("does not hide holes, nor keys that an array has not", function()
    refused("missing array element at [2]", json.encode(json.array({ 1, nil, 3 })))
    refused("string keys in an array at .a", json.encode({ a = json.array({ x = 1 }) }))
    refused("cannot encode the number 0 as a key", json.encode(json.array({ [0] = 1 })))
  end)

  it("raises for a table that has another metatable, and leaves that", function()
    local metatable = {}
    local object = setmetatable({}, metatable)
    raises("the table has another metatable", function() json.array(object) end)
    assert.equal(metatable, getmetatable(object))
  end)

  it("raises where it is not given a table", function()
    raises("table expected", function() json.array() end)
    raises("table expected", function() json.array("x") end)
    raises("table expected", function() json.array(json.null) end)
  end)
end)

describe("json.null", function()
  it("is equal to itself alone", function()
    assert.equal(json.null, decoded("null"))
    assert.equal(json.null, decoded("[null]")[1])
    assert.is_false(rawequal(json.null, nil))
    assert.is_false(rawequal(json.null, io.stdout))
  end)

  it("counts as true, unlike nil", function()
    assert.is_truthy(json.null)
  end)

  it("prints as null", function()
    assert.equal("null", tostring(json.null))
  end)

  it("comes back through text", function()
    assert.equal('{"a":null,"b":[null]}', encoded(decoded('{"a":null,"b":[null]}')))
  end)
end)
