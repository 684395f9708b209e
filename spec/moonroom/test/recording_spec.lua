local program = require "program"
local recording = require "moonroom.test.recording"

local HEADER = "moonroom recording 1\nstart 1700000000.250000\n"

local function parse(...)
  return recording.parse(HEADER .. table.concat({ ... }, "\n") .. "\n", "f")
end

-- What is said of lines behind a good header; theirs are numbered from 3.
local function problem_of(...)
  local result, problem = parse(...)
  assert.is_nil(result)
  return problem
end

local function events_of(...) return assert(parse(...)).events end

describe("recording.parse", function()
  it("reads the start and each kind of event", function()
    local result = parse("# a comment", "", "0.000001 1 open 192.0.2.1 40000 tcp",
      '0.500000 1 bytes "GET"', "1.250000 2 open 2001:db8::2 5 tls", "12.000000 1 end",
      "12.000001 1 reset")
    assert.equal(1700000000.25, result.start)
    assert.same({
      { time = 0.000001, connection = 1, event = "open", line = 5,
        data = { address = "192.0.2.1", port = 40000, secure = false } },
      { time = 0.5, connection = 1, event = "bytes", data = "GET", line = 6 },
      { time = 1.25, connection = 2, event = "open", line = 7,
        data = { address = "2001:db8::2", port = 5, secure = true } },
      { time = 12, connection = 1, event = "end", line = 8 },
      { time = 12.000001, connection = 1, event = "reset", line = 9 },
    }, result.events)
  end)

  it("reads every escape, and bytes over several lines", function()
    local events = events_of("0.0 1 open 192.0.2.1 1 tcp",
      [[0.1 1 bytes "\"\\\r\n\t\x00\xfF x"]], [[  "\r\n"]], '\t"more"', '0.2 1 bytes ""')
    assert.equal("\"\\\r\n\t\0\255 x\r\nmore", events[2].data)
    assert.equal("", events[3].data)
  end)

  it("sorts events by their times, and leaves those of the same time as they stand", function()
    local events = events_of('0.3 1 bytes "c"', '0.2 1 bytes "a"', '0.2 1 bytes "b"',
      "0.1 1 open 192.0.2.1 1 tcp")
    local found = {}
    for index, event in ipairs(events) do found[index] = event.data end
    table.remove(found, 1)
    assert.same({ "a", "b", "c" }, found)
  end)

  it("takes one that holds nothing, or was cut in the middle of a line", function()
    assert.same({}, assert(recording.parse(HEADER, "f")).events)
    local cut = recording.parse(HEADER .. "0.0 1 open 192.0.2.1 1 tcp\n0.1 1 byt", "f")
    assert.equal(1, #cut.events)
  end)

  it("says that something else is no recording, or one of another version", function()
    for _, text in ipairs { "", "\n", "hello\n", "moonroom recording\n", HEADER:sub(1, 20) } do
      assert.same({ nil, "f:1: this is no recording of Moonroom's" },
        { recording.parse(text, "f") })
    end
    assert.same({ nil, "f:1: version 2 of a recording can't be read, only 1" },
      { recording.parse("moonroom recording 2\n", "f") })
    assert.same({ nil, "f:2: the time of the start is wrong" },
      { recording.parse("moonroom recording 1\nstart now\n", "f") })
    assert.same({ nil, "f:2: the time of the start is wrong" },
      { recording.parse("moonroom recording 1\n", "f") })
  end)

  it("says on which line what is wrong", function()
    assert.equal("f:4: a line is SECONDS CONNECTION EVENT, not what?",
      problem_of("# fine", "what?"))
    assert.equal('f:3: there is no event "close"', problem_of("0.1 1 close"))
    for _, line in ipairs {
      "open 192.0.2.1 1", "open 192.0.2.1 1 tcs", "open here 1 tcp", "open 192.0.2.1 x tcp",
      "bytes", "bytes text", 'bytes "text', [[bytes "\"]], [[bytes "\x0"]], [[bytes "\q"]],
      [[bytes "a"b"]], 'bytes"text"', "end now", "reset 1",
    } do
      assert.equal(('f:3: what stands behind "%s" is wrong'):format(line:match("%l+")),
        problem_of("0.1 1 " .. line))
    end
    assert.equal("f:3: there are no bytes to go on with", problem_of('  "more"'))
    assert.equal("f:4: there are no bytes to go on with",
      problem_of("0.0 1 open 192.0.2.1 1 tcp", '  "more"'))
    assert.equal("f:5: the bytes are not in quotes, or an escape is wrong",
      problem_of("0.0 1 open 192.0.2.1 1 tcp", '0.1 1 bytes "a"', '  more'))
  end)

  it("says which connection is not open, or opens twice", function()
    assert.equal("f:3: connection 7 has not been opened", problem_of("0.1 7 end"))
    assert.equal("f:4: connection 1 opens twice",
      problem_of("0.1 1 open 192.0.2.1 1 tcp", "0.2 1 open 192.0.2.1 1 tcp"))
  end)
end)

describe("recording.read", function()
  it("reads a file, and names it where it is wrong", function()
    local there = program.directory { good = HEADER, bad = HEADER .. "what?\n" }
    assert.same({ start = 1700000000.25, events = {} }, recording.read(there .. "/good"))
    local _, problem = recording.read(there .. "/bad")
    assert.equal(there .. "/bad:3: a line is SECONDS CONNECTION EVENT, not what?", problem)
    program.remove(there)
  end)

  it("says why one can't be read", function()
    assert.same({ nil, "nowhere/f: No such file or directory" }, { recording.read("nowhere/f") })
    assert.same({ nil, "spec: Is a directory" }, { recording.read("spec") })
  end)
end)
