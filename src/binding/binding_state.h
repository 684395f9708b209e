/* One running app: a hub and the Lua state that programs it. Private to
 * binding/. */
#ifndef MOONROOM_BINDING_BINDING_STATE_H
#define MOONROOM_BINDING_BINDING_STATE_H

#include "close_code.h"
#include "dispatch.h"
#include "gc_pace.h"
#include "hub.h"
#include "reload.h"

enum { ID_PREFIX_BYTES = 6 };

struct request_box;

/* A warning of Lua's while its pieces come. */
struct warning {
    size_t length;
    bool has_begun, is_off;
    char text[1024];
};

/* The box of the hub's userdata, which owns the hub. References are to its
 * anchors: what lives as long as the userdata does, and no longer. In the
 * registry they would keep the scripts, and by them the userdata, for ever. */
struct binding {
    struct dispatch dispatch;
    struct hub *hub;   /* NULL once the app has ended */
    struct hub *ended; /* the same from then on, for requests still held */
    /* References to the app's functions; LUA_NOREF until attached. */
    int upgrade, request, wants_body, emptied, over, shutdown, stopped;
    int gate; /* in the registry: a weak table with the anchors at 1 */
    /* A request's userdata that is used for one after another, as long as no
     * script sees it; and its reference, or NULL and LUA_NOREF. */
    struct request_box *spare_box;
    int spare;
    struct reload reload;
    int failed,
        reloaded; /* the same of who hears of errors and reloads in dev */
    struct list clients;       /* whose kept events can go on */
    size_t timer_count;        /* the scripts', armed or running */
    struct list ending;        /* rooms that were closed, with guests left */
    size_t ending_count;       /* with those whose on_close waits */
    const uint64_t *gc_rounds; /* of the state's collector */
    struct gc_pace pace;       /* of the same */
    bool uses_budget;
    bool has_shut;   /* shutdown has been called */
    bool is_ending;  /* it ends, or its userdata is collected */
    bool has_missed; /* for want of memory a room that emptied may be left */
    uint64_t next_id;
    char id_prefix[2 * ID_PREFIX_BYTES + 1];
    struct warning warning;
    char reason[CLOSE_REASON_SIZE]; /* check_message's latest */
};

/* Defines the hub's userdata, before the first one is made. */
void binding_define(lua_State *L);

/* Pushes the hub's userdata with a new hub in it. Raises where there is no
 * memory. The application is the binding's own. */
struct binding *binding_new(lua_State *L, const struct options *options,
                            double now, double wall);

/* Pushes the hub's userdata of the app that binding_start began, or nil. */
void binding_push_current(lua_State *L);

/* The binding in the hub userdata at an index; raises for anything else, and
 * for one that has ended. */
struct binding *binding_check(lua_State *L, int index);

/* The hub in the same, NULL where it has ended; raises for anything else. */
struct hub *binding_hub(lua_State *L, int index);

/* Ends the app: what waits is cancelled, every connection reset, every room
 * and timer gone. What scripts still hold is closed. No handler of the app may
 * be running. Does nothing for a second time. */
void binding_end(struct binding *binding);

/* Pushes the table of anchors, for luaL_ref and luaL_unref, which keeps the
 * userdata in turn; nil where that is being collected. Needs no memory but
 * stack. */
void binding_push_anchors(lua_State *L, const struct binding *binding);

/* Pushes what a reference means; nil as above. */
void binding_push_anchored(lua_State *L, const struct binding *binding,
                           int reference);

/* Keeps the value at an index until binding_unanchor. Returns the reference;
 * raises where there is no memory, or the hub's userdata is being collected. */
int binding_anchor(lua_State *L, const struct binding *binding, int index);

/* Gives a reference back and sets it to LUA_NOREF; does nothing for that.
 * Never raises. */
void binding_unanchor(const struct binding *binding, int *reference);

static inline struct binding *binding_of(const struct hub *hub)
{
    return hub->context;
}

/* Lets every hub of the state ask its rooms anew what their scripts want. */
void binding_handlers_changed(lua_State *L);

/* The calls that the core makes into scripts (events.c). */
extern const struct application binding_application;

#endif
