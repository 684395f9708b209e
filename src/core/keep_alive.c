#include "keep_alive.h"

#include "hub.h"
#include "websocket.h"

#include <math.h>
#include <string.h>

/* No script pings with this by chance. */
static const unsigned char payload[] = {0, 'a', 'l', 'i', 'v', 'e', '?', 0};

enum { PING_BYTES = 2 + sizeof payload }; /* its header too */

/* Nothing has come since the ping. */
static bool is_asked(const struct connection *connection)
{
    return connection_now(connection)->pinged_at > connection->heard_at;
}

/* When the silence has lasted too long; 0: it may last for ever. */
static double due_of(const struct connection *connection)
{
    const struct limits *limits = connection->limits;
    if (connection->state != CONNECTION_OPEN || limits->ping_interval <= 0)
        return 0;
    return is_asked(connection)
               ? connection->transient->pinged_at + limits->pong_timeout
               : connection->heard_at + limits->ping_interval;
}

/* We don't read what it may have said, or it can't have our question yet:
 * then write_stall watches it. */
static bool is_out_of_touch(const struct connection *connection)
{
    return connection->is_paused || connection->is_stuck ||
           connection->ping_waits;
}

/* That time has come: pings it, lets it die, or counts anew where it couldn't
 * have been heard. */
static void expire(struct connection *connection)
{
    if (is_out_of_touch(connection)) {
        connection->heard_at = hub_read_clock(connection->hub);
    } else if (is_asked(connection)) {
        connection_blame(connection, "pong_timeout");
        connection_die(connection, true);
    } else if (transient_begin(connection)) {
        connection->transient->pinged_at = hub_read_clock(connection->hub);
        connection->ping_waits = true;
        websocket_ping(connection, payload, sizeof payload);
    }
}

/* To look at all costs so much: where many are due one after the other they
 * wait for each other, some hundred milliseconds among ten thousand. */
static const double pause_for_each = 20e-6;

static bool look_at(struct hub *hub, double due)
{
    struct timer *timer = &hub->keep_alive;
    due = fmax(due, hub->keep_alive_from);
    return (timer->slot && timer->due <= due) ||
           timers_start(&hub->timers, &hub->memory, timer, due);
}

/* Returns when it is due next, 0: not at all. */
static double look_at_one(struct connection *connection, double now)
{
    double due = due_of(connection);
    if (due <= 0 || due > now)
        return due;
    expire(connection);
    return due_of(connection);
}

/* Where there is no memory for the timer, though it has just been in its heap,
 * it is armed with the next connection's. */
static void look_at_all(struct timer *timer, double now)
{
    struct hub *hub = LIST_ENTRY(timer, struct hub, keep_alive);
    double first = 0;
    struct list *link = hub->connections.next;
    hub->keep_alive_from = now + (double)hub->connection_count * pause_for_each;
    while (link != &hub->connections) {
        struct connection *connection =
            LIST_ENTRY(link, struct connection, link);
        link = link->next;
        double due = look_at_one(connection, now);
        if (due > 0 && (first <= 0 || due < first))
            first = due;
    }
    if (first > 0)
        look_at(hub, first);
}

void keep_alive_init(struct hub *hub)
{
    hub->keep_alive.expire = look_at_all;
}

bool keep_alive_arm(struct connection *connection)
{
    double due = due_of(connection);
    return due <= 0 || look_at(connection->hub, due);
}

void keep_alive_gone(struct hub *hub)
{
    if (!hub->connection_count)
        timers_stop(&hub->timers, &hub->keep_alive);
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
        connection->transient->pinged_at = hub_read_clock(connection->hub);
}

bool keep_alive_answers(struct connection *connection,
                        const unsigned char *bytes, size_t length, double *rtt)
{
    if (length != sizeof payload || memcmp(bytes, payload, length) != 0)
        return false;
    struct transient *transient = connection->transient;
    if (!transient || transient->pinged_at <= 0)
        return true;
    *rtt = connection->hub->now - transient->pinged_at;
    transient->pinged_at = 0;
    return true;
}
