/* `moonroom test`: busted on a script directory's specs. */
#ifndef MOONROOM_PROCESS_SPECS_H
#define MOONROOM_PROCESS_SPECS_H

#include "flags.h"

/* Becomes lua5.4 running busted on DIR/spec, with the paths that the server
 * would have and MOONROOM_TEST_DIR naming the directory. The current directory
 * stays as it is. Returns only where that can't be, an exit code of sysexits;
 * what is wrong is on standard error. */
int specs_run(const struct flags *flags);

#endif
