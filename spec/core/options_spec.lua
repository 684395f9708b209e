local kit = require("moonroom.core").testkit.options

-- Every default, as a person reads it.
local DEFAULTS = {
  max_header = "16384", max_target = "8192", max_fields = "100", handshake_timeout = "10 s",
  max_pending_handshakes = "1024", max_body = "65536", max_message = "1048576", max_frame = "0",
  max_fragments = "16384", message_timeout = "60 s", send_queue = "4194304",
  write_stall = "30 s", close_timeout = "5 s", ping_interval = "25 s", pong_timeout = "20 s",
  linger = "30 s", max_clients = "10000", max_rooms = "10000", max_timers = "100000",
  handler_warn = "0.1 s", handler_stop = "1 s", load_timeout = "10 s",
  lua_memory = "268435456",
  accepts_per_turn = "16", messages_per_turn = "64", bytes_per_turn = "262144",
  shutdown_timeout = "25 s", log_level = "info", log_rate = "10", log_burst = "50",
  compression = "off",
  compression_takeover = "off", compression_min_size = "512", compression_level = "1",
  compression_window_bits = "15", rate_messages = "0", rate_bytes = "0", rate_burst = "2 s",
  send_queue_soft = "1048576",
  slow = "close", hosts = "none", trusted_proxies = "none", proxy_protocol = "off",
  send_queue_soft_time = "10 s", send_queues = "268435456", max_control_frames = "1000",
  per_ip = "0", cache = "0 s", public = "public",
}

local ROOM_DEFAULTS = {
  max_message = "1048576", max_frame = "0", max_fragments = "16384", message_timeout = "60 s",
  max_clients = "0", send_queue = "4194304", write_stall = "30 s", close_timeout = "5 s",
  ping_interval = "25 s", pong_timeout = "20 s", linger = "30 s", compression = "off",
  compression_takeover = "off", compression_min_size = "512", send_queue_soft = "1048576",
  send_queue_soft_time = "10 s", slow = "close",
}

local function has_range(row)
  return row.type == "count" or row.type == "bytes" or row.type == "seconds"
end

-- Nothing is set and the sentence names the option, the value and the range.
local function assert_refused(said, ...)
  local name, value, target = ...
  local set = type(value) == "number" and kit.set_number or kit.set_text
  local outcome, message, kept = set(...)
  assert.is_nil(outcome, ("%s took %s"):format(name, value))
  assert.equal(kit.format(name, target), kept)
  assert.equal(said, message)
end

