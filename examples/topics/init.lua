-- News by topic, and private messages, at /topics?name=NAME; the page is in public/.
--
--   a request                                          its answer
--   {"type": "subscribe", "topic": "tea"}              {"topic": "tea", "people": ["ann", "bob"]}
--   {"type": "unsubscribe", "topic": "tea"}            likewise: who is subscribed now
--   {"type": "who", "topic": "tea"}                    likewise
--   {"type": "publish", "topic": "tea", "text": "hi"}  {"topic": "tea", "heard": 2}
--   {"type": "tell", "name": "bob", "text": "hi"}      {"name": "bob", "heard": 1}
--
-- Subscribers get {"topic": "tea", "from": "ann", "text": "hi"}, bob the same without the topic.
-- What can't be done is answered with {"error": "why"}.
local moonroom = require "moonroom"

local MOST = { topic = 40, name = 40, text = 1000 } -- bytes
local FIELDS = { -- of a request, in the order of its method's arguments
  subscribe = { "topic" },
  unsubscribe = { "topic" },
  who = { "topic" },
  publish = { "topic", "text" },
  tell = { "name", "text" },
}

local function check(field, value)
  if type(value) == "string" and #value > 0 and #value <= MOST[field] and utf8.len(value) then
    return value
  end
  return nil, ("%s is a text of 1 to %d bytes"):format(field, MOST[field])
end

-- A topic is a group, and so is a name, of one: whoever goes is out of both without our doing.
local function subscribers(topic) return moonroom.group("topic " .. topic) end
local function named(name) return moonroom.group("name " .. name) end

local Reader = moonroom.Client:extend("Reader")
function Reader:init(request) self.name = request.query.name end

local Topics = moonroom.Room:extend("Topics", { Client = Reader, max_message = 4096 })
moonroom.mount("/topics", Topics)

-- A page can read why it was closed, but not why it was refused: hence here, not in on_accept.
function Topics:on_open(reader)
  local name, why = check("name", reader.name)
  if not name then return false, 1008, why end
  if #named(name) > 0 then return false, 1008, "the name is taken" end
  named(name):add(reader)
end

function Topics:on_json(reader, request)
  local answer, why = self:answer(reader, request)
  reader:send(answer or { error = why })
end

function Topics:answer(reader, request)
  local fields = type(request) == "table" and FIELDS[request.type]
  if not fields then return nil, "type is subscribe, unsubscribe, who, publish or tell" end
  local values = {}
  for index, field in ipairs(fields) do
    local value, why = check(field, request[field])
    if not value then return nil, why end
    values[index] = value
  end
  return self[request.type](self, reader, table.unpack(values))
end

-- --- a method for each request: its answer, or nil and why not ---------------

function Topics:subscribe(reader, topic)
  if not subscribers(topic):add(reader) then return nil, "you have too many topics" end
  return self:who(reader, topic)
end

function Topics:unsubscribe(reader, topic)
  if not subscribers(topic):remove(reader) then return nil, "you have no topic " .. topic end
  return self:who(reader, topic)
end

function Topics:who(_, topic)
  local people = moonroom.json.array {}
  for reader in subscribers(topic):clients() do table.insert(people, reader.name) end
  table.sort(people)
  return { topic = topic, people = people }
end

function Topics:publish(reader, topic, text)
  local heard = subscribers(topic):broadcast { topic = topic, from = reader.name, text = text }
  return { topic = topic, heard = heard }
end

function Topics:tell(reader, name, text)
  local heard = named(name):broadcast { from = reader.name, text = text }
  if heard == 0 then return nil, "there is no " .. name end
  return { name = name, heard = heard }
end
