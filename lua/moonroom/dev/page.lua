-- The files of the page, as the browser gets them: nothing from elsewhere, nothing kept.

local core = require "moonroom.core"

local types = {
  html = "text/html; charset=utf-8", css = "text/css; charset=utf-8",
  js = "text/javascript; charset=utf-8",
}

local names = { ["/__dev"] = "page.html", ["/__dev/"] = "page.html" }
for _, name in ipairs { "page.css", "page.js", "build.js", "side.js", "user.js", "words.js" } do
  names["/__dev/" .. name] = name
end

local policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
  .. "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

local directory = string.match(debug.getinfo(1, "S").source, "^@(.*/)[^/]*$")

local function read(name)
  local file = assert(io.open(directory .. name, "rb"))
  local content = file:read("a")
  file:close()
  return content
end

local function fields_of(name)
  return core.field("Content-Type", types[string.match(name, "%w+$")])
    .. core.field("Content-Security-Policy", policy) .. core.field("Cache-Control", "no-store")
    .. core.field("X-Content-Type-Options", "nosniff")
    .. core.field("Referrer-Policy", "no-referrer")
    .. core.field("Cross-Origin-Resource-Policy", "same-origin")
end

-- Answers a developer's request for a file of the page; returns whether it was one.
local function answer(request)
  local name = names[request.path]
  if not name or request.method ~= "GET" and request.method ~= "HEAD" then return false end
  core.respond(request, 200, fields_of(name), read(name))
  return true
end

return { answer = answer }
