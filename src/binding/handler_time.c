#include "handler_time.h"

#include "monotonic.h"

/* 1 to 31 runs, 16 on average (a linear congruential generator). */
double handler_time_sample(struct handler_time *time, uint64_t run)
{
    time->state = time->state * 1664525u + 1013904223u;
    time->next = run + 1 + (time->state >> 16) % (2 * HANDLER_TIME_WEIGHT - 1);
    return monotonic_now();
}

void handler_time_end(struct metrics *metrics, double began)
{
    if (began > 0)
        histogram_observe(&metrics->handler_seconds, monotonic_now() - began,
                          HANDLER_TIME_WEIGHT);
}
