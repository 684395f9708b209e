/* How much of the thread's CPU, and of memory, a handler may take. While
 * scripts run, a timer on that clock ticks; to enter and to leave costs no
 * system call. Who is over the limit gets a hook that raises at each
 * instruction, on each coroutine, up to the doorway: no pcall of a script's
 * keeps it. What Lua can't interrupt, a function of C's and a finalizer, is
 * stopped once it has returned. */
#ifndef MOONROOM_BINDING_BUDGET_H
#define MOONROOM_BINDING_BUDGET_H

#include "hub.h"
#include <lua.h>

#include <signal.h>

struct lua_memory;

/* One run of scripts that is measured. Those inside others are a stack; the
 * time of one counts for those around it too. */
struct meter {
    struct meter *outer;
    struct hub *hub; /* NULL: there is none yet, nor a log */
    const struct options *options;
    const char *const *where; /* "on_text", as a pointer to where that stands */
    lua_State *volatile L;    /* the innermost coroutine that runs in it */
    const double *warn, *stop; /* seconds in the options; 0: no limit */
    const char *option;        /* what the limit is called */
    volatile double since;     /* CPU time at its first tick; 0: none yet */
    volatile sig_atomic_t is_slow, is_stopped;
    bool is_slow_told, is_stop_noted;
    bool has_reserve; /* memory beyond the limit, to report what failed */
    struct lua_memory *tight; /* NULL, or had little room left; for whoever
                                 owns the meter to forget */
    size_t
        refused; /* bytes that it was refused last and did without; 0: none */
};

/* Notes what it needs to know of Lua's own functions. */
void budget_open(lua_State *L);

/* Begins to need the timer, for a hub with these options; raises where the
 * system has none. Each call that has returned is to be undone by one of
 * budget_unuse. */
void budget_use(lua_State *L, const struct options *options);

/* The same without raising: false, errno set, where there is none. */
bool budget_begin(const struct options *options);
void budget_unuse(void);

/* A meter for handlers; where is to be set before it is entered. */
void meter_init(struct meter *meter, struct hub *hub);

/* Whether nothing is to be told of it so far. */
static inline bool meter_is_well(const struct meter *meter)
{
    return !meter->is_slow && !meter->is_stopped && !meter->refused &&
           !meter->tight;
}

/* What it measures begins anew; it is well. */
static inline void meter_renew(struct meter *meter)
{
    meter->since = 0;
}

/* Scripts begin to run on L. The meter is borrowed until budget_leave. */
void budget_enter(struct meter *meter, lua_State *L);

/* They have ended: what the meter found is logged and counted, except a stop,
 * which is for the caller to tell. L is the coroutine they began on. */
void budget_leave(struct meter *meter, lua_State *L);

/* Another coroutine begins to run in the innermost meter, or goes on. Returns
 * the one before, for the next call; NULL where nothing is measured. */
lua_State *budget_switch(lua_State *L);

/* Whether what runs may have so many bytes more than those used. Where nothing
 * is measured it may. */
bool budget_allows(struct lua_memory *memory, size_t used, size_t more);

/* Whether a coroutine was ended by a stop: nothing may run on it any more,
 * since Lua would call no hook there. */
bool budget_has_ended(lua_State *L);

/* Pushes what a stopped meter's error is and the traceback of where it was;
 * makes both up where there was no memory to note them. */
void budget_push_stop(lua_State *L, const struct meter *meter);

/* Calls the function below its arguments as lua_pcall does, without results,
 * in a meter for loading: load_timeout is its limit. */
int budget_load(lua_State *L, struct hub *hub, int arguments, int handler);

/* The same before there is a hub, with the options' limits, and without a
 * traceback: an error of the limits' own is one line, and LUA_ERRRUN. */
int budget_configure(lua_State *L, const struct options *options,
                     int arguments);

#endif
