--- Script directories, and the program run to its end on them: help, refusals, `check`, starts that
--- fail. What keeps running is support/server's.
local process = require "process"
local uv = require "luv"

local program = {}

--- The program that is started: the sanitizers' build under `make asan-test`.
program.binary = os.getenv("MOONROOM_BINARY") or "./build/moonroom"

local function make_parents(path)
  for parent in path:gmatch("()/") do
    uv.fs_mkdir(path:sub(1, parent - 1), tonumber("755", 8))
  end
end

--- Writes a file, and makes the directories on the way to it.
function program.write(path, content)
  make_parents(path)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(content))
end

--- Makes a directory of files, a table of contents by relative name. Returns its path.
function program.directory(files)
  local root = assert(uv.fs_mkdtemp((os.getenv("TMPDIR") or "/tmp") .. "/moonroom-XXXXXX"))
  for name, content in pairs(files or {}) do
    program.write(root .. "/" .. name, content)
  end
  return root
end

--- Removes a directory with all that is in it; links are not followed.
function program.remove(path)
  local entries = uv.fs_scandir(path)
  while entries do
    local name, kind = uv.fs_scandir_next(entries)
    if not name then break end
    if kind == "directory" then
      program.remove(path .. "/" .. name)
    else
      uv.fs_unlink(path .. "/" .. name)
    end
  end
  uv.fs_rmdir(path)
end

local IN_SHELL = 'cd "$1" && shift && %s exec "$@"'

local function absolute(path)
  return path:match("^/") and path or uv.cwd() .. "/" .. path
end

--- Runs it with a list of arguments. Returns its exit code, standard output and standard error.
--- options: directory (to run in), binary, env (see process.start), before (shell words in front).
function program.run(arguments, options)
  options = options or {}
  local command = {
    "sh", "-c", IN_SHELL:format(options.before or ""), "sh", options.directory or ".",
    absolute(options.binary or program.binary),
  }
  table.move(arguments, 1, #arguments, #command + 1, command)
  return process.run(command, options.env)
end

return program
