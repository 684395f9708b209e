/* What config.lua may use. */
#ifndef MOONROOM_BINDING_CONFIG_ENVIRONMENT_H
#define MOONROOM_BINDING_CONFIG_ENVIRONMENT_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* Pushes a fresh table with Lua's harmless functions, its libraries copied: no
 * global and no change to a library reaches the application. May raise. */
void config_environment_push(lua_State *L);

/* Where a message of Lua's blames a name that the environment lacks, writes
 * into text (cut to size) what there is instead, and returns true. */
bool config_environment_explain(const char *message, char *text, size_t size);

#endif
