/* One worker: a Lua state, a hub, a loop, from start to exit. */
#ifndef MOONROOM_PROCESS_SERVE_H
#define MOONROOM_PROCESS_SERVE_H

#include "flags.h"

/* Serves, or for COMMAND_CHECK only loads and lists, what the flags say; argc
 * and argv are those that they were read from. Returns the process's exit code;
 * what went wrong is on standard error. */
int serve(int argc, char *const argv[], const struct flags *flags);

#endif
