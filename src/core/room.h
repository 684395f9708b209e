/* A room: the clients that hear each other. */
#ifndef MOONROOM_CORE_ROOM_H
#define MOONROOM_CORE_ROOM_H

#include "frame.h"
#include "list.h"
#include "options.h"

struct blob;
struct connection;
struct hub;

struct room {
    struct hub *hub;
    struct list link;
    struct connection **members;
    size_t count, capacity;
    struct limits limits;
    unsigned version;    /* of the hub at the last refresh */
    bool announces;      /* application->check is to be asked */
    bool accepts_binary; /* otherwise 1003 */
    bool is_closed;      /* takes no more members */
};

/* A room with nobody in it; the caller owns it. NULL: no memory. */
struct room *room_new(struct hub *hub);

/* Frees a room; its members, if any, are closed with 1001. */
void room_free(struct room *room);

/* Makes a connection that is being accepted a member. False: no memory, or the
 * room is closed. */
bool room_add(struct room *room, struct connection *connection);

/* Takes a member out; does nothing for one that is in no room. */
void room_remove(struct connection *connection);

/* Brings limits and flags up to date with the scripts. */
void room_refresh(struct room *room);

/* Encodes a message once, for any number of receivers. The caller owns the
 * reference. NULL: no memory. */
struct blob *room_encode(struct room *room, enum opcode opcode,
                         const void *bytes, size_t length);

/* The one choke point of a broadcast: queues the frame for every member but
 * one (NULL: for all). Returns for how many. */
size_t room_broadcast(struct room *room, struct blob *frame,
                      const struct connection *except);

/* Closes every member with the code and reason, and the room for good. */
void room_close(struct room *room, int code, struct slice reason);

#endif
