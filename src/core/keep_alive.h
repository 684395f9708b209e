/* Tells a silent member from one that has gone: a ping after ping_interval of
 * silence, death after pong_timeout more. Private to core/.
 *
 * Any byte is life, and costs only that connection_receive notes the time. No
 * connection has a timer for it: all are looked at when the first is due. */
#ifndef MOONROOM_CORE_KEEP_ALIVE_H
#define MOONROOM_CORE_KEEP_ALIVE_H

#include "connection.h"

/* Begins to watch the hub's connections. */
void keep_alive_init(struct hub *hub);

/* Has the connection looked at in time. False: no memory. */
bool keep_alive_arm(struct connection *connection);

/* A connection has gone: the last one needs no look any more. */
void keep_alive_gone(struct hub *hub);

/* Bytes of the queue that are its own. */
size_t keep_alive_queued(const struct connection *connection);

/* All output has been taken, a ping of the keep-alive's too. */
void keep_alive_flushed(struct connection *connection);

/* Whether a pong, which answers no ping of the script's, is the keep-alive's.
 * *rtt: the seconds it took, left alone where no answer was due. */
bool keep_alive_answers(struct connection *connection,
                        const unsigned char *bytes, size_t length, double *rtt);

#endif
