/* The line that says the server is up. */
#ifndef MOONROOM_PROCESS_ANNOUNCE_H
#define MOONROOM_PROCESS_ANNOUNCE_H

#include "loop.h"

/* Writes to standard error, in one line, what to open in a browser, what is
 * served, and who can reach it. path: the script directory or file. In dev a
 * second line says where the page to try it is. */
void announce(const struct loop *loop, const char *path, bool is_dev);

#endif
