#include "deadlines.h"

#include "close_code.h"
#include "exchange.h"
#include "hub.h"
#include "respond.h"
#include "slow.h"
#include "websocket.h"

static bool has_passed(double due, double now)
{
    return due > 0 && due <= now;
}

/* Who is still taking the answer before can't be late with the next request:
 * write_stall watches it. */
static void put_off(struct connection *connection)
{
    struct hub *hub = connection->hub;
    connection->transient->due =
        hub_read_clock(hub) + hub->options.handshake_timeout;
    connection_mark_dirty(connection);
    connection_arm(connection);
}

static void expire_head(struct connection *connection)
{
    if (connection->exchange->head) {
        respond_refuse(connection, 408, "handshake_timeout",
                       "the request took too long");
    } else if (connection_owes_answer(connection)) {
        put_off(connection);
    } else {
        if (!connection->keeps_alive) /* it has asked before */
            connection_blame(connection, "handshake_timeout");
        connection_die(connection, false);
    }
}

static void expire_body(struct connection *connection)
{
    if (connection_buffered(connection))
        put_off(connection);
    else
        respond_refuse(connection, 408, "handshake_timeout",
                       "the body took too long");
}

/* Why it was closed says more than that it didn't end. */
static void note_late(struct connection *connection)
{
    if (connection_now(connection)->rule)
        metrics_count(&connection->hub->metrics, METRIC_CLOSE_TIMEOUT);
    else
        connection_blame(connection, "close_timeout");
}

static void expire_due(struct connection *connection)
{
    switch (connection->state) {
    case CONNECTION_HEAD:
        expire_head(connection);
        break;
    case CONNECTION_BODY:
        expire_body(connection);
        break;
    case CONNECTION_DECIDING:
        connection_blame(connection, "handshake_timeout");
        connection_die(connection, true);
        break;
    default: /* closing and draining that took too long */
        if (!connection->is_shut)
            note_late(connection);
        connection_die(connection, connection_buffered(connection) > 0);
    }
}

/* A deadline that has been put off or dropped leaves the timer as it was: it
 * is set again when it comes early. */
void deadlines_expire(struct timer *timer, double now)
{
    const struct transient *transient =
        LIST_ENTRY(timer, struct transient, timer);
    struct connection *connection = transient->connection;
    if (connection->is_stuck && has_passed(transient->stall_due, now)) {
        connection_blame(connection, "write_stall");
        connection_die(connection, true);
    } else if (has_passed(transient->due, now)) {
        expire_due(connection);
    } else if (has_passed(transient->message_due, now)) {
        connection_blame(connection, "message_timeout");
        websocket_fail(connection, CLOSE_POLICY, "the message took too long");
    } else if (has_passed(transient->soft_due, now)) {
        slow_expire(connection);
    } else {
        connection_arm(connection);
    }
}
