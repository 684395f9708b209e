#include "zlib_memory.h"

#include <stdint.h>

void *zlib_memory_new(void *memory, uInt count, uInt size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    return memory_new(memory, (size_t)count * size);
}

void zlib_memory_free(void *memory, void *block)
{
    memory_free(memory, block);
}
