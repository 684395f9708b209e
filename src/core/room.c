#include "room.h"

#include "blob.h"
#include "close_code.h"
#include "hub.h"

#include <assert.h>
#include <string.h>

struct room *room_new(struct hub *hub)
{
    struct room *room = memory_new_zero(&hub->memory, sizeof *room);
    if (!room)
        return NULL;
    room->hub = hub;
    room->limits = hub->options.limits;
    room->version = hub->version - 1; /* stale: the first use refreshes it */
    list_init(&room->arrivals);
    list_append(&hub->rooms, &room->link);
    return room;
}

void room_free(struct room *room)
{
    room_close(room, CLOSE_GOING_AWAY, (struct slice){NULL, 0});
    list_remove(&room->link);
    memory_free(&room->hub->memory, room->members);
    memory_free(&room->hub->memory, room);
}

/* Room for one more member. */
static bool grow(struct room *room)
{
    if (room->count < room->capacity)
        return true;
    size_t capacity = room->capacity ? room->capacity * 2 : 8;
    struct connection **members = memory_resize(
        &room->hub->memory, room->members, capacity * sizeof(*members));
    if (!members)
        return false;
    room->members = members;
    room->capacity = capacity;
    return true;
}

bool room_arrive(struct room *room, struct connection *connection)
{
    assert(!connection->room);
    if (room->is_closed)
        return false;
    connection->room = room;
    connection->is_member = false;
    list_append(&room->arrivals, &connection->arrival);
    room->arrival_count++;
    return true;
}

static void leave_arrivals(struct connection *connection)
{
    list_remove(&connection->arrival);
    connection->room->arrival_count--;
    connection->room = NULL;
}

/* There is room for it. */
static void add_member(struct room *room, struct connection *connection)
{
    connection->room = room;
    connection->is_member = true;
    connection->slot = room->count;
    room->members[room->count++] = connection;
}

bool room_admit(struct connection *connection)
{
    struct room *room = connection->room;
    assert(room && !connection->is_member);
    if (!grow(room))
        return false;
    leave_arrivals(connection);
    add_member(room, connection);
    return true;
}

bool room_move(struct connection *connection, struct room *room)
{
    bool is_member = connection->is_member;
    assert(connection->room && !room->is_closed);
    if (is_member && !grow(room))
        return false;
    room_remove(connection);
    if (is_member)
        add_member(room, connection);
    else
        room_arrive(room, connection);
    return true;
}

static void remove_member(struct connection *connection)
{
    struct room *room = connection->room;
    struct connection *last = room->members[--room->count];
    room->members[connection->slot] = last;
    last->slot = connection->slot;
    connection->room = NULL;
    if (room->count)
        return;
    memory_free(&room->hub->memory, room->members);
    room->members = NULL;
    room->capacity = 0;
}

void room_remove(struct connection *connection)
{
    if (!connection->room)
        return;
    if (connection->is_member)
        remove_member(connection);
    else
        leave_arrivals(connection);
}

size_t room_occupancy(const struct room *room)
{
    return room->count + room->arrival_count;
}

bool room_is_full(const struct room *room)
{
    size_t most = room->limits.max_clients;
    return most && room_occupancy(room) >= most;
}

void room_refresh(struct room *room)
{
    struct hub *hub = room->hub;
    if (room->version == hub->version)
        return;
    room->version = hub->version;
    hub->application->refresh(room);
}

struct blob *room_encode(struct room *room, enum opcode opcode,
                         const void *bytes, size_t length)
{
    unsigned char header[FRAME_HEADER_SENT_MAX];
    size_t size = frame_write(header, opcode, 0, length);
    if (length > SIZE_MAX - size)
        return NULL;
    struct blob *blob = blob_new(&room->hub->memory, size + length);
    if (!blob)
        return NULL;
    memcpy(blob->bytes, header, size);
    if (length)
        memcpy(blob->bytes + size, bytes, length);
    return blob;
}

/* A member that is too slow leaves the room while it is served: then another
 * one has taken its slot. */
size_t room_broadcast(struct room *room, struct blob *frame,
                      const struct connection *except)
{
    size_t queued = 0;
    for (size_t i = 0; i < room->count;) {
        struct connection *member = room->members[i];
        if (member != except && connection_send_blob(member, frame))
            queued++;
        if (i < room->count && room->members[i] == member)
            i++;
    }
    return queued;
}

static void close_one(struct connection *connection, int code,
                      struct slice reason)
{
    struct room *room = connection->room;
    connection_close(connection, code, reason);
    assert(connection->room != room);
}

void room_close(struct room *room, int code, struct slice reason)
{
    room->is_closed = true;
    while (room->count)
        close_one(room->members[room->count - 1], code, reason);
    while (!list_is_empty(&room->arrivals))
        close_one(LIST_ENTRY(room->arrivals.next, struct connection, arrival),
                  code, reason);
}
