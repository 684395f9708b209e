/* What goes to standard error, whole lines at a time. */
#ifndef MOONROOM_PROCESS_STANDARD_ERROR_H
#define MOONROOM_PROCESS_STANDARD_ERROR_H

#include "log.h"

/* Writes the bytes. A full disk or a closed pipe must not stop the server:
 * what can't be written is lost. */
void standard_error_write(const char *bytes, size_t length);

/* A log whose lines go there. */
void standard_error_log(struct log *log, enum log_level level);

/* Has descriptors 0 to 2 open, so that no socket becomes standard error. */
void standard_error_keep(void);

#endif
