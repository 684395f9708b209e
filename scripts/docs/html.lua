-- HTML of texts, and the frame that every page has.

local escape = require "docs.escape"
local highlight = require "docs.highlight"
local markdown = require "docs.markdown"

-- --- texts -----------------------------------------------------------------

local function code(text, href)
  local inner = ("<code>%s</code>"):format(escape(text))
  return href and ('<a href="%s">%s</a>'):format(escape(href), inner) or inner
end

-- A name of the manual's, as code in plain text: `on_text`, `room:close`.
local function find_name(text, at)
  local from, to = text:find("[%a_][%w_]*[.:]?[%w_.]*", at)
  if not from then return nil end
  local name = text:sub(from, to):gsub("[.:]+$", "")
  return from, from + #name - 1, name
end

local function plain(text, links)
  local html, at = {}, 1
  local from, to, name = find_name(text, at)
  while from do
    local href = name:find("[_.:]") and links[name]
    html[#html + 1] = escape(text:sub(at, from - 1))
    html[#html + 1] = href and code(name, href) or escape(name)
    at = to + 1
    from, to, name = find_name(text, at)
  end
  html[#html + 1] = escape(text:sub(at))
  return table.concat(html)
end

local spans = {}

function spans.text(span, links) return plain(span.text, links) end

-- room:close(1001) leads where room:close does.
function spans.code(span, links)
  return code(span.text, links[span.text] or links[span.text:match("^[%w_.:]+")])
end

function spans.strong(span) return ("<strong>%s</strong>"):format(escape(span.text)) end

function spans.emphasis(span) return ("<em>%s</em>"):format(escape(span.text)) end

function spans.link(span)
  return ('<a href="%s">%s</a>'):format(escape(span.href), escape(span.text))
end

local function inline(text, links)
  local html = {}
  for _, span in ipairs(markdown.spans(text)) do
    html[#html + 1] = spans[span.kind](span, links)
  end
  return table.concat(html)
end

-- --- blocks ----------------------------------------------------------------

local function slug(text)
  return (text:lower():gsub("'", ""):gsub("[^%w]+", "-"):gsub("^%-", ""):gsub("%-$", ""))
end

local blocks = {}

function blocks.heading(block, links)
  return ('<h%d id="%s">%s</h%d>'):format(block.level, slug(block.text),
    inline(block.text, links), block.level)
end

function blocks.paragraph(block, links) return ("<p>%s</p>"):format(inline(block.text, links)) end

function blocks.list(block, links)
  local tag, items = block.is_ordered and "ol" or "ul", {}
  for index, item in ipairs(block.items) do
    items[index] = ("<li>%s</li>"):format(inline(item, links))
  end
  return ("<%s>\n%s\n</%s>"):format(tag, table.concat(items, "\n"), tag)
end

function blocks.table(block, links)
  local rows = {}
  for index, cells in ipairs(block.rows) do
    local tag, row = index == 1 and "th" or "td", {}
    for column, cell in ipairs(cells) do
      row[column] = ("<%s>%s</%s>"):format(tag, inline(cell, links), tag)
    end
    rows[index] = ("<tr>%s</tr>"):format(table.concat(row))
  end
  return ('<div class="table"><table>\n%s\n</table></div>'):format(table.concat(rows, "\n"))
end

-- Behind the language a file's name may stand, or that a command isn't run by the specs.
function blocks.code(block)
  local name = block.remark ~= "not run" and block.remark or ""
  local file = name ~= "" and ('<p class="file">%s</p>\n'):format(code(name)) or ""
  return ('%s<pre tabindex="0"><code>%s</code></pre>'):format(file,
    highlight(block.lines, block.language))
end

local function prose(list, links)
  local html = {}
  for index, block in ipairs(list) do html[index] = blocks[block.kind](block, links) end
  return table.concat(html, "\n")
end

-- --- pages -----------------------------------------------------------------

local frame = [[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>%s</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
</head>
<body>
<header>
<a class="home" href="index.html">Moonroom</a>
<a class="to-contents" href="#contents">Contents</a>
</header>
<main>
%s
</main>
<nav id="contents" aria-label="Contents">
%s
</nav>
</body>
</html>
]]

-- entries: { { href, title } }, of the page that is shown.
local function entry_list(entries)
  local items = {}
  for index, entry in ipairs(entries) do
    items[index] = ('<li><a href="%s">%s</a></li>'):format(escape(entry.href),
      escape(entry.title))
  end
  return #items > 0 and ("\n<ul>\n%s\n</ul>\n"):format(table.concat(items, "\n")) or ""
end

local function page_list(pages, current)
  local items = {}
  for index, page in ipairs(pages) do
    local is_current = page == current
    items[index] = ('<li><a href="%s"%s>%s</a>%s</li>'):format(page.href,
      is_current and ' aria-current="page"' or "", escape(page.title),
      is_current and entry_list(page.entries) or "")
  end
  return ("<ul>\n%s\n</ul>"):format(table.concat(items, "\n"))
end

-- groups: { { title, pages } } for the contents; a page has title, href, entries.
local function page(title, body, groups, current)
  local contents = {}
  for index, group in ipairs(groups) do
    contents[index] = ("<h2>%s</h2>\n%s"):format(escape(group.title),
      page_list(group.pages, current))
  end
  return frame:format(escape(title), body, table.concat(contents, "\n"))
end

return { code = code, inline = inline, prose = prose, page = page, slug = slug }
