/* A byte buffer that grows with what is put into it. */
#ifndef MOONROOM_BASE_BUFFER_H
#define MOONROOM_BASE_BUFFER_H

#include "memory.h"

/* All zero is an empty buffer that owns nothing. */
struct buffer {
    unsigned char *bytes;
    size_t length;   /* bytes in use */
    size_t capacity; /* bytes owned */
};

/* Makes room for extra bytes behind those in use, at least doubling. Returns
 * false, the buffer untouched, where there is no memory. */
bool buffer_reserve(struct buffer *buffer, struct memory *memory, size_t extra);

/* As buffer_reserve, but owning no more than `most` bytes in all, which is at
 * least length + extra, or a block that was kept: for contents whose final size
 * is known. */
bool buffer_reserve_within(struct buffer *buffer, struct memory *memory,
                           size_t extra, size_t most);

/* Copies size bytes to the end. Returns false as buffer_reserve does. */
bool buffer_append(struct buffer *buffer, struct memory *memory,
                   const void *bytes, size_t size);

/* Drops size bytes from the front; size is at most buffer->length. */
void buffer_consume(struct buffer *buffer, size_t size);

/* Gives the bytes back and leaves an empty buffer. */
void buffer_release(struct buffer *buffer, struct memory *memory);

#endif
