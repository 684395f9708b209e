/* Memory that is about to be needed comes while something else is done, a
 * system call most of all: what belongs to one of many clients has left the
 * cache since that one was served last. Only ever a hint. */
#ifndef MOONROOM_BASE_PREFETCH_H
#define MOONROOM_BASE_PREFETCH_H

#include <stdint.h>

enum { CACHE_LINE = 64 };

/* So many lines from an address on, which may be anything, NULL too: hence a
 * number, since a pointer may only move within an object. */
static inline void prefetch(const void *address, int lines)
{
    uintptr_t line = (uintptr_t)address;
    for (int i = 0; i < lines; i++, line += CACHE_LINE)
        __builtin_prefetch((const void *)line);
}

#endif
