/* What scripts hand over to be sent. */
#ifndef MOONROOM_BINDING_OUTGOING_H
#define MOONROOM_BINDING_OUTGOING_H

#include "slice.h"
#include <lua.h>

/* The message at an index as text: a string that is valid UTF-8, or a table,
 * encoded as JSON. The text is that of a value now on the stack. Returns
 * false, with nil and an error message pushed, where it can't be sent. Raises
 * for any other type. */
bool outgoing_text(lua_State *L, int index, struct slice *text);

/* The data at an index as bytes; raises where it is no string. */
struct slice outgoing_data(lua_State *L, int index);

/* A close code and reason at two indices, with a default for the code. Raises
 * for a code that may not be sent and a reason that isn't valid UTF-8. */
int outgoing_close(lua_State *L, int index, int default_code,
                   struct slice *reason);

/* Push nil, "slow" or nil, "closed" and return 2. */
int outgoing_slow(lua_State *L);
int outgoing_closed(lua_State *L);

#endif
