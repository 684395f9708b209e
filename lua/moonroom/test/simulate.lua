-- test.simulate: many peers that do at random what peers do, and an invariant that must hold.

local apps = require "moonroom.test.app"
local check = require "moonroom.test.check"
local core = require "moonroom.core"
local load = require "moonroom.test.load"
local raise = require "moonroom.test.raise"

local names = { "app", "seed", "peers", "steps", "weights", "check", "paths", "texts" }
local default_weights = {
  join = 4, text = 10, close = 1, drop = 1, pause = 1, resume = 2, advance = 3,
}
local default_texts = { "hello", "", "Ä ☾ 🌙", ("x"):rep(2000), '{"a":1}' }
local longest_advance = 10 -- seconds

-- --- steps -------------------------------------------------------------------

-- A step is { what, number of the peer, argument }. Each: how to do it, and how to say it.
local actions = {
  join = {
    run = function(world, step) world.peers[step[2]] = world.app:connect(step[3]) end,
    say = function(step) return ("joins %s"):format(step[3]) end,
  },
  text = {
    run = function(_, step, peer) peer:send(step[3]) end,
    say = function(step)
      local text = step[3]
      return #text > 60 and ("sends %d bytes: %q..."):format(#text, text:sub(1, 60))
        or ("sends %q"):format(text)
    end,
  },
  close = { run = function(_, _, peer) peer:close(1000) end, say = function() return "closes" end },
  drop = { run = function(_, _, peer) peer:drop() end, say = function() return "drops" end },
  pause = { run = function(_, _, peer) peer:pause() end, say = function() return "pauses" end },
  resume = { run = function(_, _, peer) peer:resume() end, say = function() return "resumes" end },
  advance = {
    run = function(world, step) world.app:advance(step[3]) end,
    say = function(step) return ("%g s pass"):format(step[3]) end,
  },
}

