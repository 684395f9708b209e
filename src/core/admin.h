/* What the admin listener answers: figures, health and rooms, to whoever runs
 * the server. No script, no file and no WebSocket is reached here. Private to
 * core/. */
#ifndef MOONROOM_CORE_ADMIN_H
#define MOONROOM_CORE_ADMIN_H

#include "connection.h"

/* How many connections the listener has at most; beyond it the oldest goes. */
enum { ADMIN_CONNECTIONS = 16 };

/* Answers the request of an admin's connection. */
void admin_answer(struct connection *connection);

/* Queues the next piece of a long answer, if one is on its way and has room.
 * False: the connection has died. */
bool admin_refill(struct connection *connection);

/* Gives back what an answer on its way owns. */
void admin_release(struct connection *connection);

#endif
