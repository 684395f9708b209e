/* What a signal does to the process, whatever its parent has left behind. */
#ifndef MOONROOM_BASE_SIGNALS_H
#define MOONROOM_BASE_SIGNALS_H

#include <stdbool.h>

/* Has a signal that only says that a call has failed, SIGPIPE or SIGXFSZ, not
 * end the process: the call's own error does. Children that are executed get
 * the signal as always, which they would not if it were ignored. Leaves alone
 * what is ignored already. */
void signal_outlive(int signal);

/* Has the calling thread take a signal: a parent that blocks it has its
 * children do so, too. Returns whether it was blocked. */
bool signal_unblock(int signal);

/* Blocks it for the calling thread. */
void signal_block(int signal);

#endif
