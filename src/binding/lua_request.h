/* The request as userdata, and the answers to it. */
#ifndef MOONROOM_BINDING_LUA_REQUEST_H
#define MOONROOM_BINDING_LUA_REQUEST_H

#include "connection.h"
#include "object.h"

struct request_box {
    struct object object;
    struct request *request;       /* a reference of its own */
    struct connection *connection; /* NULL once it is answered */
    struct routine *routine;       /* that decides and waits, or NULL */
    bool is_shown;                 /* a script has seen it */
    bool is_copied;                /* its client has a copy of what it says */
};

extern const struct object_type request_type;

/* Pushes the userdata for the request that the connection is deciding. */
void request_push(lua_State *L, struct connection *connection);

/* The box of the request that the connection is deciding, or NULL. */
static inline struct request_box *
request_asker(const struct connection *connection)
{
    return connection->transient ? connection->transient->asker : NULL;
}

/* Pushes the userdata of a copy that lies in the userdata at an index; what is
 * on top, which it replaces, is its params or nil. */
void request_push_copy(lua_State *L, int index, struct request *copy);

/* Whether nothing is known of the request at an index but what it was sent
 * with, and its params: then it can be made anew. */
bool request_is_plain(lua_State *L, int index);

/* Pushes its params, or nil where it has none. */
void request_push_params(lua_State *L, int index);

/* Has the request at an index go on with a copy that lies in the userdata on
 * top, which it pops. */
void request_use_copy(lua_State *L, int index, struct request *copy);

/* The connection needs no answer any more. Never raises. */
void request_forget(struct connection *connection);

/* Pushes the subprotocol that the request at an index was accepted with.
 * Returns how many values that are: 0 or 1. */
int request_push_protocol(lua_State *L, int index);

/* What the Lua modules answer with (core.NAME):
 *   shown(request) -> request: a script is about to see it
 *   set_params(request, params)
 *   accept(request, client, protocol, fields) -> bool
 *   enter(request, room, methods, takes_any_origin, changes) -> bool: the room
 *     was open to it, and is as it was at so many core.changes: then a client
 *     with those methods has been accepted; else nothing has been done
 *   refuse(request, status, fields, body, rule, reason)
 *   respond(request, status, fields, body)
 *   send_file(request) -> bool
 *   set_where(request, text): names the running entry, for errors
 *   field(name, value) -> "Name: value" CRLF; raises for one that can't be sent
 *   is_same_origin(origin, host) -> bool */
extern const luaL_Reg request_answers[];

#endif
