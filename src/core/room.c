#include "room.h"

#include "close_code.h"
#include "hub.h"
#include "room_walk.h"
#include "shared_limits.h"

#include <assert.h>
#include <string.h>

struct room *room_new(struct hub *hub)
{
    struct room *room = memory_new_zero(&hub->memory, sizeof *room);
    if (!room)
        return NULL;
    room->hub = hub;
    members_init(&room->members, &hub->memory, false);
    room->limits = hub->options.limits;
    room->version = hub->version - 1; /* stale: the first use refreshes it */
    members_init(&room->arrivals, &hub->memory, false);
    list_append(&hub->rooms, &room->link);
    hub->room_count++;
    return room;
}

bool room_name(struct room *room, struct slice path, struct slice class_name)
{
    char *names =
        memory_new(&room->hub->memory, path.length + class_name.length + 1);
    if (!names)
        return false;
    if (path.bytes) {
        memcpy(names, path.bytes, path.length);
        room->path = (struct slice){names, path.length};
    }
    memcpy(names + path.length, class_name.bytes, class_name.length);
    room->class_name = (struct slice){names + path.length, class_name.length};
    room->names = names;
    return true;
}

void room_free(struct room *room)
{
    room_close(room, CLOSE_GOING_AWAY, (struct slice){NULL, 0});
    room_walk_pass(room->hub, room);
    shared_limits_unref(room->shared);
    memory_free(&room->hub->memory, room->names);
    list_remove(&room->link);
    memory_free(&room->hub->memory, room);
}

bool room_arrive(struct room *room, struct connection *connection)
{
    assert(!connection->room);
    if (room->is_closed || !members_add(&room->arrivals, connection, NULL))
        return false;
    connection->room = room;
    connection->is_member = false;
    return true;
}

static void leave_arrivals(struct connection *connection)
{
    members_remove(&connection->room->arrivals, connection->slot);
    connection->room = NULL;
}

/* Where members_reserve has succeeded, this does. */
static bool add_member(struct room *room, struct connection *connection)
{
    if (!members_add(&room->members, connection, NULL))
        return false;
    connection->room = room;
    connection->is_member = true;
    return true;
}

bool room_admit(struct connection *connection)
{
    struct room *room = connection->room;
    assert(room && !connection->is_member);
    if (!members_reserve(&room->members))
        return false;
    leave_arrivals(connection);
    return add_member(room, connection);
}

bool room_move(struct connection *connection, struct room *room)
{
    bool is_member = connection->is_member;
    assert(connection->room && !room->is_closed);
    if (!members_reserve(is_member ? &room->members : &room->arrivals))
        return false;
    room_remove(connection);
    return is_member ? add_member(room, connection)
                     : room_arrive(room, connection);
}

static void remove_member(struct connection *connection)
{
    members_remove(&connection->room->members, connection->slot);
    connection->is_member = false;
    connection->room = NULL;
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
    return room->members.count + room->arrivals.count;
}

bool room_is_full(const struct room *room)
{
    size_t most = room->limits.max_clients;
    return most && room_occupancy(room) >= most;
}

struct shared_limits *room_share_limits(struct room *room)
{
    return shared_limits_take(&room->shared, &room->hub->memory, &room->limits);
}

void room_refresh(struct room *room)
{
    struct hub *hub = room->hub;
    if (room->version == hub->version)
        return;
    room->version = hub->version;
    hub->application->refresh(room);
}

/* Who is just being accepted can't be told, and finds itself in no room. */
static void close_one(struct connection *connection, int code,
                      struct slice reason)
{
    if (!connection_close(connection, code, reason))
        room_remove(connection);
}

void room_close(struct room *room, int code, struct slice reason)
{
    room->hub->room_count -= !room->is_closed;
    room->is_closed = true;
    const struct members *members = &room->members;
    while (members->count)
        close_one(members->array[members->count - 1], code, reason);
    while (room->arrivals.count)
        close_one(room->arrivals.array[0], code, reason);
}
