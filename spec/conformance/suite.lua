--- All families, and which of their cases are wanted.
local suite = {}

local FAMILIES = {
  "framing", "pings", "reserved", "opcodes", "fragments", "utf8", "closing", "headers",
  "performance", "limits", "handshake", "compression", "windows", "extensions",
}

--- The families, in order.
function suite.families()
  local list = {}
  for index, name in ipairs(FAMILIES) do list[index] = require("conformance.cases." .. name) end
  return list
end

return suite
