local split = require("docs.types").split

describe("a type", function()
  it("ends where a name or a description begins", function()
    for type, rest in pairs {
      ["string"] = "name of it",
      ["string|nil"] = "",
      ["moonroom.Room|true|fun(path: string): moonroom.Room|nil"] = "makes it",
      ["fun(): moonroom.Room|nil"] = "iterator over all",
      ['"same"|"*"|string[]|fun(origin: string, request: Request): boolean|nil'] = "who may",
      ["{protocol: string?, headers: table<string, string|string[]>?}|nil"] = "verdict",
      ["(fun(request: moonroom.Request): moonroom.Room|nil)[]"] = "asked, in order",
      ["fun(...: any): string?"] = "why",
      ["{[string]: integer, ok: boolean}"] = "",
      ["1|-2"] = "one of them",
    } do
      assert.same({ type, rest }, { split(type .. " " .. rest) })
    end
  end)

  it("may have blanks around its bars", function()
    assert.same({ "string | nil", "name" }, { split("string | nil name") })
  end)

  it("is none where a bracket is open, a part is missing or something is glued to it", function()
    for _, wrong in ipairs {
      "", "table<string", "fun(", "fun(a:", "{a: }", "(string", "string|", "?", "string)x", "|nil",
    } do
      assert.is_nil(split(wrong), wrong)
    end
  end)
end)
