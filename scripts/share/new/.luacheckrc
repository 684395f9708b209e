std = "lua54"
-- A handler need not use its room or its client.
self = false
exclude_files = { "lua_modules" }
files["spec"] = { std = "lua54+busted" }
