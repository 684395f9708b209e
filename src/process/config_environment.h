/* What config.lua may use. */
#ifndef MOONROOM_PROCESS_CONFIG_ENVIRONMENT_H
#define MOONROOM_PROCESS_CONFIG_ENVIRONMENT_H

#include <lua.h>

/* Pushes a fresh table with Lua's harmless functions, its libraries copied: no
 * global and no change to a library reaches the application. May raise. */
void config_environment_push(lua_State *L);

#endif
