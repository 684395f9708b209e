-- What an app in memory serves of public/.

local scripts = require "scripts"
local test = require "moonroom.test"
local uv = require "luv"

local FILES = {
  ["init.lua"] = 'require("moonroom").post("/a.txt", function() return "posted" end)',
  ["public/index.html"] = "<p>hello",
  ["public/a.txt"] = "a text",
  ["public/empty"] = "",
  ["public/dir/index.html"] = "<p>dir",
  ["web/b.txt"] = "another",
}

local function app_of(options, files) return scripts.app(files or FILES, options) end

describe("an app in memory", function()
  after_each(scripts.clean)

  it("serves public/, as a server does", function()
    local app = app_of()
    local response = app:get("/a.txt")
    assert.same({ 200, "a text", "text/plain; charset=utf-8" },
      { response.status, response.body, response.headers["content-type"] })
    assert.same({ "<p>hello", "<p>dir" }, { app:get("/").body, app:get("/dir/").body })
    assert.same({ 200, "" }, { app:get("/empty").status, app:get("/empty").body })
    assert.same({ 301, "/dir/" }, { app:get("/dir").status, app:get("/dir").headers.location })
    assert.same({ 404, 404, 405 }, { app:get("/none").status, app:get("/../init.lua").status,
      app:request("DELETE", "/dir/").status })
    assert.equal("posted", app:post("/a.txt", "").body)
    local part = app:get("/a.txt", { headers = { Range = "bytes=2-3" } })
    assert.same({ 206, "te" }, { part.status, part.body })
    assert.equal(304, app:get("/a.txt", {
      headers = { ["If-None-Match"] = response.headers.etag },
    }).status)
  end)

  it("sends a long file, and may be left in its middle", function()
    local long = ("0123456789abcdef"):rep(64 * 1024)
    local app = app_of({}, { ["init.lua"] = "", ["public/long"] = long })
    assert.is_true(app:get("/long").body == long)
    local left = app:get("/long", { faults = { full = true } })
    assert.is_false(left.done)
    left:drop()
  end)

  it("takes the option public", function()
    assert.equal("another", app_of({ public = "web" }):get("/b.txt").body)
    assert.equal(404, app_of({ public = false }):get("/").status)
    local config = { ["init.lua"] = "", ["config.lua"] = 'return { public = "w" }', ["w/c"] = "c" }
    assert.equal("c", app_of({}, config):get("/c").body)
    local ok, why = pcall(app_of, { public = "pubic" })
    assert.same({ false, "/pubic: No such file or directory" }, { ok, why:match("/pubic.*") })
    ok, why = pcall(app_of, { public = "init.lua" })
    assert.same({ false, "/init.lua: Not a directory" }, { ok, why:match("/init.*") })
  end)

  it("serves nothing by a link out of public/, nor what is no regular file", function()
    local root = scripts.directory(FILES)
    assert(uv.fs_symlink("a.txt", root .. "/public/inside"))
    assert(uv.fs_symlink("../init.lua", root .. "/public/outside"))
    assert(uv.fs_symlink("../web", root .. "/public/web"))
    assert(os.execute("mkfifo '" .. root .. "/public/fifo'"))
    local app = test.load(root)
    finally(function() app:stop() end)
    assert.equal("a text", app:get("/inside").body)
    for _, path in ipairs { "/outside", "/web/b.txt", "/fifo" } do
      assert.equal(404, app:get(path).status, path)
    end
  end)
end)
