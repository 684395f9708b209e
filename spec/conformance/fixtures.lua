--- The servers that cases talk to, by name: the options that each is started with.
local fixtures = {}

-- So long that no end of TCP can be one of the server's timeouts.
fixtures.plain = { close_timeout = 60, ping_interval = 0 }

return fixtures
