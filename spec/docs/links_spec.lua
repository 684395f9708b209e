local links = require "docs.links"

local function class(name, fields, functions)
  local result = { name = name, fields = {}, functions = {} }
  for index, field in ipairs(fields) do result.fields[index] = { name = field } end
  for index, fn in ipairs(functions) do result.functions[index] = { name = fn } end
  return result
end

describe("names lead to their places", function()
  local found = links.collect {
    { href = "module.html", classes = { class("moonroom", { "version" }, { "mount" }) } },
    { href = "room.html", classes = {
      class("moonroom.Room", { "path", "max_frame" }, { "on_text", "close", "send_all" }),
    } },
    { href = "client.html", classes = { class("moonroom.Client", {}, { "close", "send_all" }) } },
  }

  it("in each way in which they are written", function()
    for name, href in pairs {
      ["moonroom.mount"] = "module.html#moonroom.mount",
      ["moonroom.version"] = "module.html#moonroom.version",
      ["moonroom.Room"] = "room.html#Room",
      ["room:close"] = "room.html#Room.close",
      ["Room.path"] = "room.html#Room.path",
      ["client.close"] = "client.html#Client.close",
    } do
      assert.equal(href, found[name], name)
    end
  end)

  it("alone only where they are no words of the language and there is one place", function()
    assert.equal("room.html#Room.on_text", found.on_text)
    assert.equal("room.html#Room.max_frame", found.max_frame)
    assert.is_nil(found.close)
    assert.is_nil(found.send_all)
  end)
end)

describe("names of the test kit", function()
  local options = class("moonroom.test.LoadOptions", {}, {})
  options.fields[1] = { key = "string" }
  local found = links.collect {
    { href = "test.html", classes = { class("moonroom.test", {}, { "load" }), options } },
  }

  it("lead to their places as specs write them", function()
    assert.equal("test.html#test.load", found["test.load"])
  end)

  it("are not those of fields that have none", function()
    assert.same({ ["moonroom.test"] = true, ["moonroom.test.LoadOptions"] = true,
      ["test.load"] = true, ["test:load"] = true, ["moonroom.test.load"] = true,
      ["moonroom.test:load"] = true }, (function()
      local names = {}
      for name in pairs(found) do names[name] = true end
      return names
    end)())
  end)
end)
