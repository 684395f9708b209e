#include "buffer.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

enum { BUFFER_FIRST = 256 };

bool buffer_reserve(struct buffer *buffer, struct memory *memory, size_t extra)
{
    return buffer_reserve_within(buffer, memory, extra, SIZE_MAX);
}

bool buffer_reserve_within(struct buffer *buffer, struct memory *memory,
                           size_t extra, size_t most)
{
    if (extra <= buffer->capacity - buffer->length)
        return true;
    if (extra > SIZE_MAX / 2 - buffer->length)
        return false;
    size_t capacity = buffer->capacity ? buffer->capacity : BUFFER_FIRST;
    while (capacity - buffer->length < extra)
        capacity *= 2;
    if (capacity > most)
        capacity = most;
    unsigned char *bytes = NULL;
    if (!buffer->bytes && capacity >= MEMORY_KEPT_LEAST)
        bytes = memory_take(memory, &capacity);
    if (!bytes)
        bytes = memory_resize(memory, buffer->bytes, capacity);
    if (!bytes)
        return false;
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}

bool buffer_append(struct buffer *buffer, struct memory *memory,
                   const void *bytes, size_t size)
{
    if (!size)
        return true;
    if (!buffer_reserve(buffer, memory, size))
        return false;
    memcpy(buffer->bytes + buffer->length, bytes, size);
    buffer->length += size;
    return true;
}

void buffer_consume(struct buffer *buffer, size_t size)
{
    assert(size <= buffer->length);
    buffer->length -= size;
    if (size && buffer->length)
        memmove(buffer->bytes, buffer->bytes + size, buffer->length);
}

void buffer_release(struct buffer *buffer, struct memory *memory)
{
    memory_put(memory, buffer->bytes, buffer->capacity);
    *buffer = (struct buffer){0};
}
