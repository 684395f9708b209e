/* How often values lay in which range. */
#ifndef MOONROOM_CORE_HISTOGRAM_H
#define MOONROOM_CORE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 12 };

/* Of seconds, in the ranges of histogram_seconds; all zero is an empty one. */
struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS + 1]; /* the last: above all bounds */
    double sum;
};

/* The upper bounds, which belong to their ranges. */
extern const double histogram_seconds[HISTOGRAM_BUCKETS];

/* In which of the ranges a value lies, whose bounds rise; count: above all. */
size_t histogram_bucket(const double *bounds, size_t count, double value);

/* Notes a value that stands for `weight` of its like. */
void histogram_observe(struct histogram *histogram, double seconds,
                       uint64_t weight);

#endif
