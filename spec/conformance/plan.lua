--- Which cases run, over which transports, in pieces of which sizes.
local plan = {}

local KIB = 1024

-- byte_by_byte: the longest case that is sent so, in bytes; in_pieces: in pieces of 997 and 65536.
local ALL = {
  { name = "memory", byte_by_byte = 128 * KIB, in_pieces = math.huge },
  { name = "tcp", byte_by_byte = 4 * KIB, in_pieces = math.huge },
  { name = "memory_tls", byte_by_byte = 4 * KIB, in_pieces = math.huge },
  { name = "tcp_tls", byte_by_byte = 4 * KIB, in_pieces = math.huge },
}

-- What `make test` runs.
local SHORT = {
  { name = "memory", byte_by_byte = 16 * KIB, in_pieces = 256 * KIB },
  { name = "tcp", byte_by_byte = 0, in_pieces = 0 },
  { name = "memory_tls", byte_by_byte = 0, in_pieces = 0 },
  { name = "tcp_tls", byte_by_byte = 0, in_pieces = 0 },
}

-- A sanitizer sees the same code by any way.
local SANITIZED = {
  { name = "memory", byte_by_byte = 4 * KIB, in_pieces = 256 * KIB },
  { name = "memory_tls", byte_by_byte = 0, in_pieces = 0 },
}

--- The transports' rows, as the environment asks for them.
function plan.transports()
  if os.getenv("MOONROOM_ASAN") then return SANITIZED end
  return os.getenv("CONFORMANCE") == "all" and ALL or SHORT
end

--- In pieces of which sizes so many bytes go out too, when they have gone out whole.
function plan.chops(row, bytes)
  local chops = {}
  if bytes <= row.byte_by_byte then chops[#chops + 1] = 1 end
  for _, size in ipairs { 997, 65536 } do
    if bytes <= row.in_pieces and bytes > size then chops[#chops + 1] = size end
  end
  return chops
end

--- Whether $CASES names this id: "6.*", "6.2.11", "1.* 2.1.*"; all where it is empty.
function plan.wants(id)
  local wanted = os.getenv("CASES") or ""
  if wanted == "" then return true end
  for pattern in wanted:gmatch("%S+") do
    local lua = "^" .. pattern:gsub("%.", "%%."):gsub("%*", ".*") .. "$"
    if id:match(lua) then return true end
  end
  return false
end

return plan
