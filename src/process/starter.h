/* `moonroom new`: the beginning of an application. */
#ifndef MOONROOM_PROCESS_STARTER_H
#define MOONROOM_PROCESS_STARTER_H

#include "flags.h"

/* Copies the files that an application begins with into DIR, which is made,
 * parents included, or is empty; nothing is ever written over. Says on standard
 * output what comes next. Returns an exit code of sysexits; what is wrong is on
 * standard error. */
int starter_make(const struct flags *flags);

#endif
