#include "cpu_timer.h"

#include "signals.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* glibc has no name for it. */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static bool is_free(int signal, struct sigaction *before)
{
    return sigaction(signal, NULL, before) == 0 &&
           !(before->sa_flags & SA_SIGINFO) && before->sa_handler == SIG_DFL;
}

static bool find_signal(struct cpu_timer *timer)
{
    for (int signal = SIGRTMAX - 1; signal >= SIGRTMIN; signal--)
        if (is_free(signal, &timer->before)) {
            timer->signal = signal;
            return true;
        }
    errno = EBUSY;
    return false;
}

bool cpu_timer_start(struct cpu_timer *timer, double period, cpu_tick *tick)
{
    struct sigaction action;
    struct sigevent event;
    if (!find_signal(timer))
        return false;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = tick;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = timer->signal;
    event.sigev_notify_thread_id = gettid();
    if (sigaction(timer->signal, &action, NULL) != 0)
        return false;
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer->id) != 0) {
        sigaction(timer->signal, &timer->before, NULL);
        return false;
    }
    timer->was_blocked = signal_unblock(timer->signal);
    cpu_timer_set_period(timer, period);
    return true;
}

void cpu_timer_set_period(struct cpu_timer *timer, double period)
{
    struct timespec time = {.tv_sec = (time_t)period};
    time.tv_nsec = (long)((period - (double)time.tv_sec) * 1e9);
    struct itimerspec spec = {time, time};
    timer_settime(timer->id, 0, &spec, NULL);
}

/* To ignore a signal forgets one that is on its way. */
void cpu_timer_stop(struct cpu_timer *timer)
{
    struct sigaction ignore;
    memset(&ignore, 0, sizeof ignore);
    ignore.sa_handler = SIG_IGN;
    timer_delete(timer->id);
    sigaction(timer->signal, &ignore, NULL);
    sigaction(timer->signal, &timer->before, NULL);
    if (timer->was_blocked)
        signal_block(timer->signal);
}

double cpu_timer_now(void)
{
    struct timespec time = {0, 0};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}
