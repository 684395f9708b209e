/* What the test kit keeps beside a hub of its own: only it includes this. */
#ifndef MOONROOM_BINDING_TESTKIT_WORLD_H
#define MOONROOM_BINDING_TESTKIT_WORLD_H

#include "hub.h"
#include "testkit_transport.h"

/* In a userdata that lives as long as the hub's; the log's context. */
struct testkit_world {
    struct log log;
    struct memory memory;
    struct buffer lines; /* of the log, not asked for yet */
    struct network network;
    double clock; /* what the hub reads, where that is later than its time */
};

static inline struct testkit_world *testkit_world_of(const struct hub *hub)
{
    return hub->log->context;
}

/* What time it is when a turn begins. */
static inline double testkit_now(struct hub *hub)
{
    hub_set_time(hub, testkit_world_of(hub)->clock);
    return hub->now;
}

#endif
