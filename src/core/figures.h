/* The figures of a worker: what is counted, measured and there now, told one by
 * one to whoever publishes them. */
#ifndef MOONROOM_CORE_FIGURES_H
#define MOONROOM_CORE_FIGURES_H

#include "histogram.h"

struct hub;

enum figure_kind { FIGURE_COUNTER, FIGURE_GAUGE, FIGURE_HISTOGRAM };

struct figure {
    const char *name; /* "messages_sent": nothing before it, no "_total" */
    enum figure_kind kind;
    const char *label; /* what tells its values apart, or NULL: it has one */
    const char *help;  /* one line */
};

/* What the application knows of its scripts. */
struct script_figures {
    double memory;       /* bytes that they have */
    double memory_limit; /* 0: none */
    double gc_cycles;    /* collections that have come to their end */
    double timers;
};

/* Whom they are told: begin once for each figure, then its values. */
struct figure_sink {
    void (*begin)(struct figure_sink *sink, const struct figure *figure);
    /* of: what its label is here, borrowed; NULL where it has none. */
    void (*value)(struct figure_sink *sink, const char *of, double value);
    void (*histogram)(struct figure_sink *sink,
                      const struct histogram *histogram);
};

/* Tells all of them, in an order that stays. Calls no script. */
void figures_tell(struct hub *hub, struct figure_sink *sink);

#endif
