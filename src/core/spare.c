#include "spare.h"

#include "hub.h"

enum { BURST = 1024 * 1024 }; /* bytes in and out that leave something */

static const double calm = 1; /* seconds in which fewer have come */

static bool has_moved(struct hub *hub)
{
    const uint64_t *counts = hub->metrics.counts;
    uint64_t moved = counts[METRIC_BYTES_IN] + counts[METRIC_BYTES_OUT];
    if (moved - hub->spare.moved < BURST)
        return false;
    hub->spare.moved = moved;
    return true;
}

/* Where there is no memory for the timer it stays with the last look. */
static void look_again(struct hub *hub)
{
    timers_start(&hub->timers, &hub->memory, &hub->spare.timer,
                 hub->now + calm);
}

static void expire(struct timer *timer, double now)
{
    struct spare *spare = LIST_ENTRY(timer, struct spare, timer);
    struct hub *hub = LIST_ENTRY(spare, struct hub, spare);
    (void)now;
    if (has_moved(hub))
        look_again(hub);
    else
        memory_trim(&hub->memory);
}

void spare_init(struct spare *spare)
{
    *spare = (struct spare){.timer = {.expire = expire}};
}

/* For the dead there is no next burst. */
void spare_turn(struct hub *hub)
{
    if (hub->spare.dropped >= BURST) {
        hub->spare.dropped = 0;
        memory_trim(&hub->memory);
    }
    if (!hub->spare.timer.slot && has_moved(hub))
        look_again(hub);
}
