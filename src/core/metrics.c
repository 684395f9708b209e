#include "metrics.h"

#include <string.h>

const char *const metric_names[METRIC_COUNT] = {
#define METRIC(NAME, name, help) [METRIC_##NAME] = (name),
    METRICS(METRIC)
#undef METRIC
};

void metrics_count_answer(struct metrics *metrics, bool is_handshake,
                          int status)
{
    uint64_t *counts = is_handshake ? metrics->handshakes : metrics->requests;
    int index = status - STATUS_FIRST;
    if (index >= 0 && index < STATUS_COUNT)
        counts[index]++;
}

void metrics_count_rule(struct metrics *metrics, const char *rule)
{
    for (int i = 0; i < METRIC_COUNT; i++)
        if (!strcmp(metric_names[i], rule))
            metrics->counts[i]++;
}
