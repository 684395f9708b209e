-- Static files over sockets: what curl gets of them, and what they cost the program.

local process = require "process"
local server = require "server"
local tls = require "tls"
local wire = require "wire"

local MIB = 1 << 20
local THEN = 1600000000

after_each(server.stop_all)

local function shell(format, ...)
  assert(os.execute(format:format(...)))
end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  file:write(text)
end

-- Bytes of which each eight say where they are.
local function counted(size)
  local bytes = {}
  for at = 1, size, 8 do bytes[#bytes + 1] = ("%08d"):format(at % 100000000) end
  return table.concat(bytes)
end

local PAGE = ("<p>moonroom</p>\n"):rep(1000)
local MEGABYTE = counted(MIB)

describe("curl", function()
  local here, folder, out

  -- Its output is what -w says; the body is in the file `out`.
  local function curl(path, ...)
    local url = ("http://127.0.0.1:%d%s"):format(here.port, path)
    local code, said, err = process.run({
      "curl", "-sS", "--max-time", "20", "-o", out, "-w", "%{http_code}", url, ...,
    }, nil, 30)
    assert(code == 0, err)
    return said
  end

  local function body()
    local file <close> = assert(io.open(out, "rb"))
    return file:read("a")
  end

  before_each(function()
    here = server.start {
      ["init.lua"] = "", ["public/page.html"] = PAGE, ["public/big.bin"] = MEGABYTE,
      ["public/docs/index.html"] = '<a href="more.html">', ["public/docs/more.html"] = "more",
    }
    folder = here.root .. "/public/"
    out = here.root .. "/out"
    shell("cd '%s' && touch -d @%d page.html && gzip -9k page.html", folder, THEN)
  end)

  it("keeps a file by its ETag until it changes", function()
    local tag = here.root .. "/etag"
    assert.equal("200", curl("/page.html", "--etag-save", tag))
    assert.equal("304", curl("/page.html", "--etag-compare", tag))
    write(folder .. "page.html", "other")
    assert.equal("200", curl("/page.html", "--etag-compare", tag))
    assert.equal("other", body())
  end)

  it("keeps a file by its time", function()
    assert.equal("200", curl("/page.html", "-R"))
    assert.equal(PAGE, body())
    assert.equal("304", curl("/page.html", "-z", out))
    shell("touch -d @%d '%s'", THEN - 1, out)
    assert.equal("200", curl("/page.html", "-z", out))
  end)

  it("resumes what it has in part", function()
    write(out, MEGABYTE:sub(1, 400001))
    assert.equal("206", curl("/big.bin", "-C", "-"))
    assert.is_true(MEGABYTE == body())
    assert.equal("416", curl("/big.bin", "-r", MIB .. "-"))
    assert.equal("206", curl("/big.bin", "-r", "-8"))
    assert.equal(MEGABYTE:sub(-8), body())
  end)

  it("gets what is compressed where it takes that, and can tell", function()
    curl("/page.html", "--compressed")
    assert.equal(PAGE, body())
    local size = curl("/page.html", "-H", "Accept-Encoding: gzip", "-w", "%{size_download}")
    assert.is_true(tonumber(size) < #PAGE // 10)
  end)

  it("is led from a directory to its page, whose links then lead right", function()
    assert.equal("301", curl("/docs"))
    assert.equal(("200 http://127.0.0.1:%d/docs/?q=1"):format(here.port),
      curl("/docs?q=1", "-L", "-w", "%{http_code} %{url_effective}"))
    assert.equal("200", curl("/docs/more.html"))
  end)

  it("gets the head alone", function()
    assert.equal("200 0", curl("/big.bin", "-I", "-w", "%{http_code} %{size_download}"))
    assert.matches("\r\nContent%-Length: 1048576\r\n", body())
  end)
end)

-- --- what it costs ---------------------------------------------------------

local function make_sparse(path, size)
  shell("truncate -s %d '%s'", size, path)
end

local function status_of(pid, name)
  local file <close> = assert(io.open(("/proc/%d/status"):format(pid)))
  return tonumber(file:read("a"):match(name .. ":%s*(%d+)"))
end

-- Reads and forgets all of a response's body; returns its length.
local function drain(peer)
  assert(peer:receive_to("\r\n\r\n"))
  local length = 0
  while true do
    local bytes = peer:receive_any()
    if not bytes then return length end
    length = length + #bytes
  end
end

local REQUEST = "GET /big.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

describe("a file of 300 MiB", function()
  local SIZE = 300 * MIB

  -- What the program's memory has been at most, before and after it.
  local function peaks(flags, get)
    local here = server.start({ ["init.lua"] = "", ["public/a.txt"] = "a" }, flags)
    make_sparse(here.root .. "/public/big.bin", SIZE)
    get(here, "/a.txt")
    local before = status_of(here.pid, "VmHWM")
    assert.equal(SIZE, get(here, "/big.bin"))
    return before, status_of(here.pid, "VmHWM")
  end

  local function get_plain(here, path)
    local peer = assert(wire.connect(here.port))
    peer:send((REQUEST:gsub("/big.bin", path)))
    local length = drain(peer)
    peer:close()
    return length
  end

  local function get_over_tls(here, path)
    local code, size, err = process.run({
      "curl", "-sS", "--cacert", tls.files.ca.cert, "-o", "/dev/null", "-w", "%{size_download}",
      "--resolve", ("localhost:%d:127.0.0.1"):format(here.port),
      ("https://localhost:%d%s"):format(here.port, path),
    }, nil, 60)
    assert(code == 0, err)
    return tonumber(size)
  end

  it("takes no memory", function()
    local before, after = peaks({ binary = server.release_binary }, get_plain)
    assert.is_true(after - before < 2048, ("%d KiB, then %d"):format(before, after))
  end)

  it("takes none over TLS either, where it is read", function()
    local files = tls.files.server
    local before, after = peaks({
      binary = server.release_binary, "--tls-cert", files.cert, "--tls-key", files.key,
    }, get_over_tls)
    assert.is_true(after - before < 2048, ("%d KiB, then %d"):format(before, after))
  end)
end)

describe("a file on plain TCP", function()
  -- The calls of a server that sends big.bin once, by name.
  local function calls(inject)
    local report = os.tmpname()
    local wrapper = { "strace", "-f", "-o", report, "-e", "trace=sendfile,pread64" }
    if inject then
      table.move({ "-e", "inject=sendfile:" .. inject }, 1, 2, #wrapper + 1, wrapper)
    end
    local here = server.start({ ["init.lua"] = "", ["public/big.bin"] = MEGABYTE },
      { binary = server.release_binary, wrapper = wrapper })
    local peer = assert(wire.connect(here.port))
    peer:send(REQUEST)
    peer:receive_to("\r\n\r\n")
    local got = peer:receive_all()
    peer:close()
    here:signal("sigterm")
    here:finish()
    local counts = { sendfile = 0, pread64 = 0 }
    for line in io.lines(report) do
      local name = line:match("^%d+ +(%w+)%(")
      if name and counts[name] then counts[name] = counts[name] + 1 end
    end
    os.remove(report)
    return counts, got
  end

  it("is sent by sendfile, and not read", function()
    local counts, got = calls()
    assert.is_true(MEGABYTE == got)
    assert.is_true(counts.sendfile >= 4, counts.sendfile)
    local others = calls "error=EINVAL:when=1"
    assert.is_true(counts.pread64 <= others.pread64 - 16, counts.pread64)
  end)

  it("is read where sendfile can't, from its first byte or later", function()
    for _, inject in ipairs {
      "error=EINVAL", "error=EINVAL:when=2+", "error=ENOSYS", "error=EPERM",
    } do
      local _, got = calls(inject)
      assert.is_true(MEGABYTE == got, inject)
    end
  end)

  it("waits where the socket is full, and goes on where a signal came between", function()
    local _, got = calls "error=EAGAIN:when=2..3"
    assert.is_true(MEGABYTE == got)
    _, got = calls "error=EINTR:when=1"
    assert.is_true(MEGABYTE == got)
  end)

  -- That these are resets is seen in memory: libuv may take one for an end.
  it("that can't be read any more ends early", function()
    local _, got = calls "error=EIO:when=2+"
    assert.is_true(#got < MIB)
  end)

  it("that shrinks while it is sent ends early", function()
    local here = server.start { ["init.lua"] = "", ["public/a.txt"] = "a" }
    local path = here.root .. "/public/big.bin"
    make_sparse(path, 64 * MIB)
    local peer = assert(wire.connect(here.port))
    peer:send(REQUEST)
    assert(peer:receive_to("\r\n\r\n"))
    make_sparse(path, 0)
    local got = peer:receive_all()
    peer:close()
    assert.is_true(#got < 64 * MIB)
    assert.equal("a", select(2, process.run { "curl", "-sS", ("http://127.0.0.1:%d/a.txt")
      :format(here.port) }))
  end)
end)

describe("a file, where no descriptor is left,", function()
  it("is 503 and not 404, and 200 again when there is one", function()
    local here = server.start({ ["init.lua"] = "", ["public/a.txt"] = "a" }, {
      binary = server.release_binary,
      wrapper = { "strace", "-f", "-o", "/dev/null", "-e", "trace=openat2", "-P", "a.txt",
        "-e", "inject=openat2:error=EMFILE:when=1" },
    })
    local function status(peer)
      peer:send("GET /a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      return tonumber(peer:receive_all():match("^HTTP/1%.1 (%d+)"))
    end
    local first, second = assert(wire.connect(here.port)), assert(wire.connect(here.port))
    assert.equal(503, status(first))
    assert.equal(200, status(second))
    here:wait_for_log("rule=descriptors")
    first:close()
    second:close()
  end)
end)
