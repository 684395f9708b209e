-- Limits: what is beyond one is refused, and what is just within it isn't. RFC 6455 7.4.1 and 10.4.
-- /small takes messages of 1000 bytes, frames of 600, 8 fragments; /many 4 MiB in 65,536.
local frames = require "conformance.frames"
local payloads = require "conformance.payloads"
local family = require("conformance.family").new(10, "limits")

local MIB = 1 << 20
local SMALL = { target = "/small" }

family:group("the size of a message")
for _, kind in ipairs { "text", "binary" } do
  for _, size in ipairs { 599, 600 } do
    family:case(("echoes a %s of %d bytes where a frame may have 600"):format(kind, size), {
      request = SMALL, sends = { frames.frame(kind, ("x"):rep(size)) },
      answers = { { kind, ("x"):rep(size) } },
    })
  end
  for _, size in ipairs { 601, 1000, 65536, 16 * MIB } do
    family:case(("refuses a %s of %d bytes there by its header"):format(kind, size), {
      request = SMALL, sends = { frames.frame(kind, "", { declared = size }) }, ends = 1009,
    })
  end
  for _, sizes in ipairs { { 600, 400 }, { 1, 599, 400 }, { 500, 500, 0 }, { 0, 600, 0, 400 } } do
    local names, total = table.concat(sizes, " + "), 0
    local pieces = {}
    for index, size in ipairs(sizes) do
      pieces[index], total = ("x"):rep(size), total + size
    end
    family:case(("echoes a %s of %s bytes where a message may have 1000"):format(kind, names), {
      request = SMALL, sends = frames.pieces(kind, pieces),
      answers = { { kind, ("x"):rep(total) } },
    })
  end
  for _, sizes in ipairs { { 600, 401 }, { 600, 400, 1 }, { 1, 600, 400 }, { 600, 600 } } do
    local names = table.concat(sizes, " + ")
    family:case(("refuses a %s of %s bytes by the header of the last"):format(kind, names), {
      request = SMALL,
      sends = function()
        local list = {}
        for index = 1, #sizes - 1 do
          list[index] = frames.frame(index == 1 and kind or "continuation", ("x"):rep(sizes[index]),
            { fin = false })
        end
        list[#sizes] = frames.continuation("", { declared = sizes[#sizes] })
        return list
      end,
      ends = 1009,
    })
  end
end
family:case("echoes a good text, then refuses one that is too big", {
  request = SMALL, sends = { frames.text("good"), frames.text(("x"):rep(601)) },
  answers = { { "text", "good" } }, ends = 1009,
})
family:case("answers a ping between fragments without counting it", {
  request = SMALL,
  sends = { frames.text(("x"):rep(600), { fin = false }), frames.ping(("p"):rep(125)),
    frames.continuation(("y"):rep(400)) },
  answers = { { "pong", ("p"):rep(125) }, { "text", ("x"):rep(600) .. ("y"):rep(400) } },
})

family:group("the largest message")
for _, row in ipairs { { "/echo", MIB, "1 MiB" }, { "/big", 16 * MIB, "16 MiB" } } do
  local target, size, name = row[1], row[2], row[3]
  family:case(("echoes a binary of exactly %s, which is the limit"):format(name), {
    request = { target = target },
    sends = function() return { frames.binary(payloads.binary(size), { key = "\0\0\0\0" }) } end,
    answers = function() return { { "binary", payloads.binary(size) } } end,
  })
  family:case(("refuses a binary of %s and 1 byte by its header"):format(name), {
    request = { target = target }, sends = { frames.binary("", { declared = size + 1 }) },
    ends = 1009,
  })
  family:case(("refuses a binary of %s and then 1 byte"):format(name), {
    request = { target = target },
    sends = function()
      return { frames.binary(("x"):rep(size), { fin = false, key = "\0\0\0\0" }),
        frames.continuation("", { declared = 1 }) }
    end,
    ends = 1009,
  })
end

family:group("the number of fragments")
for _, size in ipairs { 0, 1, 100 } do
  local function pieces(count)
    local list = {}
    for index = 1, count do list[index] = ("x"):rep(size) end
    return frames.pieces("text", list)
  end
  for _, count in ipairs { 7, 8 } do
    family:case(("echoes %d fragments of %d bytes where 8 are allowed"):format(count, size), {
      request = SMALL, sends = pieces(count), answers = { { "text", ("x"):rep(size * count) } },
    })
  end
  family:case(("refuses the ninth fragment of %d bytes with 1008"):format(size), {
    request = SMALL, sends = pieces(9), ends = 1008,
  })
end
family:case("counts anew with the next message", {
  request = SMALL,
  sends = function()
    local list = {}
    for _ = 1, 3 do
      table.move(frames.pieces("text", frames.cut("12345678", 1)), 1, 8, #list + 1, list)
    end
    return list
  end,
  answers = { { "text", "12345678" }, { "text", "12345678" }, { "text", "12345678" } },
})
family:case("echoes 4 MiB in 65,536 fragments where that many are allowed", {
  request = { target = "/many" },
  sends = function() return frames.pieces("binary", frames.cut(payloads.binary(4 * MIB), 64)) end,
  answers = function() return { { "binary", payloads.binary(4 * MIB) } } end,
})
family:case("refuses the 65,537th with 1008", {
  request = { target = "/many" },
  sends = function()
    local list = {}
    for index = 1, 65537 do list[index] = "" end
    return { table.concat(frames.pieces("binary", list)) }
  end,
  ends = 1008,
})

return family
