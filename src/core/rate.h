/* How much one client may send: messages and bytes by its room's rates, control
 * frames by the worker's. Private to core/.
 *
 * Each is a bucket that empties at its rate and holds a burst. What no longer
 * fits is dropped and goes to a second bucket of the same size; who fills that
 * too is closed with 1008. */
#ifndef MOONROOM_CORE_RATE_H
#define MOONROOM_CORE_RATE_H

#include "options.h"

struct connection;

/* What is in the buckets of messages; all zero: nothing. */
struct rate {
    double messages, bytes;
    double dropped_messages, dropped_bytes; /* the second ones */
    double at;                              /* when they last emptied some */
    bool is_logged;                         /* that something was dropped */
};

/* Whether a room's limits have any: elsewhere every message is admitted. */
static inline bool rate_is_on(const struct limits *limits)
{
    return limits->rate_messages || limits->rate_bytes;
}

/* Whether a whole message of so many bytes is to be delivered. Otherwise it was
 * beyond the rate: counted and told to the application, or the connection has
 * been closed. A message passes where the bucket of bytes isn't full yet, so
 * that one of any permitted size does. */
bool rate_admits(struct connection *connection, size_t bytes);

/* The same for a ping or a pong, of which none is dropped. */
bool rate_admits_control(struct connection *connection);

#endif
