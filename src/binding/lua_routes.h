/* The table of patterns as userdata, for the Lua modules. */
#ifndef MOONROOM_BINDING_LUA_ROUTES_H
#define MOONROOM_BINDING_LUA_ROUTES_H

#include <lua.h>

/* core.routes() -> routes, with
 *   routes:add(pattern)          raises where the pattern is wrong
 *   routes:match(path [, from])  -> index, params | nil; both count from 1
 *   routes:is_literal(pattern)   -> bool */
int routes_new_object(lua_State *L);

#endif
