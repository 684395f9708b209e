local test = require "moonroom.test"

local token = "a-token-for-the-spec"

describe("the bridge", function()
  local app, ann, bob
  before_each(function()
    app = test.load(nil, { app = { token = token } })
    ann, bob = app:connect("/rooms/tea"), app:connect("/rooms/tea")
  end)
  after_each(function() app:stop() end)

  local function post(path, body, headers)
    headers = headers or {}
    headers.Authorization = headers.Authorization or "Bearer " .. token
    return app:post(path, body, { headers = headers })
  end

  it("passes on what is posted to all who listen, and says how many", function()
    local response = post("/rooms/tea", "it is ready")
    assert.same({ 200, { heard = 2 } }, { response.status, response.json })
    assert.peer(ann).received("it is ready")
    assert.peer(bob).received("it is ready")
  end)

  it("keeps rooms apart", function()
    local cid = app:connect("/rooms/coffee")
    assert.same({ heard = 1 }, post("/rooms/coffee", "for cid").json)
    assert.peer(cid).received("for cid")
    assert.peer(ann).received_nothing()
  end)

  it("posts to nobody where nobody listens", function()
    assert.same({ heard = 0 }, post("/rooms/empty", "hello?").json)
    assert.is_nil(app:room("/rooms/empty"))
  end)

  it("takes JSON as the text that it is, and binary by its type", function()
    post("/rooms/tea", { cups = 2 })
    assert.peer(ann).received { cups = 2 }
    local headers = { ["Content-Type"] = "application/octet-stream" }
    assert.same({ heard = 2 }, post("/rooms/tea", "\0\255", headers).json)
    assert.same({ "\0\255" }, ann:take("binary"))
  end)

  it("refuses a text that is no UTF-8", function()
    assert.equal(400, post("/rooms/tea", "\255").status)
    assert.peer(ann).received_nothing()
  end)

  it("wants its token", function()
    for _, other in ipairs {
      "Bearer " .. token .. "x", "Bearer", "Bearer x", "Basic " .. token, "Bearer " .. token:sub(2),
    } do
      local response = post("/rooms/tea", "for free", { Authorization = other })
      assert.same({ 401, "Bearer" }, { response.status, response.headers["www-authenticate"] })
    end
    assert.equal(401, app:post("/rooms/tea", "for free").status)
    assert.peer(ann).received_nothing()
  end)

  it("refuses more than max_body", function()
    assert.equal(413, post("/rooms/tea", ("x"):rep(65537)).status)
    assert.peer(ann).received_nothing()
  end)

  it("is closed to who talks, and to GET", function()
    ann:send("hello")
    assert.peer(ann).closed()
    assert.peer(bob).received_nothing()
    assert.equal(426, app:get("/rooms/tea").status)
  end)
end)
