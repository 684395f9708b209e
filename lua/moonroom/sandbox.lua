-- What scripts have of Lua's libraries is changed where it could end the server, or defeat what
-- keeps it running. This is no wall: scripts are their operator's own code.

local find, format, sub = string.find, string.format, string.sub

local refusal = "attempt to load a binary chunk (only source text is loaded)"
local exit_advice = "os.exit would end the server for everybody: client:close() ends a client, "
  .. "room:close() a room; the server ends on a signal, such as TERM"

-- --- source text only --------------------------------------------------------

local function text_loader(load)
  return function(chunk, name, mode, ...)
    if mode == "b" then return nil, refusal end
    return load(chunk, name, "t", ...)
  end
end

local function text_file_loader(load_file)
  return function(path, mode, ...)
    if mode == "b" then return nil, refusal end
    return load_file(path, "t", ...)
  end
end

local function file_runner(load_file)
  return function(path)
    local chunk, why = load_file(path)
    if not chunk then error(why, 0) end
    return chunk()
  end
end

-- As Lua's own, which would take a binary file.
local function module_searcher(package, load_file)
  local searchpath = package.searchpath
  return function(name)
    local path, why = searchpath(name, package.path)
    if not path then return why end
    local chunk, problem = load_file(path)
    if chunk then return chunk, path end
    error(format("error loading module '%s' from file '%s':\n\t%s", name, path, problem), 0)
  end
end

local function limit_loading(globals)
  globals.load = text_loader(globals.load)
  globals.loadfile = text_file_loader(globals.loadfile)
  globals.dofile = file_runner(globals.loadfile)
end

-- --- debug -------------------------------------------------------------------

-- Hooks are how a handler is stopped. The registry, and what belongs to userdata and to functions
-- of C's, is what C relies on.
local function limit_debug(debug)
  local getmetatable, getinfo = getmetatable, debug.getinfo
  local get_metatable, set_metatable = debug.getmetatable, debug.setmetatable
  local set_upvalue = debug.setupvalue
  debug.sethook, debug.getregistry, debug.setuservalue, debug.setcstacklimit = nil, nil, nil, nil

  function debug.getmetatable(value)
    if type(value) == "userdata" then return getmetatable(value) end
    return get_metatable(value)
  end

  function debug.setmetatable(value, metatable)
    if type(value) == "userdata" then error("the metatable of a userdata is C's", 2) end
    return set_metatable(value, metatable)
  end

  function debug.setupvalue(fn, index, value)
    if type(fn) == "function" and getinfo(fn, "S").what == "C" then
      error("the upvalues of a function of C's are its own", 2)
    end
    return set_upvalue(fn, index, value)
  end
end

-- Changes the globals: a table of Lua's basic functions, os and debug.
local function apply(globals)
  limit_loading(globals)
  limit_debug(globals.debug)
  function globals.os.exit() error(exit_advice, 2) end
end

-- The same for the globals of a state, and for its require.
local function apply_to_state(globals)
  apply(globals)
  globals.package.searchers[2] = module_searcher(globals.package, globals.loadfile)
end

-- A warn that calls log with each message that is no control message.
local function new_warn(log)
  local concat, is_on = table.concat, true
  return function(first, ...)
    local pieces = { first, ... }
    for index, piece in ipairs(pieces) do
      if type(piece) ~= "string" and type(piece) ~= "number" then
        error(format("bad argument #%d to 'warn' (string expected, got %s)", index, type(piece)), 2)
      end
    end
    if #pieces == 0 then error("bad argument #1 to 'warn' (string expected, got no value)", 2) end
    if #pieces == 1 and find(first, "^@") then
      if first == "@on" or first == "@off" then is_on = sub(first, 3) == "n" end
    elseif is_on then
      log(concat(pieces))
    end
  end
end

return { apply = apply, apply_to_state = apply_to_state, new_warn = new_warn }
