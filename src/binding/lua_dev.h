/* What `moonroom dev` has that a server for others has not. Private to
 * binding/. */
#ifndef MOONROOM_BINDING_LUA_DEV_H
#define MOONROOM_BINDING_LUA_DEV_H

#include "dispatch.h"

#include <lauxlib.h>

struct binding;
struct hub;

/* Stack: ..., an error's text, its traceback; both are popped. Tells whoever
 * listens (core.on_failure), and answers the request that has failed with the
 * traceback where it is the developer's. What goes wrong in that is lost. */
void dev_tell_failure(lua_State *L, struct hub *hub, const struct entry *failed,
                      struct slice path);

/* Tells whoever listens (core.on_reload) that the scripts were loaded again, or
 * why they weren't. No handler may be running. */
void dev_tell_reload(struct binding *binding, const char *why);

/* Functions of moonroom.core. */
extern const luaL_Reg dev_functions[];

#endif
