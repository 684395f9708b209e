-- A lobby with somebody at the door, who asks for a name before he lets anybody in. The dialogue is
-- written in on_open, one line after the other: whoever is in it is not in the lobby yet, and hears
-- nothing of it.
local moonroom = require "moonroom"

local TRIES = 3
local PATIENCE = 60 -- seconds, for the whole dialogue

local Lobby = moonroom.Room:extend("Lobby", { max_message = 1000 })

function Lobby:find(name)
  for guest in self:clients() do
    if guest.name:lower() == name:lower() then return guest end
  end
end

function Lobby:names()
  local names = {}
  for guest in self:clients() do table.insert(names, guest.name) end
  table.sort(names)
  return table.concat(names, ", ")
end

-- What speaks against a name. ASCII alone is taken, since else two names may look the same.
function Lobby:objection(name)
  if #name > 20 or not name:find("^[%w_-]+$") then
    return "A name has up to 20 letters, digits, - and _."
  elseif self:find(name) then
    return name .. " is here already."
  end
end

-- Nothing waits between the look at who is here and the joining, so a name can't be taken twice.
function Lobby:on_open(client)
  local patience = client:after(PATIENCE, "close", 1008, "you took too long to say your name")
  local question = "What is your name?"
  for _ = 1, TRIES do
    client:send("* " .. question)
    local name = client:receive()
    if not name then return false end
    local objection = self:objection(name)
    if not objection then
      patience:stop()
      client.name = name
      return
    end
    question = objection .. " What is your name?"
  end
  return false, 1008, "no name after " .. TRIES .. " tries"
end

-- The lobby's own lines begin with a star. No name does, so nobody can speak for it.
function Lobby:on_join(guest)
  guest:send(("* Welcome, %s. Here: %s."):format(guest.name, self:names()))
  guest:broadcast(("* %s has come in."):format(guest.name))
end

function Lobby:on_leave(guest) self:broadcast(("* %s has left."):format(guest.name)) end

function Lobby:on_text(guest, text)
  if text == "/who" then return guest:send(("* Here: %s."):format(self:names())) end
  -- On one line, since the next one could be made to look like somebody else's.
  self:broadcast(("%s: %s"):format(guest.name, text:gsub("%c+", " ")))
end

moonroom.mount("/lobby", Lobby)
