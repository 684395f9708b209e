/* A room: the clients that hear each other. */
#ifndef MOONROOM_CORE_ROOM_H
#define MOONROOM_CORE_ROOM_H

#include "list.h"
#include "members.h"
#include "options.h"
#include "slice.h"

struct connection;
struct hub;
struct shared_limits;

struct room {
    struct hub *hub;
    struct list link;
    char *names;                   /* owned: where the next two are */
    struct slice path, class_name; /* path.bytes NULL: it has none */
    struct members members;
    struct members arrivals; /* upgraded, and no members yet */
    struct limits limits;
    struct shared_limits *shared; /* with its latest clients */
    unsigned version;             /* of the hub at the last refresh */
    bool announces;               /* application->check is to be asked */
    bool accepts_binary;          /* otherwise 1003 */
    bool is_closed;               /* takes no more members */
};

/* A room with nobody in it; the caller owns it. NULL: no memory. */
struct room *room_new(struct hub *hub);

/* Notes what it is called, for whoever runs the server; once. path may be
 * {NULL, 0}. False: no memory. */
bool room_name(struct room *room, struct slice path, struct slice class_name);

/* Frees a room; who is in it, if anybody, is closed with 1001. */
void room_free(struct room *room);

/* Lets a connection that is in no room arrive: it has the room's limits, and
 * hears nothing yet. False: the room is closed, or there is no memory. */
bool room_arrive(struct room *room, struct connection *connection);

/* Makes one that has arrived a member. False: no memory. */
bool room_admit(struct connection *connection);

/* Takes a connection to another room that is not closed, a member as a member.
 * False: no memory, nothing changed. */
bool room_move(struct connection *connection, struct room *room);

/* Takes a connection out, arrived or a member; does nothing for one that is in
 * no room. */
void room_remove(struct connection *connection);

/* Members and those who have arrived. */
size_t room_occupancy(const struct room *room);

/* Whether it has as many as limits.max_clients. */
bool room_is_full(const struct room *room);

/* A reference to the room's limits as they are now. NULL: no memory. */
struct shared_limits *room_share_limits(struct room *room);

/* Brings limits and flags up to date with the scripts. */
void room_refresh(struct room *room);

/* Closes everybody in it with the code and reason, and the room for good. */
void room_close(struct room *room, int code, struct slice reason);

#endif
