--- Processes of the specs' own: started, heard and ended by luv.
local uv = require "luv"
local wait = require "wait"

local process = {}
process.__index = process

-- A sanitizer preloaded into lua5.4 is not meant for its children.
local function environment(changes)
  local all = uv.os_environ()
  all.LD_PRELOAD = nil
  for name, value in pairs(changes or {}) do all[name] = value or nil end
  local list = {}
  for name, value in pairs(all) do list[#list + 1] = name .. "=" .. value end
  return list
end

local function collect(child, stream)
  local pipe = uv.new_pipe(false)
  child[stream] = ""
  child.open = child.open + 1
  return pipe, function()
    pipe:read_start(function(_, bytes)
      if bytes then
        child[stream] = child[stream] .. bytes
        return
      end
      child.open = child.open - 1
      pipe:close()
    end)
  end
end

--- Starts `command` (an array, the program first, found on PATH). `env` maps names to values, or
--- to false for none; LD_PRELOAD is never passed on. The child's `out` and `err` grow as it
--- writes, while somebody waits.
function process.start(command, env)
  local child = setmetatable({ open = 0, name = command[1] }, process)
  local out, read_out = collect(child, "out")
  local err, read_err = collect(child, "err")
  local handle, pid = uv.spawn(command[1], {
    args = table.move(command, 2, #command, 1, {}),
    env = environment(env),
    stdio = { nil, out, err },
  }, function(code, signal)
    child.handle:close()
    child.code, child.signal = code, signal
  end)
  if not handle then
    out:close()
    err:close()
    error(("cannot start %s: %s"):format(command[1], pid), 2)
  end
  child.handle, child.pid = handle, pid
  read_out()
  read_err()
  return child
end

function process:kill(signal)
  if not self.code then self.handle:kill(signal) end
end

--- Waits for its end. Returns its exit code, and the signal that ended it or 0.
function process:finish(seconds)
  wait(function() return self.code and self.open == 0 end, function()
    return ("the end of %s; it said:\n%s%s"):format(self.name, self.out, self.err)
  end, seconds)
  return self.code, self.signal
end

--- Runs a command to its end. Returns its exit code, standard output and standard error.
function process.run(command, env, seconds)
  local child = process.start(command, env)
  child:finish(seconds)
  return child.code, child.out, child.err
end

return process
