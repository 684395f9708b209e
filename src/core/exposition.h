/* Figures as text: Prometheus's format 0.0.4, and JSON's strings. */
#ifndef MOONROOM_CORE_EXPOSITION_H
#define MOONROOM_CORE_EXPOSITION_H

#include "buffer.h"
#include "figures.h"
#include "slice.h"

/* A text that grows. All zero but for memory is an empty one. */
struct exposition {
    struct buffer text;
    struct memory *memory;
    bool has_failed; /* for want of memory: what it has is not whole */
};

enum { EXPOSITION_NAME_SIZE = 256 };

void exposition_release(struct exposition *out);

void exposition_add(struct exposition *out, struct slice text);
void exposition_format(struct exposition *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The text between quotes, escaped as JSON wants it. In a text that isn't
 * valid UTF-8 each byte beyond ASCII becomes a '?'. */
void exposition_quote_json(struct exposition *out, struct slice text);

/* The same, as a label's value is. */
void exposition_quote_label(struct exposition *out, struct slice text);

/* The two lines before a metric's values. */
void exposition_head(struct exposition *out, const char *name,
                     enum figure_kind kind, const char *help);

/* One line; labels: 'a="1",b="2"', or "". */
void exposition_value(struct exposition *out, const char *name,
                      const char *labels, double value);

/* The lines of a histogram: counts has one more than there are bounds. */
void exposition_histogram(struct exposition *out, const char *name,
                          const char *labels, const double *bounds,
                          size_t bound_count, const uint64_t *counts,
                          double sum);

/* All figures of a hub, each as "moonroom_NAME", counters with "_total". */
void exposition_of_hub(struct exposition *out, struct hub *hub);

#endif
