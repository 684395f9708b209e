/* The heap of timers, laid open for its spec. */
#include "testkit_parts.h"

#include <string.h>

#include "timers.h"

static const char TIMERS[] = "moonroom.testkit.timers";

/* A heap, its allocator, and timers to put in it: numbered from 1. */
struct kit_timers {
    struct memory memory;
    struct timers timers;
    size_t count;
    struct timer list[];
};

static struct kit_timers *check_timers(lua_State *L)
{
    return luaL_checkudata(L, 1, TIMERS);
}

static struct timer *check_timer(lua_State *L, struct kit_timers *kit)
{
    lua_Integer number = luaL_checkinteger(L, 2);
    luaL_argcheck(L, number >= 1 && (size_t)number <= kit->count, 2,
                  "no such timer");
    return &kit->list[number - 1];
}

/* timers(count) -> a heap with that many timers, none armed */
static int timers_new(lua_State *L)
{
    size_t count = (size_t)luaL_checkinteger(L, 1);
    size_t size = sizeof(struct kit_timers) + count * sizeof(struct timer);
    struct kit_timers *kit = lua_newuserdatauv(L, size, 0);
    memset(kit, 0, size);
    memory_init(&kit->memory);
    kit->count = count;
    luaL_setmetatable(L, TIMERS);
    return 1;
}

/* timers:start(number, due) -> whether there was memory */
static int timers_start_call(lua_State *L)
{
    struct kit_timers *kit = check_timers(L);
    struct timer *timer = check_timer(L, kit);
    double due = luaL_checknumber(L, 3);
    lua_pushboolean(L, timers_start(&kit->timers, &kit->memory, timer, due));
    return 1;
}

static int timers_stop_call(lua_State *L)
{
    struct kit_timers *kit = check_timers(L);
    timers_stop(&kit->timers, check_timer(L, kit));
    return 0;
}

static int timers_is_armed(lua_State *L)
{
    lua_pushboolean(L, check_timer(L, check_timers(L))->slot != 0);
    return 1;
}

/* timers:next() -> the earliest deadline, or nil */
static int timers_next_call(lua_State *L)
{
    double due;
    if (!timers_next(&check_timers(L)->timers, &due))
        return 0;
    lua_pushnumber(L, due);
    return 1;
}

/* timers:mark() -> the mark of a round that begins now */
static int timers_mark(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_timers(L)->timers.orders);
    return 1;
}

/* timers:take_due(now [, mark]) -> a timer's number, or nil */
static int timers_take_due_call(lua_State *L)
{
    struct kit_timers *kit = check_timers(L);
    double now = luaL_checknumber(L, 2);
    lua_Integer mark = luaL_optinteger(L, 3, (lua_Integer)kit->timers.orders);
    const struct timer *timer =
        timers_take_due(&kit->timers, now, (size_t)mark);
    if (!timer)
        return 0;
    lua_pushinteger(L, timer - kit->list + 1);
    return 1;
}

/* timers:fail_at(n): the nth allocation from now on fails. */
static int timers_fail_at(lua_State *L)
{
    struct kit_timers *kit = check_timers(L);
    kit->memory.fail_at =
        kit->memory.requests + (size_t)luaL_checkinteger(L, 2);
    kit->memory.fail_count = 1;
    return 0;
}

/* timers:memory() -> blocks alive, allocations so far */
static int timers_memory(lua_State *L)
{
    const struct memory *memory = &check_timers(L)->memory;
    lua_pushinteger(L, (lua_Integer)memory->blocks);
    lua_pushinteger(L, (lua_Integer)memory->requests);
    return 2;
}

/* Timers that were armed are not any more: theirs is no heap to be in. */
static int timers_release_call(lua_State *L)
{
    struct kit_timers *kit = check_timers(L);
    timers_release(&kit->timers, &kit->memory);
    memset(kit->list, 0, kit->count * sizeof *kit->list);
    return 0;
}

static const luaL_Reg methods[] = {
    {"start", timers_start_call},
    {"stop", timers_stop_call},
    {"is_armed", timers_is_armed},
    {"next", timers_next_call},
    {"mark", timers_mark},
    {"take_due", timers_take_due_call},
    {"fail_at", timers_fail_at},
    {"memory", timers_memory},
    {"release", timers_release_call},
    {"__gc", timers_release_call},
    {NULL, NULL},
};

void testkit_add_timers(lua_State *L)
{
    testkit_class(L, TIMERS, methods);
    lua_pushcfunction(L, timers_new);
    lua_setfield(L, -2, "timers");
}
