/* Memory that is about to be needed comes while something else is done, a
 * system call most of all: what belongs to one of many clients has left the
 * cache since that one was served last. Only ever a hint. */
#ifndef MOONROOM_BASE_PREFETCH_H
#define MOONROOM_BASE_PREFETCH_H

enum { CACHE_LINE = 64 };

/* So many lines from an address on, which may be anything, NULL too. */
static inline void prefetch(const void *address, int lines)
{
    const char *line = address;
    for (int i = 0; i < lines; i++, line += CACHE_LINE)
        __builtin_prefetch(line);
}

#endif
