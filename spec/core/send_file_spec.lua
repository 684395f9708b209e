-- Files as answers: src/core/send_file.c and representation.c. What is asked on condition is in
-- validators_spec.lua; pieces, edges and ends are in download_spec.lua.

local noting = require "noting"
local world = require "world"

local THEN = 1600000000

local function new(files, options)
  local w = world.echo(options)
  w.kit.files(w.hub, files)
  return w
end

local function get(w, path, fields, method)
  return w:get(path, { fields = fields and fields .. "\r\n", method = method })
end

describe("a file's answer", function()
  it("says what it is, how to ask for it again, and how long it keeps", function()
    local w = new { ["a.html"] = { "<p>", modified = THEN } }
    local headers = w:get("/a.html").headers
    headers.etag = nil
    assert.same({
      ["content-type"] = "text/html; charset=utf-8", ["content-length"] = "3",
      ["x-content-type-options"] = "nosniff", ["cache-control"] = "no-cache",
      ["last-modified"] = "Sun, 13 Sep 2020 12:26:40 GMT", ["accept-ranges"] = "bytes",
      connection = "keep-alive", date = "Tue, 14 Nov 2023 22:13:20 GMT",
    }, headers)
  end)

  it("is the same to HEAD, without the content", function()
    local w = new { ["a.html"] = "<p>", ["a.html.gz"] = "gz" }
    for _, fields in ipairs { "Accept: */*", "Accept-Encoding: gzip", "Range: bytes=0-1" } do
      local whole = get(w, "/a.html", not fields:find("Range") and fields or nil)
      local response, peer = get(w, "/a.html", fields, "HEAD")
      assert.same({ 200, "", whole.headers }, { response.status, peer.bytes, response.headers })
    end
  end)

  it("may be kept as long as the option cache says, in whole seconds", function()
    for cache, said in pairs { [0] = "no-cache", [3600] = "max-age=3600", [1.5] = "max-age=1",
      [31536000] = "max-age=31536000" } do
      local w = new({ ["a.txt"] = "a", ["d/index.html"] = "d" }, { cache = cache })
      local response = w:get("/a.txt")
      assert.equal(said, response.headers["cache-control"])
      local again = get(w, "/a.txt", "If-None-Match: " .. response.headers.etag)
      assert.same({ 304, said }, { again.status, again.headers["cache-control"] })
      assert.equal(said, w:get("/d").headers["cache-control"])
    end
  end)
end)

describe("a file's answer in dev", function()
  it("isn't kept, whatever the option cache says", function()
    local w = new({ ["a.txt"] = "a" }, { cache = 3600 })
    w.kit.set_dev(w.hub, true)
    assert.equal("no-store", w:get("/a.txt").headers["cache-control"])
  end)
end)

