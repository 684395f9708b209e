--- Runs a case over a transport: sends what it sends, in pieces of a size, and says how what came
--- differs from what it expects.
local client_of = require "conformance.client"
local frames = require "conformance.frames"
local request = require "conformance.request"

local runner = {}

-- --- saying it -----------------------------------------------------------------

local function describe(frame)
  if not frame then return "nothing" end
  return ("%s of %d bytes: %s"):format(frame[1], #frame[2],
    frame[2] == "" and "(empty)" or client_of.hex(frame[2]))
end

local function first_difference(one, other)
  local low, high = 0, math.min(#one, #other)
  while low < high do
    local middle = (low + high + 1) // 2
    if one:sub(1, middle) == other:sub(1, middle) then low = middle else high = middle - 1 end
  end
  return low
end

local function describe_close(close)
  if not close then return "none" end
  return ("code %d, reason %q"):format(close.code, close.reason)
end

local function describe_end(client)
  return ("Close: %s; TCP: %s"):format(describe_close(client.close), client.ended or "still open")
end

local function fail(format, ...) error({ why = format:format(...) }, 0) end

-- --- the exchange --------------------------------------------------------------

local Exchange = {}
Exchange.__index = Exchange

local function pump(self)
  self.client:hear(self.transport:take())
  local how = self.transport:ended()
  if how then self.client:hear_end(how) end
end

local function check_rules(self)
  if self.client.wrong then fail("%s", self.client.wrong) end
end

-- Waits until condition() holds or nothing more can come.
local function await(self, condition)
  local client = self.client
  self.transport:settle(function()
    pump(self)
    return client.wrong or condition() or client.ended
  end)
  check_rules(self)
end

local function send(self, bytes)
  local size = math.max(self.chop or #bytes, 1)
  for at = 1, #bytes, size do
    self.transport:send(size >= #bytes and bytes or bytes:sub(at, at + size - 1))
  end
end

-- --- the expectations ----------------------------------------------------------

local function check_fields(response, expected)
  for name, value in pairs(expected or {}) do
    local came = response.fields[name]
    if value == false and came or value ~= false and came ~= value then
      fail("expected the field %s: %s; came: %s", name, value or "none", came or "none")
    end
  end
end

local function check_status(self, status)
  local response = self.client.response
  if not response then fail("expected a response with %d; came none", status) end
  if response.status ~= status then
    fail("expected the status %d; came %d: %s", status, response.status,
      (response.body or ""):sub(1, 200))
  end
end

local function check_refusal(self, case)
  check_status(self, case.status)
  check_fields(self.client.response, case.fields)
  await(self, function() return false end)
  if self.client.ended ~= "end" then
    fail("expected the end of TCP behind the response; it is still open")
  end
end

local function check_agreement(self, case)
  if case.agreed == nil then return end
  local agreed = self.client.agreed
  if not case.agreed then
    if agreed then fail("expected no extension; came one") end
    return
  end
  if not agreed then fail("expected permessage-deflate to be accepted; it was not") end
  for name, value in pairs(case.agreed) do
    if (agreed[name] or false) ~= value then
      fail("expected %s to be %s; it is %s", name, value, agreed[name])
    end
  end
end

-- Where that is told: whether a message was worth compressing is the server's choice.
local function check_compressed(index, expected, came)
  if expected == nil or expected == came then return end
  fail("answer %d: expected it %s; it is %s", index, expected and "compressed" or "plain",
    came and "compressed" or "plain")
end

local function check_answer(self, index, expected)
  local came = self.client.frames[index]
  if came and came[1] == expected[1] and came[2] == expected[2] then
    return check_compressed(index, expected.is_compressed, came.is_compressed or false)
  end
  local note = ""
  if came and came[1] == expected[1] then
    note = ("; they differ behind %d bytes"):format(first_difference(came[2], expected[2]))
  end
  fail("answer %d: expected %s; came %s%s; %s", index, describe(expected), describe(came), note,
    describe_end(self.client))
end

local function check_answers(self, answers, count)
  await(self, function() return #self.client.frames >= count end)
  for index = self.checked + 1, count do check_answer(self, index, answers[index]) end
  self.checked = count
end

local function check_no_more(self, count)
  local more = self.client.frames[count + 1]
  if more then fail("expected no answer %d; came %s", count + 1, describe(more)) end
end

-- The server's Close, then its FIN, without a word of ours in between but what answers a Close of
-- its own.
local function check_close(self, code, replies)
  local client = self.client
  await(self, function() return client.close end)
  if not client.close then
    fail("expected a Close with %d; came none; TCP: %s; so far %d answers", code,
      client.ended or "still open", #client.frames)
  end
  if client.close.code ~= code then
    fail("expected a Close with %d; came %s", code, describe_close(client.close))
  end
  if replies then
    if client.ended then fail("expected the server to wait for the Close that answers its own") end
    send(self, table.concat(replies))
  end
  await(self, function() return client.ended end)
  if not client.ended then fail("expected the server to end TCP behind its Close; it didn't") end
end

-- Still there: it answers a ping, and closes in good form.
local function check_open(self, count)
  self.transport:send(frames.ping("still there?"))
  check_answers(self, { [count + 1] = { "pong", "still there?" } }, count + 1)
  check_no_more(self, count + 1)
  self.transport:send(frames.close(1000, "enough"))
  check_close(self, 1000)
  check_no_more(self, count + 1)
end

local function check_end(self, case, count)
  if case.ends == "open" then return check_open(self, count) end
  check_close(self, case.ends, case.replies)
  check_no_more(self, count)
end

-- --- a run ---------------------------------------------------------------------

local function send_all(self, bytes, answers)
  self.case.size = 0
  for _, piece in ipairs(bytes) do self.case.size = self.case.size + #piece end
  if not self.case.paced then return send(self, table.concat(bytes)) end
  for index, piece in ipairs(bytes) do
    send(self, piece)
    check_answers(self, answers, index)
  end
end

local function value_of(field)
  if type(field) == "function" then return field() end
  return field or {}
end

local function name_of(agreed)
  local list = {}
  for name, value in pairs(agreed) do list[#list + 1] = ("%s=%s"):format(name, value) end
  table.sort(list)
  return table.concat(list, ";")
end

-- What a case sends is made once for all its runs; where it is compressed, once for each agreement.
local function bytes_of(case, agreed)
  local name = case.compresses and name_of(agreed) or ""
  case.bytes = case.bytes or {}
  case.bytes[name] = case.bytes[name] or (case.compresses and case.sends(agreed))
    or value_of(case.sends)
  return case.bytes[name]
end

local function answers_of(case)
  case.expected = case.expected or value_of(case.answers)
  return case.expected
end

local function talk(self)
  local case, client = self.case, self.client
  local joined = case.joined and table.concat(bytes_of(case, {})) or ""
  send(self, self.request .. joined)
  await(self, function() return client.response end)
  if case.status ~= 101 then return check_refusal(self, case) end
  check_status(self, 101)
  check_fields(client.response, case.fields)
  check_agreement(self, case)
  local answers = self.answers
  if not case.joined then send_all(self, bytes_of(case, client.agreed or {}), answers) end
  check_answers(self, answers, #answers)
  check_end(self, case, #answers)
  self.transport:finish()
end

--- Lets go of what was made for its runs.
function runner.forget(case) case.bytes, case.expected = nil, nil end

--- Runs it once. chop: the size of the pieces; nil: all at once. Returns nil where it holds, else
--- what happened, a sentence. case.size is then how many bytes it sent, without the handshake.
function runner.run(case, host, chop)
  local transport = host:connect()
  local self = setmetatable({
    case = case, chop = chop, transport = transport, checked = 0,
    request = request.head(case.request),
    answers = answers_of(case),
    client = client_of.new(request.asked(case.request)),
  }, Exchange)
  local done, why = pcall(talk, self)
  transport:close()
  if done then return nil end
  if type(why) ~= "table" then error(why, 0) end
  return why.why
end

return runner
