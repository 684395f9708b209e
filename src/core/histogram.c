#include "histogram.h"

const double histogram_seconds[HISTOGRAM_BUCKETS] = {
    0.000001, 0.00001, 0.00005, 0.0001, 0.0005, 0.001,
    0.005,    0.01,    0.05,    0.1,    0.5,    1,
};

size_t histogram_bucket(const double *bounds, size_t count, double value)
{
    size_t bucket = 0;
    while (bucket < count && value > bounds[bucket])
        bucket++;
    return bucket;
}

void histogram_observe(struct histogram *histogram, double seconds,
                       uint64_t weight)
{
    size_t bucket =
        histogram_bucket(histogram_seconds, HISTOGRAM_BUCKETS, seconds);
    histogram->counts[bucket] += weight;
    histogram->sum += seconds * (double)weight;
}
