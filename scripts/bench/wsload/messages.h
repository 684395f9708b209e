/* From frames to messages, with every rule of RFC 6455 5 that they break. */
#ifndef WSLOAD_MESSAGES_H
#define WSLOAD_MESSAGES_H

#include <stddef.h>
#include <stdint.h>

struct connection;

/* Takes as many frames as there are, and keeps a header that isn't all there
 * with the connection. */
void messages_take(struct connection *connection, const uint8_t *bytes,
                   size_t length);

/* The same without frames: messages of the payload's length. */
void messages_take_raw(struct connection *connection, const uint8_t *bytes,
                       size_t length);

#endif
