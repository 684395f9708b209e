#include "gc_pace.h"

/* By so much a heap may grow until it is collected, where it is smaller; in
 * KiB, as Lua counts. Lua's pauses are percents of what has survived: 200 is
 * its default, and more than 1,000 doesn't fit. */
enum { GARBAGE = 4096, PAUSE_LEAST = 200, PAUSE_MOST = 1000 };

static int pause_for(int kilobytes)
{
    int pause = kilobytes > 0 ? 100 + GARBAGE * 100 / kilobytes : PAUSE_MOST;
    return pause < PAUSE_LEAST  ? PAUSE_LEAST
           : pause > PAUSE_MOST ? PAUSE_MOST
                                : pause;
}

void gc_pace_turn(struct gc_pace *pace, lua_State *L, uint64_t rounds)
{
    if (!pace->is_set || pace->round == rounds)
        return;
    pace->round = rounds;
    lua_gc(L, LUA_GCINC, pause_for(lua_gc(L, LUA_GCCOUNT)), 0, 0);
}
