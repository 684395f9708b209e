#include "admin_listen.h"

#include <string.h>

static bool is_loopback(const char *address)
{
    return !strncmp(address, "127.", 4) || !strncmp(address, "[::1]:", 6);
}

static void tell(struct log *log, enum log_level level, const char *event,
                 const char *address)
{
    struct log_line line;
    log_begin(&line, log, level, loop_wall(), event);
    log_string(&line, "address", address);
    log_end(&line);
}

bool admin_listen(struct loop *loop, const struct settings *settings,
                  struct log *log, char error[LOOP_ERROR_SIZE])
{
    const char *address;
    if (!settings->admin[0])
        return true;
    if (!loop_listen_admin(loop, settings->admin, error))
        return false;
    for (size_t i = 0; (address = loop_listening_admin(loop, i)); i++) {
        tell(log, LOG_INFO, "admin listener", address);
        if (!is_loopback(address))
            tell(log, LOG_WARN,
                 "other machines may reach the admin listener, which asks "
                 "nobody for a password",
                 address);
    }
    return true;
}
