#include "slow.h"

#include "close_code.h"
#include "hub.h"
#include "keep_alive.h"

/* A ping of the keep-alive's in the queue is nobody's fault. */
static bool is_beyond(const struct connection *connection, size_t limit)
{
    return outq_frame_bytes(&connection->output) >=
           limit + keep_alive_queued(connection);
}

static void forget(struct connection *connection)
{
    if (connection->transient)
        connection->transient->soft_due = 0;
}

/* What has not started is dropped, so that the Close comes next. */
static void end(struct connection *connection, const char *rule)
{
    struct hub *hub = connection->hub;
    connection_blame(connection, rule);
    forget(connection);
    outq_drop_unstarted(&connection->output, &hub->pool);
    connection_close(connection, CLOSE_OVERLOAD, slice_of("slow consumer"));
}

/* --- all queues together --- */

static bool is_over(const struct hub *hub)
{
    size_t limit = hub->options.send_queues;
    return hub->held >= limit || hub->pool.used >= limit - hub->held;
}

static void keep_longer(struct list *connections, struct connection **longest)
{
    for (struct list *link = connections->next; link != connections;
         link = link->next) {
        struct connection *connection =
            LIST_ENTRY(link, struct connection, link);
        size_t most = *longest ? connection_buffered(*longest) : 0;
        if (connection_buffered(connection) > most)
            *longest = connection;
    }
}

/* What has started, or is held, stays in the way of a Close: where that alone
 * is too much it goes at once. */
static void shed_one(struct connection *connection)
{
    if (connection->state == CONNECTION_OPEN) {
        end(connection, "send_queues");
        if (!is_over(connection->hub))
            return;
    } else {
        connection_blame(connection, "send_queues");
    }
    connection_die(connection, true);
}

void slow_shed(struct hub *hub)
{
    while (is_over(hub)) {
        struct connection *longest = NULL;
        keep_longer(&hub->connections, &longest);
        keep_longer(&hub->pending, &longest);
        if (!longest)
            return;
        shed_one(longest);
    }
}

void slow_settle(struct connection *connection)
{
    if (connection->is_stuck &&
        (!connection->is_upgraded || transport_held(connection->transport)))
        slow_shed(connection->hub);
}

/* --- one of them --- */

static void miss(struct connection *connection)
{
    struct hub *hub = connection->hub;
    struct log_line line;
    metrics_count(&hub->metrics, METRIC_SLOW);
    if (connection->has_missed)
        return;
    connection->has_missed = true;
    log_begin(&line, hub->log, LOG_INFO, hub_wall(hub),
              "a slow client misses messages");
    log_string(&line, "rule", "send_queue");
    log_text(&line, "path", request_path(connection->request));
    log_string(&line, "address", connection_address(connection));
    log_end(&line);
}

/* The limit counts what was there before the new message, so that an empty
 * queue takes one of any permitted size. */
bool slow_admits(struct connection *connection)
{
    if (connection->state != CONNECTION_OPEN)
        return false;
    if (!is_beyond(connection, connection->limits->send_queue))
        return true;
    if (connection->limits->slow == SLOW_DROP)
        miss(connection);
    else
        end(connection, "send_queue");
    return false;
}

static bool is_above_soft(const struct connection *connection)
{
    size_t soft = connection->limits->send_queue_soft;
    return soft && connection->limits->slow == SLOW_CLOSE &&
           is_beyond(connection, soft + 1);
}

void slow_watch(struct connection *connection)
{
    if (!is_above_soft(connection) || connection_now(connection)->soft_due > 0)
        return;
    struct transient *transient = transient_begin(connection);
    if (!transient)
        return;
    transient->soft_due = hub_read_clock(connection->hub) +
                          connection->limits->send_queue_soft_time;
    connection_arm(connection);
}

void slow_relax(struct connection *connection)
{
    if (connection_now(connection)->soft_due > 0 && !is_above_soft(connection))
        forget(connection);
}

/* Its room, and so the limit, may be another by now. */
void slow_expire(struct connection *connection)
{
    if (connection->state == CONNECTION_OPEN && is_above_soft(connection)) {
        end(connection, "send_queue_soft");
        return;
    }
    forget(connection);
    connection_arm(connection);
}
