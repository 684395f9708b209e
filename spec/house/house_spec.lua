-- The house itself: what is built, what set-up says, what lint refuses.

-- A make of the specs' own is no part of the one that may run the specs.
local function run(command, ...)
  local alone = "unset MAKEFLAGS MFLAGS MAKELEVEL; " .. command:format(...)
  local pipe = assert(io.popen(("(%s) 2>&1"):format(alone), "r"))
  local output = pipe:read("a")
  local _, _, status = pipe:close()
  return output, status
end

local function read(path)
  local file <close> = assert(io.open(path, "r"))
  return file:read("a")
end

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  file:write(text)
end

local function lines(text)
  local list = {}
  for line in text:gmatch("[^\n]+") do
    list[#list + 1] = line
  end
  return list
end

local folder

before_each(function()
  folder = run("mktemp -d"):match("%S+")
end)

after_each(function()
  run("rm -rf '%s'", folder)
end)

describe("the Makefile", function()
  it("lists its targets with `make help`", function()
    local help = run("make help")
    for _, target in ipairs {
      "all", "run", "test", "lint", "format", "asan", "asan-test", "valgrind", "bench",
      "bench-quick", "bench-idle", "bench-handlers", "bench-programs",
      "fuzz", "docs", "install", "uninstall", "clean", "help",
    } do
      assert.matches("\n  " .. target:gsub("%-", "%%-") .. "  +%w", "\n" .. help)
    end
  end)

  it("says a short line for each command, the command with V=1, nothing with -s", function()
    local target = folder .. "/obj/base/slice.o"
    local function made(words) return (run("make %s BUILD='%s' '%s'", words, folder, target)) end
    assert.equal("CC  src/base/slice.c\n", made(""))
    assert.matches("^%S+ %-std=c11 [^\n]* %-c %-o [^\n]*src/base/slice%.c\n$", made("V=1 -B"))
    assert.equal("", made("-s -B"))
  end)

  it("shows each layer the same layers that the include table allows", function()
    local makefile = read("Makefile")
    for layer, may_see in pairs(dofile("scripts/include-table.lua").layers) do
      local shown = makefile:match("MAY_INCLUDE_" .. layer .. " *:= ([%w ]+)")
      assert.equal(table.concat(may_see, " "), shown)
    end
  end)

  it("says what to do where a library is missing", function()
    local output, status = run("make BUILD='%s' PKG_CONFIG=false objects", folder)
    assert.equal(2, status)
    assert.matches("'scripts/setup run' installs what building needs", output, 1, true)
  end)
end)

describe("what is built", function()
  local function installed()
    return lines(run("cd '%s' && find . ! -type d | LC_ALL=C sort", folder))
  end

  local release = assert(os.getenv("MOONROOM_RELEASE_BINARY") or "build/moonroom")
  local core = release:gsub("[^/]+$", "lua/moonroom/core.so")

  it("exports nothing from core.so but luaopen_moonroom_core", function()
    local symbols = run("nm -D --defined-only '%s' | cut -d' ' -f3", core)
    assert.same({ "luaopen_moonroom_core" }, lines(symbols))
  end)

  it("links core.so with neither Lua nor libev nor TLS", function()
    local needed = run("readelf -d '%s' | grep NEEDED", core)
    assert.matches("libcrypto", needed)
    assert.not_matches("liblua", needed)
    assert.not_matches("libev", needed)
    assert.not_matches("libssl", needed)
  end)

  it("links the binary with the shared Lua, so that C modules find it", function()
    assert.matches("NEEDED[^\n]*liblua5%.4", (run("readelf -d '%s'", release)))
  end)

  it("makes the binary position independent, with full RELRO and no executable stack",
     function()
    local header, dynamic = run("readelf -hlW '%s'", release), run("readelf -d '%s'", release)
    assert.matches("Type: +DYN", header)
    assert.matches("GNU_RELRO", header)
    assert.matches("GNU_STACK [^\n]* RW ", header)
    assert.matches("BIND_NOW", dynamic)
  end)

  it("says in a line each where it installs, and what it removes", function()
    local build = release:gsub("/[^/]+$", "")
    local where = ("BUILD='%s' DESTDIR='%s' PREFIX=/opt/n"):format(build, folder)
    run("make -s " .. where .. " all '%s/moonroom.1'", build)
    for target, line in pairs { install = "INSTALL", uninstall = "UNINSTALL" } do
      local output = run("make --no-print-directory %s %s", where, target)
      assert.equal(("%s %s/opt/n\n"):format(line, folder), output)
      output = run("make --no-print-directory V=1 %s %s", where, target)
      assert.matches("moonroom/app.lua", output, 1, true)
    end
    run("make -s %s install uninstall", where)
    assert.same({ "./bin", "./lib", "./share", "./share/man" },
      lines(run("cd '%s/opt/n' && find . -mindepth 1 | LC_ALL=C sort", folder)))
  end)

  it("installs the binary, core.so, the Lua modules and what it shares, and removes exactly those",
     function()
    -- As whoever builds by hand names it: what make writes down of an object's headers goes by
    -- the object's name.
    local build = release:gsub("/[^/]+$", "")
    local root = run("pwd -P"):match("[^\n]+") .. "/"
    if build:sub(1, #root) == root then build = build:sub(#root + 1) end
    local _, status = run("make -s BUILD='%s' DESTDIR='%s' PREFIX=/opt/m install", build, folder)
    assert.equal(0, status)
    local expected = { "./opt/m/bin/moonroom", "./opt/m/lib/lua/5.4/moonroom/core.so" }
    for _, path in ipairs(lines(run("find lua/moonroom -type f | LC_ALL=C sort"))) do
      expected[#expected + 1] = "./opt/m/share/lua/5.4/" .. path:gsub("^lua/", "")
    end
    table.insert(expected, "./opt/m/share/bash-completion/completions/moonroom")
    table.insert(expected, "./opt/m/share/man/man1/moonroom.1")
    for _, path in ipairs(lines(run("cd scripts/share && find new -type f | LC_ALL=C sort"))) do
      expected[#expected + 1] = "./opt/m/share/moonroom/" .. path
    end
    table.sort(expected)
    assert.same(expected, installed())

    write(folder .. "/opt/m/share/lua/5.4/moonroom/other.lua", "")
    run("make -s DESTDIR='%s' PREFIX=/opt/m uninstall", folder)
    assert.same({ "./opt/m/share/lua/5.4/moonroom/other.lua" }, installed())
    assert.equal("", (run("find '%s' -type d -empty -path '*moonroom*'", folder)))
  end)
end)

describe("scripts/setup", function()
  -- A machine of its own: PATH holds these programs and what they stand on.
  local function with_programs(programs, argument, exists)
    for _, name in ipairs { "bash", "dirname", "id", "env", "touch" } do
      run("ln -s $(command -v %s) '%s/'", name, folder)
    end
    for name, body in pairs(programs) do
      write(folder .. "/" .. name, "#!/bin/bash\n" .. body .. "\n")
    end
    run("chmod +x '%s'/*", folder)
    return run("PATH='%s' bash scripts/setup %s </dev/null%s", folder, argument, exists or "")
  end

  local all_but_libev = [[
    [ $# -gt 3 ] || exit 2
    shift 2
    for package in "$@"; do
      [ "$package" = libev-dev ] || echo "installed $package"
    done]]
  local is_root, is_user = "echo 0", "echo 1000"

  before_each(function()
    run("rm -f '%s'/*", folder)
  end)

  it("says nothing where nothing is missing, and asks dpkg once", function()
    local output, status = with_programs({
      ["dpkg-query"] = ("echo asked >>'%s/log'\n"):format(folder)
        .. all_but_libev:gsub("libev%-dev", "nothing"),
    }, "run")
    assert.equal("", output)
    assert.equal(0, status)
    assert.equal("asked\n", read(folder .. "/log"))
  end)

  it("installs what is missing, and says what and why in one line", function()
    run("rm -f '%s/id'", folder)
    local output, status = with_programs({
      ["dpkg-query"] = all_but_libev, id = is_root,
      ["apt-get"] = ("echo \"$*\" >>'%s/log'"):format(folder),
    }, "run")
    assert.equal("scripts/setup: installing libev-dev to build and run\n", output)
    assert.equal(0, status)
    local log = lines(read(folder .. "/log"))
    assert.matches("update$", log[1])
    assert.matches("install %-y .* libev%-dev$", log[2])
  end)

  it("uses sudo where it is not root, without waiting for a password", function()
    local _, status = with_programs({
      ["dpkg-query"] = all_but_libev, id = is_user, ["apt-get"] = "exit 0",
      sudo = ("echo \"$*\" >>'%s/log'\n[ $1 = -n ] && shift\nexec \"$@\""):format(folder),
    }, "run")
    assert.equal(0, status)
    assert.matches("^%-n env .* update\n", read(folder .. "/log"))
  end)

  it("says who could install it where there is neither root nor sudo", function()
    local output, status = with_programs({
      ["dpkg-query"] = all_but_libev, id = is_user, ["apt-get"] = "exit 0",
    }, "run")
    assert.equal(1, status)
    assert.matches("needs libev-dev to build and run; no root, no sudo: "
      .. "have root run 'apt-get install libev-dev'", output, 1, true)
  end)

  it("names what is missing where there is no apt", function()
    local output, status = with_programs({ ["dpkg-query"] = all_but_libev, id = is_root }, "run")
    assert.equal(1, status)
    assert.matches("needs libev-dev to build and run; this is not Debian", output, 1, true)
  end)

  it("names what is missing where apt fails", function()
    local output, status = with_programs({
      ["dpkg-query"] = all_but_libev, id = is_root, ["apt-get"] = "[ $2 = update ]",
    }, "run")
    assert.equal(1, status)
    assert.matches("apt-get could not install libev-dev", output, 1, true)
  end)

  it("refuses an argument that it does not know", function()
    local output, status = run("scripts/setup everything")
    assert.equal(64, status)
    assert.equal("usage: scripts/setup [run|test|lint|fuzz|tls-check|bench]\n", output)
  end)
end)

describe("scripts/test", function()
  local function test(text)
    write(folder .. "/a_spec.lua", text)
    return run("env -u MOONROOM_RESULTS -u MOONROOM_FAILURES -u MOONROOM_ASAN BUILD='%s/build' " ..
               "scripts/test '%s'", folder, folder)
  end

  it("counts what passed", function()
    local output, status = test("it('is', function() assert.equal(1, 1) end)")
    assert.matches("\ntest: 1 passed, 0 failed\n$", output)
    assert.equal(0, status)
  end)

  it("counts failures, errors and skipped ones as failed", function()
    local output, status = test([[
      it("fails", function() assert.equal(1, 2) end)
      it("raises", function() error("no") end)
      pending("later")]])
    assert.matches("\ntest: 0 passed, 3 failed\n$", output)
    assert.matches("\nFAILED %S+a_spec%.lua:1: fails\n", output)
    assert.equal(1, status)
  end)

  it("counts a spec that does not compile as failed", function()
    local output, status = test("it(")
    assert.matches("\ntest: 0 passed, 1 failed\n$", output)
    assert.equal(1, status)
  end)

  it("counts a run that ends before its time as failed", function()
    local output, status = test("it('goes', function() os.exit(0) end)")
    assert.matches("\ntest: 0 passed, 1 failed\n$", output)
    assert.equal(1, status)
  end)

  it("refuses a path that isn't there, rather than run all", function()
    for path, arguments in pairs {
      ["spec/core/hbu_spec.lua"] = "spec/core/hbu_spec.lua",
      ["hbu_spec.lua"] = ("--filter=a/b '%s' hbu_spec.lua"):format(folder),
    } do
      local output, status = run("BUILD='%s/build' scripts/test %s", folder, arguments)
      assert.equal("scripts/test: there is no " .. path .. "\n", output)
      assert.equal(64, status)
    end
    write(folder .. "/a_spec.lua", "it('a/b', function() end) it('c', function() end)")
    local output = run("env -u MOONROOM_RESULTS -u MOONROOM_FAILURES BUILD='%s/build' " ..
                       "scripts/test --filter a/b '%s'", folder, folder)
    assert.matches("\ntest: 1 passed, 0 failed\n$", output)
  end)

  it("fails where there is no spec", function()
    local _, status = run("env -u MOONROOM_RESULTS -u MOONROOM_FAILURES BUILD='%s/build' " ..
                          "scripts/test '%s'", folder, folder)
    assert.equal(1, status)
  end)
end)

describe("scripts/fuzz", function()
  -- Programs in the place of targets: name -> shell.
  local function fuzz(targets, arguments)
    run("mkdir -p '%s/fuzz/targets'", folder)
    for name, body in pairs(targets) do
      write(("%s/fuzz/targets/%s"):format(folder, name), "#!/bin/bash\n" .. body .. "\n")
    end
    run("chmod +x '%s'/fuzz/targets/*", folder)
    return run("BUILD='%s' FUZZ_SECONDS=7 MOONROOM_RESULTS='%s/results' scripts/fuzz %s", folder,
               folder, arguments)
  end

  local good = [[
    echo "#9 DONE cov: 12 ft: 34 corp: 5/6b" >&2
    echo "stat::average_exec_per_sec:     789" >&2
    printf '%s\n' "$@" >"${0%/*}/arguments"]]

  it("says of each target how fast it is and how far it gets, and counts it", function()
    local output, status = fuzz({ messages = good, urls = good }, "messages urls")
    -- Two run at a time: whichever ends first is told first.
    for _, target in ipairs { "messages", "urls" } do
      local line = target .. ": 789 executions/s, 12 edges, no finding\n"
      assert.matches(line, output, 1, true)
    end
    assert.matches("\nfuzz: 2 passed, 0 failed\n$", output)
    assert.equal(0, status)
    assert.equal("2 0\n", read(folder .. "/results"))
  end)

  it("has new inputs written below the build, and reads its own corpus", function()
    fuzz({ messages = good }, "messages")
    local arguments = read(folder .. "/fuzz/targets/arguments")
    assert.matches("-max_total_time=7\n", arguments, 1, true)
    assert.matches("-dict=spec/fuzz/messages.dict\n", arguments, 1, true)
    assert.matches(("-artifact_prefix=%s/fuzz/findings/messages/\n"):format(folder), arguments, 1,
                   true)
    assert.matches(("\n%s/fuzz/corpus/messages\nspec/fuzz/corpus/messages\n"):format(folder),
                   arguments, 1, true)
  end)

  it("shows a finding, counts it, and goes on with the next target", function()
    local output, status = fuzz({ extensions = "echo 'a stack' >&2; exit 77", messages = good },
                                "extensions messages")
    assert.matches("a stack\nextensions: FAILED; ", output, 1, true)
    assert.matches("messages: 789 ", output, 1, true)
    assert.matches("\nfuzz: 1 passed, 1 failed\n$", output)
    assert.equal(1, status)
    assert.equal("1 1\n", read(folder .. "/results"))
  end)

  it("counts a target that isn't there as failed", function()
    local output, status = fuzz({}, "nothing")
    assert.matches("there is no fuzz target 'nothing'", output, 1, true)
    assert.equal(1, status)
  end)
end)

describe("scripts/check-sources.lua", function()
  -- Checks sources, given as path -> text; they are compiled where they can be.
  local function complaints(what, files)
    run("mkdir -p '%s/scripts' && cp scripts/*.lua '%s/scripts'", folder, folder)
    for path, text in pairs(files) do
      local source = ("%s/%s"):format(folder, path)
      local object = source:gsub("/src/", "/obj/"):gsub("%.c$", "")
      run("mkdir -p '%s' '%s'", source:match("^(.*)/"), object:match("^(.*)/"))
      write(source, text)
    end
    for path in pairs(files) do
      if path:find("%.c$") then
        local name = path:match("src/(.*)%.c")
        local output, status = run("cd '%s' && gcc -std=c11 -D_GNU_SOURCE -fPIC -O2 -Isrc/base "
          .. "-Isrc/core -Isrc/net -MD -c -o obj/%s.o %s", folder, name, path)
        assert(status == 0, output)
      end
    end
    local output, status = run("cd '%s' && lua5.4 scripts/check-sources.lua %s obj", folder, what)
    assert.equal(output == "" and 0 or 1, status)
    return lines(output)
  end

  local header = "#ifndef MOONROOM_%s_H\n#define MOONROOM_%s_H\n%s\n#endif\n"

  it("lets a layer include what is below it", function()
    assert.same({}, complaints("includes", {
      ["src/base/thing.h"] = header:format("BASE_THING", "BASE_THING", "int thing(void);"),
      ["src/core/room.c"] = '#include <string.h>\n\n#include "thing.h"\n',
    }))
  end)

  it("refuses a header of a layer above, also where another header brings it", function()
    assert.same({ 'src/base/list.h:3: base may not include core\'s "room.h"',
                  "src/base: sees src/core/room.h" }, complaints("includes", {
      ["src/core/room.h"] = header:format("CORE_ROOM", "CORE_ROOM", "int room(void);"),
      ["src/base/list.h"] = header:format("BASE_LIST", "BASE_LIST", '#include "room.h"'),
      ["src/base/list.c"] = '#include "list.h"\n',
    }))
  end)

  it("refuses a system header that is not the layer's", function()
    assert.same({
      "src/core/hub.c:1: core may not include <time.h> (scripts/include-table.lua)",
      "src/core/hub.c:2: core may not include <sys/socket.h> (scripts/include-table.lua)",
      "src/core/hub.c:3: core may not include <ev.h> (scripts/include-table.lua)",
      "obj/core/hub.d: core may not see libev, but sees /usr/include/ev.h",
    }, complaints("includes", {
      ["src/core/hub.c"] = "#include <time.h>\n#include <sys/socket.h>\n#include <ev.h>\n",
    }))
  end)

  it("refuses a path in an include, and a header's name that two layers use", function()
    local found = complaints("includes", {
      ["src/core/hub.h"] = header:format("CORE_HUB", "CORE_HUB", "int hub(void);"),
      ["src/net/hub.h"] = header:format("NET_HUB", "NET_HUB", "int hub2(void);"),
      ["src/net/tcp.c"] = '#include "../core/hub.h"\n',
    })
    assert.same({
      "src/net/hub.h: src/core has a header of that name too",
      'src/net/tcp.c:1: "../core/hub.h": a project header is named without a path',
    }, found)
  end)

  it("wants a source's own header first, and the guard that its path gives", function()
    assert.same({
      "src/base/list.c: its own header is not the first that it includes",
      "src/base/list.h: its include guard is not MOONROOM_BASE_LIST_H",
    }, complaints("includes", {
      ["src/base/list.h"] = header:format("LIST", "LIST", "int list(void);"),
      ["src/base/list.c"] = '#include <stdio.h>\n#include "list.h"\n',
    }))
  end)

  it("refuses mutable globals, but not constant tables of addresses", function()
    assert.same({
      "src/core/hub.c: current is a mutable global (in .bss)",
    }, complaints("globals", {
      ["src/core/hub.c"] = [[
        static int current;
        static const char *const names[] = {"a", "b"};
        static const struct { const char *name; int (*f)(int); } table[] = {{"x", 0}};
        int next(void) { return ++current; }
        const char *name(int i) { return names[i]; }
        const void *row(int i) { return &table[i]; }]],
    }))
  end)

  it("refuses a clock and a descriptor in core, and strcpy anywhere", function()
    local found = complaints("calls", {
      ["src/base/log.c"] = [[
        #include <time.h>
        long now(void); long now(void) { return (long)time(0); }]],
      ["src/core/hub.c"] = [[
        #include <time.h>
        #include <unistd.h>
        long now(void); long now(void) { return (long)time(0) + read(0, 0, 0); }]],
      ["src/net/tcp.c"] = [[
        #include <string.h>
        void copy(char *, const char *);
        void copy(char *to, const char *from) { strcpy(to, from); }]],
    })
    table.sort(found)
    assert.same({
      "src/core/hub.c: calls read: core has no descriptor and no clock",
      "src/core/hub.c: calls time: core has no descriptor and no clock",
      "src/net/tcp.c: calls strcpy",
    }, found)
  end)

  it("refuses a file of more than 600 lines", function()
    assert.same({ "src/base/list.c: 601 lines, at most 600" }, complaints("sizes", {
      ["src/base/list.c"] = ("\n"):rep(601),
      ["src/base/map.c"] = ("\n"):rep(600),
    }))
  end)

  it("wants a reason behind an exception", function()
    assert.same({ "src/base/map.c:2: NOLINT(check): without its reason" }, complaints("texts", {
      ["src/base/map.c"] = "// NOLINTNEXTLINE(readability-function-size): one switch\n"
        .. "// NOLINT(readability-function-size)\n",
    }))
  end)
end)

describe("the specs' npm packages", function()
  it("are pinned, and the lockfile names no address", function()
    for _, version in read("spec/package.json"):match('"dependencies": (%b{})')
      :gmatch('"([^"]+)": "([^"]+)"') do
      assert.matches("^%d+%.%d+%.%d+$", version)
    end
    local lockfile = read("spec/package-lock.json")
    assert.matches('"integrity": "sha512%-', lockfile)
    assert.not_matches("://", lockfile)
  end)
end)
