-- Who may include what, and call what: README's arrows (Contributing) as data
-- for scripts/check-sources.lua. The layers are src/'s directories.

local iso_c = {
  "assert.h", "ctype.h", "errno.h", "float.h", "inttypes.h", "limits.h", "math.h", "stdarg.h",
  "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h",
}
-- Types and byte strings: POSIX, but neither a descriptor nor a clock.
local harmless = { "strings.h", "sys/types.h" }
local digest_and_deflate = { "openssl/crypto.h", "openssl/evp.h", "openssl/sha.h", "zlib.h" }
local lua = { "lauxlib.h", "lua.h", "lualib.h" }
local system = {
  "arpa/inet.h", "dirent.h", "fcntl.h", "grp.h", "linux/*", "malloc.h", "netdb.h", "netinet/*",
  "poll.h", "pthread.h", "pwd.h", "signal.h", "spawn.h", "stdatomic.h", "sys/*", "sysexits.h",
  "time.h", "unistd.h",
}

return {
  -- Project headers: a layer sees itself and these.
  layers = {
    base = { "base" },
    protocol = { "protocol", "base" },
    core = { "core", "protocol", "base" },
    net = { "net", "core", "protocol", "base" },
    binding = { "binding", "core", "protocol", "base" },
    process = { "process", "binding", "net", "core", "protocol", "base" },
  },

  -- System headers that a file of the layer names itself.
  headers = {
    base = { iso_c, harmless, system },
    protocol = { iso_c, harmless, digest_and_deflate },
    core = { iso_c, harmless },
    net = { iso_c, harmless, system, { "ev.h", "openssl/*" } },
    binding = {
      iso_c, harmless, lua,
      -- The loader asks for the names in rooms/; Lua has no way to.
      { "dirent.h", "jansson.h", "signal.h", "stdatomic.h", "sys/random.h",
        "sys/stat.h", "time.h" },
    },
    process = { iso_c, harmless, system, lua, { "ev.h", "getopt.h", "jansson.h", "openssl/*" } },
  },

  -- Libraries that its objects may see at all, however indirectly, known by
  -- the path of a header.
  library_of = {
    { "/lua5%.4/", "lua" },
    { "/ev%.h$", "libev" },
    { "/jansson[%w_]*%.h$", "jansson" },
    { "/openssl/ssl%.h$", "libssl" },
    { "/openssl/", "libcrypto" },
    { "/zlib%.h$", "zlib" },
  },
  libraries = {
    base = {},
    protocol = { "libcrypto", "zlib" },
    core = { "libcrypto", "zlib" },
    net = { "libcrypto", "zlib", "libssl", "libev" },
    binding = { "libcrypto", "zlib", "lua", "jansson" },
    process = { "libcrypto", "zlib", "lua", "jansson", "libssl", "libev" },
  },

  -- Functions that objects may not call.
  calls = {
    -- Without bounds, or with hidden state.
    everywhere = {
      "strcpy", "stpcpy", "strcat", "sprintf", "vsprintf", "gets", "alloca", "strtok", "localtime",
      "gmtime", "ctime", "asctime", "rand", "random",
    },
    -- protocol and core have no descriptor, no clock and no environment.
    pure = {
      "accept", "accept4", "bind", "clock", "clock_gettime", "close", "connect", "epoll_create1",
      "epoll_ctl", "epoll_wait", "fdopen", "fopen", "getenv", "gettimeofday", "listen", "nanosleep",
      "open", "openat", "poll", "pread", "pwrite", "read", "readv", "recv", "recvfrom", "recvmsg",
      "select", "send", "sendfile", "sendmsg", "sendto", "sigaction", "signal", "sleep", "socket",
      "socketpair", "time", "timespec_get", "usleep", "write", "writev",
    },
    pure_layers = { protocol = true, core = true },
  },

  -- The one file with mutable globals, and which.
  globals = { ["src/binding/budget.c"] = { budget = true } },
}
