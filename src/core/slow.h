/* Consumers that are too slow for what they are sent. Private to core/. */
#ifndef MOONROOM_CORE_SLOW_H
#define MOONROOM_CORE_SLOW_H

#include "connection.h"

/* Whether one more frame may be queued. Otherwise it isn't open, or the queue
 * is full: then it stays open where its room drops, else it is being closed
 * with 1013. */
bool slow_admits(struct connection *connection);

/* Whether it is open and its queue, with so many bytes more, is below all that
 * the others here are for. */
static inline bool slow_is_light(const struct connection *connection,
                                 size_t more)
{
    const struct limits *limits = connection->limits;
    size_t most = limits->send_queue, soft = limits->send_queue_soft;
    size_t bytes = outq_bytes(&connection->output);
    if (soft && soft < most)
        most = soft;
    return connection->state == CONNECTION_OPEN && bytes <= most &&
           more <= most - bytes && more > 0;
}

/* Makes room where all queues of the living, and what their transports hold,
 * together take as much memory as send_queues allows: who has most goes, with
 * 1013 where that is enough, else by a reset. Takes clients out of rooms: so
 * never in the middle of a broadcast. */
void slow_shed(struct hub *hub);

/* The same where it has been written to and still has more than before: a piece
 * of a file, or what its transport has made of a message that others share. */
void slow_settle(struct connection *connection);

/* A frame has been queued: from here on the time may run in which the queue
 * must come below send_queue_soft. */
void slow_watch(struct connection *connection);

/* Some of the queue has been written. */
void slow_relax(struct connection *connection);

/* The time is up: closes it with 1013. */
void slow_expire(struct connection *connection);

#endif
