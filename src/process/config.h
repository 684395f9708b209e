/* config.lua: options by their names, `listen`, and the application's `app`. */
#ifndef MOONROOM_PROCESS_CONFIG_H
#define MOONROOM_PROCESS_CONFIG_H

#include <lua.h>

#include "settings.h"

/* The registry's field that holds the table `app`, or nothing. */
#define CONFIG_APP "moonroom.config.app"

/* Runs the directory's config.lua, if it has one, in an environment of its own,
 * sets what it returns in the settings, and keeps its app in the registry.
 * Returns 0, or an exit code of sysexits with "config.lua:LINE: what" in
 * error (without the directory), the settings then set in part. */
int config_load(lua_State *L, const char *directory, struct settings *settings,
                char error[SETTINGS_ERROR_SIZE]);

#endif
