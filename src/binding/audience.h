/* The clients of a room or of a group: who hears a broadcast. */
#ifndef MOONROOM_BINDING_AUDIENCE_H
#define MOONROOM_BINDING_AUDIENCE_H

#include "members.h"
#include "object.h"

struct binding;
struct client_box;

/* With what a room's and a group's box begin. */
struct audience {
    struct object object;    /* a room's; a group's type is NULL */
    struct binding *binding; /* a user value keeps it */
    struct members *members; /* by audience_members only */
    bool (*has)(const struct audience *audience,
                const struct connection *connection);
};

/* NULL once the hub is gone. */
struct members *audience_members(const struct audience *audience);

size_t audience_count(const struct audience *audience);

/* Whether a client, which may be NULL and may have ended, is in it. */
bool audience_has(const struct audience *audience,
                  const struct client_box *client);

/* Pushes how many they are as text, ", 3 clients". */
void audience_push_count(lua_State *L, const struct audience *audience);

/* The methods of a room and a group, whose type has been checked, at index 1:
 * clients(), broadcast(message [, except | filter]) and
 * broadcast_binary(data [, except | filter]). */
int audience_clients(lua_State *L);
int audience_broadcast(lua_State *L);
int audience_broadcast_binary(lua_State *L);

#endif
