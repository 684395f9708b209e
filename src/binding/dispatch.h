/* The one doorway from C into Lua: every handler runs through it, on a pooled
 * coroutine, and its errors end here. */
#ifndef MOONROOM_BINDING_DISPATCH_H
#define MOONROOM_BINDING_DISPATCH_H

#include "connection.h"
#include <lua.h>

enum { DISPATCH_POOL_SIZE = 16 };

/* Coroutines that wait for work; all zero but L is an empty pool. */
struct dispatch {
    lua_State *L; /* the state's main thread */
    struct hub *hub;
    lua_State *pool[DISPATCH_POOL_SIZE];
    int count;
};

/* One entry. The body runs on a coroutine with the entry as light userdata at
 * index 1; it pushes its arguments itself, since what allocates must run under
 * protection, and calls the handler. */
struct entry {
    lua_CFunction body;
    const char *where;             /* "on_text": for errors */
    struct connection *connection; /* whose client an error closes, or NULL */
};

/* Runs an entry (embedded first in a struct with its arguments). Returns true,
 * or false after an error: then the room's on_error has been called where the
 * entry has a client with a room (default: log, close with 1011), otherwise
 * the error has been logged. Never raises. */
bool dispatch_run(struct dispatch *dispatch, struct entry *entry);

/* The last thing an entry's body does: calls a handler, as lua_call without
 * results, and returns 0. One that yields gets as far as the doorway, which
 * says so; under lua_call it would hear of a "C-call boundary". */
int dispatch_call(lua_State *L, int arguments);

/* Gives the pooled coroutines up to the collector. */
void dispatch_release(struct dispatch *dispatch);

/* Room.on_error's default: logs the traceback, closes the client with 1011. */
int dispatch_on_error(lua_State *L);

#endif
