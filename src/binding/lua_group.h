/* Groups, as userdata. */
#ifndef MOONROOM_BINDING_LUA_GROUP_H
#define MOONROOM_BINDING_LUA_GROUP_H

#include "group.h"
#include <lauxlib.h>

extern const luaL_Reg group_methods[];

/* core.group(hub [, name]) -> group: a new one; that there is one for a name
 * is the caller's care. */
int group_new_object(lua_State *L);

/* A group has emptied: it lives on only where a script holds it. */
void group_let_go(struct group *group);

/* Makes the metatable, once a state. */
void group_define(lua_State *L);

#endif
