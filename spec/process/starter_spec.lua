-- `moonroom new`: src/process/starter.c, and what it copies from scripts/share/new.
local json = require("moonroom.core").json
local process = require "process"
local program = require "program"
local uv = require "luv"

-- The core for lua5.4 is the release build's: a sanitizer's can't be loaded into a child.
local release = os.getenv("MOONROOM_RELEASE_BINARY") or "./build/moonroom"

local FILES = {
  ".luacheckrc", ".luarc.json", "config.lua", "init.lua", "public/index.html", "spec/init_spec.lua",
}

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

local function files_of(directory)
  local _, found = process.run { "sh", "-c", 'cd "$1" && find . -type f | LC_ALL=C sort', "sh",
                                 directory }
  local list = {}
  for path in found:gmatch("%./([^\n]+)\n") do list[#list + 1] = path end
  return list
end

describe("moonroom new", function()
  local here

  before_each(function() here = program.directory() end)
  after_each(function() program.remove(here) end)

  -- What it says where it refuses, which is one line.
  local function refusal(expected, path, options)
    local code, out, err = program.run({ "new", path }, options)
    assert.equal(expected, code, out .. err)
    assert.equal("", out)
    assert.equal(1, select(2, err:gsub("\n", "\n")), err)
    return err
  end

  it("makes a directory and those above it, and says what comes next", function()
    local path = here .. "/apps/tea"
    local code, out, err = program.run { "new", path }
    assert.equal(0, code, err)
    assert.equal("", err)
    assert.matches("\n  moonroom dev  " .. path .. " ", out, 1, true)
    assert.matches("\n  moonroom test " .. path .. " ", out, 1, true)
    assert.same(FILES, files_of(path))
  end)

  it("fills a directory that is empty, the current one too", function()
    local code, out, err = program.run({ "new", "." }, { directory = here })
    assert.equal(0, code, err)
    assert.matches("moonroom test . ", out, 1, true)
    assert.same(FILES, files_of(here))
  end)

  it("quotes a path for a shell where it must be", function()
    local _, out = program.run({ "new", "Ann's tea" }, { directory = here })
    assert.matches([[moonroom dev  'Ann'\''s tea' ]], out, 1, true)
    assert.same(FILES, files_of(here .. "/Ann's tea"))
  end)

  it("refuses a directory that isn't empty, and names what is there", function()
    program.write(here .. "/.hidden", "mine")
    assert.equal("moonroom: " .. here .. " is not empty: it has .hidden; moonroom new takes an "
      .. "empty directory, or makes one\n", refusal(73, here))
    assert.same({ ".hidden" }, files_of(here))
    assert.equal("mine", read(here .. "/.hidden"))
  end)

  it("refuses a file, and a path below one", function()
    program.write(here .. "/file", "mine")
    assert.equal("moonroom: " .. here .. "/file is a file; moonroom new takes an empty directory, "
      .. "or makes one\n", refusal(73, here .. "/file"))
    assert.equal("moonroom: " .. here .. "/file/app: Not a directory\n",
      refusal(73, here .. "/file/app"))
    assert.equal("mine", read(here .. "/file"))
  end)

  it("refuses a path that Lua couldn't search", function()
    assert.matches("with ; or %? in it\n$", refusal(64, here .. "/what?"))
    assert.same({}, files_of(here))
  end)

  it("says so where nothing can be written", function()
    local err = refusal(73, "/proc/moonroom/app")
    assert.matches("^moonroom: /proc/moonroom: %S", err)
    assert.matches("^moonroom: the path is too long: ", refusal(64, here .. ("/long"):rep(1000)))
  end)

  it("says so where what it says can't be written", function()
    local code, _, err = program.run({ "new", here .. "/app" }, { before = "exec >/dev/full;" })
    assert.equal(74, code)
    assert.matches("standard output: ", err)
  end)

  describe("makes an application", function()
    local app

    before_each(function()
      app = here .. "/app"
      assert.equal(0, (program.run { "new", app }))
    end)

    it("whose spec passes", function()
      local code, out, err = program.run({ "test", app }, { binary = release })
      assert.equal(0, code, out .. err)
      assert.matches("5 successes / 0 failures / 0 errors", out)
    end)

    it("that loads without a warning", function()
      local code, out, err = program.run { "check", app }
      assert.equal(0, code, err)
      assert.equal("", err)
      assert.matches("/rooms/:name +class Talk\n", out)
    end)

    it("that luacheck has nothing against, where the application is", function()
      local code, out = process.run { "sh", "-c", 'cd "$1" && exec luacheck -q --no-color .', "sh",
                                      app }
      assert.equal(0, code, out)
      assert.matches("0 warnings / 0 errors in [3-9] files", out)
    end)

    it("in which editors find what moonroom's functions take", function()
      local settings = assert(json.decode(read(app .. "/.luarc.json")))
      local library = settings["workspace.library"]
      assert.equal("Lua 5.4", settings["runtime.version"])
      assert.equal(uv.fs_realpath("lua/moonroom/meta.lua"), library[1])
      assert.equal(uv.fs_realpath("lua/moonroom/meta"), library[2])
    end)

    it("whose config.lua names options that there are", function()
      local text = read(app .. "/config.lua"):gsub("\n  %-%- ", "\n  ")
      program.write(app .. "/config.lua", (text:gsub("\n  Your[^\n]*", "")))
      local code, _, err = program.run { "check", app }
      assert.equal(0, code, err)
    end)
  end)

  it("finds all it needs where it is installed", function()
    for _, name in ipairs { "bin", "share/lua/5.4", "share/moonroom" } do
      program.write(here .. "/" .. name .. "/here", "")
    end
    assert(os.execute(("cp %s %s/bin/moonroom && cp -r lua/moonroom %s/share/lua/5.4/ && "
      .. "cp -r scripts/share/new %s/share/moonroom/"):format(program.binary, here, here, here)))
    local code, _, err = program.run({ "new", here .. "/app" },
      { binary = here .. "/bin/moonroom" })
    assert.equal(0, code, err)
    local library = json.decode(read(here .. "/app/.luarc.json"))["workspace.library"]
    assert.equal(uv.fs_realpath(here) .. "/share/lua/5.4/moonroom/meta.lua", library[1])
    assert.equal(uv.fs_realpath(here) .. "/share/lua/5.4/moonroom/meta", library[2])
  end)

  it("says where it looked for the files where they are missing", function()
    program.write(here .. "/share/lua/5.4/moonroom/init.lua", "")
    program.write(here .. "/bin/here", "")
    assert(os.execute(("cp %s %s/bin/moonroom"):format(program.binary, here)))
    assert.equal("moonroom: the files that an application begins with are missing: there is no "
      .. "init.lua in ../scripts/share/new, ../../scripts/share/new or ../share/moonroom/new of "
      .. uv.fs_realpath(here) .. "/bin; make install copies them\n",
      refusal(70, here .. "/app", { binary = here .. "/bin/moonroom" }))
  end)
end)
