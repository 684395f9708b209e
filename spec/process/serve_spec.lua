local process = require "process"
local program = require "program"
local server = require "server"
local uv = require "luv"
local wait = require "wait"
local wire = require "wire"

local EMPTY = { ["init.lua"] = "" }

-- The status of the answer to a request with a header field of so many bytes.
local function status_of(port, size, host)
  local peer = assert(wire.connect(port, host))
  peer:send(("GET /none HTTP/1.1\r\nHost: a\r\nX-Long: %s\r\n\r\n"):format(("x"):rep(size or 1)))
  local line = peer:receive_to("\r\n")
  peer:close()
  return tonumber(line:match("^HTTP/1%.1 (%d+) "))
end

-- The status of the answer to a handshake.
local function upgrade(port, path)
  local peer = assert(wire.connect(port))
  peer:send(("GET %s HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    .. "Sec-WebSocket-Version: 13\r\n"
    .. "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"):format(path))
  local line = peer:receive_to("\r\n")
  peer:close()
  return tonumber(line:match("^HTTP/1%.1 (%d+) "))
end

local function file_status(here, path)
  local peer = assert(wire.connect(here.port))
  peer:send(("GET %s HTTP/1.1\r\nHost: a\r\n\r\n"):format(path))
  local line = peer:receive_to("\r\n")
  peer:close()
  return tonumber(line:match("^HTTP/1%.1 (%d+) "))
end

-- The whole of standard error of a script that can't be loaded.
local function load_failure(script)
  local directory = program.directory { ["init.lua"] = script }
  local code, out, err = program.run { directory, "--listen", "127.0.0.1:0" }
  program.remove(directory)
  assert.equal(78, code)
  assert.equal("", out)
  assert.is_nil(err:find("http://", 1, true), "it has listened")
  return err
end

