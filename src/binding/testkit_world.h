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
};

static inline struct testkit_world *testkit_world_of(const struct hub *hub)
{
    return hub->log->context;
}

#endif
