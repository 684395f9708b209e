/* The WebSocket side of a connection: messages in and out, pings, the closing
 * handshake. Private to core/. */
#ifndef MOONROOM_CORE_WEBSOCKET_H
#define MOONROOM_CORE_WEBSOCKET_H

#include "connection.h"

/* What one client may have served in one turn. */
struct share {
    size_t messages, bytes;
};

/* Takes messages off the front of a span until it is used up, the share is, or
 * the connection takes no more. */
void websocket_receive(struct connection *connection, struct share *share,
                       unsigned char **bytes, size_t *length);

/* Gives back what is kept of an unfinished message; not while one is received.
 */
void websocket_release(struct connection *connection);

/* Fails the connection (RFC 6455 7.1.7): Close, then no more is read. */
void websocket_fail(struct connection *connection, int code,
                    const char *reason);

/* The connection dies: queues the leave that it still owes, with 1006 where no
 * Close came. */
void websocket_abandon(struct connection *connection);

/* Queues a ping that is none of the script's; send_queue doesn't count here. */
void websocket_ping(struct connection *connection, const unsigned char *bytes,
                    size_t length);

/* Queues the pong that was kept back while output was stuck. */
void websocket_resume(struct connection *connection);

#endif
