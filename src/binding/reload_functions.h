/* What the Lua side of a reload needs of rooms, clients and the doorway. */
#ifndef MOONROOM_BINDING_RELOAD_FUNCTIONS_H
#define MOONROOM_BINDING_RELOAD_FUNCTIONS_H

#include <lauxlib.h>
#include <lua.h>

extern const luaL_Reg reload_functions[]; /* of the core */

#endif
