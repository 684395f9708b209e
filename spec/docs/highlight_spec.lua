local highlight = require "docs.highlight"

local function lua(...) return highlight({ ... }, "lua") end

describe("Lua as HTML", function()
  it("marks keywords, strings, numbers and comments", function()
    assert.equal('<i class="k">local</i> x = <i class="s">&quot;if&quot;</i>',
      lua('local x = "if"'))
    assert.equal('<i class="n">0x1f</i> <i class="c">-- end</i>', lua("0x1f -- end"))
  end)

  it("marks what is printed", function()
    assert.equal('print(x) <i class="r">--&gt; 1</i>', lua("print(x) --> 1"))
  end)

  it("marks acts, but not comments that begin with a capital", function()
    local text = lua('-- ann sends "x"', "-- Ann", "-- 5 seconds pass")
    assert.equal('<i class="a">-- ann sends &quot;x&quot;</i>\n<i class="c">-- Ann</i>\n'
      .. '<i class="a">-- 5 seconds pass</i>', text)
  end)

  it("knows strings of several lines", function()
    assert.equal('<i class="s">[[a\nif]]</i>', lua("[[a", "if]]"))
  end)

  it("leaves other languages alone", function()
    assert.equal("if a &lt; b &amp; c", highlight({ "if a < b & c" }, "sh"))
  end)
end)
