#include "metrics.h"

const char *const metric_names[METRIC_COUNT] = {
#define METRIC(NAME, name, help) [METRIC_##NAME] = name,
    METRICS(METRIC)
#undef METRIC
};
