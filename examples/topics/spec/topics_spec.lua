local test = require "moonroom.test"

describe("topics", function()
  local app, ann, bob
  before_each(function()
    app = test.load("examples/topics")
    ann, bob = app:connect("/topics?name=ann"), app:connect("/topics?name=bob")
  end)
  after_each(function() app:stop() end)

  -- Each has subscribed, and has heard so.
  local function subscribe(topic, ...)
    for _, peer in ipairs { ... } do peer:send { type = "subscribe", topic = topic } end
    app:drain()
  end

  local function who(topic)
    ann:send { type = "who", topic = topic }
    return ann:last_json().people
  end

  it("pass on what is published to all who have subscribed", function()
    subscribe("tea", ann, bob)
    ann:send { type = "publish", topic = "tea", text = "it is ready" }
    local news = { topic = "tea", from = "ann", text = "it is ready" }
    assert.peer(bob).received(news)
    assert.peer(ann).received(news, { topic = "tea", heard = 2 })
  end)

  it("are heard by nobody else", function()
    subscribe("tea", bob)
    subscribe("coffee", ann)
    ann:send { type = "publish", topic = "coffee", text = "it is ready" }
    assert.peer(bob).received_nothing()
  end)

  it("may be published to without being read", function()
    ann:send { type = "publish", topic = "tea", text = "is anybody there?" }
    assert.peer(ann).received { topic = "tea", heard = 0 }
  end)

  it("are heard once, however often one subscribes", function()
    subscribe("tea", bob, bob)
    ann:send { type = "publish", topic = "tea", text = "one" }
    assert.equal(1, #bob:take())
  end)

  it("are heard no more by who has unsubscribed", function()
    subscribe("tea", ann, bob)
    bob:send { type = "unsubscribe", topic = "tea" }
    assert.peer(bob).received { topic = "tea", people = { "ann" } }
    ann:send { type = "publish", topic = "tea", text = "it is ready" }
    assert.peer(bob).received_nothing()
  end)

  describe("tell who is subscribed", function()
    it("to whoever asks", function()
      subscribe("tea", bob, ann)
      assert.same({ "ann", "bob" }, who "tea")
    end)

    it("as an array, also where nobody is", function()
      ann:send { type = "who", topic = "tea" }
      assert.matches('"people":%[%]', ann:last())
    end)

    it("to the new subscriber, who is one of them", function()
      subscribe("tea", bob)
      ann:send { type = "subscribe", topic = "tea" }
      assert.peer(ann).received { topic = "tea", people = { "ann", "bob" } }
    end)

    it("without those who have gone, well or not", function()
      local eve = app:connect("/topics?name=eve")
      subscribe("tea", ann, bob, eve)
      bob:close()
      eve:drop()
      assert.same({ "ann" }, who "tea")
    end)
  end)

  describe("have private messages", function()
    it("for the one of that name", function()
      local eve = app:connect("/topics?name=eve")
      ann:send { type = "tell", name = "bob", text = "psst" }
      assert.peer(bob).received { from = "ann", text = "psst" }
      assert.peer(ann).received { name = "bob", heard = 1 }
      assert.peer(eve).received_nothing()
    end)

    it("for nobody who isn't there", function()
      bob:close()
      ann:send { type = "tell", name = "bob", text = "psst" }
      assert.peer(ann).received { error = "there is no bob" }
    end)

    it("for names, not topics", function()
      subscribe("tea", bob)
      ann:send { type = "tell", name = "tea", text = "psst" }
      assert.peer(ann).received { error = "there is no tea" }
    end)
  end)

  describe("know each by a name", function()
    it("that nobody else has", function()
      local other = app:connect("/topics?name=ann")
      assert.peer(other).closed(1008, "the name is taken")
      bob:send { type = "tell", name = "ann", text = "is it you?" }
      assert.peer(ann).received { from = "bob", text = "is it you?" }
    end)

    it("that is free again when its owner has gone", function()
      ann:close()
      assert.equal("open", app:connect("/topics?name=ann").state)
    end)

    it("of 1 to 40 bytes of UTF-8", function()
      for _, query in ipairs { "", "?name=", "?name=" .. ("x"):rep(41), "?name=%FF" } do
        assert.peer(app:connect("/topics" .. query)).closed(1008, "name is a text of 1 to 40 bytes")
      end
      assert.equal("open", app:connect("/topics?name=" .. ("x"):rep(40)).state)
    end)
  end)

  describe("answer a bad request, and go on", function()
    local function answer(request)
      ann:send(request)
      return ann:take_json()[1].error
    end

    it("of no type that there is", function()
      for _, request in ipairs { "5", "null", "[]", "{}", '{"type": []}', '{"type": "on_open"}' } do
        assert.equal("type is subscribe, unsubscribe, who, publish or tell", answer(request))
      end
    end)

    it("without what it needs", function()
      local wrong = "topic is a text of 1 to 40 bytes"
      assert.equal(wrong, answer { type = "subscribe" })
      assert.equal(wrong, answer { type = "who", topic = 5 })
      assert.equal(wrong, answer { type = "publish", topic = ("x"):rep(41), text = "" })
      assert.equal("name is a text of 1 to 40 bytes", answer { type = "tell", text = "psst" })
      assert.equal("text is a text of 1 to 1000 bytes", answer { type = "tell", name = "bob" })
    end)

    it("with more than 1,000 bytes of text", function()
      assert.is_nil(answer { type = "tell", name = "bob", text = ("x"):rep(1000) })
      assert.equal("text is a text of 1 to 1000 bytes",
        answer { type = "tell", name = "bob", text = ("x"):rep(1001) })
    end)

    it("to unsubscribe from what one hasn't subscribed to", function()
      assert.equal("you have no topic tea", answer { type = "unsubscribe", topic = "tea" })
    end)

    it("for more topics than a client may have groups", function()
      for number = 1, 127 do subscribe("topic " .. number, ann) end
      assert.equal("you have too many topics", answer { type = "subscribe", topic = "one more" })
      assert.same({ "ann" }, who "topic 127")
    end)

    it("but not what is no JSON, which closes", function()
      ann:send("tea, please")
      assert.peer(ann).closed(1007)
    end)
  end)
end)

describe("topics at random", function()
  it("never have two of a name", function()
    test.simulate {
      app = "examples/topics",
      paths = { "/topics?name=ann", "/topics?name=bob", "/topics?name=eve" },
      texts = {
        '{"type": "subscribe", "topic": "tea"}',
        '{"type": "unsubscribe", "topic": "tea"}',
        '{"type": "publish", "topic": "tea", "text": "hi"}',
        '{"type": "tell", "name": "bob", "text": "hi"}',
      },
      check = function(app)
        local names = {}
        for room in app:require "moonroom".rooms() do
          for reader in room:clients() do
            assert.is_nil(names[reader.name])
            names[reader.name] = true
          end
        end
      end,
    }
  end)
end)
