#include "lua_stats.h"

#include "binding_state.h"
#include "figures.h"

#include <math.h>

/* The table of all figures is at index 2, that of one with labels at 3. What
 * raises here leaves nothing behind: figures_tell holds nothing. */
struct stats {
    struct figure_sink sink; /* comes first */
    lua_State *L;
    const struct figure *figure;
};

static struct stats *stats_of(struct figure_sink *sink)
{
    return (struct stats *)(void *)sink;
}

static void push_number(lua_State *L, double value)
{
    static const double exact = 9007199254740992.0; /* 2^53 */
    if (floor(value) == value && fabs(value) < exact)
        lua_pushinteger(L, (lua_Integer)value);
    else
        lua_pushnumber(L, value);
}

static void begin(struct figure_sink *sink, const struct figure *figure)
{
    struct stats *stats = stats_of(sink);
    stats->figure = figure;
    if (!figure->label)
        return;
    lua_settop(stats->L, 2);
    lua_newtable(stats->L);
    lua_pushvalue(stats->L, 3);
    lua_setfield(stats->L, 2, figure->name);
}

static void add_value(struct figure_sink *sink, const char *of, double value)
{
    struct stats *stats = stats_of(sink);
    push_number(stats->L, value);
    if (of)
        lua_setfield(stats->L, 3, of);
    else
        lua_setfield(stats->L, 2, stats->figure->name);
}

static void push_bucket(lua_State *L, double bound, uint64_t count)
{
    lua_createtable(L, 2, 0);
    lua_pushnumber(L, bound);
    lua_rawseti(L, -2, 1);
    lua_pushinteger(L, (lua_Integer)count);
    lua_rawseti(L, -2, 2);
}

static void add_histogram(struct figure_sink *sink,
                          const struct histogram *histogram)
{
    struct stats *stats = stats_of(sink);
    lua_State *L = stats->L;
    uint64_t count = 0;
    lua_createtable(L, 0, 3);
    lua_createtable(L, HISTOGRAM_BUCKETS + 1, 0);
    for (int i = 0; i <= HISTOGRAM_BUCKETS; i++) {
        count += histogram->counts[i];
        push_bucket(L, i < HISTOGRAM_BUCKETS ? histogram_seconds[i] : HUGE_VAL,
                    count);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "buckets");
    lua_pushinteger(L, (lua_Integer)count);
    lua_setfield(L, -2, "count");
    lua_pushnumber(L, histogram->sum);
    lua_setfield(L, -2, "sum");
    lua_setfield(L, 2, stats->figure->name);
}

int stats_from_lua(lua_State *L)
{
    struct hub *hub = binding_check(L, 1)->hub;
    struct stats stats = {.sink = {begin, add_value, add_histogram}, .L = L};
    lua_settop(L, 1);
    lua_newtable(L);
    figures_tell(hub, &stats.sink);
    lua_settop(L, 2);
    return 1;
}
