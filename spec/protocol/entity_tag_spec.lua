-- Entity tags and lists of them: src/protocol/entity_tag.c.

local files = require("moonroom.core").testkit.files

local function weakly(list, tag) return files.has_tag(list, tag, false) end
local function strongly(list, tag) return files.has_tag(list, tag, true) end

describe("a list of entity tags", function()
  it("has each tag that is in it, by whole tags", function()
    local list = '"a", "b,c" ,W/"d",\t"", "e"'
    for _, tag in ipairs { '"a"', '"b,c"', 'W/"d"', '""', '"e"' } do
      assert.is_true(weakly(list, tag), tag)
    end
    for _, tag in ipairs { '"b"', '"c"', '"A"', '"a', '"a", "b,c"', "a", '"f"' } do
      assert.is_false(weakly(list, tag), tag)
    end
  end)

  it("compares weakly without the mark, strongly never where there is one", function()
    for _, pair in ipairs { -- RFC 9110 8.8.3.2
      { 'W/"1"', 'W/"1"', false, true }, { 'W/"1"', 'W/"2"', false, false },
      { 'W/"1"', '"1"', false, true }, { '"1"', 'W/"1"', false, true },
      { '"1"', '"1"', true, true },
    } do
      assert.same({ pair[3], pair[4] }, { strongly(pair[1], pair[2]), weakly(pair[1], pair[2]) })
      assert.equal(pair[3], files.same_tag(pair[1], pair[2]))
    end
  end)

  it("that is an asterisk has every tag; one among tags is none", function()
    assert.is_true(weakly(" * ", '"a"'))
    assert.is_true(strongly("*", 'W/"a"'))
    assert.is_false(weakly('*, "a"', '"a"'))
    assert.is_false(weakly('"*"', '"a"'))
  end)

  it("passes over empty elements", function()
    assert.is_true(weakly(', ,"a"', '"a"'))
    assert.is_true(weakly('"b",, ,"a",', '"a"'))
    assert.is_false(weakly("", '"a"'))
    assert.is_false(weakly(",", '"a"'))
  end)

  it("counts as far as it is right", function()
    assert.is_true(weakly('"a", b, "c"', '"a"'))
    for _, list in ipairs {
      'b, "c"', '"b" "c"', '"b"x, "c"', 'w/"c"', 'W/ "c"', 'W"c"', '"c', 'c"', "c", '"c\0"',
      'W/', 'W', '"\127", "c"',
    } do
      assert.is_false(weakly(list, '"c"'), list)
    end
  end)

  it("has no tag before its last byte has come", function()
    local list = ' "a", W/"b", "cd"'
    for length = 0, #list - 1 do assert.is_false(weakly(list:sub(1, length), '"cd"')) end
    assert.is_true(weakly(list, '"cd"'))
  end)

  it("may be long", function()
    assert.is_true(weakly(('"x",'):rep(4000) .. '"a"', '"a"'))
  end)
end)

describe("one entity tag", function()
  it("equals itself alone, and no list or asterisk", function()
    assert.is_true(files.same_tag('"a"', '"a"'))
    for _, other in ipairs { "*", '"a","a"', '"a" ', "", "a" } do
      assert.is_false(files.same_tag(other, '"a"'), other)
      assert.is_false(files.same_tag(other, other), other)
    end
  end)
end)
