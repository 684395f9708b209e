/* Room's field rate: {messages =, bytes =, burst =}. */
#ifndef MOONROOM_BINDING_LUA_RATE_H
#define MOONROOM_BINDING_LUA_RATE_H

#include "options.h"
#include <lua.h>

/* Sets the limits from the table at an index, raw: what it doesn't have stays
 * as it was. Returns false, some of it set perhaps, with a sentence in error
 * where it is no such table. */
bool lua_rate_set(lua_State *L, int index, struct limits *limits,
                  char error[OPTION_ERROR_SIZE]);

#endif
