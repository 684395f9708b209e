-- The kit with which an application's handlers are unit-tested: the real core, in memory, with a
-- clock that the spec moves. What is public is declared in meta/test.lua.

local assertions = require "moonroom.test.assertions"
local load = require "moonroom.test.load"
local replay = require "moonroom.test.replay"
local simulate = require "moonroom.test.simulate"

assertions.register()

return { load = load, replay = replay, simulate = simulate }