local order = {}
for name in pairs(actions) do order[#order + 1] = name end
table.sort(order)

local function say(step)
  local words = actions[step[1]].say(step)
  return step[2] and ("peer %d %s"):format(step[2], words) or words
end

-- --- chance ------------------------------------------------------------------

local function pick(random, choice, ...)
  if type(choice) == "function" then return choice(random, ...) end
  return choice[random(#choice)]
end

-- Who may take each action.
local function is_open(peer) return not peer.is_closing end
local takers = {
  text = is_open, close = is_open, drop = function() return true end,
  pause = function(peer) return not peer.is_paused end,
  resume = function(peer) return peer.is_paused end,
}

local function peers_for(world, name)
  local list = {}
  for number = 1, world.count do
    local peer = world.peers[number]
    if peer and peer.state == "open" and takers[name](peer) then list[#list + 1] = number end
  end
  return list
end

-- Time can always pass.
local function is_possible(world, name)
  if name == "advance" then return true end
  if name == "join" then return #peers_for(world, "drop") < world.most end
  return #peers_for(world, name) > 0
end

local function pick_action(world)
  local sum, possible = 0, {}
  for _, name in ipairs(order) do
    if is_possible(world, name) then
      possible[#possible + 1] = name
      sum = sum + world.weights[name]
    end
  end
  local at = world.random() * sum
  for _, name in ipairs(possible) do
    at = at - world.weights[name]
    if at < 0 then return name end
  end
  return "advance"
end

local function invent(world)
  local name = pick_action(world)
  if name == "advance" then
    return { name, nil, world.random(1, longest_advance * 10) / 10 }
  end
  if name == "join" then
    world.count = world.count + 1
    return { name, world.count, pick(world.random, world.paths, world.count) }
  end
  local peers = peers_for(world, name)
  local argument = name == "text" and pick(world.random, world.texts) or nil
  return { name, peers[world.random(#peers)], argument }
end

-- --- running -----------------------------------------------------------------

local function first_error(app)
  local failed = app:errors()[1]
  if failed then error(("%s: %s"):format(failed.where, failed.traceback or failed.error), 0) end
end

local function take(world, step)
  local peer = step[2] and world.peers[step[2]]
  local can_take = takers[step[1]]
  if not can_take or peer and peer.state == "open" and can_take(peer) then
    actions[step[1]].run(world, step, peer)
  end
  first_error(world.app)
  world.check(world.app)
end

local function new_app(make)
  if type(make) == "string" then return load(make) end
  local app = make()
  if not apps.is_app(app) then
    raise("simulate's app is a directory, a file, or a function that returns what test.load does")
  end
  return app
end

-- Takes the steps, or where there are none invents so many. Returns those taken, and what went
-- wrong, if anything; is_late where that was at the end of the app.
local function run(options, steps, count)
  local world = {
    app = new_app(options.app), peers = {}, count = 0, random = options.new_random(),
    most = options.peers, weights = options.weights, paths = options.paths, texts = options.texts,
    check = options.check,
  }
  local taken = {}
  local ok, why
  for index = 1, count do
    taken[index] = steps and steps[index] or invent(world)
    ok, why = pcall(take, world, taken[index])
    if not ok then
      pcall(world.app.stop, world.app)
      return taken, why
    end
  end
  ok, why = pcall(world.app.stop, world.app)
  return taken, not ok and why or nil, not ok
end

-- --- a failure ---------------------------------------------------------------

-- Where only the end of the app fails, fewer steps before it may do.
local function shortest(options, steps)
  local least, most = 0, #steps
  local function fails(count) return select(2, run(options, steps, count)) ~= nil end
  while least < most do
    local middle = (least + most) // 2
    if fails(middle) then most = middle else least = middle + 1 end
  end
  for count = 0, most - 1 do
    if fails(count) then return count end
  end
  return most
end

local function text_of(why)
  if type(why) == "table" and why.message then why = why.message end
  return tostring(why)
end

local function report(options, steps, why, is_late)
  local count = is_late and shortest(options, steps) or #steps
  local _, again = run(options, steps, count)
  local lines = { ("simulate failed with seed %d after %d step%s%s: %s"):format(options.seed, count,
    count == 1 and "" or "s", is_late and ", as the app stopped" or "", text_of(again or why)) }
  if again == nil then
    lines[2] = "it did not fail when the steps were taken again: the app depends on more than these"
  end
  lines[#lines + 1] = "the steps:"
  for index = 1, count do
    lines[#lines + 1] = ("%4d  %s"):format(index, say(steps[index]))
  end
  raise("%s", table.concat(lines, "\n"))
end

-- --- options -----------------------------------------------------------------

local function check_weights(weights)
  check.type_of(weights, "weights", "table")
  check.names(weights, order, "weight")
  local all = {}
  for name, default in pairs(default_weights) do
    all[name] = weights[name] or default
    if type(all[name]) ~= "number" or not (all[name] >= 0 and all[name] < math.huge) then
      raise("the weight of %s is a number from 0 up, not %s", name, tostring(all[name]))
    end
  end
  return all
end

local function check_choice(choice, what)
  check.type_of(choice, what, "table", "function")
  if type(choice) == "table" and #choice == 0 then raise("%s is an empty list", what) end
  return choice
end

local function new_random(seed)
  local own = core.testkit.app.math()
  own.randomseed(seed)
  return own.random
end

local function simulate(options)
  check.type_of(options, "what simulate gets", "table")
  check.names(options, names, "option of simulate")
  local seed = check.count(options.seed or 1, math.mininteger, "the seed")
  local all = {
    app = check.type_of(options.app, "simulate's app", "string", "function"), seed = seed,
    peers = check.count(options.peers or 5, 1, "how many peers there are"),
    weights = check_weights(options.weights or {}),
    paths = check_choice(options.paths or { "/" }, "paths"),
    texts = check_choice(options.texts or default_texts, "texts"),
    check = check.type_of(options.check or function() end, "check", "function"),
    new_random = function() return new_random(seed) end,
  }
  local count = check.count(options.steps or 200, 0, "how many steps there are")
  local steps, why, is_late = run(all, nil, count)
  if why ~= nil then report(all, steps, why, is_late) end
end

return simulate
