/* What a room's limits were when its clients came in: one copy, shared by all
 * that came in under the same. Private to core/. */
#ifndef MOONROOM_CORE_SHARED_LIMITS_H
#define MOONROOM_CORE_SHARED_LIMITS_H

#include "memory.h"
#include "options.h"

struct connection;

/* The first member is what the others read. */
struct shared_limits {
    struct limits limits;
    struct memory *memory;
    size_t references;
};

/* A reference to a copy of the limits, which may be the one at *latest: then
 * or else *latest is it from here on. NULL: no memory. */
struct shared_limits *shared_limits_take(struct shared_limits **latest,
                                         struct memory *memory,
                                         const struct limits *limits);

/* Lets go of those that a connection keeps to, if it does. */
void shared_limits_release(struct connection *connection);

/* Has a connection keep to them; takes over the reference. */
void shared_limits_impose(struct shared_limits *limits,
                          struct connection *connection);

void shared_limits_unref(struct shared_limits *limits); /* NULL is fine */

#endif
