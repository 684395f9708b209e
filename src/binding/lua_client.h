/* moonroom.Client as userdata. */
#ifndef MOONROOM_BINDING_LUA_CLIENT_H
#define MOONROOM_BINDING_LUA_CLIENT_H

#include "binding_state.h"
#include "client_events.h"
#include "connection.h"
#include "lua_timer.h"
#include "object.h"

/* Behind it lies a copy of its request, where no script has seen that: then its
 * userdata is made when it is asked for. */
struct client_box {
    struct object object;
    struct connection *connection; /* NULL once it has ended */
    struct binding *binding;
    struct client_events events;
    struct timer_owner timers; /* of client:after and client:every */
    uint64_t number;           /* of its id */
    uint32_t rtt; /* microseconds, CLIENT_NO_RTT until a pong came */
    int anchor;   /* the binding's reference until its last event is over */
};

static inline bool client_is_open(const struct client_box *client)
{
    return client->connection && client->connection->state == CONNECTION_OPEN;
}

extern const struct object_type client_type;
extern const luaL_Reg client_methods[]; /* of moonroom.Client */

/* core.client(request, room, methods) -> client: the userdata for a connection
 * whose request is being decided. */
int client_new(lua_State *L);

/* Pushes the connection's client; returns false, nothing pushed, where it has
 * none. Needs no memory but stack. */
bool client_push(lua_State *L, const struct connection *connection);

/* Pushes the client of a box that is anchored; false, nothing pushed, where
 * its hub is being collected. */
bool client_push_box(lua_State *L, const struct client_box *client);

/* Gives back what nothing waits in any more; and lets go of one that has ended,
 * once nothing of it is left to be handled. */
void client_settle(struct client_box *client);

/* The client's connection; NULL where it has ended or is closing. Raises in
 * Client:init, which runs before the 101: what it sent would be lost. `what`:
 * what it must not do, "send". */
struct connection *client_open(lua_State *L, const struct client_box *client,
                               const char *what);

/* Pushes the request of the client at an index. */
void client_push_request(lua_State *L, int index);

/* Pushes the room of the client at an index, or the one that it has left for
 * it, while that one's on_leave is due. */
void client_push_room(lua_State *L, int index);
void client_push_left_room(lua_State *L, int index);

/* That on_leave is over. Never raises. */
void client_forget_left_room(struct client_box *client);

/* Notes the seconds that an answer to a ping took. */
void client_note_rtt(struct client_box *client, double seconds);

/* Empties the box of a connection that ends. Never raises. */
void client_forget(struct connection *connection);

#endif
