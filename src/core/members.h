/* Connections that hear the same: those of a room, those of a group. */
#ifndef MOONROOM_CORE_MEMBERS_H
#define MOONROOM_CORE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct broadcast;
struct connection;
struct memory;

struct member {
    struct connection *connection;
    uint32_t *slot; /* where its place in the array is noted */
};

struct members {
    struct memory *memory;
    struct member *array; /* in no order */
    size_t count, capacity;
};

/* Nobody. An empty set owns no memory. */
void members_init(struct members *members, struct memory *memory);

/* Has the next members_add succeed. False: no memory. */
bool members_reserve(struct members *members);

/* Puts in one that isn't there yet. *slot is its place until it is taken out,
 * and changes as others are. False: no memory. */
bool members_add(struct members *members, struct connection *connection,
                 uint32_t *slot);

/* Takes out the one at a place. */
void members_remove(struct members *members, size_t slot);

/* The one choke point of a broadcast: queues it for every member but one
 * (NULL: for all). Returns for how many. */
size_t members_broadcast(struct members *members, struct broadcast *broadcast,
                         const struct connection *except);

#endif
