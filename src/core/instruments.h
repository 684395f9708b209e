/* The metrics that scripts have made. They stay as long as the hub does, but
 * for what a loading of the scripts replaces, or has begun in vain. A loading
 * has a number; 0 is none. */
#ifndef MOONROOM_CORE_INSTRUMENTS_H
#define MOONROOM_CORE_INSTRUMENTS_H

#include "exposition.h"
#include "list.h"

enum {
    INSTRUMENTS_MAX = 1000,
    SERIES_MAX = 1000,    /* of one metric */
    SERIES_LINES = 20000, /* of all, as they are published */
    INSTRUMENT_BOUNDS_MAX = 30
};

/* One value, or histogram, of a metric. In one block. */
struct series {
    double value;     /* of a histogram the sum */
    uint64_t *counts; /* of a histogram, one more than it has bounds */
    char labels[];    /* 'a="1",b="2"', or "" */
};

struct instrument {
    enum figure_kind kind;
    char *name, *help, *label_names; /* owned; the last "a,b", or "" */
    double *bounds;                  /* owned, of a histogram */
    size_t bound_count;
    struct series **series; /* owned, as they came */
    size_t count, capacity;
    unsigned loading;    /* that has made it and still runs, else 0 */
    unsigned seen;       /* the latest that asked for it */
    struct list retired; /* in instruments, where it is published no more */
};

/* What a new one is to be; borrowed. */
struct instrument_plan {
    enum figure_kind kind;
    const char *name, *help, *label_names;
    const double *bounds;
    size_t bound_count;
};

struct instruments {
    struct memory *memory;
    struct instrument **array;
    size_t count, capacity, lines;
    struct list retired;       /* not counted */
    struct exposition scratch; /* for who puts labels together */
};

void instruments_init(struct instruments *instruments, struct memory *memory);
void instruments_release(struct instruments *instruments);

/* The metric of that name, the loading's own before another; or NULL. */
struct instrument *instruments_find(const struct instruments *instruments,
                                    const char *name, unsigned loading);

/* Whether one is what the plan says, its help aside. */
bool instrument_is(const struct instrument *instrument,
                   const struct instrument_plan *plan);

/* The name of a metric whose lines would be mistaken for those of the plan's:
 * a histogram "x" has lines "x_count". In a loading only among those that it
 * has made or asked for. NULL: there is none. */
const char *instruments_clash(const struct instruments *instruments,
                              const struct instrument_plan *plan,
                              unsigned loading);

/* Makes one, whose name is new, or new to the loading. NULL: no memory. */
struct instrument *instruments_add(struct instruments *instruments,
                                   const struct instrument_plan *plan,
                                   unsigned loading);

/* One that is to go at the end of a loading: what it has begun in vain, or what
 * it has made another one in place of. NULL: there is none. */
struct instrument *instruments_obsolete(const struct instruments *instruments,
                                        unsigned loading, bool succeeded);

/* Publishes it no more: it lives until instrument_end, for who still has it. */
void instruments_retire(struct instruments *instruments,
                        struct instrument *instrument);

/* What a loading has made is as any other from here on. */
void instruments_keep(struct instruments *instruments, unsigned loading);

/* Frees one that was retired; does nothing for another. */
void instrument_end(struct instruments *instruments,
                    struct instrument *instrument);

/* Whether one may have another series. */
bool instrument_has_room(const struct instruments *instruments,
                         const struct instrument *instrument);

/* Makes a series of 0. NULL: no memory. */
struct series *instrument_add_series(struct instruments *instruments,
                                     struct instrument *instrument,
                                     struct slice labels);

/* Notes a value in a histogram's series. */
void series_observe(const struct instrument *instrument, struct series *series,
                    double value);

/* Where an exposition of all of them has come to. */
struct instruments_place {
    size_t instrument, series;
};

/* Goes on by a share of a turn. Returns whether there is more. */
bool instruments_expose(const struct instruments *instruments,
                        struct instruments_place *place,
                        struct exposition *out);

#endif
