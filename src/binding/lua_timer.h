/* moonroom.after and every, room:after, client:every, ... */
#ifndef MOONROOM_BINDING_LUA_TIMER_H
#define MOONROOM_BINDING_LUA_TIMER_H

#include <lua.h>

#include <stdbool.h>

/* after(seconds, fn, ...) and every(seconds, fn, ...) -> timer, with the hub as
 * upvalue, and whether they are Moonroom's own */
int timer_after(lua_State *L);
int timer_every(lua_State *L);

/* timers(hub) -> array of the armed ones, in no order; for the test kit */
int timer_list(lua_State *L);

struct binding;

/* Stops the timers of a loading that is over. Never raises. */
void timer_stop_over(struct binding *binding);

struct lua_timer;

/* The timers of a room or client; all zero: none yet. */
struct timer_owner {
    struct lua_timer *first; /* of those that are armed or run, or NULL; a mark
                                that is none once the owner has ended */
};

/* Makes a timer of an object's, with the owner in it: the object is at index 1,
 * seconds at 2, a function or the name of a method of the object at 3,
 * arguments behind. Pushes it. */
int timer_new_owned(lua_State *L, struct binding *binding,
                    struct timer_owner *owner, bool repeats);

/* Stops every timer of an owner, for good. Never raises. */
void timer_stop_owned(struct timer_owner *owner);

/* Makes the metatable, once a state. */
void timer_define(lua_State *L);

#endif