describe("a range of a file", function()
  local TEXT = "0123456789"

  it("is 206 with the part, and says which of how many bytes", function()
    local w = new { f = TEXT }
    for range, expected in pairs {
      ["0-0"] = { "0", "0-0" }, ["2-4"] = { "234", "2-4" }, ["7-"] = { "789", "7-9" },
      ["-2"] = { "89", "8-9" }, ["5-99"] = { "56789", "5-9" }, ["-99"] = { TEXT, "0-9" },
    } do
      local response, peer = get(w, "/f", "Range: bytes=" .. range)
      assert.same({ 206, expected[1], "bytes " .. expected[2] .. "/10", "" },
        { response.status, response.body, response.headers["content-range"], peer.bytes })
    end
  end)

  it("may begin, end and be large anywhere", function()
    local bytes = {}
    for at = 1, 200000, 8 do bytes[#bytes + 1] = ("%08d"):format(at) end
    local text = table.concat(bytes)
    local w = new { f = text }
    for _, passes in ipairs { false, true } do
      for _, pair in ipairs {
        { 0, 65535 }, { 0, 65536 }, { 1, 65536 }, { 65535, 65536 }, { 65536, 199999 },
        { 1, 199998 }, { 199999, 199999 }, { 100000, 100000 + 65535 },
      } do
        local peer = w:peer()
        peer:faults { passes = passes, piece = 50001 }
        peer:send(("GET /f HTTP/1.1\r\nHost: a\r\nRange: bytes=%d-%d\r\n\r\n"):format(pair[1],
          pair[2]))
        while peer:state().wants_write do peer:writable() end
        local response = peer:response()
        assert.is_true(text:sub(pair[1] + 1, pair[2] + 1) == response.body, pair[1])
        assert.equal("", peer.bytes)
      end
    end
  end)

  it("that has none of its bytes is 416, and says how many there are", function()
    local w = new { f = TEXT }
    for _, range in ipairs { "10-", "10-20", "-0", "99999999999999999999-" } do
      local response, peer = get(w, "/f", "Range: bytes=" .. range)
      assert.same({ 416, "bytes */10", "", "" },
        { response.status, response.headers["content-range"], response.body, peer.bytes })
      assert.equal(200, w:get("/f", { peer = peer }).status)
    end
  end)

  it("that is wrong, or several, or of nothing, is the whole file", function()
    local w = new { f = TEXT, empty = "" }
    for _, range in ipairs { "bytes=4-2", "bytes=a", "lines=1-2", "bytes=0-1,4-5" } do
      local response = get(w, "/f", "Range: " .. range)
      assert.same({ 200, TEXT }, { response.status, response.body })
      assert.is_nil(response.headers["content-range"])
    end
    assert.equal(200, get(w, "/f", "Range: bytes=0-1\r\nRange: bytes=0-1").status)
    assert.equal(200, get(w, "/empty", "Range: bytes=0-").status)
  end)

  it("goes by the size that the file had when it was opened", function()
    local w = new { shrunk = { "0123", 10 }, grown = { TEXT, 4 } }
    local response = get(w, "/grown", "Range: bytes=2-")
    assert.same({ "23", "bytes 2-3/4" }, { response.body, response.headers["content-range"] })
    assert.equal("01", get(w, "/shrunk", "Range: bytes=0-1").body)
    local _, peer = get(w, "/shrunk", "Range: bytes=-2")
    assert.is_true(peer:state().reset)
  end)
end)

describe("a compressed file beside a file", function()
  local GZIP = "Accept-Encoding: gzip"

  local function packed(gzip_time, time)
    return new {
      ["app.js"] = { "plain text", modified = time or THEN },
      ["app.js.gz"] = { "packed", modified = gzip_time or THEN },
    }
  end

  it("goes to who likes gzip, with the type of the other one", function()
    local response = get(packed(), "/app.js", GZIP)
    assert.same({ "packed", "gzip", "Accept-Encoding", "text/javascript; charset=utf-8", "6" }, {
      response.body, response.headers["content-encoding"], response.headers.vary,
      response.headers["content-type"], response.headers["content-length"],
    })
  end)

  it("doesn't go to others, who hear that it depends", function()
    for _, fields in ipairs { "Accept: */*", "Accept-Encoding: br", "Accept-Encoding: gzip;q=0",
      "Accept-Encoding: identity, gzip;q=0.5" } do
      local response = get(packed(), "/app.js", fields)
      assert.same({ "plain text", "Accept-Encoding" }, { response.body, response.headers.vary })
      assert.is_nil(response.headers["content-encoding"])
    end
  end)

  it("is passed over where it is older", function()
    local response = get(packed(THEN - 0.001), "/app.js", GZIP)
    assert.equal("plain text", response.body)
    assert.is_nil(response.headers.vary)
    assert.equal("packed", get(packed(THEN + 5), "/app.js", GZIP).body)
  end)

  it("is none without the file, and can be asked for by its own name", function()
    local w = new { ["only.css.gz"] = "packed" }
    assert.equal(404, get(w, "/only.css", GZIP).status)
    local response = get(w, "/only.css.gz", GZIP)
    assert.same({ 200, "application/gzip" }, { response.status, response.headers["content-type"] })
    assert.is_nil(response.headers["content-encoding"])
  end)

  it("is the index's too", function()
    local w = new { ["index.html"] = "plain", ["index.html.gz"] = "packed" }
    local response = get(w, "/", GZIP)
    assert.same({ "packed", "text/html; charset=utf-8" },
      { response.body, response.headers["content-type"] })
  end)

  it("has a tag of its own, even where size and time are the same", function()
    local w = new { a = { "same", modified = THEN }, ["a.gz"] = { "size", modified = THEN } }
    local plain, gzip = w:get("/a").headers.etag, get(w, "/a", GZIP).headers.etag
    assert.not_equal(plain, gzip)
    for fields, expected in pairs {
      ["If-None-Match: " .. plain] = 304, [GZIP .. "\r\nIf-None-Match: " .. gzip] = 304,
      ["If-None-Match: " .. gzip] = 200, [GZIP .. "\r\nIf-None-Match: " .. plain] = 200,
    } do
      local response = get(w, "/a", fields)
      assert.same({ expected, "Accept-Encoding" }, { response.status, response.headers.vary })
    end
  end)

  it("may be asked for in parts, which are parts of what is compressed", function()
    local response = get(packed(), "/app.js", GZIP .. "\r\nRange: bytes=0-2")
    assert.same({ 206, "pac", "gzip", "bytes 0-2/6" }, { response.status, response.body,
      response.headers["content-encoding"], response.headers["content-range"] })
  end)

  it("that can't be opened now isn't missed", function()
    local w = new { a = "plain", ["a.gz"] = false }
    assert.equal("plain", get(w, "/a", GZIP).body)
  end)

  it("isn't looked for under a name that would be too long", function()
    local name = ("d/"):rep(510) .. "a.t"
    assert.equal("text", get(new { [name] = "text" }, "/" .. name, GZIP).body)
  end)

  it("is closed again, as is the other one, whichever is sent", function()
    local w = packed()
    for _, fields in ipairs { GZIP, "Accept: */*", "If-Match: x", "Range: bytes=99-" } do
      local _, peer = get(w, "/app.js", fields)
      peer:finish()
      assert.is_true(peer:state().closed)
    end
    assert.equal(0, w.kit.open_files(w.hub))
  end)
end)

describe("a directory asked for without its last slash", function()
  it("is where the same with a slash is, query and all", function()
    local w = new { ["a/b/index.html"] = "page" }
    for path, location in pairs {
      ["/a/b"] = "/a/b/", ["/a/b?"] = "/a/b/?", ["/a/b?x=/y&z"] = "/a/b/?x=/y&z",
      ["/%61/b"] = "/%61/b/", ["http://localhost/a/b"] = "/a/b/",
    } do
      local response, peer = w:get(path)
      assert.same({ 301, location, "", "" },
        { response.status, response.headers.location, response.body, peer.bytes })
      assert.same({ 200, "page" }, { w:get(location, { peer = peer }).status, "page" })
    end
  end)

  it("is there for HEAD, and whatever the query's length", function()
    local w = new { ["a/index.html"] = "page" }
    local query = ("q"):rep(8000)
    local response = get(w, "/a?" .. query, nil, "HEAD")
    assert.same({ 301, "/a/?" .. query }, { response.status, response.headers.location })
  end)

  it("is nothing without an index, and never another host", function()
    local w = new { ["a/x.html"] = "x", ["b.txt"] = "b", ["index.html"] = "root" }
    for _, path in ipairs {
      "/a", "/b.txt/", "//a", "//index.html", "/\\a", "/%2fa", "/..", "/.",
    } do
      assert.equal(404, w:get(path).status, path)
    end
  end)

  it("is a file where there is a file of that name", function()
    local w = new { a = "file", ["a/index.html"] = "page" }
    assert.equal("file", w:get("/a").body)
  end)

  it("comes before the room of that path, which takes handshakes", function()
    local w = new { ["echo/index.html"] = "page" }
    assert.equal("/echo/", w:get("/echo").headers.location)
    assert.equal(101, w:connect("/echo").status)
  end)

  it("that can't be opened now is none", function()
    assert.equal(404, new({ ["a/index.html"] = false }):get("/a").status)
  end)
end)

describe("a file that the system can't open now", function()
  it("is 503, ends the connection, and is in the log", function()
    local w = new { ["a.txt"] = false }
    local response, peer = w:get("/a.txt")
    assert.same({ 503, "5", true },
      { response.status, response.headers["retry-after"], peer:state().shut })
    assert.matches("rule=descriptors", w:log(), 1, true)
  end)

  it("has the oldest download make room for the next one", function()
    local w = new { large = ("x"):rep(300000), ["a.txt"] = false }
    local taker = w:peer()
    taker:faults { full = true }
    taker:send(noting.plain("/large"))
    assert.equal(503, w:get("/a.txt").status)
    assert.is_true(taker:state().closed)
  end)
end)

describe("a file that the transport sends by itself", function()
  local SIZE = 700001

  local function text_of(size)
    local bytes = {}
    for at = 1, size, 8 do bytes[#bytes + 1] = ("%08d"):format(at) end
    return table.concat(bytes):sub(1, size)
  end

  local TEXT = text_of(SIZE)

  -- Asks for /f, with more behind it, and reads on until nothing comes.
  local function download(w, faults, more)
    local peer = w:peer()
    faults.passes = true
    peer:faults(faults)
    peer:send(noting.plain("/f") .. (more or ""))
    while peer:state().wants_write do peer:writable() end
    return peer
  end

  it("comes whole, however much is taken at a time", function()
    local w = new { f = TEXT }
    for _, piece in ipairs { 0, 100001, 65536, 262144, 700000, 7777 } do
      local peer = download(w, { piece = piece })
      assert.is_true(TEXT == peer:response().body, piece)
      assert.same({ "", false }, { peer.bytes, peer:state().shut })
    end
  end)

  it("costs a write for its head and one for each 256 KiB", function()
    local w = new { f = TEXT }
    local peer = download(w, {})
    assert.equal(1 + 3, peer:state().writes)
  end)

  it("is read where it is small, and leaves with its head in one write", function()
    local w = new { f = TEXT:sub(1, 65536), g = TEXT:sub(1, 65537) }
    assert.equal(1, download(w, {}):state().writes)
    local peer = w:peer()
    peer:faults { passes = true }
    peer:send(noting.plain("/g"))
    assert.equal(2, peer:state().writes)
  end)

  it("is behind what was asked before, and before what was asked behind it", function()
    local w = new { f = TEXT, a = "A", b = "B" }
    for _, piece in ipairs { 0, 90000 } do
      local peer = w:peer()
      peer:faults { passes = true, piece = piece }
      peer:send(noting.plain("/a") .. noting.plain("/f") .. noting.plain("/b"))
      while peer:state().wants_write do peer:writable() end
      assert.equal("A", peer:response().body)
      assert.is_true(TEXT == peer:response().body)
      assert.equal("B", peer:response().body)
    end
  end)

  it("goes out a piece a turn, so that a fast reader keeps nobody waiting", function()
    local w = new { f = ("x"):rep(8 * 262144) }
    local greedy, other = w:peer(), w:connect("/echo")
    greedy:faults { passes = true }
    greedy.raw:send(noting.plain("/f"))
    local turns = 0
    repeat
      turns = turns + 1
      other.raw:send(world.frame("text", "x"))
    until w.kit.turn(w.hub) > 0
    assert.is_true(turns >= 8 and turns <= 10, turns)
    assert.equal(turns, #other:take())
  end)

  it("takes no memory for itself", function()
    local w = new { f = TEXT }
    local peer = w:peer()
    peer:faults { passes = true, piece = 10000 }
    local before = noting.blocks(w)
    peer:send(noting.plain("/f"))
    assert.is_true(noting.blocks(w) - before <= 3)
    assert.is_true(peer:state().wants_write)
  end)

  it("that has become shorter ends in a reset, wherever it ends", function()
    for _, size in ipairs { 0, 1, 262143, 262144, 262145, SIZE - 1 } do
      for _, piece in ipairs { 0, 100000 } do
        local peer = download(new { f = { TEXT:sub(1, size), SIZE } }, { piece = piece })
        peer:read()
        local body = peer.bytes:match("\r\n\r\n(.*)$")
        assert.same({ size, true, true }, { #body, peer:state().closed, peer:state().reset })
      end
    end
  end)

  it("that has become longer is sent as long as it was", function()
    local peer = download(new { f = { TEXT, 300000 } }, {}, noting.plain("/none"))
    assert.is_true(TEXT:sub(1, 300000) == peer:response().body)
    assert.equal(404, peer:response().status)
  end)

  it("is read on where the transport can't any more", function()
    for _, piece in ipairs { 70000, 270000 } do
      local w = new { f = TEXT }
      local peer = w:peer()
      peer:faults { passes = true, piece = piece }
      peer:send(noting.plain("/f"))
      peer:faults { piece = piece }
      while peer:state().wants_write do peer:writable() end
      assert.is_true(TEXT == peer:response().body)
      assert.is_false(peer:state().closed)
    end
  end)

  it("is closed, and nothing of it kept, however it ends", function()
    local ends = {
      whole = function(peer) peer:finish() end,
      broken = function(peer)
        peer:faults { passes = true, broken = true }
        peer:writable()
      end,
      reset = function(peer) peer:reset() end,
      stalled = function(_, w) w:advance(100) end,
    }
    for name, finish in pairs(ends) do
      local w = new { f = TEXT }
      local function go()
        local peer = w:peer()
        peer:faults { passes = true, piece = name ~= "whole" and 100000 or nil }
        peer:send(noting.plain("/f"))
        finish(peer, w)
        assert.is_true(peer:state().closed, name)
        return noting.blocks(w)
      end
      assert.equal(go(), go(), name)
      assert.equal(0, w.kit.open_files(w.hub))
    end
  end)

  it("to who reads nothing is a reset after write_stall, not before", function()
    local w = new({ f = TEXT }, { write_stall = 3, handshake_timeout = 1 })
    local peer = w:peer()
    peer:faults { passes = true, piece = 100000 }
    peer:send(noting.plain("/f"))
    for _ = 1, 3 do
      w:advance(2.9)
      assert.is_false(peer:state().closed)
      peer:writable()
    end
    w:advance(3.1)
    assert.is_true(peer:state().reset)
  end)

  it("is counted as what else leaves", function()
    local w = new { f = TEXT }
    local before = w.kit.metrics(w.hub).bytes_out
    local peer = download(w, {})
    peer:read()
    assert.equal(#peer.bytes, w.kit.metrics(w.hub).bytes_out - before)
  end)

  it("ends the connection behind it where the client asked for that", function()
    local w = new { f = TEXT }
    local peer = w:peer()
    peer:faults { passes = true }
    peer:send("GET /f HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert.same({ true, false }, { peer:state().shut, peer:state().closed })
    assert.is_true(TEXT == peer:response().body)
  end)
end)
