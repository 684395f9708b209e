-- The suite's data: what a case must have, so that a slip of the pen doesn't make one hold.

local family_of = require "conformance.family"
local fixtures = require "conformance.fixtures"
local frames = require "conformance.frames"
local payloads = require "conformance.payloads"
local plan = require "conformance.plan"
local suite = require "conformance.suite"

local FIELDS = {}
for name in ([[id says status ends fixture request sends answers fields agreed paced joined
  compresses chop replies]]):gmatch("%S+") do
  FIELDS[name] = true
end

local function each_case(run)
  for _, family in ipairs(suite.families()) do
    for _, case in ipairs(family.cases) do run(case, family) end
  end
end

describe("the conformance suite", function()
  it("has fourteen families and more than 1600 cases, each id once", function()
    local ids, count = {}, 0
    each_case(function(case)
      assert(not ids[case.id], case.id .. " is there twice")
      ids[case.id], count = true, count + 1
    end)
    assert.equal(14, #suite.families())
    assert.is_true(count > 1600)
  end)

  it("says of each case something else within its family", function()
    local said = {}
    each_case(function(case)
      local key = case.id:match("^%d+%.%d+") .. case.says
      assert(not said[key], ("%s says the same as %s: %s"):format(case.id, said[key], case.says))
      said[key] = case.id
    end)
  end)

  it("knows each field of each case", function()
    each_case(function(case)
      for name in pairs(case) do assert(FIELDS[name], ("%s: what is %s?"):format(case.id, name)) end
      assert(fixtures[case.fixture], case.id)
      assert(case.ends == "open" or math.type(case.ends) == "integer", case.id)
      assert(case.status ~= 101 or case.ends ~= "open" or case.sends, case.id .. " does nothing")
      assert(case.status == 101 or not case.sends, case.id .. " sends to whom it expects to refuse")
    end)
  end)

  it("is told in README.md with the families' names and counts", function()
    local file <close> = assert(io.open("spec/conformance/README.md"))
    local text, total = file:read("a"), 0
    for _, family in ipairs(suite.families()) do
      local row = ("| %d | %s | %d |"):format(family.number, family.title, #family.cases)
      assert(text:find(row, 1, true), "README.md has no row " .. row)
      total = total + #family.cases
    end
    assert(text:find(("%d,%03d cases"):format(total // 1000, total % 1000), 1, true), total)
  end)
end)

describe("family", function()
  it("numbers cases by family, group and place", function()
    local family = family_of.new(3, "some")
    family:group("first")
    family:case("does this", {})
    family:group("second")
    family:case("does that", {})
    family:case("does more", { ends = 1002 })
    local ids = {}
    for index, case in ipairs(family.cases) do ids[index] = case.id .. " " .. case.ends end
    assert.same({ "3.1.1 open", "3.2.1 open", "3.2.2 1002" }, ids)
  end)
end)

describe("plan", function()
  it("cuts what is short enough byte by byte, and what is long in larger pieces", function()
    local row = { byte_by_byte = 4096, in_pieces = 70000 }
    assert.same({ 1 }, plan.chops(row, 997))
    assert.same({ 1, 997 }, plan.chops(row, 4096))
    assert.same({ 997 }, plan.chops(row, 4097))
    assert.same({ 997, 65536 }, plan.chops(row, 65537))
    assert.same({}, plan.chops(row, 70001))
  end)
end)

describe("frames", function()
  it("makes the frames of RFC 6455 5.7", function()
    assert.equal("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", frames.text("Hello"))
  end)

  it("masks byte for byte at every size", function()
    local key = "\1\x80\xff\x7f"
    for size = 0, 600 do
      local payload, bytes = payloads.binary(size), {}
      for at = 1, size do
        bytes[at] = string.char(payload:byte(at) ~ key:byte((at - 1) % 4 + 1))
      end
      assert(table.concat(bytes) == frames.mask(payload, key), size)
    end
  end)

  it("puts fragments together as a message", function()
    local first, last = table.unpack(frames.pieces("text", { "a", "b" }, { rsv = 4, key = false }))
    assert.same({ "\x41\x01a", 0x80 }, { first, last:byte() })
    assert.same({ "" }, frames.cut("", 5))
    assert.same({ "abc", "d" }, frames.cut("abcd", 3))
  end)
end)

describe("payloads", function()
  it("have exactly their size, and the same bytes again", function()
    for _, kind in ipairs { "text", "binary", "json", "digits" } do
      for _, size in ipairs { 0, 1, 2, 3, 4, 125, 1000, 65521, 65525, 131072 } do
        local payload = payloads[kind](size)
        assert.equal(size, #payload)
        payloads[kind](7)
        assert(payload == payloads[kind](size), kind)
        assert(kind == "binary" or utf8.len(payload), kind)
      end
    end
  end)
end)
