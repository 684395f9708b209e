/* moonroom.log and what print becomes. */
#ifndef MOONROOM_BINDING_LUA_LOG_H
#define MOONROOM_BINDING_LUA_LOG_H

#include <lua.h>

struct binding;

/* core.log(hub, level, event, text): a line with text as its message. */
int log_from_lua(lua_State *L);

/* Has the state's warnings, errors of finalizers among them, go to the log of
 * the binding's hub, while there is one. The binding must be the state's. */
void log_take_warnings(lua_State *L, struct binding *binding);

#endif
