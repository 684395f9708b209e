/* core.stats: a worker's figures as a table. */
#ifndef MOONROOM_BINDING_LUA_STATS_H
#define MOONROOM_BINDING_LUA_STATS_H

#include <lua.h>

/* core.stats(hub) -> { name = number | { label = number } | { count =, sum =,
 * buckets = array of { upper bound, how many up to it } } } */
int stats_from_lua(lua_State *L);

#endif
