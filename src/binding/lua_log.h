/* moonroom.log and what print becomes. */
#ifndef MOONROOM_BINDING_LUA_LOG_H
#define MOONROOM_BINDING_LUA_LOG_H

#include <lua.h>

/* core.log(hub, level, event, text): a line with text as its message. */
int log_from_lua(lua_State *L);

#endif
