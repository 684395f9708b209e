-- Which file a request's path means, and its media type: src/core/files.c.

local files = require("moonroom.core").testkit.files

describe("files_name", function()
  it("takes a path below the root", function()
    assert.equal("chat.css", files.name("/chat.css"))
    assert.equal("img/moon.svg", files.name("/img/moon.svg"))
    assert.equal("LICENSE", files.name("/LICENSE"))
  end)

  it("means the index where a path ends in a slash", function()
    assert.equal("index.html", files.name("/"))
    assert.equal("docs/index.html", files.name("/docs/"))
    assert.equal("a/b/index.html", files.name("/a/b/"))
  end)

  it("decodes escapes, each segment once", function()
    assert.equal("my file.txt", files.name("/my%20file.txt"))
    assert.equal("caf\xc3\xa9/a.txt", files.name("/caf%C3%A9/%61.txt"))
    assert.equal("a%2Fb", files.name("/a%252Fb"))
    assert.equal("a+b", files.name("/a+b"))
  end)

  it("allows dots behind the first byte", function()
    assert.equal("a..b", files.name("/a..b"))
    assert.equal("a.", files.name("/a."))
    assert.equal("jquery-3.7.1.min.js", files.name("/jquery-3.7.1.min.js"))
  end)

  it("refuses what leads upwards or nowhere", function()
    for _, path in ipairs {
      "/..", "/../", "/../etc/passwd", "/a/../b", "/a/..", "/.", "/./a", "/a/./b",
      "/%2e%2e/etc/passwd", "/%2e%2e", "/%2E", "/.%2e/a", "/...",
    } do
      assert.is_nil(files.name(path), path)
    end
  end)

  it("refuses hidden files and directories", function()
    for _, path in ipairs { "/.git/config", "/.env", "/a/.htaccess", "/%2eenv", "/a/.b/c" } do
      assert.is_nil(files.name(path), path)
    end
  end)

  it("refuses encoded slashes, backslashes and NUL", function()
    for _, path in ipairs {
      "/a%2fb", "/a%2Fb", "/%2f", "/..%2f..%2fetc%2fpasswd", "/a\\b", "/..\\a", "/a%5cb", "/a%5C",
      "/a%00", "/%00", "/a\0b", "/a%00.html",
    } do
      assert.is_nil(files.name(path), path)
    end
  end)

  it("refuses empty segments", function()
    for _, path in ipairs { "//", "//a", "/a//b", "/a//", "///etc/passwd" } do
      assert.is_nil(files.name(path), path)
    end
  end)

  it("refuses bad escapes", function()
    for _, path in ipairs { "/%", "/%4", "/a%zz", "/a%4/b", "/%%41" } do
      assert.is_nil(files.name(path), path)
    end
  end)

  it("refuses what does not begin with a slash", function()
    for _, path in ipairs { "", "*", "a", "http://a/b", "%2fa" } do
      assert.is_nil(files.name(path), path)
    end
  end)

  it("takes a name of 1,023 bytes and no longer one", function()
    local deep = ("d/"):rep(500)
    for _, tail in ipairs { 22, 23 } do
      local name = deep .. ("x"):rep(tail)
      assert.equal(name, files.name("/" .. name))
      assert.equal(name, files.name("/" .. name:gsub("x", "%%78")))
    end
    assert.is_nil(files.name("/" .. deep .. ("x"):rep(24)))
    assert.is_nil(files.name("/" .. ("x"):rep(1024)))
    assert.is_nil(files.name("/" .. ("%78"):rep(1000)))
    assert.is_nil(files.name("/" .. ("d/"):rep(4000)))
  end)

  it("counts the index's name", function()
    local room = 1023 - #"index.html"
    local fits = ("d/"):rep((room - 3) // 2) .. "dd/"
    assert.equal(room, #fits)
    assert.equal(fits .. "index.html", files.name("/" .. fits))
    assert.is_nil(files.name("/x" .. fits))
  end)
end)

describe("files_type", function()
  local types = {
    ["index.html"] = "text/html; charset=utf-8",
    ["chat.css"] = "text/css; charset=utf-8",
    ["chat.js"] = "text/javascript; charset=utf-8",
    ["chat.mjs"] = "text/javascript; charset=utf-8",
    ["robots.txt"] = "text/plain; charset=utf-8",
    ["README.md"] = "text/markdown; charset=utf-8",
    ["feed.xml"] = "text/xml; charset=utf-8",
    ["data.json"] = "application/json",
    ["chat.js.map"] = "application/json",
    ["app.webmanifest"] = "application/manifest+json",
    ["code.wasm"] = "application/wasm",
    ["paper.pdf"] = "application/pdf",
    ["moon.svg"] = "image/svg+xml",
    ["moon.png"] = "image/png",
    ["moon.jpg"] = "image/jpeg",
    ["moon.jpeg"] = "image/jpeg",
    ["moon.gif"] = "image/gif",
    ["moon.webp"] = "image/webp",
    ["moon.avif"] = "image/avif",
    ["favicon.ico"] = "image/x-icon",
    ["text.woff"] = "font/woff",
    ["text.woff2"] = "font/woff2",
    ["text.ttf"] = "font/ttf",
    ["ping.mp3"] = "audio/mpeg",
    ["ping.ogg"] = "audio/ogg",
    ["clip.mp4"] = "video/mp4",
    ["clip.webm"] = "video/webm",
  }

  it("knows the usual files of a web page", function()
    for name, type in pairs(types) do
      assert.equal(type, files.type(name), name)
    end
  end)

  it("does not care about case", function()
    assert.equal("text/html; charset=utf-8", files.type("INDEX.HTML"))
    assert.equal("image/jpeg", files.type("img/Moon.JPeG"))
  end)

  it("looks at the last ending of the last segment", function()
    assert.equal("text/html; charset=utf-8", files.type("a.b/c.js.html"))
    assert.equal("application/octet-stream", files.type("a.html/b"))
  end)

  it("calls everything else bytes", function()
    for _, name in ipairs { "LICENSE", "a.", "html", "a.htmlx", "a.htm l", "a.tar.xz", "" } do
      assert.equal("application/octet-stream", files.type(name), name)
    end
  end)
end)
