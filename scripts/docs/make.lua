-- Makes the manual: reads the declarations and the guides, writes HTML.
--
--   lua5.4 scripts/docs/make.lua DIRECTORY     from the top, as `make docs` does

package.path = "scripts/?.lua;" .. package.path

local files = require "docs.files"
local html = require "docs.html"
local links_module = require "docs.links"
local markdown = require "docs.markdown"
local parse = require "docs.parse"
local reference = require "docs.reference"

-- --- pages -----------------------------------------------------------------

local function read_declarations()
  local pages = {}
  for index, path in ipairs(files.declarations()) do
    local page = parse.parse(path, files.read(path))
    local name = path:match("([%w_]+)%.lua$")
    page.href = (name == "meta" and "module" or name) .. ".html"
    page.entries = reference.entries_of(page)
    pages[index] = page
  end
  return pages
end

local function headings_of(page)
  local entries = {}
  for _, block in ipairs(page.blocks) do
    if block.kind == "heading" and block.level == 2 then
      table.insert(entries, {
        href = page.href .. "#" .. html.slug(block.text),
        title = block.text,
      })
    end
  end
  return entries
end

local function read_guide(path)
  local page = { path = path, href = path:match("([%w_-]+)%.md$") .. ".html" }
  page.blocks = markdown.read(path, files.read(path))
  local first = page.blocks[1]
  if not first or first.kind ~= "heading" or first.level ~= 1 then
    error(path .. ":1: a guide begins with its title", 0)
  end
  page.title = first.text
  page.entries = headings_of(page)
  page.intro = page.blocks[2] and page.blocks[2].kind == "paragraph" and page.blocks[2].text or ""
  return page
end

local function read_guides()
  local pages = {}
  for index, path in ipairs(files.guides()) do pages[index] = read_guide(path) end
  return pages
end

-- --- the first page --------------------------------------------------------

local function names_html(page)
  if page.blocks then return "" end
  local names = {}
  for index, entry in ipairs(page.entries) do
    names[index] = ("<li>%s</li>"):format(html.code(entry.title, entry.href))
  end
  return ('<ul class="names">\n%s\n</ul>'):format(table.concat(names, "\n"))
end

local function index_html(links, groups)
  local parts = { html.prose(markdown.read(files.first, files.read(files.first)), links) }
  for _, group in ipairs(groups) do
    parts[#parts + 1] = ("<h2>%s</h2>"):format(group.title)
    for _, page in ipairs(group.pages) do
      parts[#parts + 1] = ('<h3><a href="%s">%s</a></h3>'):format(page.href, page.title)
      parts[#parts + 1] = ("<p>%s</p>\n%s"):format(html.inline(page.intro, links),
        names_html(page))
    end
  end
  return table.concat(parts, "\n")
end

-- --- links -----------------------------------------------------------------

local function ids_of(made)
  local ids = { ["style.css"] = true }
  for _, page in ipairs(made) do
    ids[page.href] = true
    for id in page.html:gmatch(' id="([^"]+)"') do ids[page.href .. "#" .. id] = true end
  end
  return ids
end

-- Raises for a link within the manual that leads nowhere.
local function check_links(made)
  local ids = ids_of(made)
  for _, page in ipairs(made) do
    for href in page.html:gmatch(' href="([^"]+)"') do
      local target = href:find("^#") and page.href .. href or href
      if not href:find("^%a+:") and not ids[target] then
        error(("%s: the link to %s leads nowhere"):format(page.path, href), 0)
      end
    end
  end
end

-- --- all of it -------------------------------------------------------------

-- The pages with their HTML; the first one, which quotes the others, comes last.
local function make_pages()
  local declared, guides = read_declarations(), read_guides()
  local links = links_module.collect(declared)
  local groups = { { title = "Guides", pages = guides }, { title = "Reference", pages = declared } }
  local made = {}
  for _, group in ipairs(groups) do
    for _, page in ipairs(group.pages) do
      local body = page.blocks and html.prose(page.blocks, links)
        or reference.body_of(page, links)
      page.html = html.page(page.title .. " - Moonroom", body, groups, page)
      made[#made + 1] = page
    end
  end
  made[#made + 1] = {
    path = files.first, href = "index.html",
    html = html.page("Moonroom's manual", index_html(links, groups), groups),
  }
  return made
end

local function main(directory)
  local made = make_pages()
  check_links(made)
  for _, page in ipairs(made) do files.write(directory .. "/" .. page.href, page.html) end
  files.write(directory .. "/style.css", files.read("scripts/docs/style.css"))
end

-- What was found wrong says where by itself; anything else is ours.
local ok, why = xpcall(main, function(why)
  return type(why) == "string" and why:find("^[%w_/.-]+:%d*:? ") and why or debug.traceback(why)
end, arg[1])
if not ok then
  io.stderr:write(why, "\n")
  os.exit(1)
end
