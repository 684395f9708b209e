-- What `moonroom test` has lua5.4 run: busted, with the words of the command line and the settings
-- of the directory under test. busted's own script won't do: its first line picks another Lua, and
-- LuaRocks installs a shell's in its place.

local EX_UNAVAILABLE = 69

if not package.searchpath("busted.runner", package.path) then
  io.stderr:write("moonroom: busted is missing for Lua 5.4: install it (Debian's package is ",
    "lua-busted; luarocks --lua-version 5.4 install busted)\n")
  os.exit(EX_UNAVAILABLE)
end

-- In front, so that a -f of the user's wins.
table.insert(arg, 1, "-f")
table.insert(arg, 2, assert(package.searchpath("moonroom.test.busted", package.path)))

-- busted takes the chunk's name for its own in what it says.
load([[require("busted.runner") { standalone = false }]], "@busted")()
