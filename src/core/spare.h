/* Memory that a burst leaves is kept for the next one, and given back when none
 * comes. Private to core/. */
#ifndef MOONROOM_CORE_SPARE_H
#define MOONROOM_CORE_SPARE_H

#include "timers.h"

#include <stdint.h>

struct hub;

struct spare {
    struct timer timer; /* armed: there may be some */
    uint64_t moved;     /* bytes in and out at the last look */
    size_t dropped;     /* bytes that waited for the dead */
};

void spare_init(struct spare *spare);

/* In each turn. */
void spare_turn(struct hub *hub);

#endif
