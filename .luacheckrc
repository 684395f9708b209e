std = "lua54"
max_line_length = 100
-- A handler may leave its room or client unused.
self = false
exclude_files = { "spec/node_modules", "examples/*/lua_modules" }

-- A server that ours is compared with.
files["scripts/bench/peers/nginx"] = { std = "ngx_lua" }
files["spec"] = { std = "lua54+busted" }
files["examples/*/spec"] = { std = "lua54+busted" }
files["scripts/share/new/spec"] = { std = "lua54+busted" }
-- Declarations only: their arguments are the documentation.
for _, path in ipairs { "lua/moonroom/meta.lua", "lua/moonroom/meta" } do
  files[path] = { ignore = { "212", "241" } }
end
