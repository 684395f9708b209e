#include "members.h"

#include "broadcast.h"
#include "connection.h"

void members_init(struct members *members, struct memory *memory,
                  bool has_slots)
{
    *members = (struct members){.memory = memory, .has_slots = has_slots};
}

/* Nobody is left. */
static void let_arrays_go(struct members *members)
{
    memory_free(members->memory, members->array);
    memory_free(members->memory, members->slots);
    members_init(members, members->memory, members->has_slots);
}

static bool grow_slots(struct members *members, size_t capacity)
{
    if (!members->has_slots)
        return true;
    uint32_t **slots = memory_resize(members->memory, members->slots,
                                     capacity * sizeof *slots);
    if (slots)
        members->slots = slots;
    return slots;
}

bool members_reserve(struct members *members)
{
    if (members->count < members->capacity)
        return true;
    size_t capacity = members->capacity ? members->capacity * 2 : 8;
    if (!grow_slots(members, capacity))
        return false;
    struct connection **array = memory_resize(members->memory, members->array,
                                              capacity * sizeof *array);
    if (!array) {
        if (!members->count)
            let_arrays_go(members);
        return false;
    }
    members->array = array;
    members->capacity = capacity;
    return true;
}

static void note_place(const struct members *members, size_t at)
{
    uint32_t *slot =
        members->has_slots ? members->slots[at] : &members->array[at]->slot;
    *slot = (uint32_t)at;
}

bool members_add(struct members *members, struct connection *connection,
                 uint32_t *slot)
{
    if (!members_reserve(members))
        return false;
    size_t at = members->count++;
    members->array[at] = connection;
    if (members->has_slots)
        members->slots[at] = slot;
    note_place(members, at);
    return true;
}

void members_remove(struct members *members, size_t slot)
{
    size_t last = --members->count;
    members->array[slot] = members->array[last];
    if (members->has_slots)
        members->slots[slot] = members->slots[last];
    note_place(members, slot);
    if (!members->count)
        let_arrays_go(members);
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
    const struct connection *near = members->array[at + NEAR];
    const struct connection *far = members->array[at + FAR];
    __builtin_prefetch(&far->limits);
    __builtin_prefetch(&far->output, 1);
    __builtin_prefetch(&far->session, 1);
    __builtin_prefetch(&far->state);
    if (near->output.front)
        __builtin_prefetch(near->output.front, 1);
}

/* A member that is too slow leaves while it is served: then another one has
 * taken its slot. */
size_t members_broadcast(struct members *members, struct broadcast *broadcast,
                         const struct connection *except)
{
    size_t queued = 0;
    for (size_t i = 0; i < members->count;) {
        struct connection *connection = members->array[i];
        fetch_ahead(members, i);
        if (connection != except && broadcast_send(broadcast, connection))
            queued++;
        if (i < members->count && members->array[i] == connection)
            i++;
    }
    return queued;
}
