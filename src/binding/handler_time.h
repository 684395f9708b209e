/* How long handlers run. To read the clock costs as much as a small handler
 * does: so one in about 16 is measured, and stands for as many. Which one is
 * as good as random, so that no regular traffic hides from it. */
#ifndef MOONROOM_BINDING_HANDLER_TIME_H
#define MOONROOM_BINDING_HANDLER_TIME_H

#include "metrics.h"

enum { HANDLER_TIME_WEIGHT = 16 };

/* All zero: the first run is measured. */
struct handler_time {
    uint64_t next; /* the number of the run that is measured next */
    uint32_t state;
};

/* The clock, and when the next run is measured. */
double handler_time_sample(struct handler_time *time, uint64_t run);

/* A run begins, and is counted. Returns the time where this one is measured,
 * else 0. */
static inline double handler_time_begin(struct handler_time *time,
                                        struct metrics *metrics)
{
    uint64_t run = ++metrics->counts[METRIC_HANDLER_RUNS];
    return run < time->next ? 0 : handler_time_sample(time, run);
}

/* It has ended that began then. */
void handler_time_end(struct metrics *metrics, double began);

#endif
