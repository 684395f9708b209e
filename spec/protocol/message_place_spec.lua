-- Where the bytes of a long frame are read to: message_place of src/protocol/message.c.

local client_frame = require("client_frame")
local kit = require("moonroom.core").testkit.message

local TEXT, BINARY, PING = 1, 2, 9
local NO_MASK = "\0\0\0\0"
local NAMES = { [TEXT] = "text", [BINARY] = "binary" }

-- A fragment: it is not the last one.
local function part(opcode, payload)
  return client_frame(opcode, payload, { final = false })
end

local function append(list, events)
  for _, event in ipairs(events) do
    table.insert(list, event.code and "wrong " .. event.code
      or NAMES[event.opcode] .. " " .. event.bytes)
  end
end

-- Reads what is left of a message, past `at`, to where the parser has it put, while it says so.
local function fill(parser, bytes, at, piece)
  local events, fills = {}, 0
  while at <= #bytes do
    local room = parser:room()
    local last = at + math.min(room or piece, piece) - 1
    append(events, parser[room and "fill" or "feed"](parser, bytes:sub(at, last)))
    fills = fills + (room and 1 or 0)
    at = last + 1
    if events[#events] and events[#events]:find("^wrong") then break end
  end
  return events, fills
end

describe("the place of a long frame's next bytes", function()
  local text = ("0123456789ab\xC3\xA9"):rep(50000)

  it("takes them as if they had been fed", function()
    local bytes = client_frame(TEXT, text)
    for _, piece in ipairs { 1460, 50001, 1000000 } do
      local parser = kit.parser()
      assert.same({}, parser:feed(bytes:sub(1, 70000)))
      local events, fills = fill(parser, bytes, 70001, piece)
      assert.same({ "text " .. text }, events)
      assert.is_true(fills > 2)
      parser:release()
    end
  end)

  it("takes those of fragments, with a ping between", function()
    local first, last = part(BINARY, text), client_frame(0, text)
    local parser = kit.parser { max_message = 2000000 }
    assert.same({}, parser:feed(first:sub(1, 70000)))
    assert.same({}, (fill(parser, first, 70001, 100000)))
    local events = parser:feed(client_frame(PING, "p") .. last:sub(1, 70000))
    assert.equal(PING, events[1].opcode)
    assert.same({ "binary " .. text .. text }, (fill(parser, last, 70001, 100000)))
    parser:release()
  end)

  it("is found wrong what is wrong in them", function()
    local bytes = client_frame(TEXT, text:sub(1, 300000) .. "\xFF" .. text)
    local parser = kit.parser()
    assert.same({}, parser:feed(bytes:sub(1, 70000)))
    assert.same({ "wrong 1007" }, (fill(parser, bytes, 70001, 100000)))
    parser:release()
  end)

  it("has memory that follows the bytes received", function()
    local bytes = client_frame(BINARY, text .. text, { mask = NO_MASK })
    local parser = kit.parser { max_message = 2000000 }
    parser:feed(bytes:sub(1, 70000))
    local at = 70001
    while at < #bytes - 65536 do
      local room = parser:room()
      assert.is_true((select(2, parser:memory())) <= 2 * at)
      parser:fill(bytes:sub(at, at + room - 1))
      at = at + room
    end
    parser:release()
  end)

  it("is nowhere for what is little, before much has come, and without memory", function()
    local bytes = client_frame(BINARY, text)
    local parser = kit.parser()
    assert.is_nil(parser:room())
    parser:feed(bytes:sub(1, 65535))
    assert.is_nil(parser:room())
    parser:feed(bytes:sub(65536, 14 + 131072))
    parser:fail_at(1)
    assert.is_nil(parser:room())
    assert.is_number(parser:room())
    parser:feed(bytes:sub(14 + 131073, -60000))
    assert.is_nil(parser:room())
    parser:release()
    parser:feed(client_frame(PING, "ping"):sub(1, 8))
    assert.is_nil(parser:room())
    parser:release()
  end)
end)
