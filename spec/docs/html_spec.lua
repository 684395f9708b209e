local html = require "docs.html"
local markdown = require "docs.markdown"

local links = { ["room:close"] = "room.html#Room.close", on_text = "room.html#Room.on_text" }

local function prose(text) return html.prose(markdown.read("a.md", text), links) end

describe("a text as HTML", function()
  it("escapes what HTML has a meaning for", function()
    assert.equal("<p>a &lt;b&gt; &amp; <code>&lt;c&gt;</code></p>", prose("a <b> & `<c>`"))
  end)

  it("links names of the manual's, as code, in plain text and in code", function()
    local close = '<a href="room.html#Room.close"><code>%s</code></a>'
    assert.equal("<p>" .. close:format("room:close") .. ": see.</p>", prose("room:close: see."))
    assert.equal("<p>" .. close:format("room:close(1000)") .. "</p>", prose("`room:close(1000)`"))
    assert.equal('<p>as <a href="room.html#Room.on_text"><code>on_text</code></a>.</p>',
      prose("as on_text."))
    assert.equal("<p>the room closes</p>", prose("the room closes"))
  end)

  it("has headings that can be linked to", function()
    assert.equal('<h2 id="who-gets-what">Who gets what?</h2>', prose("## Who gets what?"))
  end)

  it("has lists, tables, links and code", function()
    assert.equal("<ul>\n<li>a</li>\n</ul>\n<ol>\n<li>b</li>\n</ol>", prose("- a\n1. b"))
    assert.equal('<div class="table"><table>\n<tr><th>a</th></tr>\n<tr><td>1</td></tr>\n</table>'
      .. "</div>", prose("| a |\n|---|\n| 1 |"))
    assert.equal('<p><a href="x.html">y</a> <strong>z</strong> <em>w</em></p>',
      prose("[y](x.html) **z** *w*"))
    assert.equal('<pre tabindex="0"><code>a &lt; b</code></pre>', prose("```\na < b\n```"))
    assert.equal('<p class="file"><code>a/b.txt</code></p>\n<pre tabindex="0"><code>a</code></pre>',
      prose("```text a/b.txt\na\n```"))
    assert.equal('<pre tabindex="0"><code>a</code></pre>', prose("```sh not run\na\n```"))
  end)
end)

describe("a page", function()
  local here = { href = "a.html", title = "A", entries = { { href = "a.html#b", title = "b" } } }
  local there = { href = "c.html", title = "C", entries = { { href = "c.html#d", title = "d" } } }
  local text = html.page("T", "<h1>100%d</h1>", { { title = "G", pages = { here, there } } }, here)

  it("has its title, its text and the contents, with its own entries", function()
    assert.matches("<title>T</title>", text, 1, true)
    assert.matches("<h1>100%d</h1>", text, 1, true)
    assert.matches('<a href="a.html" aria-current="page">A</a>\n<ul>\n<li><a href="a.html#b">b</a>',
      text, 1, true)
    assert.matches('<li><a href="c.html">C</a></li>', text, 1, true)
  end)

  it("asks for nothing but its style sheet, and runs no script", function()
    assert.not_matches("<script", text, 1, true)
    assert.not_matches("://", text, 1, true)
    assert.not_matches(" src=", text, 1, true)
  end)
end)
