-- Bytes that break the protocol (RFC 6455), each with what a server must answer.

local frames = require "moonroom.test.frames"

-- In the order in which the page offers them.
local list = {
  { name = "unmasked", words = "An unmasked frame", code = 1002, bytes = "\x81\x02hi" },
  { name = "opcode", words = "A reserved opcode", code = 1002, bytes = "\x83\x80\0\0\0\0" },
  { name = "bit", words = "A reserved bit", code = 1002, bytes = "\xA1\x80\0\0\0\0" },
  { name = "continuation", words = "A continuation of nothing", code = 1002,
    bytes = "\x80\x80\0\0\0\0" },
  { name = "ping", words = "A ping of 126 bytes", code = 1002,
    bytes = "\x89\xFE\0\x7E\0\0\0\0" .. string.rep("p", 126) },
  { name = "utf8", words = "A text that isn't UTF-8", code = 1007,
    bytes = frames.encode("text", "\xC3\x28") },
  { name = "size", words = "A text of 1 TiB, as announced", code = 1009,
    bytes = "\x81\xFF\0\0\1\0\0\0\0\0\0\0\0\0" },
  { name = "close", words = "A Close with the code 1006", code = 1002,
    bytes = frames.encode_close(1006) },
}

local by_name = {}
for _, fault in ipairs(list) do by_name[fault.name] = fault end

return { list = list, by_name = by_name }
