/* A script's own coroutines: their yields are theirs, and a wait in one
 * suspends the whole handler. */
#ifndef MOONROOM_BINDING_COROUTINE_H
#define MOONROOM_BINDING_COROUTINE_H

#include <lua.h>

/* coroutine.resume, wrap and close that tell a script's own yields from waits,
 * and the budget which one runs. Replaces them in the table at the top of the
 * stack. */
void coroutine_wrap_library(lua_State *L);

/* The coroutine that L has resumed and that it waits with, or NULL. Needs no
 * memory but stack. */
lua_State *coroutine_resumed_by(lua_State *L);

#endif
