/* What Lua's collector does, as far as that can be seen from outside. */
#ifndef MOONROOM_BINDING_GC_WATCH_H
#define MOONROOM_BINDING_GC_WATCH_H

#include <lua.h>

#include <stdint.h>

struct hub;

/* Has the rounds of the state's collector counted from here on. Returns where,
 * the same a second time; it is the state's. Raises where there is no memory.
 */
const uint64_t *gc_watch(lua_State *L);

/* Collects all garbage, and notes how long that took. */
void gc_watch_collect(lua_State *L, struct hub *hub);

/* Has the full collections that scripts call for measured: wraps the global
 * collectgarbage. The hub's userdata is on the top. */
void gc_watch_scripts(lua_State *L);

#endif
