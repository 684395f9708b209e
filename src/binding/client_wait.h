/* Coroutines that wait for a client: for its next message, or until all that it
 * was sent has left. */
#ifndef MOONROOM_BINDING_CLIENT_WAIT_H
#define MOONROOM_BINDING_CLIENT_WAIT_H

#include <lua.h>

struct client_box;

/* client:receive([s]), client:receive_json([s]), client:flush([s]) */
int client_method_receive(lua_State *L);
int client_method_receive_json(lua_State *L);
int client_method_flush(lua_State *L);

/* All that was sent has left. */
void client_wait_flushed(struct client_box *client);

/* The client can't be talked to any more: whoever waits for it goes on. */
void client_wait_ended(struct client_box *client);

#endif
