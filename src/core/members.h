/* Connections that hear the same: those of a room, those of a group. */
#ifndef MOONROOM_CORE_MEMBERS_H
#define MOONROOM_CORE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct broadcast;
struct connection;
struct memory;

struct members {
    struct memory *memory;
    struct connection **array; /* in no order */
    uint32_t *
        *slots; /* where each one's place is noted; NULL: in connection->slot
                 */
    size_t count, capacity;
    bool has_slots;
};

/* Nobody. An empty set owns no memory. has_slots: a place is noted where
 * members_add is told, not in connection->slot. */
void members_init(struct members *members, struct memory *memory,
                  bool has_slots);

/* Has the next members_add succeed. False: no memory. */
bool members_reserve(struct members *members);

/* Puts in one that isn't there yet. *slot, or connection->slot, is its place
 * until it is taken out, and changes as others are. False: no memory. */
bool members_add(struct members *members, struct connection *connection,
                 uint32_t *slot);

/* Takes out the one at a place. */
void members_remove(struct members *members, size_t slot);

/* The one choke point of a broadcast: queues it for every member but one
 * (NULL: for all). Returns for how many. */
size_t members_broadcast(struct members *members, struct broadcast *broadcast,
                         const struct connection *except);

#endif
