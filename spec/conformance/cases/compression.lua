-- Compression (RFC 7692): messages of many sizes and kinds, in one frame and in fragments, with
-- nothing remembered from one to the next.
local compression = require "conformance.compression"
local frames = require "conformance.frames"
local payloads = require "conformance.payloads"
local family = require("conformance.family").new(12, "compressed messages")

local MESSAGES = 3
local KINDS = {
  { "json", "text", "text that compresses well" },
  { "text", "text", "text of many characters" },
  { "digits", "text", "text that hardly compresses" },
  { "binary", "binary", "bytes that don't compress" },
}
local SIZES = { 16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072 }

-- Each message is another.
local function message(make, size, index)
  return tostring(index) .. payloads[make](size - 1)
end

local function pieces_of(payload, count)
  return frames.cut(payload, math.max(1, (#payload + count - 1) // count))
end

local function add(make, kind, size, count)
  -- A server may send plain what only grows; this doesn't.
  local is_smaller = make == "json" and size >= 256
  local label = count == 1 and "" or (" in up to %d fragments"):format(count)
  family:case(("echoes %d compressed messages of %d bytes%s"):format(MESSAGES, size, label), {
    request = { target = "/compressed",
      fields = { ["Sec-WebSocket-Extensions"] = "permessage-deflate" } },
    agreed = {}, compresses = true,
    sends = function(agreed)
      local deflater, list = compression.deflater(agreed), {}
      for index = 1, MESSAGES do
        local payload = deflater:deflate(message(make, size, index))
        local all = frames.pieces(kind, pieces_of(payload, count), { rsv = 4 })
        table.move(all, 1, #all, #list + 1, list)
      end
      return list
    end,
    answers = function()
      local list = {}
      for index = 1, MESSAGES do
        list[index] = { kind, message(make, size, index), is_compressed = is_smaller or nil }
      end
      return list
    end,
  })
end

for _, row in ipairs(KINDS) do
  local make, kind, title = row[1], row[2], row[3]
  family:group(title .. ", by size")
  for _, size in ipairs(SIZES) do add(make, kind, size, 1) end
  family:group(title .. ", in fragments")
  for _, size in ipairs { 1024, 16384, 131072 } do
    for _, count in ipairs { 2, 4, 8, 16, 32, 64 } do add(make, kind, size, count) end
  end
end

family:group("plain messages")
for _, size in ipairs { 0, 16, 1024, 131072 } do
  for _, kind in ipairs { "text", "binary" } do
    family:case(("takes a %s of %d bytes that isn't compressed"):format(kind, size), {
      request = { target = "/compressed",
        fields = { ["Sec-WebSocket-Extensions"] = "permessage-deflate" } },
      agreed = {},
      sends = function() return { frames.frame(kind, payloads[kind](size)) } end,
      answers = function() return { { kind, payloads[kind](size) } } end,
    })
  end
end

return family
