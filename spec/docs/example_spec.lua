-- What the examples' runner refuses: an example that is wrong must not pass.

local example = require "example"

local echo = [[
local Echo = moonroom.Room:extend("Echo")
function Echo:on_text(client, text)
  client:send(text)
  print(text) --> hi
end
function Echo:on_binary(client, data) client:send_binary(data) end
moonroom.mount("/", Echo)
]]

local function run(text)
  local lines = {}
  for line in (text .. "\n"):gmatch("([^\n]*)\n") do lines[#lines + 1] = line end
  local ok, why = pcall(example.run, "page.md", lines, 11)
  return ok or why
end

-- What is said about the echo's example with these acts.
local function acts(text) return run(echo .. "-- ann connects to /\n" .. text) end

local good = '-- ann sends "hi"\n-- ann gets "hi"\n'

describe("an example passes", function()
  it("where everything is as it says", function()
    assert.is_true(acts(good .. "-- ann gets nothing\n-- 5 seconds pass\n"
      .. '-- ann sends the bytes "\\1"\n-- ann gets the bytes "\\1"\n-- ann leaves\n'
      .. "-- bob connects to /no\n-- bob is refused with 404"))
  end)

  it("where JSON is the same value, in whatever order", function()
    assert.is_true(run('local R = moonroom.Room:extend("R")\n'
      .. "function R:on_json(client, value) client:send(value) end\n"
      .. 'moonroom.mount("/", R)\n-- ann connects to /\n-- ann sends {"a": [1], "b": 2}\n'
      .. '-- ann gets {"b": 2, "a": [1]}'))
  end)

  it("where its script waits", function()
    assert.is_true(run("moonroom.sleep(20)\nprint(1, nil) --> 1 nil"))
  end)
end)

describe("an example fails, with the line,", function()
  it("where it is no Lua, raises or prints something else", function()
    assert.matches("^page%.md:11:", run("local = 1"))
    assert.matches("^page%.md:12: oops", run("\nerror('oops')"))
    assert.equal("page.md:11: prints 1, not 2", run("print(1) --> 2"))
    assert.equal("page.md:12: nothing is printed", run("if false then\nprint(1) --> 1\nend"))
  end)

  it("where somebody gets something else, nothing, or more", function()
    assert.equal('page.md:20: ann gets "hi", not ho', acts('-- ann sends "hi"\n-- ann gets "ho"'))
    assert.equal('page.md:21: ann gets nothing, not hi', acts(good .. '-- ann gets "hi"'))
    assert.equal('page.md:20: ann gets "hi"', acts('-- ann sends "hi"\n-- ann gets nothing'))
    assert.equal('page.md: ann also gets "hi"', acts(good .. '-- ann sends "hi"'))
    assert.equal('page.md:22: ann gets the bytes "a", not a',
      acts(good .. '-- ann sends the bytes "a"\n-- ann gets "a"'))
  end)

  it("where somebody is not closed or refused so", function()
    assert.equal('page.md:21: ann is closed with nil ""',
      acts(good .. "-- ann is closed with 1000"))
    assert.equal('page.md:21: ann is answered with 101 ""',
      acts(good .. "-- ann is refused with 403"))
  end)

  it("where an error or a warning is logged that it doesn't tell, or one isn't that it tells",
     function()
    assert.matches("^page%.md: logged: .*no_good", run('moonroom.log.warn("no_good")'))
    assert.is_true(run('moonroom.log.warn("no_good")\n-- the log says "no_good"'))
    assert.matches("^page%.md:11: the log says", run('-- the log says "no_good"'))
  end)

  it("where an act can't be read or somebody isn't there", function()
    assert.equal("page.md:11: this act cannot be read: ann jumps", run("-- ann jumps"))
    assert.equal("page.md:11: this act cannot be read: and so on", run("-- and so on"))
    assert.equal("page.md:11: ann has not connected", run('-- ann sends "hi"'))
    assert.matches("no value can be read", acts("-- ann sends hi"))
    assert.matches("ann has got no ping", acts("-- ann answers the ping"))
    assert.matches("where does bob connect to", acts("-- bob connects"))
  end)
end)
