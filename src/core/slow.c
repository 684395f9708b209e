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

/* What has not started is dropped, so that the Close comes next. */
static void end(struct connection *connection, const char *rule,
                enum metric metric)
{
    struct hub *hub = connection->hub;
    metrics_count(&hub->metrics, metric);
    connection->rule = rule;
    connection->soft_due = 0;
    outq_drop_unstarted(&connection->output, &hub->pool);
    connection_close(connection, CLOSE_OVERLOAD, slice_of("slow consumer"));
}

/* The limit counts what was there before the new message, so that an empty
 * queue takes one of any permitted size. */
bool slow_admits(struct connection *connection)
{
    if (connection->state != CONNECTION_OPEN)
        return false;
    if (!is_beyond(connection, connection->limits.send_queue))
        return true;
    end(connection, "send_queue", METRIC_SEND_QUEUE);
    return false;
}

static bool is_above_soft(const struct connection *connection)
{
    size_t soft = connection->limits.send_queue_soft;
    return soft && is_beyond(connection, soft + 1);
}

void slow_watch(struct connection *connection)
{
    if (connection->soft_due > 0 || !is_above_soft(connection))
        return;
    connection->soft_due =
        connection->hub->now + connection->limits.send_queue_soft_time;
    connection_arm(connection);
}

void slow_relax(struct connection *connection)
{
    if (connection->soft_due > 0 && !is_above_soft(connection))
        connection->soft_due = 0;
}

void slow_expire(struct connection *connection)
{
    end(connection, "send_queue_soft", METRIC_SEND_QUEUE_SOFT);
}
