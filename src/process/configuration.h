/* Where the settings come from: config.lua, and the command line over it. */
#ifndef MOONROOM_PROCESS_CONFIGURATION_H
#define MOONROOM_PROCESS_CONFIGURATION_H

#include <lua.h>

#include "flags.h"
#include "settings.h"

struct configuration {
    lua_State *L;
    const char *directory; /* borrowed; NULL: there is no config.lua */
    int argc;
    char *const *argv; /* borrowed */
};

enum { CONFIGURATION_ERROR_SIZE = 8192 };

/* Reads all of it into settings, just begun by settings_init, and flags; what
 * config.lua has for the application goes to the registry (CONFIG_APP). Returns
 * 0, or an exit code with a sentence in error; the settings are then set in
 * part. */
int configuration_read(const struct configuration *configuration,
                       struct settings *settings, struct flags *flags,
                       char error[CONFIGURATION_ERROR_SIZE]);

#endif
