-- What no compiler or linter checks: the layers, the sizes, the globals.
--
--   lua5.4 scripts/check-sources.lua includes|calls|globals|sizes|texts OBJECTS
--
-- OBJECTS is a directory of LAYER/NAME.o with their .d files. One line for
-- each thing that is wrong; the exit status says whether there was any.

local allowed = dofile("scripts/include-table.lua")

local problems = 0

local function complain(format, ...)
  problems = problems + 1
  print(format:format(...))
end

local function lines_of(command)
  local pipe <close> = assert(io.popen(command, "r"))
  local lines = {}
  for line in pipe:lines() do
    lines[#lines + 1] = line
  end
  return lines
end

local function read_file(path)
  local file <close> = assert(io.open(path, "r"))
  return file:read("a")
end

local function exists(path)
  local file = io.open(path)
  return file ~= nil and file:close()
end

local function set_of(list)
  local set = {}
  for _, name in ipairs(list) do
    set[name] = true
  end
  return set
end

local function layer_of(path)
  return path:match("src/(%w+)/[%w_]+%.[cho]$")
end

local function sources(pattern)
  return lines_of("find src -name '" .. pattern .. "' | sort")
end

-- header's name -> its layer
local function map_headers()
  local layer_of_header = {}
  for _, path in ipairs(sources("*.h")) do
    local name = path:match("[^/]+$")
    if layer_of_header[name] then
      complain("%s: src/%s has a header of that name too", path, layer_of_header[name])
    end
    layer_of_header[name] = layer_of(path)
  end
  return layer_of_header
end

local function may_name(layer, header)
  local folder = header:match("^(.*/)[^/]+$")
  for _, group in ipairs(allowed.headers[layer]) do
    for _, name in ipairs(group) do
      if name == header or (folder and name == folder .. "*") then
        return true
      end
    end
  end
  return false
end

local function check_named_includes(path, layer_of_header)
  local layer = layer_of(path)
  local may_see = set_of(allowed.layers[layer])
  local number = 0
  for line in io.lines(path) do
    number = number + 1
    local own = line:match('^%s*#%s*include%s+"([^"]+)"')
    local system = line:match("^%s*#%s*include%s+<([^>]+)>")
    if own and (own:find("..", 1, true) or own:find("/", 1, true)) then
      complain('%s:%d: "%s": a project header is named without a path', path, number, own)
    elseif own and not layer_of_header[own] then
      complain('%s:%d: "%s" is in no layer; a system header is named in <>', path, number, own)
    elseif own and not may_see[layer_of_header[own]] then
      complain('%s:%d: %s may not include %s\'s "%s"', path, number, layer,
               layer_of_header[own], own)
    elseif system and not may_name(layer, system) then
      complain("%s:%d: %s may not include <%s> (scripts/include-table.lua)", path, number,
               layer, system)
    end
  end
end

local function library_of(header)
  for _, entry in ipairs(allowed.library_of) do
    if header:find(entry[1]) then
      return entry[2]
    end
  end
end

-- What the compiler opened for an object, its .d file says.
local function check_seen_headers(dependencies, layer)
  local may_see, may_use = set_of(allowed.layers[layer]), set_of(allowed.libraries[layer])
  local list = read_file(dependencies):gsub("\\\n", " "):match("^[^:]+:([^\n]*)")
  for header in list:gmatch("%S+%.h") do
    local header_layer, library = header:match("^src/(%w+)/"), library_of(header)
    if header_layer and not may_see[header_layer] then
      complain("src/%s: sees %s", layer, header)
    elseif not header_layer and library and not may_use[library] then
      complain("%s: %s may not see %s, but sees %s", dependencies, layer, library, header)
    end
  end
end

local function check_first_include(path)
  local header = path:gsub("%.c$", ".h")
  if exists(header) then
    local first = read_file(path):match('#%s*include%s+["<]([^">]+)')
    if first ~= header:match("[^/]+$") then
      complain("%s: its own header is not the first that it includes", path)
    end
  end
end

local function check_guard(path)
  local guard = ("MOONROOM_%s_%s_H"):format(layer_of(path), path:match("([%w_]+)%.h$")):upper()
  local text = read_file(path)
  if not text:find("#ifndef " .. guard .. "\n#define " .. guard .. "\n", 1, true) then
    complain("%s: its include guard is not %s", path, guard)
  end
end

-- Calls visit(object's layer, its source, flags, section, name) for each symbol;
-- an object may be older than its source's end.
local function each_symbol(objects, visit)
  local source, layer
  for _, line in ipairs(lines_of("objdump -t $(find '" .. objects .. "' -name '*.o')")) do
    local object = line:match("^(%S+%.o):%s+file format")
    if object then
      layer = object:match("(%w+)/[%w_]+%.o$")
      source = "src/" .. object:match("(%w+/[%w_]+)%.o$") .. ".c"
    end
    local flags, section, name = line:match("^%x+ (.......) (%S+)%s+%x+%s+(%S.*)$")
    if flags and exists(source) then
      visit(layer, source, flags, section, name)
    end
  end
end

local checks = {}

function checks.includes(objects)
  local layer_of_header = map_headers()
  for _, path in ipairs(sources("*.[ch]")) do
    check_named_includes(path, layer_of_header)
  end
  for _, path in ipairs(sources("*.c")) do
    check_first_include(path)
  end
  for _, path in ipairs(sources("*.h")) do
    check_guard(path)
  end
  for _, path in ipairs(lines_of("find '" .. objects .. "' -name '*.d'")) do
    local layer, name = path:match("(%w+)/([%w_]+)%.d$")
    if exists(("src/%s/%s.c"):format(layer, name)) then
      check_seen_headers(path, layer)
    end
  end
end

function checks.calls(objects)
  local everywhere, pure = set_of(allowed.calls.everywhere), set_of(allowed.calls.pure)
  each_symbol(objects, function(layer, source, _, section, name)
    if section ~= "*UND*" then
      return
    end
    -- The fortified read is __read_chk, the one for large files open64.
    local plain = name:gsub("^__", ""):gsub("_chk$", ""):gsub("64$", "")
    if everywhere[plain] then
      complain("%s: calls %s", source, name)
    elseif pure[plain] and allowed.calls.pure_layers[layer] then
      complain("%s: calls %s: %s has no descriptor and no clock", source, name, layer)
    end
  end)
end

-- A constant table with addresses in it is in .data.rel.ro: that is no global.
local function is_mutable(section)
  return section == "*COM*" or section:find("^%.bss") or section:find("^%.t?data")
    and not section:find("^%.data%.rel%.ro") or section:find("^%.tbss")
end

function checks.globals(objects)
  each_symbol(objects, function(_, source, flags, section, name)
    local permitted = allowed.globals[source] or {}
    if flags:find("O") and is_mutable(section) and not permitted[name] then
      complain("%s: %s is a mutable global (in %s)", source, name, section)
    end
  end)
end

function checks.sizes()
  local paths = lines_of("find src lua scripts spec examples -name node_modules -prune -o "
    .. "-type f \\( -name '*.[ch]' -o -name '*.lua' -o -path 'scripts/*' \\) -print 2>/dev/null")
  for _, path in ipairs(paths) do
    local _, count = read_file(path):gsub("\n", "")
    if count > 600 then
      complain("%s: %d lines, at most 600", path, count)
    end
  end
end

-- An exception from a rule says why: `NOLINT(check): reason`.
function checks.texts()
  for _, path in ipairs(lines_of("find src lua -type f 2>/dev/null")) do
    local number = 0
    for line in io.lines(path) do
      number = number + 1
      if line:find("NOLINT") and not line:find("NOLINT%w*%([%w%-.,]+%): %w") then
        complain("%s:%d: NOLINT(check): without its reason", path, number)
      end
      if line:find("TODO") or line:find("FIXME") then
        complain("%s:%d: something is left to do", path, number)
      end
    end
  end
end

local check = checks[arg[1]]
if not check then
  io.stderr:write("usage: check-sources.lua includes|calls|globals|sizes|texts OBJECTS\n")
  os.exit(64)
end
check(arg[2])
os.exit(problems == 0)
