-- Windows and takeover: RFC 7692 7.1. The client sees to it that each answer fits its offer, that
-- the server's distances stay within its window, and reach back only where that was agreed.
local compression = require "conformance.compression"
local frames = require "conformance.frames"
local payloads = require "conformance.payloads"
local family = require("conformance.family").new(13, "windows and takeover")

local MESSAGES = 5

-- Every message has the front of the one before, so that there is something to refer to.
local function message(kind, size, index)
  local shared = payloads[kind == "text" and "json" or "binary"](size)
  local own = ("<%d>"):format(index)
  return (shared:sub(1, size // 2) .. own .. shared:sub(size // 2 + #own + 1)):sub(1, size)
end

local function series(says, row)
  family:case(says, {
    fixture = row.fixture,
    request = { target = row.target, fields = { ["Sec-WebSocket-Extensions"] = row.offer } },
    agreed = row.agreed or {}, compresses = true,
    sends = function(agreed)
      local deflater, list = compression.deflater(agreed, row.client), {}
      for index = 1, MESSAGES do
        list[index] = frames.frame(row.kind, deflater:deflate(message(row.kind, row.size, index)),
          { rsv = 4 })
      end
      return list
    end,
    answers = function()
      local list = {}
      for index = 1, MESSAGES do list[index] = { row.kind, message(row.kind, row.size, index) } end
      return list
    end,
  })
end

local OFFER = "permessage-deflate"
local ROOMS = { { "/compressed", "without takeover" }, { "/takeover", "with takeover" } }

for _, room in ipairs(ROOMS) do
  local target, title = room[1], room[2]

  family:group("the server's window, " .. title)
  for bits = 9, 15 do
    for _, size in ipairs { 1024, 8192, 131072 } do
      series(("keeps within the %d bits asked for, in messages of %d bytes"):format(bits, size), {
        target = target, offer = ("%s; server_max_window_bits=%d"):format(OFFER, bits),
        agreed = { server_max_window_bits = bits }, kind = "text", size = size,
      })
    end
    series(("keeps within the %d bits asked for, in bytes that don't compress"):format(bits), {
      target = target, offer = ("%s; server_max_window_bits=%d"):format(OFFER, bits),
      agreed = { server_max_window_bits = bits }, kind = "binary", size = 65536,
    })
  end

  family:group("the client's window, " .. title)
  for bits = 8, 15 do
    for _, size in ipairs { 1024, 131072 } do
      series(("takes messages of %d bytes in a window of %d bits"):format(size, bits), {
        target = target, offer = ("%s; client_max_window_bits=%d"):format(OFFER, bits),
        client = { bits = bits }, kind = "text", size = size,
      })
    end
  end
  for _, size in ipairs { 16, 1024, 32768, 131072 } do
    series(("takes messages of %d bytes where the client's window may be limited"):format(size), {
      target = target, offer = OFFER .. "; client_max_window_bits", kind = "text", size = size,
    })
  end

  family:group("both windows, " .. title)
  for _, pair in ipairs { { 9, 8 }, { 9, 9 }, { 9, 15 }, { 10, 12 }, { 12, 10 }, { 15, 9 },
    { 15, 15 } } do
    series(("keeps to %d bits, and takes %d"):format(pair[1], pair[2]), {
      target = target, client = { bits = pair[2] }, kind = "text", size = 16384,
      offer = ("%s; server_max_window_bits=%d; client_max_window_bits=%d"):format(OFFER, pair[1],
        pair[2]),
      agreed = { server_max_window_bits = pair[1] },
    })
  end
end

-- The server's own limit is told unasked (7.1.2.1), and a lower one that is asked for is kept.
for _, room in ipairs(ROOMS) do
  family:group("a server that looks back 1 KiB, " .. room[2])
  for _, row in ipairs {
    { "", 10 }, { "; server_max_window_bits=9", 9 }, { "; server_max_window_bits=10", 10 },
    { "; server_max_window_bits=15", 10 }, { "; client_max_window_bits", 10 },
    { "; client_max_window_bits=9", 10, 9 }, { "; client_max_window_bits=15", 10 },
  } do
    for _, size in ipairs { 1024, 65536 } do
      series(("keeps within %d bits in messages of %d bytes, asked for%s"):format(row[2], size,
        row[1] == "" and " nothing" or row[1]), {
        fixture = "narrow", target = room[1], offer = OFFER .. row[1], kind = "text", size = size,
        client = { bits = row[3] }, agreed = { server_max_window_bits = row[2] },
      })
    end
  end
end

-- --- takeover ------------------------------------------------------------------

local MODES = {
  { "", "by both sides", {} },
  { "; server_no_context_takeover", "by the client alone", { server_no_context_takeover = true } },
  { "; client_no_context_takeover", "by the server alone", { client_no_context_takeover = true } },
  { "; server_no_context_takeover; client_no_context_takeover", "by nobody",
    { server_no_context_takeover = true, client_no_context_takeover = true } },
}

for _, mode in ipairs(MODES) do
  family:group("contexts kept " .. mode[2])
  for _, size in ipairs { 16, 256, 1024, 8192, 32768, 131072 } do
    for _, kind in ipairs { "text", "binary" } do
      series(("remembers what it has to, in %s messages of %d bytes"):format(kind, size), {
        target = "/takeover", offer = OFFER .. mode[1], kind = kind, size = size,
        agreed = {
          server_no_context_takeover = mode[3].server_no_context_takeover or false,
          client_no_context_takeover = mode[3].client_no_context_takeover or false,
        },
      })
    end
  end
  series("takes messages that refer to nothing, whatever they might", {
    target = "/takeover", offer = OFFER .. mode[1], kind = "text", size = 4096,
    client = { resets = true },
  })
  series("takes stored blocks", {
    target = "/takeover", offer = OFFER .. mode[1], kind = "text", size = 100000,
    client = { level = 0 },
  })
  series("takes what was compressed with all effort", {
    target = "/takeover", offer = OFFER .. mode[1], kind = "text", size = 100000,
    client = { level = 9 },
  })
  for _, bits in ipairs { 9, 12 } do
    series(("remembers within windows of %d bits"):format(bits), {
      target = "/takeover", client = { bits = bits }, kind = "text", size = 16384,
      offer = ("%s%s; server_max_window_bits=%d; client_max_window_bits=%d"):format(OFFER, mode[1],
        bits, bits),
    })
  end
end

family:group("contexts without takeover, where the room has none")
for _, mode in ipairs(MODES) do
  for _, size in ipairs { 16, 1024, 32768 } do
    series(("keeps none in messages of %d bytes, asked for%s"):format(size,
      mode[1] == "" and " nothing" or mode[1]), {
      target = "/compressed", offer = OFFER .. mode[1], kind = "text", size = size,
      agreed = { server_no_context_takeover = true, client_no_context_takeover = true },
    })
  end
end

return family
