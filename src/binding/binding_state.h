/* One running app: a hub and the Lua state that programs it. Private to
 * binding/. */
#ifndef MOONROOM_BINDING_BINDING_STATE_H
#define MOONROOM_BINDING_BINDING_STATE_H

#include "close_code.h"
#include "dispatch.h"
#include "hub.h"

enum { CLIENT_ID_SIZE = 32 };

/* The box of the hub's userdata, which owns the hub. */
struct binding {
    struct dispatch dispatch;
    struct hub *hub;
    int upgrade, request, emptied; /* registry references to the app's
                                      functions; LUA_NOREF until attached */
    unsigned long long next_id;
    char id_prefix[16];
    char reason[CLOSE_REASON_SIZE]; /* check_message's latest */
};

/* Pushes the hub's userdata with a new hub in it. Raises where there is no
 * memory. The application is the binding's own. */
struct binding *binding_new(lua_State *L, const struct options *options,
                            double now, double wall);

/* The binding in the hub userdata at an index; raises for anything else, and
 * for one whose hub has been freed. */
struct binding *binding_check(lua_State *L, int index);

static inline struct binding *binding_of(const struct hub *hub)
{
    return hub->context;
}

/* Lets every hub of the state ask its rooms anew what their scripts want. */
int binding_handlers_changed(lua_State *L);

/* The calls that the core makes into scripts (events.c). */
extern const struct application binding_application;

#endif
