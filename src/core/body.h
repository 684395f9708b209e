/* A request's body while it comes. Private to core/. */
#ifndef MOONROOM_CORE_BODY_H
#define MOONROOM_CORE_BODY_H

#include "connection.h"

/* Reads the body of the connection's request, framed as request_body said,
 * from here on: what has come of it is known to follow where `has_begun`, else
 * a client that waits for 100 is told to go on. */
void body_begin(struct connection *connection, enum request_body framing,
                uint64_t length, bool has_begun);

/* Takes bytes off the front of a span into the request. Returns true where the
 * body is whole; where it is refused the connection is answered. */
bool body_receive(struct connection *connection, unsigned char **bytes,
                  size_t *length);

/* Gives back what is needed while it comes. */
void body_release(struct connection *connection);

#endif
