#include "keep_alive.h"

#include "hub.h"
#include "websocket.h"

#include <string.h>

/* No script pings with this by chance. */
static const unsigned char payload[] = {0, 'a', 'l', 'i', 'v', 'e', '?', 0};

enum { PING_BYTES = 2 + sizeof payload }; /* its header too */

/* Nothing has come since the ping. */
static bool is_asked(const struct connection *connection)
{
    return connection->pinged_at > connection->heard_at;
}

double keep_alive_due(const struct connection *connection)
{
    const struct limits *limits = connection->limits;
    if (connection->state != CONNECTION_OPEN || limits->ping_interval <= 0)
        return 0;
    return is_asked(connection) ? connection->pinged_at + limits->pong_timeout
                                : connection->heard_at + limits->ping_interval;
}

/* We don't read what it may have said, or it can't have our question yet:
 * then write_stall watches it. */
static bool is_out_of_touch(const struct connection *connection)
{
    return connection->is_paused || connection->is_stuck ||
           connection->ping_waits;
}

void keep_alive_expire(struct connection *connection)
{
    if (is_out_of_touch(connection)) {
        connection->heard_at = hub_read_clock(connection->hub);
    } else if (is_asked(connection)) {
        connection_blame(connection, "pong_timeout");
        connection_die(connection, true);
    } else {
        connection->pinged_at = hub_read_clock(connection->hub);
        connection->ping_waits = true;
        websocket_ping(connection, payload, sizeof payload);
    }
}

size_t keep_alive_queued(const struct connection *connection)
{
    return connection->ping_waits ? PING_BYTES : 0;
}

void keep_alive_flushed(struct connection *connection)
{
    if (!connection->ping_waits)
        return;
    connection->ping_waits = false;
    if (is_asked(connection))
        connection->pinged_at = hub_read_clock(connection->hub);
}

bool keep_alive_answers(struct connection *connection,
                        const unsigned char *bytes, size_t length, double *rtt)
{
    if (length != sizeof payload || memcmp(bytes, payload, length) != 0)
        return false;
    if (connection->pinged_at > 0)
        *rtt = connection->hub->now - connection->pinged_at;
    connection->pinged_at = 0;
    return true;
}
