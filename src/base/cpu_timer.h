/* Ticks of the calling thread's own CPU time: none come while it sleeps. */
#ifndef MOONROOM_BASE_CPU_TIMER_H
#define MOONROOM_BASE_CPU_TIMER_H

#include <signal.h>
#include <stdbool.h>
#include <time.h>

struct cpu_timer {
    timer_t id;
    int signal;
    struct sigaction before; /* what the signal did */
    bool was_blocked;        /* in the thread */
};

/* What a tick calls, as a signal's handler: it may do what such may. */
typedef void cpu_tick(int signal, siginfo_t *info, void *context);

/* Starts it, by a real-time signal that nobody uses yet. The period is in
 * seconds of CPU. Returns false, errno set, where the system refuses. */
bool cpu_timer_start(struct cpu_timer *timer, double period, cpu_tick *tick);

/* Changes the period of one that runs. */
void cpu_timer_set_period(struct cpu_timer *timer, double period);

/* Stops it: no tick comes after this. */
void cpu_timer_stop(struct cpu_timer *timer);

/* The thread's CPU time so far, in seconds. A tick may ask. */
double cpu_timer_now(void);

#endif
