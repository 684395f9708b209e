/* How often Lua's collector begins. Private to binding/. */
#ifndef MOONROOM_BINDING_GC_PACE_H
#define MOONROOM_BINDING_GC_PACE_H

#include <lua.h>

#include <stdbool.h>
#include <stdint.h>

/* All zero: the collector's own pace. */
struct gc_pace {
    bool is_set;    /* by us: the scripts haven't set it themselves */
    uint64_t round; /* of the collector at the last look */
};

/* In each turn; rounds: of the collector. A heap that is small isn't collected
 * each time that it has doubled: a few large messages would do that. */
void gc_pace_turn(struct gc_pace *pace, lua_State *L, uint64_t rounds);

#endif
