-- The server's options: `moonroom --help` lists them all, each flag as a name here. A flag beats
-- what stands here, and this beats the default.
return {
  -- listen = "0.0.0.0:12345", -- for others than this machine
  -- max_clients = 1000,
  -- rate_messages = 20,       -- of a client, a second
  -- log_level = "debug",

  -- Your own settings: scripts find them in moonroom.config.app.
  app = {},
}
