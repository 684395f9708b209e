/* Tables of a state that keep nothing alive. */
#ifndef MOONROOM_BINDING_WEAK_TABLE_H
#define MOONROOM_BINDING_WEAK_TABLE_H

#include <lua.h>

/* Pushes the table that the registry has under the key's address, made now
 * where it isn't there; mode as __mode: "k" or "v". Raises where there is no
 * memory. */
void weak_table_push(lua_State *L, const void *key, const char *mode);

#endif
