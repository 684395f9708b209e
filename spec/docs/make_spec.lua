-- The manual as it is made.

local files = require "docs.files"

local function run(command, ...)
  local pipe = assert(io.popen(("(%s) 2>&1"):format(command:format(...)), "r"))
  local output = pipe:read("a")
  local _, _, status = pipe:close()
  return output, status
end

describe("scripts/docs/make.lua", function()
  local folder

  before_each(function() folder = run("mktemp -d"):match("%S+") end)
  after_each(function() run("rm -rf '%s'", folder) end)

  it("makes a page of each file of declarations and each guide, and the first one", function()
    assert.same({ "", 0 }, { run("lua5.4 scripts/docs/make.lua '%s'", folder) })
    local expected = { "index.html", "module.html", "style.css" }
    for _, list in ipairs { files.declarations(), files.guides() } do
      for _, path in ipairs(list) do
        local name = path:match("([%w_-]+)%.%w+$")
        if name ~= "meta" then expected[#expected + 1] = name .. ".html" end
      end
    end
    table.sort(expected)
    local made = {}
    for name in run("ls '%s' | LC_ALL=C sort", folder):gmatch("%S+") do made[#made + 1] = name end
    assert.same(expected, made)
  end)

  -- What is said where a copy's guide has the text.
  local function with_guide(text)
    run("mkdir '%s/scripts' '%s/out' && cp -r scripts/docs '%s/scripts' && cp -r lua '%s'", folder,
      folder, folder, folder)
    files.write(folder .. "/scripts/docs/guides/new.md", text)
    return run("cd '%s' && lua5.4 scripts/docs/make.lua out", folder)
  end

  it("takes up a guide that is new", function()
    assert.same({ "", 0 }, { with_guide("# New\n\nSee [rooms](rooms.html#a-rooms-life).\n") })
    assert.matches("<h1 id=\"new\">New</h1>", files.read(folder .. "/out/new.html"), 1, true)
  end)

  it("fails for a link that leads nowhere, and says where it is", function()
    assert.same({ "scripts/docs/guides/new.md: the link to rooms.html#nothing leads nowhere\n", 1 },
      { with_guide("# New\n\nSee [rooms](rooms.html#nothing).\n") })
  end)

  it("fails with file and line for what it cannot read", function()
    assert.same({ "scripts/docs/guides/new.md:3: the code has no end\n", 1 },
      { with_guide("# New\n\n```\n") })
    assert.same({ "scripts/docs/guides/new.md:1: a guide begins with its title\n", 1 },
      { with_guide("New\n") })
  end)

  it("keeps to its own resources, in the style sheet too", function()
    assert.not_matches("url%(", files.read("scripts/docs/style.css"))
    assert.not_matches("@import", files.read("scripts/docs/style.css"), 1, true)
  end)
end)
