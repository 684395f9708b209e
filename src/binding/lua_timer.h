/* moonroom.after and every, room:after, client:every, ... */
#ifndef MOONROOM_BINDING_LUA_TIMER_H
#define MOONROOM_BINDING_LUA_TIMER_H

#include "list.h"
#include <lua.h>

/* after(seconds, fn, ...) and every(seconds, fn, ...) -> timer, with the hub as
 * upvalue, and whether they are Moonroom's own */
int timer_after(lua_State *L);
int timer_every(lua_State *L);

/* timers(hub) -> array of the armed ones, in no order; for the test kit */
int timer_list(lua_State *L);

struct binding;

/* Makes a timer of an object's: the object is at index 1, seconds at 2, a
 * function or the name of a method of the object at 3, arguments behind. It
 * stands in `owned` until it has ended. Pushes it. */
int timer_new_owned(lua_State *L, struct binding *binding, struct list *owned,
                    bool repeats);

/* Stops every timer in a list, and takes it out. Never raises. */
void timer_stop_owned(struct list *owned);

/* Makes the metatable, once a state. */
void timer_define(lua_State *L);

#endif
