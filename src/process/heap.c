#include "heap.h"

#include <malloc.h>

/* Another C library than GNU's goes its own way. */
void heap_keep_spare(void)
{
#ifdef __GLIBC__
    enum { SPARE = 8 * 1024 * 1024, MAPPED = 4 * 1024 * 1024 };
    mallopt(M_TRIM_THRESHOLD, SPARE);
    mallopt(M_MMAP_THRESHOLD, MAPPED);
#endif
}
