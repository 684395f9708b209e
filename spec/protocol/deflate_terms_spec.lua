-- What is agreed of permessage-deflate: src/protocol/deflate_terms.c.

local kit = require("moonroom.core").testkit
local deflate, http = kit.deflate, kit.http

local NAME = "permessage-deflate"
local PLAIN = { takeover = false, window_bits = 15 }
local KEEP = { takeover = true, window_bits = 15 }

-- The request of a client whose Sec-WebSocket-Extensions fields have these values.
local function request(values)
  local lines = { "GET /chat HTTP/1.1", "Host: localhost" }
  for i, value in ipairs(values) do
    lines[#lines + 1] = ("X-Other-%d: %s; foo"):format(i, NAME)
    lines[#lines + 1] = (i % 2 == 0 and "SEC-WebSocket-EXTENSIONS:" or "Sec-WebSocket-Extensions: ")
      .. value
  end
  local head = table.concat(lines, "\r\n") .. "\r\n\r\n"
  return assert(http.request(head, nil, { max_header = 2000000, max_fields = 100000 }))
end

local function negotiate(values, policy)
  return deflate.negotiate(request(type(values) == "table" and values or { values }), policy)
end

-- In the tables: S and C are the two ..._no_context_takeover, s10 and c10 the two window sizes.
local WORDS = { S = "; server_no_context_takeover", C = "; client_no_context_takeover",
  s = "; server_max_window_bits=", c = "; client_max_window_bits=" }

-- "none" is nil, "on" the name alone.
local function answer_of(short)
  if short == "none" then return nil end
  return NAME .. (short == "on" and "" or short:gsub(" ?(%a)(%d*)", function(letter, bits)
    return WORDS[letter] .. bits
  end))
end

-- Offers, the answer without takeover, and with it. P stands for permessage-deflate. Offers are
-- parted by a comma and a blank: there a field may end, and another go on.
local good = {
  { "P", "SC", "on" },
  { "P; server_no_context_takeover", "SC", "S" },
  { "P; client_no_context_takeover", "SC", "C" },
  { "P; server_no_context_takeover; client_no_context_takeover", "SC", "SC" },
  { "P; client_no_context_takeover; server_no_context_takeover", "SC", "SC" },
  { "P; server_max_window_bits=9", "SC s9", "s9" },
  { "P; server_max_window_bits=10", "SC s10", "s10" },
  { "P; server_max_window_bits=15", "SC s15", "s15" },
  { "P; client_max_window_bits", "SC", "on" },
  { "P; client_max_window_bits=8", "SC", "c8" },
  { "P; client_max_window_bits=9", "SC", "c9" },
  { "P; client_max_window_bits=15", "SC", "on" },
  { "P; client_max_window_bits=10; client_no_context_takeover", "SC", "C" },
  { "P; client_max_window_bits=10; server_no_context_takeover", "SC", "S c10" },
  { "P; client_max_window_bits; server_max_window_bits=12", "SC s12", "s12" },
  { "P; server_max_window_bits=12; client_max_window_bits=11", "SC s12", "s12 c11" },
  -- What clients are known to send.
  { "P; client_max_window_bits; server_no_context_takeover", "SC", "S" },
  { "P; client_max_window_bits, x-webkit-deflate-frame", "SC", "on" },
  { "x-webkit-deflate-frame, P", "SC", "on" },
  -- Values in quotes (RFC 6455 9.1).
  { 'P; server_max_window_bits="10"', "SC s10", "s10" },
  { 'P; server_max_window_bits="\\1\\0"', "SC s10", "s10" },
  { 'P; server_max_window_bits="1\\2"', "SC s12", "s12" },
  { 'P; client_max_window_bits="\\8"', "SC", "c8" },
  { 'P; client_max_window_bits="9";server_no_context_takeover', "SC", "S c9" },
  -- Blanks (RFC 2616 2.1: implied *LWS) and none.
  { "P;server_no_context_takeover;client_no_context_takeover", "SC", "SC" },
  { "P ;\tserver_max_window_bits\t=  10 ", "SC s10", "s10" },
  { 'P\t;client_max_window_bits = "10"\t', "SC", "c10" },
  { "  P  ", "SC", "on" },
  -- Empty elements (RFC 9110 5.6.1.2).
  { ",P", "SC", "on" },
  { "P,", "SC", "on" },
  { ", \t, P,\t,", "SC", "on" },
  { "foo,,P;server_no_context_takeover", "SC", "S" },
  -- The first that will do.
  { "P; server_no_context_takeover, P; client_no_context_takeover", "SC", "S" },
  { "P; server_max_window_bits=11, P", "SC s11", "s11" },
  { "P, P; server_max_window_bits=11", "SC", "on" },
  { "foo, bar; a=1; b, P; client_no_context_takeover, baz", "SC", "C" },
  { 'foo; a="P,\\";=", P; server_no_context_takeover', "SC", "S" },
  { 'foo; a="' .. ("\\c"):rep(50) .. '", P', "SC", "on" },
  { "foo; a=; b=1, P", "SC", "on" },
  { "foo; a=\"\", P", "SC", "on" },
  { "foo; a=\"\x80\xff\t\", P", "SC", "on" },
  { "permessage-bzip2, permessage-deflate2, permessage-deflat, xpermessage, P", "SC", "on" },
  { "Permessage-Deflate, PERMESSAGE-DEFLATE, P; server_no_context_takeover", "SC", "S" },
  -- Declined, and the next is tried: a parameter that is unknown,
  { "P; foo", "none", "none" },
  { "P; foo=1", "none", "none" },
  { 'P; foo="bar"', "none", "none" },
  { "P; foo, P; server_max_window_bits=10", "SC s10", "s10" },
  { "P; server_no_context_takeover; foo, P", "SC", "on" },
  { "P; foo; server_no_context_takeover, P", "SC", "on" },
  { "P; Server_No_Context_Takeover, P", "SC", "on" },
  { "P; server_max_window_bit=10, P; server_max_window_bits=12", "SC s12", "s12" },
  { "P; server_max_window_bitss=10, P", "SC", "on" },
  { "P; P, P; client_no_context_takeover", "SC", "C" },
  -- there twice,
  { "P; server_no_context_takeover; server_no_context_takeover", "none", "none" },
  { "P; client_no_context_takeover; client_no_context_takeover, P", "SC", "on" },
  { "P; server_max_window_bits=10; server_max_window_bits=10, P", "SC", "on" },
  { "P; server_max_window_bits=10; server_max_window_bits=11, P", "SC", "on" },
  { "P; client_max_window_bits; client_max_window_bits, P", "SC", "on" },
  { "P; client_max_window_bits; client_max_window_bits=10, P", "SC", "on" },
  -- has a value that it doesn't take,
  { "P; server_no_context_takeover=1", "none", "none" },
  { "P; server_no_context_takeover=true, P", "SC", "on" },
  { "P; server_no_context_takeover=10, P", "SC", "on" },
  { "P; server_no_context_takeover=, P", "SC", "on" },
  { 'P; client_no_context_takeover="", P', "SC", "on" },
  { "P; client_no_context_takeover=15, P; server_no_context_takeover", "SC", "S" },
  -- lacks the one that it needs,
  { "P; server_max_window_bits", "none", "none" },
  { "P; server_max_window_bits, P", "SC", "on" },
  { "P; server_max_window_bits=, P", "SC", "on" },
  { 'P; server_max_window_bits="", P', "SC", "on" },
  { "P; client_max_window_bits=, P", "SC", "on" },
  { 'P; client_max_window_bits="", P', "SC", "on" },
  -- or has one out of its range or form.
  { "P; server_max_window_bits=8", "none", "none" },
  { "P; server_max_window_bits=8, P", "SC", "on" },
  { "P; server_max_window_bits=8, P; server_max_window_bits=9", "SC s9", "s9" },
  { 'P; server_max_window_bits="8", P', "SC", "on" },
  { "P; server_max_window_bits=7, P", "SC", "on" },
  { "P; server_max_window_bits=16", "none", "none" },
  { "P; server_max_window_bits=0, P", "SC", "on" },
  { "P; server_max_window_bits=1, P", "SC", "on" },
  { "P; server_max_window_bits=010", "none", "none" },
  { "P; server_max_window_bits=09, P", "SC", "on" },
  { "P; server_max_window_bits=+10, P", "SC", "on" },
  { "P; server_max_window_bits=-10, P", "SC", "on" },
  { "P; server_max_window_bits=10.0, P", "SC", "on" },
  { "P; server_max_window_bits=1e1, P", "SC", "on" },
  { "P; server_max_window_bits=0xa, P", "SC", "on" },
  { "P; server_max_window_bits=a, P", "SC", "on" },
  { "P; server_max_window_bits=1a, P", "SC", "on" },
  { "P; server_max_window_bits=100, P", "SC", "on" },
  { "P; server_max_window_bits=1010, P", "SC", "on" },
  { "P; server_max_window_bits=266, P", "SC", "on" },
  { "P; server_max_window_bits=4294967306, P", "SC", "on" },
  { 'P; server_max_window_bits=" 10", P', "SC", "on" },
  { 'P; server_max_window_bits="10 ", P', "SC", "on" },
  { 'P; server_max_window_bits="1 0", P', "SC", "on" },
  { 'P; server_max_window_bits="10\t", P', "SC", "on" },
  { 'P; server_max_window_bits="\\"10\\"", P', "SC", "on" },
  { 'P; server_max_window_bits="1\\\\0", P', "SC", "on" },
  { 'P; server_max_window_bits="1,0;", P', "SC", "on" },
  { "P; client_max_window_bits=7, P", "SC", "on" },
  { "P; client_max_window_bits=16, P", "SC", "on" },
  { "P; client_max_window_bits=08, P", "SC", "on" },
  { "P; client_max_window_bits=true, P", "SC", "on" },
  -- Nothing is offered.
  { "", "none", "none" },
  { " ", "none", "none" },
  { ",,", "none", "none" },
  { "foo", "none", "none" },
}

-- What breaks the grammar takes the rest of its field with it.
local broken = {
  "P; server_max_window_bits=\"10", "P; foo=\"", "P; foo=\"\\", "P; foo=\"10\\\"", "foo; a=\"b",
  "P;", "P; ", "P;;", "P;;server_no_context_takeover", "P; ;client_no_context_takeover", "P; =10",
  "P; =", "P; \"foo\"", "P; server_max_window_bits=1 0", "P; server_max_window_bits 10",
  "P; server_max_window_bits=10 foo", "P; server_max_window_bits=10=10",
  "P; server_max_window_bits=\"10\"\"", "P; server_max_window_bits=\"1\"0",
  "P; server_max_window_bits=1\"0\"", "P; server_max_window_bits==10", "P P", "P=10", "P/1",
  "P\x80", "P; foo\xff", "P; server_max_window_bits=\x80", "P; server_max_window_bits=10\xff",
  "\"P\"", "=", ";", "; P", ";P;", "P; a=(b)", "P; a={b}", "P @", "\\P", "foo bar", "foo; b[1]",
}

local function named(text)
  return (text:gsub("%f[%w]P%f[%W]", NAME))
end

-- The ways to put a list's elements into fields, in order.
local function splits_of(text)
  local elements = {}
  for element in (text .. ", "):gmatch("(.-), ") do
    elements[#elements + 1] = element
  end
  local ways = {}
  for mask = 0, (1 << (#elements - 1)) - 1 do
    local values = { elements[1] }
    for i = 2, #elements do
      if mask & (1 << (i - 2)) ~= 0 then
        values[#values + 1] = elements[i]
      else
        values[#values] = values[#values] .. ", " .. elements[i]
      end
    end
    ways[#ways + 1] = values
  end
  return ways
end

-- RFC 7692 7.1 once more, from the offers as they are meant, not as they are spelt. An offer is a
-- list of {name, value or nil}.
local function is_acceptable(offer)
  local seen = {}
  for _, parameter in ipairs(offer) do
    local name, value = parameter[1], tonumber(parameter[2])
    if seen[name] then return false end
    seen[name] = true
    if name == "server_max_window_bits" then
      if not value or value < 9 or value > 15 then return false end
    elseif name == "client_max_window_bits" then
      if parameter[2] and (value < 8 or value > 15) then return false end
    elseif not name:find("_no_context_takeover$") or parameter[2] then
      return false
    end
  end
  return true, seen
end

local function expected_of(offer, policy)
  local ok, seen = is_acceptable(offer)
  if not ok then return nil end
  local bits = {}
  for _, parameter in ipairs(offer) do
    bits[parameter[1]] = tonumber(parameter[2])
  end
  local parts = { NAME }
  local forget_client = not policy.takeover or seen.client_no_context_takeover
  if not policy.takeover or seen.server_no_context_takeover then
    parts[#parts + 1] = "server_no_context_takeover"
  end
  if forget_client then parts[#parts + 1] = "client_no_context_takeover" end
  if seen.server_max_window_bits or policy.window_bits < 15 then
    parts[#parts + 1] = "server_max_window_bits="
      .. math.min(bits.server_max_window_bits or 15, policy.window_bits)
  end
  if seen.client_max_window_bits and not forget_client then
    local least = math.min(bits.client_max_window_bits or 15, policy.window_bits)
    if least < 15 then parts[#parts + 1] = "client_max_window_bits=" .. least end
  end
  return table.concat(parts, "; ")
end

local function spell(offer, how)
  local parts = { NAME }
  for _, parameter in ipairs(offer) do
    local value = parameter[2]
    if value and how.quotes then
      value = '"' .. (how.escapes and value:gsub(".", "\\%0") or value) .. '"'
    end
    parts[#parts + 1] = parameter[1] .. (value and how.equals .. value or "")
  end
  return table.concat(parts, how.semicolon)
end

local SPELLINGS = {
  { semicolon = ";", equals = "=" },
  { semicolon = "; ", equals = "=", quotes = true },
  { semicolon = " ;\t", equals = " = ", quotes = true, escapes = true },
}

local POLICIES = {}
for bits = 9, 15 do
  for _, takeover in ipairs { false, true } do
    POLICIES[#POLICIES + 1] = { window_bits = bits, takeover = takeover }
  end
end

-- Every parameter, bare and with each value.
local PARAMETERS = {}
for _, name in ipairs { "server_no_context_takeover", "client_no_context_takeover",
  "server_max_window_bits", "client_max_window_bits" } do
  PARAMETERS[#PARAMETERS + 1] = { name }
  for value = 7, 16 do
    PARAMETERS[#PARAMETERS + 1] = { name, tostring(value) }
  end
end

-- The terms are what the answer says, and what it leaves out.
local function assert_terms(answer, terms)
  local function bits(name) return tonumber(answer:match(name .. "=(%d+)")) end
  assert.is_true(terms.is_on)
  assert.equal(not answer:find("server_no_context", 1, true), terms.server_takeover)
  assert.equal(not answer:find("client_no_context", 1, true), terms.client_takeover)
  assert.equal(bits("server_max_window_bits") or 15, terms.server_window_bits)
  assert.equal(bits("client_max_window_bits") or 15, terms.client_window_bits)
  assert.equal(answer, deflate.answer(terms))
end

local function check_offer(offer)
  for i, policy in ipairs(POLICIES) do
    local text = spell(offer, SPELLINGS[i % #SPELLINGS + 1])
    local expected = expected_of(offer, policy)
    local answer, terms = negotiate(text, policy)
    assert.equal(expected, answer, text)
    if answer then assert_terms(answer, terms) end
    local second = negotiate(text .. "," .. NAME, policy)
    assert.equal(expected or expected_of({}, policy), second, text)
  end
end

describe("deflate_negotiate", function()
  for _, row in ipairs(good) do
    it(("answers %q with %s, or %s with takeover"):format(row[1], row[2], row[3]), function()
      for _, values in ipairs(splits_of(named(row[1]))) do
        local where = table.concat(values, " | ")
        assert.equal(answer_of(row[2]), (negotiate(values, PLAIN)), where)
        assert.equal(answer_of(row[3]), (negotiate(values, KEEP)), where)
      end
    end)
  end

  for _, text in ipairs(broken) do
    it(("stops in a field at %q"):format(text), function()
      local wrong, other = named(text), NAME .. "; server_max_window_bits=13"
      assert.is_nil(negotiate(wrong, KEEP))
      assert.is_nil(negotiate(wrong .. ", " .. other, KEEP))
      assert.is_nil(negotiate("foo, " .. wrong .. "," .. NAME, KEEP))
      assert.equal(other, (negotiate({ wrong, other }, KEEP)))
      assert.equal(other, (negotiate({ other, wrong }, KEEP)))
      assert.equal(other, (negotiate(other .. ", " .. wrong, KEEP)))
    end)
  end

  it("agrees with RFC 7692 on every parameter alone, bare and with 7 to 16", function()
    check_offer {}
    for _, parameter in ipairs(PARAMETERS) do
      check_offer { parameter }
    end
  end)

  it("agrees with it on every two of them, in both orders", function()
    for _, first in ipairs(PARAMETERS) do
      for _, second in ipairs(PARAMETERS) do
        check_offer { first, second }
      end
    end
  end)

  it("agrees with it on all four, in every order", function()
    local names = { { "server_no_context_takeover" }, { "client_no_context_takeover" },
      { "server_max_window_bits", "11" }, { "client_max_window_bits", "10" } }
    local count = 0
    local function go_on(offer, used)
      if #offer == #names then
        count = count + 1
        return check_offer(offer)
      end
      for i, parameter in ipairs(names) do
        if not used[i] then
          used[i], offer[#offer + 1] = true, parameter
          go_on(offer, used)
          used[i], offer[#offer] = nil, nil
        end
      end
    end
    go_on({}, {})
    assert.equal(24, count)
  end)

  it("never agrees where the policy is off, or nothing is offered", function()
    assert.is_nil(negotiate(NAME, { is_on = false }))
    assert.is_nil(negotiate({}, PLAIN))
  end)

  it("takes the first offer that will do among ten thousand", function()
    local bad = (NAME .. "; foo=\"\\a,\", "):rep(10000)
    assert.equal(NAME .. "; server_max_window_bits=14",
      (negotiate(bad .. NAME .. "; server_max_window_bits=14", KEEP)))
  end)

  -- ReDoS of 2020: CVE-2020-7663.
  it("reads 10,000 backslash pairs without a closing quote in less than 1 ms", function()
    local slow = os.getenv("MOONROOM_ASAN") or os.getenv("MOONROOM_VALGRIND")
    for _, text in ipairs { 'a; b="', NAME .. '; server_max_window_bits="', NAME .. '; a="' } do
      local it = request { text .. ("\\c"):rep(10000) }
      local best = math.huge
      for _ = 1, 5 do
        local began = os.clock()
        assert.is_nil(deflate.negotiate(it, PLAIN))
        best = math.min(best, os.clock() - began)
      end
      assert.is_true(best < (slow and 0.05 or 0.001), ("%.6f s"):format(best))
    end
  end)
end)

describe("deflate_answer", function()
  it("is empty without compression", function()
    assert.equal("", deflate.answer {})
  end)

  it("has room for everything that can be named at once", function()
    assert.equal(NAME .. "; server_no_context_takeover; client_no_context_takeover"
      .. "; server_max_window_bits=15; client_max_window_bits=14",
      deflate.answer { is_on = true, server_window_bits = 15, client_window_bits = 14,
        names_server_window = true })
  end)
end)
