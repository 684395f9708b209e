--- The servers that cases talk to, by name: the options that each is started with.
local fixtures = {}

-- So long that no end of TCP can be one of the server's timeouts.
fixtures.plain = { close_timeout = 60, ping_interval = 0 }

-- Compresses with all effort, and within 1 KiB.
fixtures.narrow = {
  close_timeout = 60, ping_interval = 0, compression_window_bits = 10, compression_level = 9,
}

return fixtures
