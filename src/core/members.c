#include "members.h"

#include "broadcast.h"
#include "connection.h"

void members_init(struct members *members, struct memory *memory)
{
    *members = (struct members){.memory = memory};
}

/* Nobody is left. */
static void let_array_go(struct members *members)
{
    memory_free(members->memory, members->array);
    members_init(members, members->memory);
}

bool members_reserve(struct members *members)
{
    if (members->count < members->capacity)
        return true;
    size_t capacity = members->capacity ? members->capacity * 2 : 8;
    struct member *array = memory_resize(members->memory, members->array,
                                         capacity * sizeof *array);
    if (!array)
        return false;
    members->array = array;
    members->capacity = capacity;
    return true;
}

bool members_add(struct members *members, struct connection *connection,
                 uint32_t *slot)
{
    if (!members_reserve(members))
        return false;
    *slot = (uint32_t)members->count;
    members->array[members->count++] = (struct member){connection, slot};
    return true;
}

void members_remove(struct members *members, size_t slot)
{
    struct member last = members->array[--members->count];
    members->array[slot] = last;
    *last.slot = (uint32_t)slot;
    if (!members->count)
        let_array_go(members);
}

/* In a large room it is the memory that takes time: the processor's cache is to
 * have a member by its turn, and by half of the way to that what says where its
 * queue ends. Inlined always, since GCC takes a function that only prefetches
 * for one that does nothing, and leaves its calls out. */
static inline __attribute__((always_inline)) void
fetch_ahead(const struct members *members, size_t at)
{
    enum { NEAR = 16, FAR = 2 * NEAR };
    if (members->count - at <= FAR)
        return;
    const struct connection *near = members->array[at + NEAR].connection;
    const struct connection *far = members->array[at + FAR].connection;
    __builtin_prefetch(&far->limits);
    __builtin_prefetch(&far->output, 1);
    __builtin_prefetch(&far->session, 1);
    __builtin_prefetch(&far->state);
    if (near->output.last)
        __builtin_prefetch(near->output.last, 1);
}

/* A member that is too slow leaves while it is served: then another one has
 * taken its slot. */
size_t members_broadcast(struct members *members, struct broadcast *broadcast,
                         const struct connection *except)
{
    size_t queued = 0;
    for (size_t i = 0; i < members->count;) {
        struct connection *connection = members->array[i].connection;
        fetch_ahead(members, i);
        if (connection != except && broadcast_send(broadcast, connection))
            queued++;
        if (i < members->count && members->array[i].connection == connection)
            i++;
    }
    return queued;
}
