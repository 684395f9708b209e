--- A server's response head, and what a 101 must have (RFC 6455 4.2.2, RFC 9110, RFC 9112).
local response = {}

-- The keys that cases use, and what they are to be answered with: computed by another program.
local ACCEPTS = {
  ["dGhlIHNhbXBsZSBub25jZQ=="] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", -- RFC 6455 1.3
  ["AAAAAAAAAAAAAAAAAAAAAA=="] = "ICX+Yqv66kxgM0FcWaLWlFLwTAI=",
  ["/////////////////////w=="] = "XXpj4jYzLM2yUE0C7TIgMwTQh2g=",
  ["AQIDBAUGBwgJCgsMDQ4PEA=="] = "C/0nmHhBztSRGR1CwL6Tf4ZjwpY=",
  ["x3JJHMbDL1EzLkh9GBhXDw=="] = "HSmrc0sMlYUkAGmm5OPpG2HaGWk=",
  ["+/+/+/+/+/+/+/+/+/+/+w=="] = "M0DUs3om0SqzerhOhYSMM7WQuBQ=",
}

local TOKEN = "[%w!#$%%&'*+.^_`|~-]+"

local function add_field(found, line)
  local name, value = line:match("^(" .. TOKEN .. "):[ \t]*(.-)[ \t]*$")
  if not name then return ("the line %q is no header field (9112 5)"):format(line) end
  if value:find("[%z\1-\8\10-\31\127]") then
    return ("the field %q has a control byte"):format(line)
  end
  name = name:lower()
  local before = found.fields[name]
  found.fields[name] = before and before .. ", " .. value or value
  found.counts[name] = (found.counts[name] or 0) + 1
end

--- status, fields (names in lower case, repeated ones joined by ", "), counts, length (of the body;
--- 0 for 101). Or nil, why.
function response.parse(head)
  local first, rest = head:match("^([^\r\n]*)\r\n(.*)\r\n$")
  local status = first and first:match("^HTTP/1%.1 ([1-5]%d%d) [^%c]*$")
  if not status then return nil, ("no status line (9112 4): %q"):format(first or head) end
  local found = { status = tonumber(status), fields = {}, counts = {} }
  for line in rest:gmatch("(.-)\r\n") do
    local why = add_field(found, line)
    if why then return nil, why end
  end
  found.length = found.status == 101 and 0 or tonumber(found.fields["content-length"])
  if not found.length then return nil, "a response without Content-Length" end
  return found
end

local function has_token(list, token)
  for element in (list or ""):gmatch("[^,]+") do
    if element:match("^%s*(.-)%s*$"):lower() == token then return true end
  end
  return false
end

local function was_offered(offers, protocol)
  for element in (offers or ""):gmatch("[^,]+") do
    if element:match("^%s*(.-)%s*$") == protocol then return true end
  end
  return false
end

local ONCE = {
  "upgrade", "connection", "sec-websocket-accept", "sec-websocket-protocol",
  "sec-websocket-extensions",
}

--- What is wrong with a 101 for a request with this key, these protocols and extensions; nil where
--- nothing is.
function response.check_upgrade(found, request)
  local fields, counts = found.fields, found.counts
  for _, name in ipairs(ONCE) do
    if (counts[name] or 0) > 1 then return ("the field %s twice (6455 4.2.2)"):format(name) end
  end
  if not has_token(fields.upgrade, "websocket") then return "no Upgrade: websocket (6455 4.2.2)" end
  if not has_token(fields.connection, "upgrade") then
    return "no Connection: Upgrade (6455 4.2.2)"
  end
  local accept = fields["sec-websocket-accept"]
  if accept ~= (ACCEPTS[request.key] or error("an unknown key")) then
    return ("Sec-WebSocket-Accept: %s, which is not for this key (6455 4.2.2)"):format(accept)
  end
  for _, name in ipairs { "content-length", "transfer-encoding" } do
    if fields[name] then return ("a 101 with %s (9110 8.6, 9112 6.1)"):format(name) end
  end
  local protocol = fields["sec-websocket-protocol"]
  if protocol and not was_offered(request.protocols, protocol) then
    return ("the subprotocol %q, which was not offered (6455 4.2.2)"):format(protocol)
  end
  if fields["sec-websocket-extensions"] and not request.extensions then
    return "an extension, where none was offered (6455 4.2.2)"
  end
end

return response
