/* How Lua's collector goes about it. Private to binding/. */
#ifndef MOONROOM_BINDING_GC_PACE_H
#define MOONROOM_BINDING_GC_PACE_H

#include <lua.h>

#include <stdbool.h>
#include <stdint.h>

/* All zero: as the state's owner has it. */
struct gc_pace {
    bool is_ours; /* the scripts haven't set it themselves */
    bool is_generational;
    uint64_t round; /* of the collector at the last look */
};

/* From the next turn on it is ours. */
void gc_pace_begin(struct gc_pace *pace);

/* In each turn, with the collector's rounds so far. A message is garbage soon
 * after it has come, so a collector is best that looks at what is young only:
 * as long as a look at all, which it takes at one go, is short. */
void gc_pace_turn(struct gc_pace *pace, lua_State *L, uint64_t rounds);

#endif
