/* Slices from Lua's strings and back. */
#ifndef MOONROOM_BINDING_LUA_SLICE_H
#define MOONROOM_BINDING_LUA_SLICE_H

#include "slice.h"
#include <lauxlib.h>
#include <lua.h>

/* The string at an index, borrowed from the stack; a number is made one. */
static inline struct slice lua_slice_at(lua_State *L, int index)
{
    struct slice slice = {NULL, 0};
    slice.bytes = lua_tolstring(L, index, &slice.length);
    return slice;
}

/* The same; raises for an argument that is neither. */
static inline struct slice lua_slice_check(lua_State *L, int index)
{
    struct slice slice;
    slice.bytes = luaL_checklstring(L, index, &slice.length);
    return slice;
}

/* Pushes the bytes as a string, and returns 1. */
static inline int lua_slice_push(lua_State *L, struct slice slice)
{
    lua_pushlstring(L, slice.length ? slice.bytes : "", slice.length);
    return 1;
}

#endif
