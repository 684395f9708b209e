local bytecode = require "moonroom.bytecode"

-- "line name" for each global that is read, "line name=" for each that is set.
local function globals(...)
  local said = {}
  for _, use in ipairs(bytecode.globals_of(assert(load(table.concat({ ... }, "\n"), "@chunk")))) do
    said[#said + 1] = use.line .. " " .. use.name .. (use.is_set and "=" or "")
  end
  return said
end

describe("the globals of a chunk", function()
  it("are read and set on their lines", function()
    assert.same({ "1 print", "1 x", "3 y=", "4 f=", "4 g" },
      globals("print(x)", "local a", "y = a", "function f() return g end"))
  end)

  it("are those of code that never runs, and of nested functions", function()
    assert.same({ "2 a", "3 b=", "4 c" }, globals("return function()", "  if false then a() end",
      "  return function() b = 1", "  return c.d end end"))
  end)

  it("are what is called, indexed, called as a method and compared", function()
    assert.same({ "1 a", "2 b", "3 c", "4 d", "4 e", "5 f" },
      globals("a()", "b.x = 1", "c:x()", "local t = d < e", "for _ in f do end"))
  end)

  it("are no locals, upvalues, fields and arguments", function()
    assert.same({}, globals("local a, t = ..., {}", "local function f(b, ...)",
      "  a = b; t.x = t.y; t.z.z = a", "  return f(...), t:w(a), { x = 1 } end"))
  end)

  it("are none where the script has an _ENV of its own", function()
    assert.same({}, globals("local function f(_ENV) x = y end", "local _ENV = {}", "z = w",
      "return function() z = w end"))
    assert.same({ "1 setmetatable", "2 after" }, globals(
      "do local _ENV = setmetatable({}, {}) local a = inner end", "return after"))
  end)

  it("are none that go by _G", function()
    assert.same({ "1 _G", "2 _G" }, globals("_G.x = 1", "return _G.y"))
  end)

  it("are found behind more constants than an instruction can name", function()
    for _, count in ipairs { 254, 255, 256, 257, 300, 140000 } do
      local lines = { "local t = {" }
      for i = 1, count do lines[#lines + 1] = ("'k%d',"):format(i) end
      lines[#lines + 1] = "}"
      lines[#lines + 1] = "far = near"
      lines[#lines + 1] = "t.x = t.y"
      lines[#lines + 1] = "far.x = 1"
      local at = count + 3
      assert.same({ at .. " far=", at .. " near", at + 2 .. " far" },
        globals(table.unpack(lines)), count)
    end
  end)

  it("are found by names of any length", function()
    local name = ("n"):rep(41)
    assert.same({ "1 " .. name .. "=", "2 " .. name }, globals(name .. " = 1", "return " .. name))
    name = ("n"):rep(300)
    assert.same({ "1 " .. name .. "=", "2 " .. name }, globals(name .. " = 1", "return " .. name))
  end)

  it("have their lines where these are far from each other", function()
    assert.same({ "1 a=", "2001 b=", "2003 c=", "4004 d=" }, globals("a = 1" .. ("\n"):rep(2000)
      .. "b = 1", "", "c = 1" .. ("\n"):rep(2001) .. "d = 1"))
  end)

  it("are none of constants of other kinds", function()
    assert.same({ "2 x" }, globals("local t = { 1, 2.5, 'a', true, nil, 1 << 60, ('b'):rep(3) }",
      "return x, 0x1p70, -3, [[" .. ("long"):rep(100) .. "]]"))
  end)

  it("are those of every file of Moonroom's own: Lua's", function()
    local pipe <close> = assert(io.popen("find lua/moonroom -name '*.lua'"))
    local count = 0
    for path in pipe:lines() do
      for _, use in ipairs(bytecode.globals_of(assert(loadfile(path)))) do
        assert.is_not_nil(_G[use.name], path .. ":" .. use.line .. ": " .. use.name)
        assert.is_false(use.is_set, path)
      end
      count = count + 1
    end
    assert.is_true(count > 50)
  end)
end)
