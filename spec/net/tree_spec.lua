-- Files below a directory and nothing outside it: src/net/tree.c.

local program = require "program"
local server = require "server"
local wire = require "wire"

after_each(server.stop_all)

local function get(here, path)
  local peer = assert(wire.connect(here.port))
  peer:send(("GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"):format(path))
  local answer = peer:receive_all()
  peer:close()
  local status, body = answer:match("^HTTP/1%.1 (%d+).-\r\n\r\n(.*)$")
  return tonumber(status), body
end

local function shell(format, ...)
  assert(os.execute(format:format(...)))
end

local BIG = ("0123456789abcdef"):rep(200000)

-- A script directory with a secret beside public/.
local function make_directory()
  local root = program.directory {
    ["init.lua"] = "",
    ["secret.txt"] = "secret",
    ["public-secret/a.txt"] = "secret",
    ["public/index.html"] = "index",
    ["public/a.txt"] = "a",
    ["public/empty.txt"] = "",
    ["public/big.bin"] = BIG,
    ["public/deep/er/b.txt"] = "b",
  }
  shell("ln -s a.txt '%s/public/inside.txt'", root)
  shell("ln -s deep '%s/public/inside'", root)
  shell("ln -s ../secret.txt '%s/public/outside.txt'", root)
  shell("ln -s '%s/secret.txt' '%s/public/absolute.txt'", root, root)
  shell("ln -s .. '%s/public/up'", root)
  shell("ln -s /proc/self/environ '%s/public/magic.txt'", root)
  shell("ln -s /proc/self/root '%s/public/magic'", root)
  shell("ln -s circle.txt '%s/public/circle.txt'", root)
  shell("mkfifo '%s/public/fifo.txt'", root)
  shell("mkdir '%s/public/folder.txt'", root)
  return root
end

-- With openat2, and as on systems that lack it or don't let us.
local ways = {
  ["by openat2"] = {},
  ["without openat2"] = { inject = "ENOSYS" },
  ["where openat2 is forbidden"] = { inject = "EPERM" },
}

for way, options in pairs(ways) do
  describe("a tree opened " .. way, function()
    local root, here, report

    local function start()
      root, report = make_directory(), os.tmpname()
      local flags = {}
      if options.inject then
        flags.binary = server.release_binary
        flags.wrapper = {
          "strace", "-f", "-o", report, "-e", "trace=openat2",
          "-e", "inject=openat2:error=" .. options.inject,
        }
      end
      here = server.start(root, flags)
    end

    before_each(start)
    after_each(function()
      here:stop()
      program.remove(root)
      os.remove(report)
    end)

    it("serves regular files, whatever their size", function()
      assert.same({ 200, "index" }, { get(here, "/") })
      assert.same({ 200, "a" }, { get(here, "/a.txt") })
      assert.same({ 200, "" }, { get(here, "/empty.txt") })
      assert.same({ 200, "b" }, { get(here, "/deep/er/b.txt") })
      local status, body = get(here, "/big.bin")
      assert.equal(200, status)
      assert.is_true(BIG == body)
    end)

    it("never leaves its root, by no link", function()
      for _, path in ipairs {
        "/outside.txt", "/absolute.txt", "/up/secret.txt", "/up/public-secret/a.txt",
        "/magic.txt", "/magic/etc/passwd", "/circle.txt", "/../secret.txt",
      } do
        local status, body = get(here, path)
        assert.is_true(status == 404 or status == 400, path .. " " .. status)
        assert.is_nil(body:find("secret", 1, true))
        assert.is_nil(body:find("root:", 1, true))
      end
    end)

    it("never opens what is no regular file, nor waits for it", function()
      for _, path in ipairs {
        "/fifo.txt", "/folder.txt", "/deep", "/deep/er", "/deep/", "/none",
      } do
        assert.equal(404, (get(here, path)), path)
      end
    end)

    it("takes no file for a directory", function()
      assert.equal(404, (get(here, "/a.txt/")))
      assert.equal(404, (get(here, "/a.txt/b")))
    end)

    it("closes what it opened", function()
      local function descriptors()
        local pipe <close> = assert(io.popen(("ls /proc/%d/fd | wc -l"):format(here.pid)))
        return pipe:read("n")
      end
      get(here, "/a.txt")
      local before = descriptors()
      for _, path in ipairs { "/a.txt", "/fifo.txt", "/folder.txt", "/deep/er/b.txt", "/up/x" } do
        get(here, path)
      end
      assert.is_true(descriptors() <= before + 1) -- the latest may still be closing
    end)

    if options.inject then
      it("follows no link at all", function()
        assert.equal(404, (get(here, "/inside.txt")))
        assert.equal(404, (get(here, "/inside/er/b.txt")))
      end)
    else
      it("follows links that stay inside", function()
        assert.same({ 200, "a" }, { get(here, "/inside.txt") })
        assert.same({ 200, "b" }, { get(here, "/inside/er/b.txt") })
      end)
    end
  end)
end
