#include "gc_pace.h"

/* In KiB and percents, as Lua counts. What is young is collected when it has
 * made the heap grow by so much, Lua's default. */
enum { YOUNG = 20 };

/* And all that there is, where the heap has grown by between once and ten times
 * what survived the last time, which are Lua's bounds: the smaller it is the
 * more, so that a few large messages don't do that. */
enum { GROWTH = 16 * 1024, GROWTH_LEAST = 100, GROWTH_MOST = 1000 };

/* From a heap of this size on it goes on in steps. */
enum { LARGE = 16 * 1024 };

static int growth_for(int kilobytes)
{
    int growth = kilobytes > 0 ? GROWTH * 100 / kilobytes : GROWTH_MOST;
    return growth < GROWTH_LEAST  ? GROWTH_LEAST
           : growth > GROWTH_MOST ? GROWTH_MOST
                                  : growth;
}

void gc_pace_begin(struct gc_pace *pace)
{
    *pace = (struct gc_pace){.is_ours = true, .round = UINT64_MAX};
}

void gc_pace_turn(struct gc_pace *pace, lua_State *L, uint64_t rounds)
{
    if (!pace->is_ours || pace->round == rounds)
        return;
    pace->round = rounds;
    int kilobytes = lua_gc(L, LUA_GCCOUNT);
    if (kilobytes < (pace->is_generational ? LARGE : LARGE / 2)) {
        lua_gc(L, LUA_GCGEN, YOUNG, growth_for(kilobytes));
        pace->is_generational = true;
    } else if (pace->is_generational) {
        lua_gc(L, LUA_GCINC, 0, 0, 0);
        pace->is_generational = false;
    }
}
