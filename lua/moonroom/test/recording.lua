-- Reads what `moonroom --record FILE` has written; src/core/recorder.h says how it is written.

local VERSION = 1

local ESCAPES = { ['"'] = '"', ["\\"] = "\\", r = "\r", n = "\n", t = "\t" }

-- The bytes between the quotes, or nil where they are written wrong.
local function unescape(text)
  local pieces, at = {}, 1
  while at <= #text do
    local plain = text:match('^[^\\"]+', at)
    local hex = not plain and text:match("^\\x(%x%x)", at)
    local byte = plain or hex and string.char(tonumber(hex, 16))
      or ESCAPES[text:match("^\\(.)", at)]
    if not byte then return nil end
    pieces[#pieces + 1] = byte
    at = at + (plain and #plain or hex and 4 or 2)
  end
  return table.concat(pieces)
end

local function quoted(text)
  local inside = text:match('^"(.*)"$')
  return inside and unescape(inside)
end

-- Each takes what stands behind the event's name; returns its data, or nil where that is wrong.
local READERS = {}

function READERS.open(rest)
  local address, port, transport = rest:match("^ ([%x.:]+) (%d+) (t[cl][ps])$")
  if transport ~= "tcp" and transport ~= "tls" then return nil end
  return { address = address, port = tonumber(port), secure = transport == "tls" }
end

function READERS.bytes(rest) return rest:find("^ ") and quoted(rest:sub(2)) end

local function nothing(rest) return rest == "" or nil end

READERS["end"] = nothing
READERS.reset = nothing

-- The event on a line, or nil and what is wrong.
local function read_event(line)
  local time, connection, name, rest = line:match("^(%d+%.%d+) (%d+) (%l+)(.*)$")
  if not time then return nil, "a line is SECONDS CONNECTION EVENT, not " .. line end
  local reader = READERS[name]
  if not reader then return nil, ("there is no event %q"):format(name) end
  local data = reader(rest)
  if data == nil then return nil, ("what stands behind %q is wrong"):format(name) end
  return {
    time = tonumber(time), connection = math.tointeger(connection), event = name,
    data = data ~= true and data or nil,
  }
end

-- A line that begins with a blank goes on with the bytes before.
local function read_more(event, line)
  local bytes = quoted(line:match("^%s+(.*)$"))
  if not event or event.event ~= "bytes" then return "there are no bytes to go on with" end
  if not bytes then return "the bytes are not in quotes, or an escape is wrong" end
  event.data = event.data .. bytes
end

local function read_line(events, line, number)
  if line:find("^#") or line == "" then return nil end
  if line:find("^%s") then return read_more(events[#events], line) end
  local event, problem = read_event(line)
  if not event then return problem end
  event.line = number
  events[#events + 1] = event
end

-- Connections must open before anything else comes from them, and only once. Returns what is wrong
-- and where.
local function check_order(events)
  local is_open = {}
  for _, event in ipairs(events) do
    local connection = event.connection
    if (event.event == "open") == (is_open[connection] or false) then
      local what = is_open[connection] and "opens twice" or "has not been opened"
      return ("connection %d %s"):format(connection, what), event.line
    end
    is_open[connection] = true
  end
end

-- What belongs to a head was written when that was whole.
local function came_before(a, b)
  if a.time ~= b.time then return a.time < b.time end
  return a.line < b.line
end

local function read_header(lines)
  local version = (lines() or ""):match("^moonroom recording (%d+)$")
  if not version then return nil, "this is no recording of Moonroom's" end
  if tonumber(version) ~= VERSION then
    return nil, ("version %s of a recording can't be read, only %d"):format(version, VERSION)
  end
  return tonumber((lines() or ""):match("^start (%d+%.%d+)$")), "the time of the start is wrong"
end

local recording = {}

--- What a recording's text says: { start = Unix time, events = {...} }, the events in the order
--- in which they came: { time = seconds since the start, connection = number from 1, event =
--- "open" | "bytes" | "end" | "reset", data = the bytes; of open { address =, port =, secure = },
--- line = where it stands }.
--- Returns nil and "NAME:LINE: what is wrong" where it is none. A recording that was cut in the
--- middle of a line ends before that.
function recording.parse(text, name)
  local number = 0
  local next_line = text:gmatch("([^\n]*)\n")
  local function lines()
    number = number + 1
    return next_line()
  end
  local function fail(problem, line)
    return nil, ("%s:%d: %s"):format(name, line or number, problem)
  end
  local start, problem = read_header(lines)
  if not start then return fail(problem) end
  local events = {}
  for line in lines do
    problem = read_line(events, line, number)
    if problem then return fail(problem) end
  end
  table.sort(events, came_before)
  local disorder, place = check_order(events)
  if disorder then return fail(disorder, place) end
  return { start = start, events = events }
end

--- The same of a file. Returns nil and the system's reason where it can't be read.
function recording.read(path)
  local file <close>, problem = io.open(path, "rb")
  if not file then return nil, problem end
  local text, wrong = file:read("a")
  if not text then return nil, ("%s: %s"):format(path, wrong) end
  return recording.parse(text, path)
end

return recording
