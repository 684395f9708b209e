/* What goes to standard error, whole lines at a time. */
#ifndef MOONROOM_PROCESS_STANDARD_ERROR_H
#define MOONROOM_PROCESS_STANDARD_ERROR_H

#include "log.h"

/* A log whose lines go there. */
struct standard_error {
    struct log log;
    size_t dropped; /* lines that it didn't take, and that aren't told yet */
    bool is_cut;    /* the latest that it took has no end */
};

/* Writes the bytes, as far as they are taken without waiting: a full disk, a
 * closed pipe or one that nobody reads must not stop the server. Returns how
 * many; the rest is lost. */
size_t standard_error_write(const char *bytes, size_t length);

/* A log of lines from a level on. Those that can't be written are dropped, and
 * counted in a line of their own as soon as it can be. It must stay where it
 * is. */
void standard_error_init(struct standard_error *standard_error,
                         enum log_level level);

/* Has descriptors 0 to 2 open, so that no socket becomes standard error. */
void standard_error_keep(void);

#endif
