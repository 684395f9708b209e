/* The worker's Lua state, and calls into it that nothing escapes from. */
#ifndef MOONROOM_PROCESS_INTERPRETER_H
#define MOONROOM_PROCESS_INTERPRETER_H

#include "lua_memory.h"
#include <lua.h>

#include <stdbool.h>
#include <stddef.h>

/* A state with Lua's libraries in which the directory's modules, Moonroom's and
 * LuaRocks' are found; moonroom.core is the binary's own. The caller closes it,
 * and keeps memory until then.
 * Returns NULL with a sentence in error. */
lua_State *interpreter_new(const char *directory, struct lua_memory *memory,
                           char *error, size_t size);

/* Calls the function with the context (light userdata) as its only argument;
 * results are dropped. Returns LUA_OK, or another of Lua's codes with the
 * message in error, whatever was raised. */
int interpreter_call(lua_State *L, lua_CFunction function, void *context,
                     char *error, size_t size);

/* Takes the message off the top of the stack, whatever it is. */
void interpreter_take_message(lua_State *L, char *error, size_t size);

#endif
