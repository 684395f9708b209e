/* A heap of deadlines; each timer is embedded in what it belongs to. */
#ifndef MOONROOM_BASE_TIMERS_H
#define MOONROOM_BASE_TIMERS_H

#include "memory.h"

/* All zero is a timer that is not armed. */
struct timer {
    double due;   /* seconds on the clock of whoever asks */
    size_t order; /* among equal deadlines, the one armed first comes first */
    size_t slot;  /* 1-based place in the heap, 0 where not armed */
    void (*expire)(struct timer *timer, double now);
};

/* All zero is an empty heap. */
struct timers {
    struct timer **heap;
    size_t count, capacity, orders;
    double now; /* of the latest timers_take_due */
};

/* Arms a timer, or moves it where it is armed, to be due at the time given,
 * or, where that has passed, at the time of the latest round. Returns false,
 * with nothing changed, where there is no memory; moving an armed timer never
 * fails. The heap borrows the timer until it expires or is stopped. */
bool timers_start(struct timers *timers, struct memory *memory,
                  struct timer *timer, double due);

/* Disarms a timer; one that isn't armed stays so. */
void timers_stop(struct timers *timers, struct timer *timer);

/* The earliest deadline; false where no timer is armed. */
bool timers_next(const struct timers *timers, double *due);

/* Takes out the earliest timer that is due at now and was armed before the
 * mark, or returns NULL. With mark = timers->orders at the start of a round,
 * a timer that is re-armed in it waits for the next. */
struct timer *timers_take_due(struct timers *timers, double now, size_t mark);

/* Gives the heap's array back; no timer is touched. */
void timers_release(struct timers *timers, struct memory *memory);

#endif
