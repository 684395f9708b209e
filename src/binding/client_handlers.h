/* Which handler of its room each event of a client calls, and with what. */
#ifndef MOONROOM_BINDING_CLIENT_HANDLERS_H
#define MOONROOM_BINDING_CLIENT_HANDLERS_H

#include "client_events.h"
#include "lua_room.h"

/* The entry that a handler is run by; the event need not outlive the start. */
struct client_call {
    struct entry entry;
    const struct client_event *event;
};

struct client_handler {
    lua_CFunction body;
    const char *where; /* the handler's name */
};

/* By enum event_kind. */
extern const struct client_handler client_handlers[];

/* Pushes handler, room, client; false, nothing pushed, where the room has no
 * such handler. */
bool client_push_handler(lua_State *L, const struct client_box *client,
                         enum room_handler handler);

/* False: the event is no message, and the room has no handler of it. Never
 * raises. */
bool client_may_hear(const struct client_box *client, enum event_kind kind);

/* Pushes what an event brought, as a string. */
void client_event_push_bytes(lua_State *L, const struct client_event *event);

#endif
