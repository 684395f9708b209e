/* What `moonroom dev` has that a server for others has not. Private to
 * binding/. */
#ifndef MOONROOM_BINDING_LUA_DEV_H
#define MOONROOM_BINDING_LUA_DEV_H

#include "dispatch.h"

#include <lauxlib.h>

struct binding;
struct hub;

/* Stack: ..., an error's text, its traceback; both are popped. Answers the
 * request that has failed with the traceback where it is the developer's.
 * Returns a reference to what is to be told of it, or LUA_NOREF; raises where
 * there is no memory. */
int dev_note_failure(lua_State *L, struct hub *hub, const struct entry *failed,
                     struct slice path);

/* Tells whoever listens (core.on_failure), and gives the reference back. Runs
 * an entry of its own: what it takes is none of on_error's time. */
void dev_tell_failure(struct dispatch *dispatch, int reference);

/* Tells whoever listens (core.on_reload) that the scripts were loaded again, or
 * why they weren't. No handler may be running. */
void dev_tell_reload(struct binding *binding, const char *why);

/* Functions of moonroom.core. */
extern const luaL_Reg dev_functions[];

#endif
