#include "gc_watch.h"

#include "binding_state.h"
#include "monotonic.h"

#include <lauxlib.h>

#include <string.h>

/* --- rounds --- */

/* Garbage from its birth on: it is found in each round, and to have its
 * metatable set is to be found again in the next. That needs no memory. */
static int on_round(lua_State *L)
{
    uint64_t *rounds = lua_touserdata(L, lua_upvalueindex(1));
    ++*rounds;
    lua_settop(L, 1);
    lua_getmetatable(L, 1);
    lua_setmetatable(L, 1);
    return 0;
}

static void make_sentinel(lua_State *L, int rounds)
{
    lua_newuserdatauv(L, 0, 0);
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, rounds);
    lua_pushcclosure(L, on_round, 1);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

const uint64_t *gc_watch(lua_State *L)
{
    static const char key = 0; /* in the registry, by address */
    uint64_t *rounds;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key) == LUA_TUSERDATA) {
        rounds = lua_touserdata(L, -1);
        lua_pop(L, 1);
        return rounds;
    }
    lua_pop(L, 1);
    rounds = lua_newuserdatauv(L, sizeof *rounds, 0);
    *rounds = 0;
    make_sentinel(L, lua_gettop(L));
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
    return rounds;
}

/* --- pauses --- */

void gc_watch_collect(lua_State *L, struct hub *hub)
{
    double began = monotonic_now();
    lua_gc(L, LUA_GCCOLLECT);
    histogram_observe(&hub->metrics.gc_pause_seconds, monotonic_now() - began,
                      1);
}

/* A script that sets the collector's pace means it to stay. */
static bool sets_pace(const char *option)
{
    return !strcmp(option, "incremental") || !strcmp(option, "generational") ||
           !strcmp(option, "setpause") || !strcmp(option, "setstepmul");
}

/* Upvalues: Lua's own, the hub's userdata. */
static int collect_garbage(lua_State *L)
{
    struct hub *hub = binding_hub(L, lua_upvalueindex(2));
    const char *option = luaL_optstring(L, 1, "collect");
    bool is_full = !strcmp(option, "collect");
    if (hub && sets_pace(option))
        binding_of(hub)->pace.is_ours = false;
    double began = is_full ? monotonic_now() : 0;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    if (is_full && hub)
        histogram_observe(&hub->metrics.gc_pause_seconds,
                          monotonic_now() - began, 1);
    return lua_gettop(L);
}

void gc_watch_scripts(lua_State *L)
{
    lua_getglobal(L, "collectgarbage");
    lua_pushvalue(L, -2);
    lua_pushcclosure(L, collect_garbage, 2);
    lua_setglobal(L, "collectgarbage");
}
