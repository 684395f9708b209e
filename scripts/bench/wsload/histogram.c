#include "histogram.h"

#include <stddef.h>

static size_t bucket_of(uint64_t value)
{
    if (value < HISTOGRAM_STEPS) {
        return (size_t)value;
    }
    unsigned exponent = 63u - (unsigned)__builtin_clzll(value);
    unsigned shift = exponent - HISTOGRAM_BITS;
    return (size_t)(shift + 1) * HISTOGRAM_STEPS +
           (size_t)((value >> shift) - HISTOGRAM_STEPS);
}

/* The middle of a bucket. */
static double value_of(size_t bucket)
{
    if (bucket < HISTOGRAM_STEPS) {
        return (double)bucket;
    }
    unsigned shift = (unsigned)(bucket / HISTOGRAM_STEPS - 1);
    uint64_t step = HISTOGRAM_STEPS + bucket % HISTOGRAM_STEPS;
    return (double)(step << shift) + (double)((uint64_t)1 << shift) / 2;
}

void histogram_add(struct histogram *histogram, uint64_t nanoseconds)
{
    histogram->buckets[bucket_of(nanoseconds)]++;
    histogram->count++;
    if (nanoseconds > histogram->most) {
        histogram->most = nanoseconds;
    }
}

double histogram_microseconds(const struct histogram *histogram,
                              double quantile)
{
    uint64_t rank = (uint64_t)((double)histogram->count * quantile);
    uint64_t seen = 0;
    double most = (double)histogram->most;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen > rank) {
            double value = value_of(i);
            return (value > most ? most : value) / 1e3;
        }
    }
    return most / 1e3;
}
