---@meta
-- Classes: what rooms and clients are made of.

---What Room and Client have as classes. Fields of a class are what its objects have where they
---have none of their own; tables belong in init, not here, since they would be shared. The guide
---[The class model](classes.html) has more.
---@class moonroom.Class
---@field name string of a class alone; its objects have no such field
---@field super moonroom.Class|nil the class that it extends; of a class alone, too
local Class = {}

---Makes a subclass. Raises for fields that may not be.
---```lua
---local Talk = moonroom.Room:extend("Talk", { max_message = 1000 })
---local Quiet = Talk:extend("Quiet", { max_message = 10 })
---
---print(Quiet.name, Quiet.super == Talk, Quiet.max_message) --> Quiet true 10
---```
---@generic T : moonroom.Class
---@param self T
---@param name? string the superclass's by default
---@param fields? table
---@return T
function Class:extend(name, fields) end

---Whether an object or class is of a class or descends from it.
---```lua
---local Talk = moonroom.Room:extend("Talk")
---local Quiet = Talk:extend("Quiet")
---
---print(Quiet:is(Talk), Talk:is(Quiet)) --> true false
---print(Quiet { path = "/quiet" }:is(Talk)) --> true
---```
---@param class moonroom.Class
---@return boolean
function Class:is(class) end
