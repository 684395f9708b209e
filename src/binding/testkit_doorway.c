/* What a handler costs by the doorway, beside a bare lua_pcall. */
#include "testkit_parts.h"

#include "binding_state.h"

#include <time.h>

/* The handler is called with two arguments, as on_text is behind its room. */
struct doorway_call {
    struct entry entry;
    lua_State *from; /* the handler is at its index 2 */
};

static void push_call(lua_State *to, lua_State *from)
{
    lua_pushvalue(from, 2);
    lua_xmove(from, to, 1);
    lua_pushboolean(to, 1);
    lua_pushliteral(to, "a text of 24 bytes, say.");
}

static int doorway_body(lua_State *L)
{
    const struct doorway_call *call = lua_touserdata(L, 1);
    push_call(L, call->from);
    return dispatch_call(L, 2);
}

static double seconds_since(clock_t start)
{
    return (double)(clock() - start) / CLOCKS_PER_SEC;
}

static double time_pcalls(lua_State *L, lua_Integer count)
{
    clock_t start = clock();
    for (lua_Integer i = 0; i < count; i++) {
        push_call(L, L);
        if (lua_pcall(L, 2, 0, 0) != LUA_OK)
            lua_error(L);
    }
    return seconds_since(start);
}

/* What C pushes must be pushed under protection: this is the least that does.
 */
static double time_bodies(lua_State *L, lua_Integer count)
{
    struct doorway_call call = {.from = L};
    clock_t start = clock();
    for (lua_Integer i = 0; i < count; i++) {
        lua_pushcfunction(L, doorway_body);
        lua_pushlightuserdata(L, &call);
        lua_pushvalue(L, 2); /* is at index 2 there too */
        if (lua_pcall(L, 2, 0, 0) != LUA_OK)
            lua_error(L);
    }
    return seconds_since(start);
}

static double time_doorway(lua_State *L, lua_Integer count)
{
    struct binding *binding = binding_check(L, 1);
    struct doorway_call call = {
        .entry = {.body = doorway_body, .where = "on_text"}, .from = L};
    clock_t start = clock();
    for (lua_Integer i = 0; i < count; i++)
        dispatch_run(&binding->dispatch, &call.entry, NULL);
    return seconds_since(start);
}

/* doorway(hub, fn, count) -> CPU seconds by lua_pcall of the function, by
 * lua_pcall of a body that pushes the arguments and calls it, by the doorway */
static int kit_doorway(lua_State *L)
{
    lua_Integer count = luaL_checkinteger(L, 3);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    double pcalls = time_pcalls(L, count);
    double bodies = time_bodies(L, count);
    double doorway = time_doorway(L, count);
    lua_pushnumber(L, pcalls);
    lua_pushnumber(L, bodies);
    lua_pushnumber(L, doorway);
    return 3;
}

void testkit_add_doorway(lua_State *L)
{
    lua_pushcfunction(L, kit_doorway);
    lua_setfield(L, -2, "doorway");
}
