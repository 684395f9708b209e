/* What a Lua state has allocated, counted; while scripts run, the option
 * lua_memory is its limit. */
#ifndef MOONROOM_BINDING_LUA_MEMORY_H
#define MOONROOM_BINDING_LUA_MEMORY_H

#include <lua.h>

#include <stddef.h>

struct hub;

/* The allocator of a state; the caller's, until lua_close has returned. */
struct lua_memory {
    lua_Alloc alloc;
    void *context;
    size_t used;      /* bytes */
    size_t collected; /* the same after the last collection for want of room */
};

/* Begins to count. */
void lua_memory_count(lua_State *L, struct lua_memory *memory);

/* Collects garbage where there is little room left and much may be garbage. For
 * a buffer of its libraries Lua doesn't do so when it is refused memory. */
void lua_memory_relieve(lua_State *L, struct lua_memory *memory,
                        struct hub *hub);

/* Begins to count in a state that others opened; ends when that is closed.
 * Does nothing a second time. */
void lua_memory_count_here(lua_State *L);

#endif
