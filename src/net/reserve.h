/* What libev may need later, taken at the start. */
#ifndef MOONROOM_NET_RESERVE_H
#define MOONROOM_NET_RESERVE_H

#include <ev.h>
#include <stddef.h>

/* libev ends the process where it is refused memory. Where the process's is
 * limited (ulimit -v, -d) this makes it take at once what it needs for `count`
 * descriptors that are all ready at the same time; elsewhere nothing.
 * Descriptors are opened for that, as many as may be, and closed again. To be
 * called before anything else has been started in the loop. */
void reserve_events(struct ev_loop *events, size_t count);

#endif
