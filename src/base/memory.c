#include "memory.h"

#include <malloc.h>
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

void memory_put(struct memory *memory, void *block, size_t size)
{
    bool is_kept = block && memory->keeps && size >= MEMORY_KEPT_LEAST &&
                   size <= MEMORY_KEPT_MOST && memory->kept_count < MEMORY_KEPT;
    if (!is_kept) {
        memory_free(memory, block);
        return;
    }
    memory->blocks--;
    memory->kept[memory->kept_count].block = block;
    memory->kept[memory->kept_count].size = size;
    memory->kept_count++;
}

void *memory_take(struct memory *memory, size_t *size)
{
    size_t at = memory->kept_count;
    while (at && memory->kept[at - 1].size < *size)
        at--;
    if (!at || memory_refuses(memory))
        return NULL;
    void *block = memory->kept[at - 1].block;
    *size = memory->kept[at - 1].size;
    memory->kept[at - 1] = memory->kept[--memory->kept_count];
    memory->blocks++;
    return block;
}

/* What is mapped for itself goes back as soon as it is free. Another C library
 * than GNU's goes its own way. */
void memory_keep_spare(struct memory *memory)
{
    memory->keeps = true;
#ifdef __GLIBC__
    enum { SPARE = 8 * 1024 * 1024, MAPPED = 4 * 1024 * 1024 };
    mallopt(M_TRIM_THRESHOLD, SPARE);
    mallopt(M_MMAP_THRESHOLD, MAPPED);
#endif
}

void memory_trim(struct memory *memory)
{
    memory->trims++;
    while (memory->kept_count)
        free(memory->kept[--memory->kept_count].block);
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
