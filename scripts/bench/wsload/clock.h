/* Time in nanoseconds. */
#ifndef WSLOAD_CLOCK_H
#define WSLOAD_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_read(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline uint64_t clock_now(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

static inline uint64_t clock_of_seconds(double seconds)
{
    return (uint64_t)(seconds * 1e9);
}

#endif
