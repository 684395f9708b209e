local program = require "program"
local scripts = require "scripts"
local servers = require "moonroom.test.server"
local uv = require "luv"

after_each(scripts.clean)

-- A directory with an executable file of a name, and another's path in it.
local function tree(executable, other)
  local there = scripts.directory { [executable] = "" }
  uv.fs_chmod(there .. "/" .. executable, tonumber("755", 8))
  return there, there .. "/" .. other
end

describe("the moonroom binary", function()
  it("is the one of MOONROOM_BINARY", function()
    local before = os.getenv("MOONROOM_BINARY")
    uv.os_setenv("MOONROOM_BINARY", "/some/where")
    local found = servers.find()
    uv.os_unsetenv("MOONROOM_BINARY")
    local beside = servers.find()
    if before then uv.os_setenv("MOONROOM_BINARY", before) end
    assert.equal("/some/where", found)
    assert.matches("/moonroom$", beside)
    assert.equal(0, (program.run({ "--version" }, { binary = beside })))
  end)

  it("is the one beside core.so, in a build or an installation", function()
    local there, core = tree("build/moonroom", "build/lua/moonroom/core.so")
    assert.equal(there .. "/build/moonroom", servers.beside(core))
    there, core = tree("usr/bin/moonroom", "usr/lib/lua/5.4/moonroom/core.so")
    assert.equal(there .. "/usr/bin/moonroom", servers.beside(core))
  end)

  it("is none where there is none beside it", function()
    local _, core = tree("build/other", "build/lua/moonroom/core.so")
    assert.is_nil(servers.beside(core))
    assert.is_nil(servers.beside("core.so"))
  end)

  it("raises where it can't be started", function()
    local before = os.getenv("MOONROOM_BINARY")
    uv.os_setenv("MOONROOM_BINARY", "/no/where")
    local ok, why = pcall(servers.start, {})
    uv.os_unsetenv("MOONROOM_BINARY")
    if before then uv.os_setenv("MOONROOM_BINARY", before) end
    assert.is_false(ok)
    assert.matches("/no/where can't be started: ENOENT.*MOONROOM_BINARY says where", why)
  end)

  it("is heard where its log begins before it listens", function()
    local there = scripts.directory {
      ["init.lua"] = 'print("one") print("two") require("moonroom").mount("/", print)',
    }
    local server = servers.start { "run", "--listen", "127.0.0.1:0", there }
    local said = server.said
    servers.finish(server)
    assert.is_true(server.port > 0)
    assert.equal(2, select(2, said:gsub("print message=", "")), said)
    assert.is_nil(said:find("serves", 1, true))
  end)
end)
