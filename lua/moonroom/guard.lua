--- What Moonroom's own functions undo when they end, however that comes: as a variable with __close
--- does, and also where the handler was stopped, after which Lua closes nothing.
local core = require "moonroom.core"

local guard = {}

-- core.routine's value -> those that aren't closed, the innermost last. A list lives by its guards,
-- and they by the variables: for want of memory one may get none, which must not be kept for it.
local open = setmetatable({}, { __mode = "v" })

local function remove(list, wanted)
  for at = #list, 1, -1 do
    if list[at] == wanted then return table.remove(list, at) end
  end
end

local meta = {
  __close = function(self)
    if remove(self.list, self) then self:undo() end
  end,
}

--- A value for a variable that is to be closed: undo is called with it once, and must not wait. Its
--- field room, false at first, is the caller's: to set that takes no memory.
function guard.new(undo)
  local routine = core.routine()
  local list = open[routine] or {}
  local self = setmetatable({ undo = undo, list = list, room = false }, meta)
  open[routine] = list
  list[#list + 1] = self
  return self
end

--- An entry was stopped: undoes what is open in it. One that fails does not keep the others.
function guard.stopped(routine)
  local list, why = open[routine] or {}, nil
  for _ = 1, #list do
    local one = table.remove(list)
    local ok, problem = pcall(one.undo, one)
    why = why or not ok and problem
  end
  if why then error(why, 0) end
end

return guard
