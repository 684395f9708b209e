-- A page of declarations as HTML.

local escape = require "docs.escape"
local html = require "docs.html"
local links_module = require "docs.links"
local markdown = require "docs.markdown"

local anchor, owner_of = links_module.anchor, links_module.owner_of
local is_module, is_handler = links_module.is_module, links_module.is_handler

-- --- names -----------------------------------------------------------------

local function arguments_of(fn)
  local text = ""
  for index, parameter in ipairs(fn.parameters) do
    local comma = index > 1 and ", " or ""
    if parameter.is_optional then
      text = ("%s%s[%s%s]"):format(text, index > 1 and " " or "", comma, parameter.name)
    else
      text = text .. comma .. parameter.name
    end
  end
  return (text:gsub("%[, ", "[, "))
end

local function name_of(class, fn)
  return owner_of(class, fn) .. (fn.is_method and ":" or ".") .. fn.name
end

-- --- types -----------------------------------------------------------------

local function type_html(type, links)
  local text = escape(type):gsub("moonroom%.[%w_.]*[%w_]", function(name)
    return links[name]
      and ('<a href="%s">%s</a>'):format(links[name], name:match("[^.]+$")) or nil
  end)
  return ('<span class="type">%s</span>'):format(text)
end

-- Of a parameter or a field.
local function type_of(one)
  if not one.is_optional then return one.type end
  return (one.type:find("|", 1, true) and "(%s)?" or "%s?"):format(one.type)
end

-- --- parts -----------------------------------------------------------------

local function text_html(path, text, links)
  return html.prose(markdown.read_lines(path, text.lines, text.line), links)
end

local function described(name, type, text, links, id)
  return ('<div%s><dt><code>%s</code> %s</dt><dd>%s</dd></div>'):format(
    id and (' id="%s"'):format(escape(id)) or "", escape(name), type_html(type, links),
    html.inline(text, links))
end

local function list(title, items)
  if #items == 0 then return "" end
  return ("<h4>%s</h4>\n<dl>\n%s\n</dl>"):format(title, table.concat(items, "\n"))
end

local function parameter_list(fn, links)
  local items = {}
  for index, parameter in ipairs(fn.parameters) do
    items[index] = described(parameter.name, type_of(parameter), parameter.text, links)
  end
  return list("Parameters", items)
end

local function result_list(fn, links)
  local items = {}
  for index, result in ipairs(fn.results) do
    items[index] = result.name and described(result.name, result.type, result.text, links)
      or ("<div><dt>%s</dt></div>"):format(type_html(result.type, links))
  end
  return list("Returns", items)
end

-- The description comes first, the example last.
local function split_examples(path, text)
  local words, examples = {}, {}
  for _, block in ipairs(markdown.read_lines(path, text.lines, text.line)) do
    table.insert(block.kind == "code" and examples or words, block)
  end
  return words, examples
end

local function function_html(page, class, fn, links)
  local id = anchor(class, fn.name)
  local words, examples = split_examples(page.path, fn.text)
  local kind = is_handler(fn) and '<span class="kind">you write it</span>' or ""
  if is_handler(fn) then words[1].text = words[1].text:gsub("^Override:? *(%l?)", string.upper) end
  local title = ("%s<wbr><span>(%s)</span>"):format(escape(name_of(class, fn)),
    escape(arguments_of(fn)))
  return ('<section class="entry" id="%s">\n<h3><a href="#%s"><code>%s</code></a>%s</h3>\n%s\n'
    .. "%s\n%s\n%s\n</section>"):format(id, id, title, kind, html.prose(words, links),
    parameter_list(fn, links), result_list(fn, links), html.prose(examples, links))
end

local function field_html(class, field, links)
  if not field.name then
    local what = field.key == "string" and "any other name" or "any " .. escape(field.key)
    return ("<div><dt>%s %s</dt><dd>%s</dd></div>"):format(what, type_html(field.type, links),
      html.inline(field.text, links))
  end
  return described(field.name, type_of(field), field.text, links, anchor(class, field.name))
end

local function field_list(class, links)
  local items = {}
  for index, field in ipairs(class.fields) do items[index] = field_html(class, field, links) end
  return list("Fields", items)
end

local function parent_html(class, links)
  if not class.parent then return "" end
  local href = links[class.parent]
  return ('<p class="parent">It has what %s has.</p>'):format(
    html.code(class.parent:match("[^.]+$"), href))
end

local function class_html(page, class, links)
  local parts = {}
  if not is_module(class) then
    parts[1] = ('<h2 id="%s"><code>%s</code></h2>'):format(anchor(class), escape(class.name))
  end
  parts[#parts + 1] = text_html(page.path, class.text, links)
  parts[#parts + 1] = parent_html(class, links)
  parts[#parts + 1] = field_list(class, links)
  for _, fn in ipairs(class.functions) do
    parts[#parts + 1] = function_html(page, class, fn, links)
  end
  return table.concat(parts, "\n")
end

-- --- pages -----------------------------------------------------------------

-- The functions of a page, and its classes where it has several: { { href, title } }.
local function entries_of(page)
  local entries = {}
  for _, class in ipairs(page.classes) do
    for _, fn in ipairs(class.functions) do
      table.insert(entries, {
        href = page.href .. "#" .. anchor(class, fn.name),
        title = name_of(class, fn),
      })
    end
  end
  return entries
end

local function body_of(page, links)
  local parts = { ("<h1>%s</h1>"):format(escape(page.title)) }
  if page.intro ~= "" then
    parts[2] = ('<p class="lead">%s</p>'):format(html.inline(page.intro, links))
  end
  for _, class in ipairs(page.classes) do parts[#parts + 1] = class_html(page, class, links) end
  return table.concat(parts, "\n")
end

return { entries_of = entries_of, body_of = body_of }
