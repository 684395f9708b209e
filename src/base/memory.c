#include "memory.h"

#include <stdlib.h>
#include <string.h>

void memory_init(struct memory *memory)
{
    memset(memory, 0, sizeof *memory);
}

static bool memory_refuses(struct memory *memory)
{
    memory->requests++;
    return memory->fail_at && memory->requests >= memory->fail_at &&
           memory->requests - memory->fail_at < memory->fail_count;
}

void *memory_resize(struct memory *memory, void *block, size_t size)
{
    if (memory_refuses(memory))
        return NULL;
    void *moved = realloc(block, size ? size : 1);
    if (moved && !block)
        memory->blocks++;
    return moved;
}

void *memory_new(struct memory *memory, size_t size)
{
    return memory_resize(memory, NULL, size);
}

void *memory_new_zero(struct memory *memory, size_t size)
{
    void *block = memory_new(memory, size);
    if (block)
        memset(block, 0, size);
    return block;
}

void memory_free(struct memory *memory, void *block)
{
    if (!block)
        return;
    memory->blocks--;
    free(block);
}
