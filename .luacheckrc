std = "lua54"
max_line_length = 100
-- A handler may leave its room or client unused.
self = false
exclude_files = { "spec/node_modules", "examples/*/lua_modules" }

files["spec"] = { std = "lua54+busted" }
files["examples/*/spec"] = { std = "lua54+busted" }
-- Declarations only: their arguments are the documentation.
files["lua/moonroom/meta.lua"] = { ignore = { "212" } }
