#include "exchange.h"
#include "handshake.h"
#include "hub.h"
#include "respond.h"
#include "response.h"
#include "room.h"
#include "shared_limits.h"

#include <string.h>

static bool append_text(struct buffer *fields, struct memory *memory,
                        const char *text)
{
    return buffer_append(fields, memory, text, strlen(text));
}

static bool upgrade_fields(struct connection *connection, struct slice protocol,
                           struct slice more, struct buffer *fields)
{
    struct memory *memory = &connection->hub->memory;
    char accept[HANDSHAKE_ACCEPT_SIZE + 1];
    struct slice key = {NULL, 0};
    return request_find(connection->request, "sec-websocket-key", &key) &&
           handshake_accept(key, accept) &&
           append_text(fields, memory,
                       "Upgrade: websocket\r\nConnection: Upgrade\r\n") &&
           response_field(fields, memory, slice_of("Sec-WebSocket-Accept"),
                          slice_of(accept)) &&
           (!protocol.length ||
            response_field(fields, memory, slice_of("Sec-WebSocket-Protocol"),
                           protocol)) &&
           compression_answer(connection, fields) &&
           buffer_append(fields, memory, more.bytes, more.length);
}

static void become_open(struct connection *connection)
{
    struct hub *hub = connection->hub;
    exchange_end(connection);
    connection->state = CONNECTION_OPEN;
    connection->is_upgraded = true;
    metrics_count(&hub->metrics, METRIC_UPGRADES);
    connection->owes_leave = true;
    connection->transient->due = 0;
    connection->heard_at = hub_read_clock(hub);
    connection->request->upgraded_at = hub_wall(hub);
    outq_seal(&connection->output);
    list_remove(&connection->link);
    hub->pending_count--;
    list_append(&hub->connections, &connection->link);
    hub->connection_count++;
    connection_mark_dirty(connection);
    connection_wake(connection);
    connection_arm(connection); /* may end it: no memory for its timer */
}

/* What the scripts want of the room is read once somebody is there; a finalizer
 * of theirs may close the room, or end the client, on the way. */
static bool arrive(struct connection *connection, struct room *room)
{
    if (room_arrive(room, connection))
        room_refresh(room);
    if (!connection->room) {
        if (connection->state == CONNECTION_DECIDING)
            respond_refuse(connection, 503, "room", "the room is closed");
        return false;
    }
    size_t most = room->limits.max_clients;
    if (!most || room_occupancy(room) <= most)
        return true;
    room_remove(connection);
    respond_refuse(connection, 503, "max_clients",
                   "the room has as many clients as it may");
    return false;
}

bool connection_accept(struct connection *connection, struct room *room,
                       struct slice protocol, struct slice fields)
{
    struct memory *memory = &connection->hub->memory;
    struct buffer all = {0};
    if (connection->state != CONNECTION_DECIDING)
        return false;
    if (connection->is_ended) {
        connection_die(connection, false);
        return false;
    }
    if (!arrive(connection, room))
        return false;
    struct shared_limits *limits = room_share_limits(room);
    if (limits)
        shared_limits_impose(limits, connection);
    bool queued =
        limits && compression_agree(connection) &&
        upgrade_fields(connection, protocol, fields, &all) &&
        respond_head(connection, 101,
                     (struct slice){(const char *)all.bytes, all.length}, 0);
    buffer_release(&all, memory);
    if (queued)
        become_open(connection);
    else
        connection_die(connection, true);
    return queued;
}
