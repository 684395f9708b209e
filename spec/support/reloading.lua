-- Apps that are written and loaded again, for specs of reloads.

local program = require "program"
local scripts = require "scripts"

local reloading = {}

-- A module's first lines, and the last: a chat at /talk that says which version speaks.
function reloading.talk(version, more)
  return ([[
    local moonroom = require "moonroom"
    local Talk = moonroom.Room:extend("Talk", { version = %d })
    function Talk:init() self.said = 0 end
    function Talk:on_text(client, text)
      self.said = self.said + 1
      client.said = (client.said or 0) + 1
      client:send(("%d: %%s %%d %%d"):format(text, self.said, client.said))
    end
    %s
    moonroom.mount("/talk", Talk)
  ]]):format(version, version, more or "")
end

-- Whether the log has a message from the scripts, or what.
function reloading.has_logged(app, message)
  for _, entry in ipairs(app:log()) do
    if entry.message == message then return true end
  end
  return false
end

-- An app of a text for init.lua, or of texts by their files' names; what loads it again; its root.
function reloading.app(init, options)
  local files = type(init) == "table" and init or { ["init.lua"] = init }
  local app, root = scripts.app(files, options)
  -- Loads it again with other texts; true, or nil and why not.
  local function again(changed)
    changed = type(changed) == "table" and changed or { ["init.lua"] = changed }
    for name, text in pairs(changed) do program.write(root .. "/" .. name, text) end
    return app:reload()
  end
  return app, again, root
end

return reloading
