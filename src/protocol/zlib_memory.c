#include "zlib_memory.h"

#include <stdint.h>

static void *allocate(void *memory, uInt count, uInt size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    return memory_new(memory, (size_t)count * size);
}

static void release(void *memory, void *block)
{
    memory_free(memory, block);
}

void zlib_memory_use(z_stream *stream, struct memory *memory)
{
    stream->zalloc = allocate;
    stream->zfree = release;
    stream->opaque = memory;
}
