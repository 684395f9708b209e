/* What a connection has come too late with. Private to core/. */
#ifndef MOONROOM_CORE_DEADLINES_H
#define MOONROOM_CORE_DEADLINES_H

#include "connection.h"

/* A connection's timer has expired: does what its deadlines that have passed
 * are for, and arms it for the others. */
void deadlines_expire(struct timer *timer, double now);

#endif