describe("a server", function()
  after_each(server.stop_all)

  it("says the address to open, what it serves, and who can reach it", function()
    local here = server.start(EMPTY)
    local said = ("moonroom: http://127.0.0.1:%d/ serves %s (only this machine; "
      .. "--listen 0.0.0.0:%d for others)\n"):format(here.port, here.root, here.port)
    assert.equal(1, (here:log():find(said, 1, true)))
  end)

  it("warns where it is run as root, and only there", function()
    local as_nobody
    if uv.getuid() == 0 then
      server.start(EMPTY):wait_for_log("Z warn  running as root, which Moonroom never needs: ")
      -- Who may still read what is root's own.
      as_nobody = { "setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=+dac_override",
                    "--ambient-caps=+dac_override" }
    end
    local here = server.start(EMPTY, { wrapper = as_nobody })
    here:signal("sigterm")
    assert.equal(0, (here:finish()))
    assert.is_nil(here:log():find("running as root", 1, true), here:log())
  end)

  it("answers at the address that it says", function()
    local here = server.start(EMPTY)
    assert.is_true(here.port > 0)
    assert.equal(404, status_of(here.port))
  end)

  it("listens wherever it is told to, by flags", function()
    local here = server.start(EMPTY,
      { "--listen", "127.0.0.1:0", "--listen=[::1]:0", listens = true })
    local four, six = here:log():match("127%.0%.0%.1:(%d+)/ and http://%[::1%]:(%d+)/ serve /")
    assert.equal(404, status_of(tonumber(four)))
    assert.equal(404, status_of(tonumber(six), 1, "::1"))
  end)

  it("listens wherever it is told to, by config.lua", function()
    local here = server.start({
      ["init.lua"] = "",
      ["config.lua"] = 'return { listen = { "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0" } }',
    }, { listens = true })
    assert.equal(3, #here.ports)
    assert.matches(":%d+/, http://127%.0%.0%.1:%d+/ and http://127", here:log())
    for _, port in ipairs(here.ports) do
      assert.equal(404, status_of(port))
    end
  end)

  it("obeys config.lua, and a flag more than config.lua", function()
    local files = { ["init.lua"] = "", ["config.lua"] = "return { max_header = 500 }" }
    local by_config = server.start(files)
    assert.equal(404, status_of(by_config.port, 300))
    assert.equal(431, status_of(by_config.port, 600))
    local by_flag = server.start(files, { "--max-header", "1k" })
    assert.equal(404, status_of(by_flag.port, 600))
    assert.equal(431, status_of(by_flag.port, 1100))
  end)

  it("serves a file that returns a Room at /", function()
    local directory = program.directory {
      ["lobby.lua"] = 'return require("moonroom").Room:extend("Lobby")',
    }
    local here = server.start(directory .. "/lobby.lua")
    assert.matches(" serves " .. directory:gsub("%-", "%%-") .. "/lobby%.lua %(", here:log())
    local peer = wire.connect(here.port)
    peer:send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert.matches("^HTTP/1%.1 426 ", (peer:receive_to("\r\n")))
    peer:close()
    program.remove(directory)
  end)

  it("serves the files in public/", function()
    local here = server.start { ["init.lua"] = "", ["public/hello.txt"] = "hello" }
    local peer = wire.connect(here.port)
    peer:send("GET /hello.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    local answer = peer:receive_all()
    peer:close()
    assert.matches("^HTTP/1%.1 200 .*\r\n\r\nhello$", answer)
  end)

  it("does without public/, or with a file of that name", function()
    local here = server.start { ["init.lua"] = "", public = "no directory" }
    assert.equal(404, status_of(here.port))
  end)

  it("serves the files of another directory, seen from its own", function()
    local source = { ["init.lua"] = "", ["public/a.txt"] = "a", ["web/b.txt"] = "b" }
    for _, flag in ipairs { "--public=web", "--public=./web/../web", "--public=/" } do
      local here = server.start(source, { flag })
      local path = flag == "--public=/" and here.root .. "/web/b.txt" or "/b.txt"
      assert.same({ 200, 404 }, { file_status(here, path), file_status(here, "/a.txt") })
      here:stop()
    end
  end)

  it("serves no files where it is told so", function()
    local source = { ["init.lua"] = "", ["public/a.txt"] = "a" }
    assert.equal(404, file_status(server.start(source, { "--public=off" }), "/a.txt"))
    source["config.lua"] = "return { public = false }"
    assert.equal(404, file_status(server.start(source), "/a.txt"))
    assert.equal(200, file_status(server.start(source, { "--public", "public" }), "/a.txt"))
  end)

  it("serves files beside a script that is a file where it is told which", function()
    local directory = program.directory {
      ["lobby.lua"] = 'return require("moonroom").Room:extend("Lobby")', ["web/b.txt"] = "b",
      ["public/b.txt"] = "b",
    }
    local path = directory .. "/lobby.lua"
    assert.equal(404, file_status(server.start(path), "/b.txt"))
    assert.equal(200, file_status(server.start(path, { "--public", "web" }), "/b.txt"))
    program.remove(directory)
  end)

  it("logs at the level that it is told to", function()
    local here = server.start(EMPTY, { "--log-level", "off" })
    here:signal("sigterm")
    assert.equal(0, (here:finish()))
    assert.is_nil(here:log():find("stopping", 1, true))
    local verbose = server.start(EMPTY)
    verbose:signal("sigterm")
    assert.equal(0, (verbose:finish()))
    assert.matches("%d+%-%d+%-%d+T[%d:.]+Z info  stopping signal=TERM\n", verbose:log())
  end)

  it("sends what scripts print to the log", function()
    local here = server.start { ["init.lua"] = 'print("one", 2, nil, "\\27[31m")' }
    assert.matches("Z info  print [^\n]*one\\t2\\tnil\\t\\x1b%[31m", here:log())
  end)

  it("ends with 0 after TERM and after INT", function()
    for _, signal in ipairs { "sigterm", "sigint" } do
      local here = server.start(EMPTY)
      here:signal(signal)
      assert.same({ 0, 0 }, { here:finish() })
    end
  end)

  it("lets its rooms save before it ends after TERM, no longer than shutdown_timeout", function()
    local script = [[
      local moonroom = require "moonroom"
      local Room = moonroom.Room:extend("Room")
      function Room:on_close()
        moonroom.sleep(self.seconds)
        print("saved")
      end
      moonroom.mount("/", Room { seconds = %s })]]
    local here = server.start({ ["init.lua"] = script:format(0.05) })
    here:signal("sigterm")
    assert.equal(0, (here:finish()))
    assert.matches("print message=saved", here:log(), 1, true)
    here = server.start({ ["init.lua"] = script:format(1000) }, { "--shutdown-timeout", "0.05" })
    here:signal("sigterm")
    assert.equal(0, (here:finish()))
    assert.matches("shutdown timeout", here:log(), 1, true)
    assert.not_matches("saved", here:log(), 1, true)
  end)

  it("lowers clients and handshakes to what its descriptors allow, and says so", function()
    local here = server.start(EMPTY,
      { wrapper = { "sh", "-c", 'ulimit -n 200; exec "$@"', "sh" } })
    assert.matches("Z warn  max_clients lowered from=10000 to=102 descriptor_limit=200\n",
      here:log())
    assert.matches("Z warn  max_pending_handshakes lowered from=1024 to=34 descriptor_limit=200\n",
      here:log())
    assert.equal(404, status_of(here.port))
  end)

  it("leaves handshakes what its clients don't need", function()
    local here = server.start(EMPTY, { "--max-clients=100",
      wrapper = { "sh", "-c", 'ulimit -n 200; exec "$@"', "sh" } })
    assert.is_nil(here:log():find("max_clients lowered", 1, true))
    assert.matches("max_pending_handshakes lowered from=1024 to=36 ", here:log())
  end)

  it("says nothing about descriptors where there are enough", function()
    local here = server.start(EMPTY, { "--max-clients=10", "--max-pending-handshakes=100",
      wrapper = { "sh", "-c", 'ulimit -n 200; exec "$@"', "sh" } })
    assert.is_nil(here:log():find("lowered", 1, true))
  end)

  it("goes on where its log can't be written", function()
    local directory = program.directory(EMPTY)
    local probe = uv.new_tcp()
    probe:bind("127.0.0.1", 0)
    local port = probe:getsockname().port
    probe:close()
    local child = process.start { "sh", "-c", 'exec "$@" 2>/dev/full', "sh", program.binary,
                                  directory, "--listen", "127.0.0.1:" .. port, "--log-level=debug" }
    local peer
    wait(function()
      peer = wire.connect(port)
      return peer or child.code
    end, "the server to listen")
    assert.is_nil(child.code)
    peer:close()
    assert.equal(404, status_of(port))
    child:kill("sigterm")
    assert.equal(0, (child:finish()))
    program.remove(directory)
  end)
end)

describe("a server's scripts", function()
  after_each(server.stop_all)

  it("find modules in lib/ and in lua_modules/", function()
    local here = server.start {
      ["init.lua"] = [[
        print(require("plain"), require("packed"), require("rock"), require("rocks"))
      ]],
      ["lib/plain.lua"] = 'return "lib"', ["lib/packed/init.lua"] = 'return "lib/init"',
      ["lua_modules/share/lua/5.4/rock.lua"] = 'return "share"',
      ["lua_modules/share/lua/5.4/rocks/init.lua"] = 'return "share/init"',
    }
    assert.matches("lib\\tlib/init\\tshare\\tshare/init", here:log())
  end)

  it("find what is in lib/ before what LuaRocks and the system have", function()
    local here = server.start {
      ["init.lua"] = 'print((require("rock")))', ["lib/rock.lua"] = 'return "lib"',
      ["lua_modules/share/lua/5.4/rock.lua"] = 'return "share"',
    }
    assert.matches("Z info  print [^\n]*lib\n", here:log())
  end)

  it("load C modules from lua_modules/", function()
    local library = assert(package.searchpath("lfs", package.cpath))
    local file <close> = assert(io.open(library, "rb"))
    local here = server.start {
      ["init.lua"] = [[
        local path = assert(package.searchpath("lfs", package.cpath))
        print(path:match("lua_modules.*"), require("lfs").attributes(path, "mode"))
      ]],
      ["lua_modules/lib/lua/5.4/lfs.so"] = file:read("a"),
    }
    assert.matches("lua_modules/lib/lua/5%.4/lfs%.so\\tfile", here:log())
  end)

  it("get the binary's own moonroom.core, and the modules beside it", function()
    local here = server.start {
      ["init.lua"] = 'print(type(require("moonroom.core").testkit), require("moonroom").version)',
      ["lib/moonroom/core.lua"] = 'error("a second core")',
      ["lib/moonroom/init.lua"] = 'error("a second moonroom")',
    }
    local _, version = program.run { "--version" }
    assert.matches("table\\t" .. version:match("%S+%s*$"):gsub("%s", ""):gsub("%.", "%%."),
      here:log())
  end)

  it("may be in a directory that is named in any way but with ; and ?", function()
    local root = program.directory {
      ["it's 100% me & you/init.lua"] = 'print(require("a"))',
      ["it's 100% me & you/lib/a.lua"] = 'return "found"',
    }
    local here = server.start(root .. "/it's 100% me & you")
    assert.matches("found", here:log())
    here:stop()
    program.remove(root)
  end)
end)

describe("a start that fails", function()
  it("says the address and the reason where a port is taken", function()
    local holder = uv.new_tcp()
    assert(holder:bind("127.0.0.1", 0))
    assert(holder:listen(1, function() end))
    local address = "127.0.0.1:" .. holder:getsockname().port
    local directory = program.directory(EMPTY)
    local code, out, err = program.run { directory, "--listen=127.0.0.1:0", "--listen", address }
    holder:close()
    program.remove(directory)
    assert.equal(71, code)
    assert.equal("", out)
    assert.equal(("moonroom: cannot listen on %s: Address already in use\n"):format(address), err)
  end)

  it("says file, line and reason of a script that raises", function()
    assert.matches("init%.lua:2: no room for you", load_failure('\nerror("no room for you")'))
    assert.matches("init%.lua:1: attempt to call a nil value", load_failure("nothing()"))
  end)

  it("gives no traceback of what Moonroom itself does", function()
    assert.matches("^[^\n]*init%.lua:3: [^\n]*near[^\n]*\n$", load_failure("\n\nlocal = 5"))
    local said = load_failure('\nerror("no room for you")')
    assert.matches("init%.lua:2: in main chunk\n$", said)
    assert.is_nil(said:find("loader.lua", 1, true))
  end)

  it("says file, line and reason of a script that doesn't compile", function()
    assert.matches("init%.lua:3: .*near", load_failure("\n\nlocal = 5"))
  end)

  it("is no crash, whatever the script raises", function()
    for _, script in ipairs {
      "error()", "error({})", "error(setmetatable({}, { __tostring = error }))",
      "error(setmetatable({}, { __tostring = function() return 5 end }))",
      "error(coroutine.create(print))", 'error(("x"):rep(1 << 20))',
      "local function f() return 1 + f() end f()", "coroutine.yield()",
    } do
      assert.is_true(#load_failure(script) > 0, script)
    end
  end)

  it("is one without an init.lua to run or rooms to serve", function()
    local directory = program.directory { ["README"] = "" }
    local code, _, err = program.run { directory, "--listen", "127.0.0.1:0" }
    program.remove(directory)
    assert.equal(78, code)
    assert.is_truthy(err:find(directory, 1, true))
  end)
end)

describe("a public/ that can't be read", function()
  -- The superuser reads everything, but for one who has given that up.
  local function check(directory)
    local command = { program.binary, "check", directory }
    if uv.getuid() == 0 then
      local gives_up = { "setpriv", "--bounding-set=-dac_override,-dac_read_search" }
      command = table.move(command, 1, #command, #gives_up + 1, gives_up)
    end
    return process.run(command)
  end

  it("is said, with the reason", function()
    local directory = program.directory { ["init.lua"] = "", ["public/a.txt"] = "a" }
    local public = directory .. "/public"
    assert(uv.fs_chmod(public, 0))
    local code, _, err = check(directory)
    assert(uv.fs_chmod(public, tonumber("711", 8)))
    local unlisted = check(directory)
    program.remove(directory)
    assert.same({ 78, public .. ": Permission denied\n", 0 }, { code, err, unlisted })
  end)

  it("is said where it is a link that leads nowhere for ever", function()
    local directory = program.directory(EMPTY)
    assert(uv.fs_symlink("public", directory .. "/public"))
    local code, _, err = check(directory)
    program.remove(directory)
    assert.same({ 78, directory .. "/public: Too many levels of symbolic links\n" }, { code, err })
  end)
end)

describe("a directory of files that was asked for", function()
  it("must be there, and be one", function()
    local directory = program.directory { ["init.lua"] = "", file = "" }
    for name, said in pairs { web = "No such file or directory", file = "Not a directory" } do
      local code, _, err = process.run { program.binary, "check", "--public", name, directory }
      assert.same({ 78, ("%s/%s: %s\n"):format(directory, name, said) }, { code, err })
    end
    program.remove(directory)
  end)
end)

describe("moonroom check", function()
  it("lists the routes, doesn't listen, and exits with 0", function()
    local holder = uv.new_tcp()
    assert(holder:bind("127.0.0.1", 0))
    assert(holder:listen(1, function() end))
    local directory = program.directory {
      ["init.lua"] = [[
        local moonroom = require "moonroom"
        moonroom.mount("/rooms/:name", moonroom.Room:extend("Chat", { on_text = print }))
      ]],
    }
    local code, out, err = program.run { "check", directory, "--listen",
                                         "127.0.0.1:" .. holder:getsockname().port }
    holder:close()
    program.remove(directory)
    assert.equal(0, code, err)
    assert.equal("", err)
    assert.matches("/rooms/:name", out)
  end)

  it("exits with 78 where a script is wrong", function()
    local directory = program.directory { ["init.lua"] = "\nx.y = 1" }
    local code, _, err = program.run { "check", directory }
    program.remove(directory)
    assert.equal(78, code)
    assert.matches("init%.lua:2: ", err)
  end)
end)

describe("scripts that ask for too much memory", function()
  it("end the start with 78", function()
    local directory = program.directory { ["init.lua"] = "x = {} while true do x[#x + 1] = {} end" }
    local code, _, err = program.run { directory, "--listen", "127.0.0.1:0", "--lua-memory", "4m" }
    program.remove(directory)
    assert.equal(78, code)
    assert.matches("not enough memory: lua_memory is 4194304 bytes", err, 1, true)
  end)

  it("are refused it, and the next client is served", function()
    local here = server.start({ ["init.lua"] = [[
      local moonroom = require "moonroom"
      moonroom.dispatch[1] = function(request)
        if request.path == "/much" then return string.rep("x", 1 << 30) end
      end
    ]] }, { "--lua-memory", "64m" })
    for _ = 1, 2 do assert.equal(500, upgrade(here.port, "/much")) end
    assert.equal(404, upgrade(here.port, "/none"))
    here:wait_for_log("Lua's memory is full where=upgrade lua_memory=67108864 refused=1073741824")
    here:stop()
  end)
end)

describe("scripts that don't end", function()
  it("end the start with 78 and the place, after load_timeout", function()
    for _, line in ipairs {
      "while true do pcall(error) end", "xpcall(error, function() while true do end end)",
    } do
      local directory = program.directory { ["init.lua"] = "\n" .. line }
      local code, _, err = program.run { directory, "--listen", "127.0.0.1:0", "--load-timeout",
                                         "100ms" }
      program.remove(directory)
      assert.equal(78, code)
      assert.matches("init%.lua:2: stopped after 0%.1 s of CPU: load_timeout\n", err)
    end
  end)

  it("are stopped after handler_stop, and the next client is served", function()
    local here = server.start { ["init.lua"] = [[
      local moonroom = require "moonroom"
      moonroom.dispatch[1] = function(request)
        while request.path == "/spin" do pcall(error) end
      end
    ]] }
    for _ = 1, 2 do assert.equal(500, upgrade(here.port, "/spin")) end
    assert.equal(404, upgrade(here.port, "/none"))
    here:wait_for_log("handler is slow.*stopped after 1%.0 s of CPU: handler_stop")
    here:stop()
  end)
end)
