/* A log-linear histogram of nanoseconds: 128 buckets for each power of two, so
 * that a quantile is off by less than 0.8 %. */
#ifndef WSLOAD_HISTOGRAM_H
#define WSLOAD_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_BITS = 7,
    HISTOGRAM_STEPS = 1 << HISTOGRAM_BITS,
    HISTOGRAM_BUCKETS = (64 - HISTOGRAM_BITS + 1) * HISTOGRAM_STEPS,
};

/* All zeros is an empty one. */
struct histogram {
    uint64_t count;
    uint64_t most;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t nanoseconds);

/* Of an empty one 0. */
double histogram_microseconds(const struct histogram *histogram,
                              double quantile);

#endif
