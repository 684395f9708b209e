--- A family of cases: numbered in the order in which they are told. A case's id is
--- FAMILY.GROUP.CASE.
local Family = {}
Family.__index = Family

--- Those that follow belong to it.
function Family:group(title)
  self.groups[#self.groups + 1] = { title = title, count = 0 }
end

--- says: a sentence with the server as its subject. case: see README.md.
function Family:case(says, case)
  local group = self.groups[#self.groups]
  group.count = group.count + 1
  case.id = ("%d.%d.%d"):format(self.number, #self.groups, group.count)
  case.says = says
  case.status = case.status or 101
  case.ends = case.ends or "open"
  case.fixture = case.fixture or "plain"
  case.request = case.request or {}
  self.cases[#self.cases + 1] = case
end

local function new(number, title)
  return setmetatable({ number = number, title = title, groups = {}, cases = {} }, Family)
end

return { new = new }
