/* Writing where others may be slow, without waiting for them. */
#ifndef MOONROOM_PROCESS_STANDARD_ERROR_H
#define MOONROOM_PROCESS_STANDARD_ERROR_H

#include <stdbool.h>
#include <stddef.h>

/* Writes the bytes, as far as they are taken without waiting: a full disk, a
 * closed pipe or one that nobody reads must not stop the server. Returns how
 * many; the rest is lost. */
size_t descriptor_write(int descriptor, const char *bytes, size_t length);

/* Waits until a pipe, a socket or a terminal takes more. Returns false where
 * that never comes: nobody reads it any more, or it is a file and full. */
bool descriptor_wait(int descriptor);

/* Has descriptors 0 to 2 open, so that no socket becomes standard error. */
void standard_error_keep(void);

#endif
