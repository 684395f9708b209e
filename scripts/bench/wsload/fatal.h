/* What ends the program before a run has begun, or for want of memory. */
#ifndef WSLOAD_FATAL_H
#define WSLOAD_FATAL_H

#include <stddef.h>

/* Of the program. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Says the sentence on standard error and exits with EXIT_USAGE. */
void fatal(const char *format, ...)
    __attribute__((noreturn, format(printf, 1, 2)));

/* As calloc and realloc, but never NULL. */
void *allocate(size_t count, size_t size);
void *reallocate(void *memory, size_t size);

#endif
