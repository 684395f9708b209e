#include "signals.h"

#include <signal.h>
#include <string.h>

static void do_nothing(int signal)
{
    (void)signal;
}

void signal_outlive(int signal)
{
    struct sigaction action;
    if (sigaction(signal, NULL, &action) != 0 || action.sa_handler == SIG_IGN)
        return;
    memset(&action, 0, sizeof action);
    action.sa_handler = do_nothing;
    action.sa_flags = SA_RESTART;
    sigaction(signal, &action, NULL);
}

static bool change(int how, int signal)
{
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return pthread_sigmask(how, &set, &before) == 0 &&
           sigismember(&before, signal) == 1;
}

bool signal_unblock(int signal)
{
    return change(SIG_UNBLOCK, signal);
}

void signal_block(int signal)
{
    change(SIG_BLOCK, signal);
}
