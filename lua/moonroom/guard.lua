--- What Moonroom's own functions undo when they end, however that comes: as a variable with __close
--- does, and also where the handler was stopped, after which Lua closes nothing.
local core = require "moonroom.core"

local guard = {}

local open = {} -- core.routine's value -> those that aren't closed, the innermost last

local function remove(list, wanted)
  for at = #list, 1, -1 do
    if list[at] == wanted then return table.remove(list, at) end
  end
end

local meta = {
  __close = function(self)
    local list = open[self.routine]
    if not list or not remove(list, self) then return end
    if #list == 0 then open[self.routine] = nil end
    self:undo()
  end,
}

--- A value for a variable that is to be closed: undo is called with it once, and must not wait.
function guard.new(undo)
  local self = setmetatable({ undo = undo, routine = core.routine() }, meta)
  local list = open[self.routine] or {}
  list[#list + 1] = self
  open[self.routine] = list
  return self
end

--- An entry was stopped: undoes what is open in it. One that fails does not keep the others.
function guard.stopped(routine)
  local list, why = open[routine], nil
  open[routine] = nil
  for at = list and #list or 0, 1, -1 do
    local ok, problem = pcall(list[at].undo, list[at])
    why = why or not ok and problem
  end
  if why then error(why, 0) end
end

return guard
