-- A file on its way out: src/core/download.c. What a peer gets of it is in exchange_spec.lua.

local noting = require "noting"
local world = require "world"

local function get(files, path)
  local w = world.new()
  w.kit.files(w.hub, files)
  local response, peer = w:get(path)
  return response, peer, w
end

describe("a download", function()
  it("finds its file by the decoded path", function()
    local files = { ["index.html"] = "root", ["my file.txt"] = "blank", ["d/index.html"] = "dir" }
    for path, body in pairs { ["/"] = "root", ["/my%20file.txt"] = "blank", ["/d/"] = "dir",
      ["/index.html?q=1"] = "root" } do
      assert.equal(body, get(files, path).body)
    end
  end)

  it("isn't there for a path that means no file", function()
    local files = { ["a"] = "x", [".hidden"] = "x", ["../a"] = "x" }
    for _, path in ipairs { "/b", "/.hidden", "/../a", "/%2e%2e/a", "/a/", "/a%00", "//a" } do
      assert.equal(404, get(files, path).status)
    end
  end)

  it("is cut in pieces at their edges without a byte lost", function()
    for _, size in ipairs { 65535, 65536, 65537, 131071, 131072, 131073 } do
      local bytes = {}
      for at = 1, size, 8 do bytes[#bytes + 1] = ("%08d"):format(at) end
      local text = table.concat(bytes):sub(1, size)
      assert.is_true(text == get({ f = text }, "/f").body, size)
    end
  end)

  it("that ends before its size resets the connection, wherever it ends", function()
    for _, size in ipairs { 0, 1, 65535, 65536, 65537, 99999 } do
      local _, peer = get({ f = { ("x"):rep(size), 100000 } }, "/f")
      assert.same({ size, true, true }, { size, peer:state().closed, peer:state().reset })
    end
  end)

  it("that ends where it was said to leaves the connection open", function()
    local response, peer = get({ f = { ("x"):rep(100000), 100000 } }, "/f")
    assert.equal(100000, #response.body)
    assert.is_false(peer:state().closed)
  end)

  it("is closed, and nothing of it kept, however it ends", function()
    local ends = {
      whole = function(peer) peer:finish() end,
      broken = function(peer)
        peer:faults { broken = true }
        peer:writable()
      end,
      reset = function(peer) peer:reset() end,
      stalled = function(_, w) w:advance(100) end,
    }
    for name, finish in pairs(ends) do
      local w = world.new()
      w.kit.files(w.hub, { f = ("x"):rep(200000) })
      local function go()
        local peer = w:peer()
        if name ~= "whole" then peer:faults { piece = 10000 } end
        peer:send(noting.plain("/f"))
        finish(peer, w)
        assert.is_true(peer:state().closed, name)
        return noting.blocks(w)
      end
      assert.equal(go(), go(), name)
    end
  end)

  it("where memory fails is no file, an answer that is whole, or a reset", function()
    local seen = {}
    for nth = 1, 15 do
      local w = world.new()
      w.kit.files(w.hub, { f = ("x"):rep(100000) })
      local peer = w:peer()
      w.kit.fail(w.hub, nth)
      peer:send(noting.plain("/f"))
      w.kit.fail(w.hub)
      w:rest()
      local response = not peer:state().reset and peer:response()
      local got = response and response.status or "reset"
      seen[got] = true
      if got == 200 then assert.equal(100000, #response.body) end
      assert.truthy(got == 200 or got == 404 or got == 503 or got == "reset", got)
    end
    assert.same({ true, true }, { seen[200], seen.reset })
  end)
end)
