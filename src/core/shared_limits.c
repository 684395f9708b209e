#include "shared_limits.h"

#include "hub.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static struct shared_limits *shared_limits_new(struct memory *memory,
                                               const struct limits *limits)
{
    struct shared_limits *copy = memory_new(memory, sizeof *copy);
    if (!copy)
        return NULL;
    copy->memory = memory;
    copy->references = 1;
    memcpy(&copy->limits, limits, sizeof *limits);
    return copy;
}

/* Where the bytes differ in padding alone there is a copy more: no harm. */
static bool has(const struct shared_limits *copy, const struct limits *limits)
{
    const void *bytes = limits, *others = copy ? &copy->limits : NULL;
    return others && memcmp(others, bytes, sizeof *limits) == 0;
}

struct shared_limits *shared_limits_take(struct shared_limits **latest,
                                         struct memory *memory,
                                         const struct limits *limits)
{
    if (!has(*latest, limits)) {
        struct shared_limits *copy = shared_limits_new(memory, limits);
        if (!copy)
            return NULL;
        shared_limits_unref(*latest);
        *latest = copy;
    }
    (*latest)->references++;
    return *latest;
}

void shared_limits_unref(struct shared_limits *limits)
{
    if (limits && !--limits->references)
        memory_free(limits->memory, limits);
}

static_assert(offsetof(struct shared_limits, limits) == 0,
              "a connection's limits lead to what they are shared by");

void shared_limits_release(struct connection *connection)
{
    const void *limits = connection->limits;
    if (connection->has_limits)
        shared_limits_unref((struct shared_limits *)(uintptr_t)limits);
    connection->has_limits = false;
}

void shared_limits_impose(struct shared_limits *limits,
                          struct connection *connection)
{
    struct hub *hub = connection->hub;
    shared_limits_release(connection);
    connection->limits = &limits->limits;
    connection->has_limits = true;
    if (limits->limits.send_queue < hub->least_queue)
        hub->least_queue = limits->limits.send_queue;
}
