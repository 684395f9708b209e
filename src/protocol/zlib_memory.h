/* zlib's allocations, taken from our allocator so that they can fail. */
#ifndef MOONROOM_PROTOCOL_ZLIB_MEMORY_H
#define MOONROOM_PROTOCOL_ZLIB_MEMORY_H

#include "memory.h"

/* What zlib reads may be const. */
#define ZLIB_CONST
#include <zlib.h>

/* To be given to zlib as zalloc and zfree, with the struct memory as opaque. */
void *zlib_memory_new(void *memory, uInt count, uInt size);
void zlib_memory_free(void *memory, void *block);

#endif
