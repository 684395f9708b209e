/* The allocator, passed as a value: it counts, and a test can make it fail. */
#ifndef MOONROOM_BASE_MEMORY_H
#define MOONROOM_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* How many large blocks are kept at most, and of which sizes. */
enum {
    MEMORY_KEPT = 4,
    MEMORY_KEPT_LEAST = 128 * 1024,
    MEMORY_KEPT_MOST = 1024 * 1024
};

struct memory {
    size_t requests;   /* allocations asked for since the start */
    size_t blocks;     /* allocations alive now */
    size_t fail_at;    /* the request with this number fails; 0: none does */
    size_t fail_count; /* how many requests from fail_at on fail */
    size_t trims;      /* memory_trim was called so often */
    bool keeps;        /* large blocks, as memory_keep_spare has said */
    struct {
        void *block;
        size_t size;
    } kept[MEMORY_KEPT]; /* that are free; the first kept_count are in use */
    size_t kept_count;
};

/* An allocator over the C library's, with nothing counted yet. */
void memory_init(struct memory *memory);

/* Returns size bytes, to be given back with memory_free, or NULL. */
void *memory_new(struct memory *memory, size_t size);

/* As memory_new, with every byte zero. */
void *memory_new_zero(struct memory *memory, size_t size);

/* Resizes a block (NULL: a new one). Returns NULL, with the old block
 * untouched, where there is no memory. */
void *memory_resize(struct memory *memory, void *block, size_t size);

/* Gives a block back; NULL is fine. */
void memory_free(struct memory *memory, void *block);

/* As memory_free, of a block of which the size is known: a large one may be
 * kept. */
void memory_put(struct memory *memory, void *block, size_t size);

/* A block of at least *size bytes that was kept, with its size; NULL: none. */
void *memory_take(struct memory *memory, size_t *size);

/* Has the process keep a few MiB that are free, and take them from there: else
 * each large block would have the system map and clear its pages anew. */
void memory_keep_spare(struct memory *memory);

/* Gives what is kept back to the system. */
void memory_trim(struct memory *memory);

#endif
