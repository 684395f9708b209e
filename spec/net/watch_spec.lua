local program = require "program"
local server = require "server"
local uv = require "luv"

local MAIN = 'local moonroom = require "moonroom"\nmoonroom.mount("/", moonroom.Room)\n'

-- The files that changes were told of, in order.
local function told(here)
  local list = {}
  for file in here:log():gmatch("scripts changed[^\n]* file=(%S+)") do list[#list + 1] = file end
  return list
end

-- Waits until so many changes have been told of.
local function wait_told(here, count)
  here:wait_for_log(("scripts changed[^\n]*\n.*"):rep(count))
  return told(here)
end

-- What acts does is one burst for a server that doesn't run meanwhile.
local function burst(here, acts)
  here:signal("sigstop")
  acts()
  here:signal("sigcont")
end

describe("the watch of a script directory", function()
  local here, root

  local function write(name, text) program.write(root .. "/" .. name, text or MAIN) end
  local function rename(from, to)
    assert(uv.fs_rename(root .. "/" .. from, root .. "/" .. to))
  end

  before_each(function()
    here = server.start({
      ["init.lua"] = MAIN, ["rooms/a.lua"] = 'return require("moonroom").Room', ["lib/b.lua"] = "",
    }, { command = "dev" })
    root = here.root
  end)

  after_each(server.stop_all)

  it("tells of a script that is saved, wherever it is", function()
    write("init.lua")
    wait_told(here, 1)
    write("rooms/a.lua")
    wait_told(here, 2)
    write("lib/b.lua")
    assert.same({ "init.lua", "rooms/a.lua", "lib/b.lua" }, wait_told(here, 3))
  end)

  it("tells of what an editor renames into place", function()
    burst(here, function()
      write(".init.lua.tmp")
      rename(".init.lua.tmp", "init.lua")
    end)
    wait_told(here, 1)
    burst(here, function()
      rename("init.lua", "init.lua~")
      write("init.lua")
    end)
    assert.same({ "init.lua", "init.lua" }, wait_told(here, 2))
  end)

  it("tells once of a burst, naming the first", function()
    burst(here, function()
      write("lib/first.lua")
      for i = 1, 50 do write(("rooms/r%d.lua"):format(i)) end
    end)
    wait_told(here, 1)
    write("init.lua")
    assert.same({ "lib/first.lua", "init.lua" }, wait_told(here, 2))
  end)

  it("tells of a script that is removed, or moved away with its directory", function()
    uv.fs_unlink(root .. "/lib/b.lua")
    wait_told(here, 1)
    local away = program.directory {}
    assert(uv.fs_rename(root .. "/rooms", away .. "/rooms"))
    wait_told(here, 2)
    program.write(away .. "/rooms/a.lua", "")
    write("init.lua")
    program.remove(away)
    assert.same({ "lib/b.lua", "rooms", "init.lua" }, wait_told(here, 3))
  end)

  it("watches a directory that comes later, and those in it", function()
    write("lib/deep/er/c.lua")
    assert.same({ "lib/deep/er/c.lua" }, wait_told(here, 1))
    write("lib/deep/er/c.lua")
    wait_told(here, 2)
    local made = program.directory { ["d.lua"] = "", ["e/f.lua"] = "" }
    assert(uv.fs_rename(made, root .. "/lib/moved"))
    wait_told(here, 3)
    write("lib/moved/e/f.lua")
    assert.equal("lib/moved/e/f.lua", wait_told(here, 4)[4])
  end)

  it("follows links, and a link in a circle to its end", function()
    local made = program.directory { ["g.lua"] = "" }
    assert(uv.fs_symlink(made, root .. "/lib/linked"))
    assert.same({ "lib/linked/g.lua" }, wait_told(here, 1))
    assert(uv.fs_symlink(root, root .. "/lib/circle"))
    program.write(made .. "/g.lua", "")
    assert.equal("lib/linked/g.lua", wait_told(here, 2)[2])
    program.remove(made)
  end)

  it("goes on with what comes to the directory's path, at once or later", function()
    local away = program.directory {}
    local function replace(count)
      local next_one = program.directory { ["init.lua"] = MAIN }
      assert(uv.fs_rename(root, away .. "/" .. count))
      assert(uv.fs_rename(next_one, root))
    end
    burst(here, function() replace(1) end)
    wait_told(here, 1)
    write("init.lua")
    assert.equal("init.lua", wait_told(here, 2)[2])
    replace(3)
    wait_told(here, 3)
    write("lib/new.lua")
    assert.equal("lib/new.lua", wait_told(here, 4)[4])
    program.remove(away)
  end)

  it("goes on with what a link leads to now", function()
    local one, two = program.directory { ["g.lua"] = "" }, program.directory { ["g.lua"] = "" }
    assert(uv.fs_symlink(one, root .. "/lib/linked"))
    wait_told(here, 1)
    burst(here, function()
      assert(uv.fs_symlink(two, root .. "/lib/.next"))
      rename("lib/.next", "lib/linked")
    end)
    wait_told(here, 2)
    program.write(one .. "/g.lua", "")
    program.write(two .. "/g.lua", "")
    assert.equal("lib/linked/g.lua", wait_told(here, 3)[3])
    uv.fs_unlink(root .. "/lib/linked")
    wait_told(here, 4)
    program.write(two .. "/g.lua", "")
    write("init.lua")
    assert.equal("init.lua", wait_told(here, 5)[5])
    program.remove(one)
    program.remove(two)
  end)

  it("tells once which limit leaves directories out", function()
    burst(here, function()
      for number = 1, 4100 do assert(uv.fs_mkdir(root .. "/lib/" .. number, 448)) end
    end)
    here:wait_for_log("not all directories are watched.*there are more than 4096")
    write("init.lua")
    wait_told(here, 1)
    assert.equal(1, select(2, here:log():gsub("not all directories", "")))
  end)

  it("leaves out what no server loads", function()
    burst(here, function()
      for _, name in ipairs {
        ".git/a.lua", "node_modules/a.lua", "lua_modules/a.lua", "lib/node_modules/a.lua",
        "public/a.lua", "spec/a_spec.lua", ".init.lua.swp", "lib/.#b.lua", "notes.txt",
        "init.lua~",
      } do write(name) end
    end)
    burst(here, function()
      for _, name in ipairs { ".git/a.lua", "public/a.lua", "lua_modules/a.lua" } do write(name) end
      write("lib/public/a.lua")
    end)
    assert.same({ "lib/public/a.lua" }, wait_told(here, 1))
  end)

  it("watches beside a file only what is in its own directory", function()
    local alone = server.start(root .. "/rooms/a.lua", { command = "dev" })
    write("rooms/deep/b.lua")
    write("rooms/a.lua")
    assert.same({ "a.lua" }, wait_told(alone, 1))
  end)

  it("is of dev alone", function()
    local other = server.start(root)
    write("init.lua")
    wait_told(here, 1)
    other:signal()
    other:finish()
    assert.same({}, told(other))
  end)
end)

-- What a limit that is reached answers. -D: the server keeps its number.
local function start_limited(call)
  return server.start({ ["init.lua"] = MAIN, ["lib/a.lua"] = "", ["more/b.lua"] = "" }, {
    command = "dev",
    binary = server.release_binary,
    wrapper = { "strace", "-D", "-o", "/dev/null", "-e", "trace=inotify_init1,inotify_add_watch",
      "-e", "inject=" .. call },
  })
end

describe("where inotify's limits are reached, dev", function()
  after_each(server.stop_all)

  it("serves without a watch, and loads at HUP", function()
    for call, reason in pairs {
      ["inotify_init1:error=EMFILE"] = "fs.inotify.max_user_instances",
      ["inotify_add_watch:error=ENOSPC"] = "fs.inotify.max_user_watches",
    } do
      local here = start_limited(call)
      here:wait_for_log("scripts aren't watched[^\n]*" .. reason:gsub("%p", "%%%0"))
      here:signal("sighup")
      here:wait_for_log("scripts reloaded")
    end
  end)

  it("watches what it can, and says why not all", function()
    local here = start_limited("inotify_add_watch:error=ENOSPC:when=3+")
    here:wait_for_log("not all directories are watched[^\n]*fs.inotify.max_user_watches")
    program.write(here.root .. "/init.lua", MAIN)
    wait_told(here, 1)
  end)
end)
