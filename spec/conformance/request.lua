--- The opening handshake's request, right or changed as a case wants it (RFC 6455 4.1).
local request = {}

local KEY = "dGhlIHNhbXBsZSBub25jZQ=="

local FIELDS = {
  { "Host", "localhost" },
  { "Upgrade", "websocket" },
  { "Connection", "Upgrade" },
  { "Sec-WebSocket-Key", KEY },
  { "Sec-WebSocket-Version", "13" },
}

local function find(changes, name)
  for own, value in pairs(changes or {}) do
    if own:lower() == name:lower() then return own, value end
  end
end

local function append(lines, name, value)
  if value == false then return end
  for _, one in ipairs(type(value) == "table" and value or { value }) do
    lines[#lines + 1] = name .. ": " .. one
  end
end

--- The head. options: method, target, version; fields = { name = value | false (none) | { values of
--- several fields } }; more = whole lines behind them; text: the head itself.
function request.head(options)
  options = options or {}
  if options.text then return options.text end
  local lines, standard = {}, {}
  lines[1] = ("%s %s %s"):format(options.method or "GET", options.target or "/echo",
    options.version or "HTTP/1.1")
  for _, field in ipairs(FIELDS) do
    local name, value = find(options.fields, field[1])
    standard[field[1]:lower()] = true
    if name == nil then name, value = field[1], field[2] end
    append(lines, name, value)
  end
  local names = {}
  for name in pairs(options.fields or {}) do
    if not standard[name:lower()] then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do append(lines, name, options.fields[name]) end
  for _, line in ipairs(options.more or {}) do lines[#lines + 1] = line end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

local function joined(options, name, default)
  local _, value = find(options.fields, name)
  if type(value) == "table" then value = table.concat(value, ", ") end
  if value == nil then value = default end
  return value or nil
end

--- What the client must know of it, to hold the answer against.
function request.asked(options)
  options = options or {}
  return {
    key = joined(options, "Sec-WebSocket-Key", KEY),
    protocols = joined(options, "Sec-WebSocket-Protocol"),
    extensions = joined(options, "Sec-WebSocket-Extensions"),
  }
end

return request
