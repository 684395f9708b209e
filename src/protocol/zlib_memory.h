/* zlib's allocations, taken from our allocator so that they can fail. */
#ifndef MOONROOM_PROTOCOL_ZLIB_MEMORY_H
#define MOONROOM_PROTOCOL_ZLIB_MEMORY_H

#include "memory.h"

/* What zlib reads may be const. */
#define ZLIB_CONST
#include <zlib.h>

/* Has the stream, before its init, take its memory from there. */
void zlib_memory_use(z_stream *stream, struct memory *memory);

#endif
