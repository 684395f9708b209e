/* moonroom.sleep, spawn and promise. */
#ifndef MOONROOM_BINDING_LUA_WAIT_H
#define MOONROOM_BINDING_LUA_WAIT_H

#include <lua.h>

/* core.sleep(seconds), core.promise() -> promise, and, with the hub as upvalue,
 * spawn(fn, ...) -> task */
int wait_sleep(lua_State *L);
int wait_spawn(lua_State *L);
int wait_promise(lua_State *L);

/* spawn(hub, fn, ...) -> task, as if the caller's caller had spawned it. */
int wait_spawn_for_caller(lua_State *L);

struct binding;

/* Cancels the tasks of a loading that is over. Never raises. */
void wait_cancel_over(struct binding *binding);

/* Makes the metatables of tasks and promises, once a state. */
void wait_define(lua_State *L);

/* The seconds at an index: raises for NaN and below 0. */
double wait_seconds(lua_State *L, int index);

/* The same, negative (without limit) where there is none. */
double wait_optional_seconds(lua_State *L, int index);

#endif
