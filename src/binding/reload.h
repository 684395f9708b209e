/* Loading the scripts again, with rooms and clients kept: all of it takes
 * effect, or nothing (lua/moonroom/reload.lua). Private to binding/. */
#ifndef MOONROOM_BINDING_RELOAD_H
#define MOONROOM_BINDING_RELOAD_H

#include "binding.h"
#include "dispatch.h"

struct binding;

enum { RELOAD_ERROR_SIZE = 4096 };

/* What a routine among the callers is told; its waited_for. */
struct reload_outcome {
    char error[RELOAD_ERROR_SIZE]; /* "": it succeeded */
};

struct reload {
    int load, commit, finish, roll_back; /* references to the app's functions */
    unsigned current;     /* the loading that is in effect; counts from 1 */
    unsigned loading;     /* the one that runs, or 0 */
    unsigned failed;      /* the latest that failed, or 0 */
    unsigned last;        /* the latest of all */
    unsigned version;     /* how many have been in effect */
    struct origin origin; /* of what is made while scripts are loaded */
    bool is_wanted;       /* moonroom.reload was called */
    bool is_half_back;    /* for want of memory roll_back is to be called */
    bool is_rolling_back;
    struct list callers; /* routines that wait for it */
    struct reload_hooks hooks;
    char error[RELOAD_ERROR_SIZE]; /* of the latest that failed, else "" */
};

/* As it is while scripts are loaded for the first time. */
void reload_init(struct reload *reload);

/* Where what is made now belongs. */
struct origin reload_origin(lua_State *L, const struct binding *binding);

/* Whether that has ended. */
bool reload_is_over(const struct reload *reload, struct origin origin);

/* Loads the scripts again; L runs no handler. Returns whether that succeeded;
 * if not the reason is in binding->reload.error, and the old ones serve. Logs
 * which. Never raises. */
bool reload_run(lua_State *L, struct binding *binding);

/* Does so where moonroom.reload was called. */
void reload_turn(struct binding *binding);

/* Brings to its end what want of memory has kept from being undone. False: it
 * still does, and no script may run. Never raises. */
bool reload_settle(struct binding *binding);

#endif
