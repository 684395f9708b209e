/* A way through all rooms that takes several turns: rooms may come and go
 * meanwhile. */
#ifndef MOONROOM_CORE_ROOM_WALK_H
#define MOONROOM_CORE_ROOM_WALK_H

#include "list.h"

#include <stdbool.h>
#include <stddef.h>

struct exposition;
struct hub;
struct room;

/* All zero is one that hasn't begun. */
struct room_walk {
    struct list link;  /* in hub->walks */
    struct list *next; /* in hub->rooms: the room, or its end */
    size_t at;         /* members of it that have been seen */
    size_t queued;     /* bytes that wait for those */
    size_t told;       /* rooms */
};

/* Begins with the oldest room. It must stay where it is until it ends. */
void room_walk_begin(struct room_walk *walk, struct hub *hub);

/* Does nothing for one that hasn't begun. */
void room_walk_end(struct room_walk *walk);

/* Goes on by a share of a turn, and tells the rooms that it has passed in JSON,
 * with commas between. Returns whether there is more. */
bool room_walk_go_on(struct room_walk *walk, const struct hub *hub,
                     struct exposition *out);

/* The room is about to go: whoever stands before it stands before the next. */
void room_walk_pass(const struct hub *hub, const struct room *room);

#endif