describe("the table of options", function()
  it("has the documented defaults", function()
    assert.same(DEFAULTS, kit.defaults())
  end)

  it("has the documented defaults of a room's fields", function()
    assert.same(ROOM_DEFAULTS, kit.defaults("room"))
  end)

  it("has a default within each range, and a line of help that fits", function()
    for _, which in ipairs { "worker", "room" } do
      for _, row in ipairs(kit.table(which)) do
        local value = tonumber((kit.format(row.name, which):gsub(" s$", "")))
        assert.is_true(#row.help > 0 and #row.help <= 47, row.name)
        if has_range(row) then
          assert.is_true(row.minimum <= value and value <= row.maximum, row.name)
        end
      end
    end
  end)

  it("gives a room's field the range that the option for all rooms has", function()
    local ranges = {}
    for _, row in ipairs(kit.table()) do
      ranges[row.name] = { row.minimum, row.maximum, row.type }
    end
    for _, row in ipairs(kit.table("room")) do
      if row.name ~= "max_clients" then
        assert.same(ranges[row.name], { row.minimum, row.maximum, row.type })
      end
    end
  end)

  it("takes each bound and refuses what lies beyond", function()
    for _, which in ipairs { "worker", "room" } do
      for _, row in ipairs(kit.table(which)) do
        if has_range(row) then
          assert.is_string(kit.set_number(row.name, row.minimum, which))
          assert.is_string(kit.set_number(row.name, row.maximum, which))
          assert.is_nil(kit.set_number(row.name, row.minimum - 0.001, which))
          assert.is_nil(kit.set_number(row.name, row.maximum + 1, which))
        end
      end
    end
  end)

  it("finds an option whose dashes stand for underscores", function()
    assert.equal("7", (kit.set_text("max-rooms", "7")))
    assert.has_error(function() kit.set_text("maxrooms", "7") end)
    assert.has_error(function() kit.set_text("MAX_ROOMS", "7") end)
    assert.has_error(function() kit.set_text("max_room", "7") end)
  end)
end)

describe("an option set to a number", function()
  it("keeps it exactly", function()
    assert.equal("1073741824", (kit.set_number("max_message", 1 << 30)))
    assert.equal("0.25 s", (kit.set_number("close_timeout", 0.25)))
    assert.equal("1", (kit.set_number("max_rooms", 1.0)))
  end)

  it("refuses a fraction of a byte or of a thing that is counted", function()
    assert_refused("max_message must be a whole number of bytes from 1 to 1073741824, not 1.5",
      "max_message", 1.5)
    assert_refused("max_rooms must be a whole number from 1 to 1000000000, not 2.25",
      "max_rooms", 2.25)
  end)

  it("refuses what is out of range, infinite or not a number", function()
    assert_refused("max_clients must be a whole number from 1 to 1000000000, not 0",
      "max_clients", 0)
    assert_refused("close_timeout must be a number of seconds from 0.01 to 86400, not -1",
      "close_timeout", -1)
    assert_refused("close_timeout must be a number of seconds from 0.01 to 86400, not inf",
      "close_timeout", math.huge)
    assert_refused("max_rooms must be a whole number from 1 to 1000000000, not NaN",
      "max_rooms", 0 / 0)
    assert_refused("max_frame must be a whole number of bytes from 0 to 1073741824, not 1e+300",
      "max_frame", 1e300, "room")
  end)

  it("refuses one where a level's name or a boolean is meant", function()
    assert_refused("log_level must be debug, info, warn, error or off, not 1", "log_level", 1)
    assert_refused("compression must be true or false, not 1", "compression", 1)
    assert_refused("compression must be true or false, not 0", "compression", 0, "room")
    assert_refused("slow must be close or drop, not 1", "slow", 1)
  end)
end)

describe("an option that is a directory's name", function()
  it("takes any name, and none", function()
    for _, name in ipairs { "web", "../dist", "/srv/www", "a b", "on", "./off", "public" } do
      assert.equal(name, (kit.set_text("public", name)))
    end
    assert.equal("off", (kit.set_text("public", "off")))
    assert.equal("off", (kit.set_text("public", "")))
  end)

  it("refuses what no directory can be called", function()
    assert_refused('public must be the name of a directory, or off, not "a?b"', "public", "a\0b")
    assert_refused("public must be the name of a directory, or false, not 5", "public", 5)
    assert.is_string((kit.set_text("public", ("a"):rep(1023))))
    assert_refused("public is too long: there are at most 1023 bytes for it", "public",
      ("a"):rep(1024))
  end)
end)

describe("an option that is a list", function()
  it("reads items with commas between them, and blanks around", function()
    assert.equal("a.example,b.example", (kit.set_text("hosts", "a.example, b.example")))
    assert.equal("[::1],10.0.0.1", (kit.set_text("hosts", " [::1] ,, 10.0.0.1,")))
    assert.equal("none", (kit.set_text("hosts", "")))
    assert.equal("none", (kit.set_text("hosts", " , ")))
  end)

  it("refuses all where one item is wrong, and names it", function()
    for _, item in ipairs { "a.example:80", "a b", "http://a", "[::1", "ö", "a/b" } do
      assert_refused(('hosts must be host names without a port, not "%s"'):format(item), "hosts",
        "good.example, " .. item .. ", better.example")
    end
  end)

  it("takes what fits, and refuses what is too long", function()
    local longest = ("a"):rep(1022)
    assert.is_string((kit.set_text("hosts", longest)))
    assert_refused("hosts is too long: there are at most 1022 bytes for it", "hosts",
      longest .. "a")
    assert_refused("hosts is too long: there are at most 1022 bytes for it", "hosts",
      ("a"):rep(500) .. "," .. ("b"):rep(522))
    assert_refused("hosts is too long: there are at most 1022 bytes for it", "hosts",
      ("abcdefghi,"):rep(200))
  end)

  it("refuses a number", function()
    assert_refused("hosts must be host names without a port, not 5", "hosts", 5)
  end)
end)

describe("an option set by text", function()
  it("reads what becomes of slow clients", function()
    assert.equal("drop", (kit.set_text("slow", "drop")))
    assert.equal("close", (kit.set_text("slow", "close", "room")))
    assert_refused('slow must be close or drop, not "Drop"', "slow", "Drop")
    assert_refused('slow must be close or drop, not ""', "slow", "", "room")
  end)

  it("reads whole numbers", function()
    assert.equal("33554432", (kit.set_text("max_message", "33554432")))
    assert.equal("1000000", (kit.set_text("max_fragments", "1000000")))
    assert.equal("5", (kit.set_text("max_rooms", "0005")))
  end)

  it("reads KiB, MiB and GiB for bytes", function()
    for text, bytes in pairs {
      ["64k"] = "65536", ["64K"] = "65536", ["64KiB"] = "65536", ["64 kib"] = "65536",
      ["4m"] = "4194304", ["4 MiB"] = "4194304", ["1g"] = "1073741824", ["0.5k"] = "512",
    } do
      assert.equal(bytes, (kit.set_text("max_message", text)), text)
    end
  end)

  it("reads milliseconds to hours for times", function()
    for text, seconds in pairs {
      ["10"] = "10 s", ["10s"] = "10 s", ["500ms"] = "0.5 s", ["2 min"] = "120 s",
      ["1h"] = "3600 s", ["0.5"] = "0.5 s", ["1.25s"] = "1.25 s",
    } do
      assert.equal(seconds, (kit.set_text("close_timeout", text)), text)
    end
  end)

  it("reads a level's name", function()
    for _, level in ipairs { "debug", "info", "warn", "error", "off" } do
      assert.equal(level, (kit.set_text("log_level", level)))
    end
    assert_refused('log_level must be debug, info, warn, error or off, not "loud"',
      "log_level", "loud")
  end)

  it("reads what is on or off", function()
    for _, on in ipairs { "on", "true", "yes", "ON", "True" } do
      assert.equal("on", (kit.set_text("compression", on)))
      assert.equal("on", (kit.set_text("compression_takeover", on, "room")))
    end
    for _, off in ipairs { "off", "false", "no", "Off" } do
      assert.equal("off", (kit.set_text("compression", off)))
    end
    for _, text in ipairs { "", "1", "0", "maybe", "on ", "o", "truefalse" } do
      assert_refused(('compression must be on or off, not "%s"'):format(text), "compression", text)
    end
  end)

  it("says what it would take instead", function()
    assert_refused('max_message must be a whole number of bytes from 1 to 1073741824 '
      .. '(such as 65536, 64k or 4m), not "much"', "max_message", "much")
    assert_refused('write_stall must be a number of seconds from 0.01 to 86400 '
      .. '(such as 10, 10s or 500ms), not "0"', "write_stall", "0")
    assert_refused('max_rooms must be a whole number from 1 to 1000000000, not "64k"',
      "max_rooms", "64k")
  end)

  it("refuses every other way to write a number", function()
    for _, text in ipairs {
      "", " ", "-1", "+1", "1e3", "0x10", "1.", ".5", "1..5", "1.2.3", "nan", "inf", "1,000", "k",
      "1kk", "1 2", "64kb", "5s", "1\0", "1\n2", ("9"):rep(40), ("1"):rep(400),
    } do
      assert.is_nil(kit.set_text("max_message", text), text)
    end
    for _, text in ipairs { "5k", "5sec", "1ms ago", "s" } do
      assert.is_nil(kit.set_text("close_timeout", text), text)
    end
  end)

  it("quotes a wrong value on one line, and only the start of a long one", function()
    local _, message = kit.set_text("max_rooms", "a\27\n" .. ("b"):rep(5000))
    assert.matches('not "a%?%?b+%.%.%."$', message)
    assert.is_true(#message < 256)
  end)
end)

describe("the suggestion for an unknown option", function()
  it("is the name that is a few edits away", function()
    assert.equal("max_message", kit.suggest("max_mesage"))
    assert.equal("max_message", kit.suggest("max-massages"))
    assert.equal("max_message", kit.suggest("max_emssage"))
    assert.equal("log_level", kit.suggest("loglevel"))
    assert.equal("log_level", kit.suggest("LOG_LEVEL"))
    assert.equal("max_rooms", kit.suggest("max_room"))
  end)

  it("is the nearest of several", function()
    assert.equal("max_frame", kit.suggest("max_fram"))
    assert.equal("max_fields", kit.suggest("max_field"))
    assert.equal("close_timeout", kit.suggest("closetimeout", "room"))
  end)

  it("is nothing for a word that is like none", function()
    for _, word in ipairs { "", "x", "max", "colour", "verbose", ("max_message"):rep(20) } do
      assert.is_nil(kit.suggest(word), word)
    end
  end)

  it("looks only into the table that is asked", function()
    assert.is_nil(kit.suggest("log_level", "room"))
  end)
end)
