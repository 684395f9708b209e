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

bool room_add(struct room *room, struct connection *connection)
{
    assert(!connection->room);
    if (room->is_closed || !grow(room))
        return false;
    connection->room = room;
    connection->slot = room->count;
    room->members[room->count++] = connection;
    return true;
}

void room_remove(struct connection *connection)
{
    struct room *room = connection->room;
    if (!room)
        return;
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

void room_close(struct room *room, int code, struct slice reason)
{
    room->is_closed = true;
    while (room->count) {
        struct connection *member = room->members[room->count - 1];
        connection_close(member, code, reason);
        assert(member->room != room);
    }
}
